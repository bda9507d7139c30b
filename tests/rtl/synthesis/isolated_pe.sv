// A PE whose unit is isolated from zeros. The streams pass on as ever; the unit has operands of its
// own, and their clock and that of its sum are gated where all activations or all weights of a cycle
// are 0. Whether they are comes along with them, found where they enter the array.
module isolated_pe #(
    parameter bit FUSION = 0,
    parameter int ACTIVATION_SLICE = 8,
    parameter int WEIGHT_SLICE = 8,
    parameter int ROW_WIRES = FUSION ? ACTIVATION_SLICE * WEIGHT_SLICE / 2 : ACTIVATION_SLICE,
    parameter int COLUMN_WIRES = FUSION ? ACTIVATION_SLICE * WEIGHT_SLICE / 2 : WEIGHT_SLICE
) (
    input logic clk,
    input logic first,
    input logic [2:0] activation_log2,
    input logic [2:0] weight_log2,
    input logic activation_signed,
    input logic weight_signed,
    input logic rows_count,  // not all of them are 0
    input logic columns_count,
    input logic [ROW_WIRES-1:0] rows,
    input logic [COLUMN_WIRES-1:0] columns,
    output logic rows_count_on,
    output logic columns_count_on,
    output logic [ROW_WIRES-1:0] rows_on,
    output logic [COLUMN_WIRES-1:0] columns_on,
    output logic signed [31:0] sum
);
  logic operands_clk, sum_clk, works;
  logic [ROW_WIRES-1:0] row_operand;
  logic [COLUMN_WIRES-1:0] column_operand;

  sky130_fd_sc_hd__dlclkp_1 operands_gate (
      .CLK(clk), .GATE(rows_count & columns_count), .GCLK(operands_clk));
  // What begins a sum clears it, so the register has to be clocked then too.
  sky130_fd_sc_hd__dlclkp_1 sum_gate (.CLK(clk), .GATE(works | first), .GCLK(sum_clk));

  always_ff @(posedge clk) begin
    rows_on <= rows;
    columns_on <= columns;
    rows_count_on <= rows_count;
    columns_count_on <= columns_count;
    works <= rows_count & columns_count;
  end

  always_ff @(posedge operands_clk) begin
    row_operand <= rows;
    column_operand <= columns;
  end

  processing_element #(
      .FUSION(FUSION),
      .ACTIVATION_SLICE(ACTIVATION_SLICE),
      .WEIGHT_SLICE(WEIGHT_SLICE),
      .SHIFTS(0)
  ) element (
      .clk(sum_clk),
      .enable(1'b1),
      .valid(1'b1),
      .first(first),
      .last(1'b0),
      .load(1'b0),
      .activation_log2(activation_log2),
      .weight_log2(weight_log2),
      .activation_signed(activation_signed),
      .weight_signed(weight_signed),
      .shift(5'd0),
      .column_slice(4'd0),
      .row_streams(row_operand & {ROW_WIRES{works | ~first}}),
      .select(1'b0),
      .column_operand(column_operand),
      .sum_above(32'd0),
      .row_streams_on(),
      .column_operand_on(),
      .sum(),
      .sum_on(sum)
  );
endmodule
