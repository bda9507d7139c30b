// What a pass of a tile moves through the output buffer's port (M22, M43). Of a nest it is found here;
// of windows the host says it.
module output_moves
  import types::*;
#(
    parameter bit STATIONARY = 0,
    parameter int ROWS = 4,
    parameter bit IN_PLACE = 1,  // the scheduler leaves each slot in its row
    parameter bit ISSUES_ALL = 0  // and issues each, whatever the mask
) (
    input layer_t layer,
    input nest_t nest,
    input pass_t pass,
    input int entries[2*MOST_LANE_GROUPS],
    output int output_bits
);
  localparam int TILES = 1 << 14;
  int given_bits[TILES*MOST_PASSES];  // by tile and pass
  bit opens_gates[TILES];  // by tile of a nest, which is known before the gate speaks

  int leading, last, sums, own, folds;
  bit gated, stays_in_array;
  always_comb begin
    leading = leading_passes(layer);
    gated = leading < layer.passes;
    last = 0;  // of the passes that happen in the tile
    for (int p = 0; p < MOST_PASSES; p++)
      if (p < layer.passes && (!layer.sweeps[p].gated || ISSUES_ALL || opens_gates[pass.tile[13:0]])) last = p;
    sums = pass.at.slots * pass.at.lanes;
    own = pass.sweep.gated ? entries[{pass.at.half, pass.at.lane_group[$clog2(MOST_LANE_GROUPS)-1:0]}] : sums;
    folds = STATIONARY ? pass.folds : 1;
    stays_in_array = pass.whole && (STATIONARY ? layer.passes == 1 && folds == 1
        : layer.passes == 1 || pass.at.slots <= ROWS && (!gated || IN_PLACE));
    output_bits = 0;
    if (!layer.nested) begin
      output_bits = given_bits[{pass.tile[13:0], pass.index}];
    end else begin
      if (gated && int'(pass.index) == leading - 1 && pass.last_block) output_bits += 2 * sums;
      if (stays_in_array) begin
        if (int'(pass.index) == last) output_bits += 2 * sums * nest.output_bits;
      end else begin
        output_bits += 2 * SUM_BITS * own * folds;
        if (pass.index == 0 && pass.begins_sums) output_bits -= SUM_BITS * own;  // read of nothing
        if (int'(pass.index) == last && pass.last_block && pass.sums_leave) output_bits += SUM_BITS * sums;
      end
    end
  end
endmodule
