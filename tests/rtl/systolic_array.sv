// ROWS x COLUMNS PEs. A step enters at PE (0, 0) and reaches PE (r, c) r + c cycles later.
//
// One bus a column carries a word a cycle. Output stationary it takes the sums away: those of a fold
// are complete row after row, so one bus serves them all (M17). Else it brings the operands that
// stay: row r's come in the cycle in which the fold's first step reaches row r, and sums leave at
// the bottom.
module systolic_array
  import types::control_t;
#(
    parameter int ROWS = 4,
    parameter int COLUMNS = 4,
    parameter bit FUSION = 1,
    parameter int TERMS = 1,
    parameter int ACTIVATION_SLICE = 8,
    parameter int WEIGHT_SLICE = 8,
    parameter int STREAMS = 1,
    parameter bit STATIONARY = 0,
    parameter bit ROWS_ARE_ACTIVATIONS = 1,
    parameter int SLICES = 1,
    parameter int ROW_WIRES = 32,
    parameter int COLUMN_WIRES = 32,
    parameter int SELECT_BITS = 1
) (
    input logic clk,
    input logic enable,
    input control_t control,
    input logic [STREAMS*ROW_WIRES-1:0] row_streams[ROWS],
    input logic [COLUMNS*SELECT_BITS-1:0] row_selects[ROWS],
    input logic [SLICES*COLUMN_WIRES-1:0] column_operands[COLUMNS],
    output logic empty,  // no step is on its way
    output logic leaves[COLUMNS],  // a sum leaves the column in this cycle
    output control_t leaving[COLUMNS],  // what it is a sum of
    output logic signed [31:0] sums[COLUMNS]
);
  localparam int DIAGONALS = ROWS + COLUMNS - 1;
  localparam int STREAM_BITS = STREAMS * ROW_WIRES;
  localparam int COLUMN_BITS = SLICES * COLUMN_WIRES;

  control_t diagonal[DIAGONALS];
  assign diagonal[0] = control;
  generate
    for (genvar d = 1; d < DIAGONALS; d++) begin : moves
      control_t moved;
      always_ff @(posedge clk) if (enable) moved <= diagonal[d-1];
      assign diagonal[d] = moved;
    end
  endgenerate

  // The steps that have entered, by cycles since; the last PE is DIAGONALS - 1 cycles away.
  logic [DIAGONALS-1:0] under_way;
  always_ff @(posedge clk) if (enable) under_way <= under_way << 1 | DIAGONALS'(control.valid);
  assign empty = (under_way << 1) == '0;

  logic [STREAM_BITS-1:0] skewed_streams[ROWS];
  logic [COLUMNS*SELECT_BITS-1:0] skewed_selects[ROWS];
  logic [COLUMN_BITS-1:0] skewed_operands[COLUMNS];
  skew #(.WORDS(ROWS), .BITS(STREAM_BITS)) skew_streams (.clk, .enable, .in(row_streams), .out(skewed_streams));
  skew #(.WORDS(ROWS), .BITS(COLUMNS * SELECT_BITS)) skew_selects (.clk, .enable, .in(row_selects), .out(skewed_selects));
  skew #(.WORDS(COLUMNS), .BITS(COLUMN_BITS)) skew_operands (.clk, .enable, .in(column_operands), .out(skewed_operands));

  // Wires between PEs: of row r before column c, and of column c above row r.
  logic [STREAM_BITS-1:0] streams[ROWS][COLUMNS+1];
  logic [COLUMNS*SELECT_BITS-1:0] selects[ROWS][COLUMNS];
  logic [COLUMN_BITS-1:0] operands[ROWS+1][COLUMNS];
  logic signed [31:0] above[ROWS+1][COLUMNS];
  logic signed [31:0] sum[ROWS][COLUMNS];

  generate
    for (genvar r = 0; r < ROWS; r++) begin : row
      assign streams[r][0] = skewed_streams[r];
      assign selects[r][0] = skewed_selects[r];
      for (genvar c = 1; c < COLUMNS; c++) begin : select_moves
        logic [COLUMNS*SELECT_BITS-1:0] moved;
        always_ff @(posedge clk) if (enable) moved <= selects[r][c-1];
        assign selects[r][c] = moved;
      end
      for (genvar c = 0; c < COLUMNS; c++) begin : column
        logic [COLUMN_BITS-1:0] operand_on;
        processing_element #(
            .FUSION(FUSION),
            .TERMS(TERMS),
            .ACTIVATION_SLICE(ACTIVATION_SLICE),
            .WEIGHT_SLICE(WEIGHT_SLICE),
            .STREAMS(STREAMS),
            .STATIONARY(STATIONARY),
            .ROWS_ARE_ACTIVATIONS(ROWS_ARE_ACTIVATIONS),
            .SLICES(SLICES)
        ) pe (
            .clk,
            .enable,
            .valid(diagonal[r+c].valid),
            .first(diagonal[r+c].first),
            .last(diagonal[r+c].last),
            .load(diagonal[r+c].load),
            .activation_log2(diagonal[r+c].activation_log2),
            .weight_log2(diagonal[r+c].weight_log2),
            .activation_signed(diagonal[r+c].activation_signed),
            .weight_signed(diagonal[r+c].weight_signed),
            .shift(diagonal[r+c].shift),
            .column_slice(diagonal[r+c].column_slice),
            .row_streams(streams[r][c]),
            .select(selects[r][c][c*SELECT_BITS+:SELECT_BITS]),
            .column_operand(STATIONARY ? skewed_operands[c] : operands[r][c]),
            .sum_above(above[r][c]),
            .row_streams_on(streams[r][c+1]),
            .column_operand_on(operand_on),
            .sum(sum[r][c]),
            .sum_on(above[r+1][c])
        );
        assign operands[r+1][c] = operand_on;
      end
    end
    for (genvar c = 0; c < COLUMNS; c++) begin : top
      assign operands[0][c] = skewed_operands[c];
      assign above[0][c] = '0;
    end
  endgenerate

  // The column buses, or the bottom row.
  always_comb begin
    for (int c = 0; c < COLUMNS; c++) begin
      leaves[c] = 0;
      leaving[c] = '0;
      sums[c] = '0;
      for (int r = STATIONARY ? ROWS - 1 : 0; r < ROWS; r++) begin
        if (diagonal[r+c].valid && diagonal[r+c].last) begin
          leaves[c] = 1;
          leaving[c] |= diagonal[r+c];
          if (!STATIONARY) leaving[c].issue = diagonal[r+c].issue + r;
          sums[c] |= sum[r][c];
        end
      end
    end
  end

  // Two sums of one column in one cycle would collide on its bus.
  always_ff @(posedge clk) begin
    for (int c = 0; c < COLUMNS; c++) begin
      automatic int words = 0;
      for (int r = 0; r < ROWS; r++)
        if (!STATIONARY && diagonal[r+c].valid && diagonal[r+c].last) words++;
      assert (words <= 1) else $fatal(1, "%0d sums on the bus of column %0d", words, c);
    end
  end
endmodule
