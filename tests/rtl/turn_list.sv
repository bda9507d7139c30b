// The turns of a run, and what each reads from DRAM and writes there. Of a nest the walker finds both;
// else turns are tiles, and the host says what they move, as a driver would.
module turn_list
  import types::*;
#(
    parameter int COLUMNS = 4,
    parameter bit LANES_ARE_CHANNELS = 1
) (
    input logic clk,
    input logic reset,
    input layer_t layer,
    input nest_t nest,
    input int leading,
    input int turn,  // at which the sequencer is
    output int count,
    output bit one_lane_group,  // in every turn
    output bit one_block  // of input channels
);
  localparam int TILES = 1 << 14;
  int activation_bytes[TILES];
  int weight_bytes[TILES];
  int write_bytes[TILES];
  int demand_bytes[TILES];  // that are read once the gate has spoken

  int nest_turns;
  bit nest_one_lane_group, nest_one_block;
  nest_walker #(.COLUMNS(COLUMNS), .LANES_ARE_CHANNELS(LANES_ARE_CHANNELS)) walker (
      .clk, .reset, .layer, .nest, .leading, .turn, .count(nest_turns), .one_lane_group(nest_one_lane_group),
      .one_block(nest_one_block));
  assign count = layer.nested ? nest_turns : tiles_of(layer, COLUMNS);
  assign one_lane_group = !layer.nested || nest_one_lane_group;
  assign one_block = !layer.nested || nest_one_block;

  // A turn that the run does not have is empty.
  function automatic turn_t turn_at(input int number);
    automatic turn_t found = '0;
    if (number < 0 || number >= count) return found;
    if (layer.nested) return walker.turn_at(number);
    found = window_turn(layer, COLUMNS, number);
    found.opening.activations = longint'(activation_bytes[number[13:0]]);
    found.opening.weights = longint'(weight_bytes[number[13:0]]);
    found.written = longint'(write_bytes[number[13:0]]);
    return found;
  endfunction

  function automatic longint demands(input int number);
    return layer.nested || number < 0 || number >= count ? 0 : longint'(demand_bytes[number[13:0]]);
  endfunction
endmodule
