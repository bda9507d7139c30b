// The turns of a run, and what each reads from DRAM and writes there. Of a nest the walker finds both;
// else turns are tiles, and the host says what they move, as a driver would. Of a turn that the run
// does not have nothing is asked but what it moves, which is nothing.
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

  function automatic turn_t turn_at(input int number);
    return layer.nested ? walker.turns[number[5:0]] : window_turn(layer, COLUMNS, number);
  endfunction

  // Whether its lanes are not those of the turn before.
  function automatic bit opens(input int number);
    return layer.nested ? walker.opens[number[5:0]] : number % windows_of(layer) == 0;
  endfunction

  function automatic bit is_there(input int number);
    return number >= 0 && number < count;
  endfunction

  function automatic bytes_t opening(input int number);
    automatic bytes_t found = '0;
    if (layer.nested && is_there(number)) return walker.opening[number[5:0]];
    if (is_there(number)) begin
      found.activations = activation_bytes[number[13:0]];
      found.weights = weight_bytes[number[13:0]];
    end
    return found;
  endfunction

  function automatic bytes_t written(input int number);
    automatic bytes_t found = '0;
    if (layer.nested && is_there(number)) return walker.written[number[5:0]];
    if (is_there(number)) found.written = write_bytes[number[13:0]];
    return found;
  endfunction

  function automatic bytes_t with_leading(input int number);
    return layer.nested && is_there(number) ? walker.leads[number[5:0]] : '0;
  endfunction

  function automatic bytes_t with_trailing(input int number, input bit gates_open);
    if (!layer.nested) return '0;
    return gates_open ? added(walker.trails[number[5:0]], walker.trails_gated[number[5:0]]) : walker.trails[number[5:0]];
  endfunction

  function automatic longint demands(input int number);
    return layer.nested || !is_there(number) ? 0 : longint'(demand_bytes[number[13:0]]);
  endfunction
endmodule
