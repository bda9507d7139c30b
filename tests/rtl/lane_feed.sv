// The operands that feed the lanes. Output stationary, every step brings a slice of each; else a
// fold's operands come whole, one array row a cycle, and stay.
module lane_feed
  import types::*;
#(
    parameter int ROWS = 4,
    parameter int COLUMNS = 4,
    parameter bit FUSION = 1,
    parameter int ACTIVATION_SLICE = 8,
    parameter int WEIGHT_SLICE = 8,
    parameter bit STATIONARY = 0,
    parameter bit ROWS_ARE_ACTIVATIONS = 1,
    parameter int COLUMN_WIRES = 32,
    parameter int SLICES = 1
) (
    input logic clk,
    input logic reset,
    input logic enable,
    input layer_t layer,
    input pass_t pass,
    input logic loads,  // row 0 in this cycle, the others after it
    output logic loading,  // rows that a fold before has yet to load, in this cycle too
    output logic [SLICES*COLUMN_WIRES-1:0] column_operands[COLUMNS]
);
  operand_memory memory (.clk, .banks(0), .accesses(0));  // its ports are not limited

  pass_t served, held;
  int row, last_row;
  assign served = STATIONARY && !loads ? held : pass;
  assign row = STATIONARY && !loads ? last_row + 1 : 0;
  assign loading = last_row + 1 < ROWS;
  always_ff @(posedge clk) begin
    if (reset) last_row <= ROWS;
    else if (enable) begin
      if (loads) held <= pass;
      last_row <= row < ROWS ? row : ROWS;
    end
    assert (reset || !(loads && enable && loading)) else $fatal(1, "two folds load at a time");
  end

  rate_t rate;
  int slice_bits, width, first_element, slices, slice;
  assign rate = served.rate;
  assign slice_bits = ROWS_ARE_ACTIVATIONS ? WEIGHT_SLICE : ACTIVATION_SLICE;
  assign width = FUSION ? 1 << (ROWS_ARE_ACTIVATIONS ? rate.weight_log2 : rate.activation_log2) : slice_bits;
  assign slices = ROWS_ARE_ACTIVATIONS ? rate.weight_slices : rate.activation_slices;
  assign slice = rate.activation_slices == 0 ? 0
      : ROWS_ARE_ACTIVATIONS ? served.cycle / rate.activation_slices : served.cycle % rate.activation_slices;
  assign first_element = STATIONARY
      ? served.reduction - (served.folds - served.fold) * ROWS * rate.macs + row * rate.macs
      : served.reduction - (served.steps - served.step) * rate.macs;

  always_comb begin
    for (int column = 0; column < COLUMNS; column++) begin
      automatic int vector =
          (served.at.group * layer.lanes + item_of(served.at.lane_box, layer.out_rows, layer.out_columns, served.at.first_lane + column)) * layer.reduction;
      column_operands[column] = '0;
      for (int m = 0; m < rate.macs; m++) begin
        if (first_element + m >= 0 && row < ROWS && column < served.at.lanes) begin
          for (int s = 0; s < (STATIONARY ? slices : 1); s++)
            column_operands[column] |= (SLICES*COLUMN_WIRES)'(slice_of(
                operand(vector + element_of(first_element + m, served.depth, served.first_channel, layer.depth)), STATIONARY ? s : slice, slice_bits, width))
                << (s * COLUMN_WIRES + m * width);
        end
      end
    end
  end

  function automatic int operand(input int at);
    automatic int whole = memory.element(at);
    if (ROWS_ARE_ACTIVATIONS) return plane_of(whole, served.sweep.weight, layer.weight_bits);
    return plane_of(whole, served.sweep.activation, layer.activation_bits);
  endfunction
endmodule
