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
    input logic enable,
    input layer_t layer,
    input pass_t pass,
    input logic loads,  // row 0 in this cycle, the others after it
    output logic [SLICES*COLUMN_WIRES-1:0] column_operands[COLUMNS]
);
  operand_memory memory ();

  pass_t loading, held;
  int row, last_row;
  assign loading = STATIONARY && !loads ? held : pass;
  assign row = STATIONARY && !loads ? last_row + 1 : 0;
  always_ff @(posedge clk) begin
    if (enable) begin
      if (loads) held <= pass;
      last_row <= row < ROWS ? row : ROWS;
    end
  end

  rate_t rate;
  int slice_bits, width, first_element, slices, slice;
  assign rate = loading.rate;
  assign slice_bits = ROWS_ARE_ACTIVATIONS ? WEIGHT_SLICE : ACTIVATION_SLICE;
  assign width = FUSION ? 1 << (ROWS_ARE_ACTIVATIONS ? rate.weight_log2 : rate.activation_log2) : slice_bits;
  assign slices = ROWS_ARE_ACTIVATIONS ? rate.weight_slices : rate.activation_slices;
  assign slice = rate.activation_slices == 0 ? 0
      : ROWS_ARE_ACTIVATIONS ? loading.cycle / rate.activation_slices : loading.cycle % rate.activation_slices;
  assign first_element = STATIONARY
      ? layer.reduction - (loading.folds - loading.fold) * ROWS * rate.macs + row * rate.macs
      : layer.reduction - (loading.steps - loading.step) * rate.macs;

  always_comb begin
    for (int column = 0; column < COLUMNS; column++) begin
      automatic int vector =
          (loading.at.group * layer.lanes + loading.at.first_lane + column) * layer.reduction;
      column_operands[column] = '0;
      for (int m = 0; m < rate.macs; m++) begin
        if (first_element + m >= 0 && row < ROWS && column < loading.at.lanes) begin
          for (int s = 0; s < (STATIONARY ? slices : 1); s++)
            column_operands[column] |= (SLICES*COLUMN_WIRES)'(slice_of(
                operand(vector + first_element + m), STATIONARY ? s : slice, slice_bits, width))
                << (s * COLUMN_WIRES + m * width);
        end
      end
    end
  end

  function automatic int operand(input int at);
    return ROWS_ARE_ACTIVATIONS ? memory.element(at) : plane_of(layer, loading.lsb, memory.element(at));
  endfunction
endmodule
