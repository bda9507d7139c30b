// A processing element: an operand selector where slots share an issue slot, a unit of multipliers,
// and the registers of its operands and its sum. Output stationary, both operands move on and the
// sum stays; else the column's operand stays, the sum comes from above and moves on.
module processing_element #(
    parameter bit FUSION = 1,  // a fusion unit, else a term unit
    parameter int TERMS = 1,
    parameter int ACTIVATION_SLICE = 8,  // bits of an activation that one cycle takes
    parameter int WEIGHT_SLICE = 8,
    parameter int SUM_BITS = 32,
    parameter int STREAMS = 1,
    parameter bit STATIONARY = 0,
    parameter bit ROWS_ARE_ACTIVATIONS = 1,
    parameter int SLICES = 1,  // of the column's operand, which stays as a whole
    parameter bit SHIFTS = 1,  // operands may be wider than a slice
    parameter int ACTIVATION_WIRES = FUSION ? ACTIVATION_SLICE * WEIGHT_SLICE / 2 : TERMS * ACTIVATION_SLICE,
    parameter int WEIGHT_WIRES = FUSION ? ACTIVATION_SLICE * WEIGHT_SLICE / 2 : TERMS * WEIGHT_SLICE,
    parameter int ROW_WIRES = ROWS_ARE_ACTIVATIONS ? ACTIVATION_WIRES : WEIGHT_WIRES,
    parameter int COLUMN_WIRES = ROWS_ARE_ACTIVATIONS ? WEIGHT_WIRES : ACTIVATION_WIRES,
    parameter int SELECT_BITS = STREAMS > 1 ? $clog2(STREAMS) : 1
) (
    input logic clk,
    input logic enable,
    input logic valid,
    input logic first,
    input logic last,
    input logic load,
    input logic [2:0] activation_log2,
    input logic [2:0] weight_log2,
    input logic activation_signed,
    input logic weight_signed,
    input logic [4:0] shift,
    input logic [3:0] column_slice,
    input logic [STREAMS*ROW_WIRES-1:0] row_streams,
    input logic [SELECT_BITS-1:0] select,
    input logic [SLICES*COLUMN_WIRES-1:0] column_operand,
    input logic signed [SUM_BITS-1:0] sum_above,
    output logic [STREAMS*ROW_WIRES-1:0] row_streams_on,
    output logic [SLICES*COLUMN_WIRES-1:0] column_operand_on,
    output logic signed [SUM_BITS-1:0] sum,  // with this cycle's products
    output logic signed [SUM_BITS-1:0] sum_on  // of the cycle before
);
  /* verilator no_inline_module */  // one body for all PEs is quicker to build
  logic [ROW_WIRES-1:0] row_operand;
  logic [COLUMN_WIRES-1:0] own_operand;
  logic [SLICES*COLUMN_WIRES-1:0] all_slices;
  logic [ACTIVATION_WIRES-1:0] activations;
  logic [WEIGHT_WIRES-1:0] weights;
  logic signed [SUM_BITS-1:0] products;
  logic signed [SUM_BITS-1:0] shifted;
  logic signed [SUM_BITS-1:0] earlier;

  operand_selector #(
      .WAYS(STREAMS),
      .BITS(ROW_WIRES)
  ) selector (
      .streams(row_streams),
      .select(select),
      .operand(row_operand)
  );

  assign all_slices = STATIONARY && !load ? column_operand_on : column_operand;
  assign own_operand = SLICES > 1 ? COLUMN_WIRES'(all_slices >> (column_slice * COLUMN_WIRES)) : all_slices[COLUMN_WIRES-1:0];

  generate
    if (ROWS_ARE_ACTIVATIONS) begin : rows_are_activations
      assign activations = row_operand;
      assign weights = own_operand;
    end else begin : rows_are_weights
      assign activations = own_operand;
      assign weights = row_operand;
    end
    if (FUSION) begin : fusion
      fusion_unit #(
          .ACTIVATION_BITS(ACTIVATION_SLICE),
          .WEIGHT_BITS(WEIGHT_SLICE),
          .SUM_BITS(SUM_BITS)
      ) unit (
          .activation_log2(activation_log2),
          .weight_log2(weight_log2),
          .activation_signed(activation_signed),
          .weight_signed(weight_signed),
          .activations(activations),
          .weights(weights),
          .sum(products)
      );
    end else begin : terms
      term_unit #(
          .TERMS(TERMS),
          .ACTIVATION_SLICE(ACTIVATION_SLICE),
          .WEIGHT_SLICE(WEIGHT_SLICE),
          .SUM_BITS(SUM_BITS)
      ) unit (
          .activation_signed(activation_signed),
          .weight_signed(weight_signed),
          .activations(activations),
          .weights(weights),
          .sum(products)
      );
    end
  endgenerate

  assign shifted = SHIFTS ? products <<< shift : products;
  assign earlier = first ? '0 : sum_on;
  assign sum = earlier + shifted + (STATIONARY && last ? sum_above : '0);

  always_ff @(posedge clk) begin
    if (enable) begin
      row_streams_on <= row_streams;
      if (!STATIONARY || load) column_operand_on <= column_operand;
      if (valid) sum_on <= sum;
    end
  end

  // Which of the inputs a PE needs depends on its kind.
  /* verilator lint_off UNUSED */
  logic unused;
  assign unused = ^{activation_log2, weight_log2, shift, column_slice, sum_above, last, load, select};
  /* verilator lint_on UNUSED */
endmodule
