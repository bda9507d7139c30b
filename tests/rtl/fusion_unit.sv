// Bit Fusion's Fusion Unit (Sharma et al., ISCA 2018): bricks of 2 by 2 bits that fuse to products
// of operands of 2, 4, 8 or 16 bits, and the sum of all those products. Combinational.
// Operand m of a = 2**activation_log2 bits stands at activations[m*a+:a], weights alike.
module fusion_unit #(
    parameter int ACTIVATION_BITS = 8,
    parameter int WEIGHT_BITS = 8,
    parameter int SUM_BITS = 32
) (
    input  logic        [                              2:0] activation_log2,
    input  logic        [                              2:0] weight_log2,
    input  logic                                            activation_signed,
    input  logic                                            weight_signed,
    input  logic        [ACTIVATION_BITS*WEIGHT_BITS/2-1:0] activations,
    input  logic        [ACTIVATION_BITS*WEIGHT_BITS/2-1:0] weights,
    output logic signed [                     SUM_BITS-1:0] sum
);
  localparam int ACTIVATION_DIGITS = ACTIVATION_BITS / 2;
  localparam int WEIGHT_DIGITS = WEIGHT_BITS / 2;
  localparam int ACTIVATION_WIDTHS = $clog2(ACTIVATION_DIGITS) + 1;
  localparam int WEIGHT_WIDTHS = $clog2(WEIGHT_DIGITS) + 1;
  localparam int PRODUCT_BITS = 5;
  localparam int ROW_BITS = PRODUCT_BITS + 2 * (ACTIVATION_DIGITS - 1);
  localparam int TOTAL_BITS = ROW_BITS + 2 * (WEIGHT_DIGITS - 1);

  logic        [WEIGHT_DIGITS*ROW_BITS-1:0] rows;
  /* verilator lint_off UNUSEDSIGNAL */  // sums wrap at SUM_BITS, as accumulators do
  logic signed [            TOTAL_BITS-1:0] total;
  /* verilator lint_on UNUSEDSIGNAL */

  // Brick (i, j) multiplies digit i % a of an activation of a digits by digit j % w of a weight.
  // Its product is number i / a + (ACTIVATION_DIGITS / a) * (j / w) of the unit.
  for (genvar j = 0; j < WEIGHT_DIGITS; j++) begin : g_row
    logic [ACTIVATION_DIGITS*PRODUCT_BITS-1:0] products;

    for (genvar i = 0; i < ACTIVATION_DIGITS; i++) begin : g_brick
      logic [1:0] activation, weight;
      logic activation_is_top, weight_is_top;

      always_comb begin
        activation = '0;
        for (int w = 0; w < WEIGHT_WIDTHS; w++) begin
          activation |= {2{weight_log2 == 3'(w + 1)}}
              & activations[2*(i + ACTIVATION_DIGITS*(j >> w))+:2];
        end
      end

      always_comb begin
        weight = '0;
        for (int a = 0; a < ACTIVATION_WIDTHS; a++) begin
          for (int w = 0; w < WEIGHT_WIDTHS; w++) begin
            weight |= {2{activation_log2 == 3'(a + 1) && weight_log2 == 3'(w + 1)}}
                & weights[2*((((i >> a) + (ACTIVATION_DIGITS >> a)*(j >> w)) << w) + j%(1 << w))+:2];
          end
        end
      end

      // A digit carries its operand's sign where all the digits above it belong to others.
      always_comb begin
        activation_is_top = 1'b0;
        for (int a = 0; a < ACTIVATION_WIDTHS; a++) begin
          if ((i + 1) % (1 << a) == 0) activation_is_top |= activation_log2 == 3'(a + 1);
        end
        weight_is_top = 1'b0;
        for (int w = 0; w < WEIGHT_WIDTHS; w++) begin
          if ((j + 1) % (1 << w) == 0) weight_is_top |= weight_log2 == 3'(w + 1);
        end
      end

      brick multiplier (
          .activation_signed(activation_signed & activation_is_top),
          .weight_signed(weight_signed & weight_is_top),
          .activation(activation),
          .weight(weight),
          .product(products[i*PRODUCT_BITS+:PRODUCT_BITS])
      );
    end

    shift_add_tree #(
        .DIGITS(ACTIVATION_DIGITS),
        .TERM_BITS(PRODUCT_BITS)
    ) fuse_activations (
        .operand_log2(activation_log2),
        .terms(products),
        .sum(rows[j*ROW_BITS+:ROW_BITS])
    );
  end

  shift_add_tree #(
      .DIGITS(WEIGHT_DIGITS),
      .TERM_BITS(ROW_BITS)
  ) fuse_weights (
      .operand_log2(weight_log2),
      .terms(rows),
      .sum(total)
  );

  assign sum = SUM_BITS'(total);
endmodule
