// The sum of TERMS products of operand slices, each kind of slice signed or unsigned. One term of
// 8 by 8 bits is a fixed unit; many terms with slices of one bit are bit-serial ones: Stripes
// (Judd et al., MICRO 2016) takes a bit of each activation and whole weights. Combinational. A
// signed slice of one bit counts as -1, the top bit of an operand: of all terms, so of their sum.
module term_unit #(
    parameter int TERMS = 1,
    parameter int ACTIVATION_SLICE = 8,
    parameter int WEIGHT_SLICE = 8,
    parameter int SUM_BITS = 32
) (
    input  logic                                      activation_signed,
    input  logic                                      weight_signed,
    input  logic        [TERMS*ACTIVATION_SLICE-1:0] activations,
    input  logic        [    TERMS*WEIGHT_SLICE-1:0] weights,
    output logic signed [              SUM_BITS-1:0] sum
);
  localparam int PRODUCT_BITS = ACTIVATION_SLICE + WEIGHT_SLICE + 1;
  localparam int TOTAL_BITS = PRODUCT_BITS + $clog2(TERMS);

  logic        [TERMS*PRODUCT_BITS-1:0] products;
  logic                                 negative;
  /* verilator lint_off UNUSEDSIGNAL */  // sums wrap at SUM_BITS, as accumulators do
  logic signed [        TOTAL_BITS-1:0] total;
  /* verilator lint_on UNUSEDSIGNAL */

  for (genvar t = 0; t < TERMS; t++) begin : g_term
    logic signed [ACTIVATION_SLICE:0] activation;
    logic signed [    WEIGHT_SLICE:0] weight;

    assign activation = {
      ACTIVATION_SLICE > 1 && activation_signed && activations[(t+1)*ACTIVATION_SLICE-1],
      activations[t*ACTIVATION_SLICE+:ACTIVATION_SLICE]
    };
    assign weight = {
      WEIGHT_SLICE > 1 && weight_signed && weights[(t+1)*WEIGHT_SLICE-1],
      weights[t*WEIGHT_SLICE+:WEIGHT_SLICE]
    };
    assign products[t*PRODUCT_BITS+:PRODUCT_BITS] =
        PRODUCT_BITS'(activation) * PRODUCT_BITS'(weight);
  end

  assign negative = (ACTIVATION_SLICE == 1 && activation_signed)
      != (WEIGHT_SLICE == 1 && weight_signed);

  always_comb begin
    total = '0;
    for (int t = 0; t < TERMS; t++) begin
      total += TOTAL_BITS'(signed'(products[t*PRODUCT_BITS+:PRODUCT_BITS]));
    end
    if (negative) total = -total;
  end

  assign sum = SUM_BITS'(total);
endmodule
