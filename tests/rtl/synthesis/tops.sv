// What is synthesized: modules of the array as they stand in it. Enables are clock gates in an
// array, so here they are on; the operands come from registers, those of the neighbour that passes
// them on, which stand for the PE's own; widths that a kind never shifts by are not wired.
module pe #(
    parameter bit FUSION = 0,
    parameter int TERMS = 1,
    parameter int ACTIVATION_SLICE = 8,
    parameter int WEIGHT_SLICE = 8,
    parameter int STREAMS = 1,
    parameter int SHIFT_BITS = 0,
    parameter int ROW_WIRES = FUSION ? ACTIVATION_SLICE * WEIGHT_SLICE / 2 : TERMS * ACTIVATION_SLICE,
    parameter int COLUMN_WIRES = FUSION ? ACTIVATION_SLICE * WEIGHT_SLICE / 2 : TERMS * WEIGHT_SLICE,
    parameter int SELECT_BITS = STREAMS > 1 ? $clog2(STREAMS) : 1
) (
    input logic clk,
    input logic first,
    input logic [2:0] activation_log2,
    input logic [2:0] weight_log2,
    input logic activation_signed,
    input logic weight_signed,
    input logic [4:0] shift,
    input logic [SELECT_BITS-1:0] select,
    input logic [STREAMS*ROW_WIRES-1:0] rows,
    input logic [COLUMN_WIRES-1:0] columns,
    output logic signed [31:0] sum
);
  logic [STREAMS*ROW_WIRES-1:0] row_streams;
  logic [COLUMN_WIRES-1:0] column_operand;
  logic [SELECT_BITS-1:0] selected;

  always_ff @(posedge clk) begin
    row_streams <= rows;
    column_operand <= columns;
    selected <= select;
  end

  processing_element #(
      .FUSION(FUSION),
      .TERMS(TERMS),
      .ACTIVATION_SLICE(ACTIVATION_SLICE),
      .WEIGHT_SLICE(WEIGHT_SLICE),
      .STREAMS(STREAMS),
      .SHIFTS(SHIFT_BITS > 0)
  ) element (
      .clk(clk),
      .enable(1'b1),
      .valid(1'b1),
      .first(first),
      .last(1'b0),
      .load(1'b0),
      .activation_log2(activation_log2),
      .weight_log2(weight_log2),
      .activation_signed(activation_signed),
      .weight_signed(weight_signed),
      .shift(shift & 5'((1 << SHIFT_BITS) - 1)),
      .column_slice(4'd0),
      .row_streams(row_streams),
      .select(selected),
      .column_operand(column_operand),
      .sum_above(32'd0),
      .row_streams_on(),
      .column_operand_on(),
      .sum(),
      .sum_on(sum)
  );
endmodule

// The PE of an XNOR network: terms of a bit by a bit, counted, and the registers that `pe` has.
module xnor_pe #(
    parameter int TERMS = 16
) (
    input logic clk,
    input logic first,
    input logic [TERMS-1:0] rows,
    input logic [TERMS-1:0] columns,
    output logic [31:0] sum
);
  localparam int COUNT_BITS = $clog2(TERMS + 1);

  logic [TERMS-1:0] row_operand;
  logic [TERMS-1:0] column_operand;
  logic [COUNT_BITS-1:0] alike;

  xnor_unit #(
      .TERMS(TERMS),
      .SUM_BITS(COUNT_BITS)
  ) unit (
      .activations(row_operand),
      .weights(column_operand),
      .alike(alike)
  );

  always_ff @(posedge clk) begin
    row_operand <= rows;
    column_operand <= columns;
    sum <= (first ? 32'd0 : sum) + 32'(alike);
  end
endmodule

module skip #(
    parameter int LANES = 16,
    parameter int ADDRESS_BITS = 8
) (
    input logic clk,
    input logic first,
    input logic [LANES-1:0] active,
    output logic [ADDRESS_BITS-1:0] issue,
    output logic [ADDRESS_BITS:0] issued
);
  scheduler_skip #(.LANES(LANES), .ADDRESS_BITS(ADDRESS_BITS)) scheduler (
      .clk(clk), .enable(1'b1), .valid(1'b1), .first(first), .active(active),
      .issue(issue), .issued(issued));
endmodule

module combine #(
    parameter int LANES = 16,
    parameter int ADDRESS_BITS = 8,
    parameter int WAYS = 4,
    parameter int OPEN = 8
) (
    input logic clk,
    input logic first,
    input logic [LANES-1:0] active,
    output logic [ADDRESS_BITS-1:0] issue,
    output logic [$clog2(WAYS)-1:0] way,
    output logic [ADDRESS_BITS:0] issued
);
  scheduler_combine #(.LANES(LANES), .ADDRESS_BITS(ADDRESS_BITS), .WAYS(WAYS), .OPEN(OPEN)) scheduler (
      .clk(clk), .enable(1'b1), .valid(1'b1), .first(first), .active(active),
      .issue(issue), .way(way), .issued(issued));
endmodule

module queue #(
    parameter int LANES = 16,
    parameter int ADDRESS_BITS = 8,
    parameter int DEPTH = 16,
    parameter int SCAN = 4
) (
    input logic clk,
    input logic first,
    input logic [LANES-1:0] active,
    output logic [LANES*ADDRESS_BITS-1:0] issue,
    output logic [ADDRESS_BITS:0] issued
);
  scheduler_queue #(.LANES(LANES), .ADDRESS_BITS(ADDRESS_BITS), .DEPTH(DEPTH), .SCAN(SCAN)) scheduler (
      .clk(clk), .enable(1'b1), .valid(1'b1), .first(first), .active(active),
      .issue(issue), .issued(issued));
endmodule

// A registered multiply-accumulate, with which the flow is compared with figures measured elsewhere:
// run-time signs, and a sum of 11 bits more than a product.
module multiply_accumulate #(
    parameter int ACTIVATION_BITS = 8,
    parameter int WEIGHT_BITS = 8,
    parameter int SUM_BITS = ACTIVATION_BITS + WEIGHT_BITS + 11
) (
    input logic clk,
    input logic activation_signed,
    input logic weight_signed,
    input logic [ACTIVATION_BITS-1:0] activation,
    input logic [WEIGHT_BITS-1:0] weight,
    output logic signed [SUM_BITS-1:0] sum
);
  logic [ACTIVATION_BITS-1:0] activation_on;
  logic [WEIGHT_BITS-1:0] weight_on;
  logic signed [SUM_BITS-1:0] product;

  term_unit #(
      .ACTIVATION_SLICE(ACTIVATION_BITS),
      .WEIGHT_SLICE(WEIGHT_BITS),
      .SUM_BITS(SUM_BITS)
  ) unit (
      .activation_signed(activation_signed),
      .weight_signed(weight_signed),
      .activations(activation_on),
      .weights(weight_on),
      .sum(product)
  );

  always_ff @(posedge clk) begin
    activation_on <= activation;
    weight_on <= weight;
    sum <= sum + product;
  end
endmodule
