// The address generator of a loop nest (M40). Given the loops, the layer's geometry and what each
// buffer holds, it finds at which depth each operand is held, and walks the nest block by block with
// a counter a loop. Of each turn it finds what slots and lanes stand for, and the bytes that are
// fresh in it. It walks a few turns ahead of the sequencer and takes no time of its own.
module nest_walker
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
    output int count,  // turns of the run
    output bit one_lane_group,  // in every turn
    output bit one_block  // of input channels
);
  localparam int KEPT = 64;  // turns
  localparam int AHEAD = 4;

  // Loops whose ends are constants would be unrolled, and compiling them takes long.
  int loops = LOOPS;
  int fetched = 2;  // operands: activations and weights

  // What is known of the turns around the one that computes, by number modulo KEPT.
  turn_t turns[KEPT];
  bit opens[KEPT];
  bytes_t opening[KEPT];  // what comes before a turn
  bytes_t leads[KEPT];  // with its leading passes
  bytes_t trails[KEPT];  // with its trailing passes
  bytes_t trails_gated[KEPT];  // if gates let any of these happen
  bytes_t written[KEPT];

  bit gated;
  assign gated = leading < layer.passes;
  loop_t order[LOOPS];
  int sizes[LOOPS];
  int blocks[LOOPS];
  int trips[LOOPS];
  int inputs[2*MOST_BLOCKS];
  int new_inputs[2*MOST_BLOCKS];
  int stored_bits[OPERANDS];
  int depths[OPERANDS];
  bit kept[OPERANDS];
  bit unfinished_leave;
  nest_plan #(.COLUMNS(COLUMNS), .LANES_ARE_CHANNELS(LANES_ARE_CHANNELS)) planned (
      .clk, .reset, .layer, .nest, .gated, .order, .sizes, .blocks, .trips, .inputs, .new_inputs, .stored_bits,
      .depths, .kept, .unfinished_leave, .count, .one_lane_group, .one_block);

  // The walk: the block of each loop, and of each operand the hold that lasts and how far it has come.
  int walked, group, tiles;
  int at[LOOPS];
  int taken[LOOPS];  // by the block of a loop
  int first[LOOPS];
  int hold[OPERANDS];
  int furthest[OPERANDS];
  int last_group;
  box_t last_lanes;

  task automatic take_block();
    for (int loop = 0; loop < loops; loop++) begin
      first[loop] = at[loop] * blocks[loop];
      taken[loop] = least(blocks[loop], sizes[loop] - first[loop]);
    end
  endtask

  // A block wants its elements of an operand: how many are not there?
  task automatic visit(input int operand, output longint fresh);
    automatic int own_hold = 0;
    automatic int number = 0;  // of the block in the hold
    automatic bit rows_inside = 0;
    automatic bit columns_inside = 0;
    automatic int rows, columns;
    for (int d = 0; d < loops; d++) begin
      if (MATTER[operand][order[d]]) begin
        if (d < depths[operand]) own_hold = own_hold * trips[order[d]] + at[order[d]];
        else number = number * trips[order[d]] + at[order[d]];
      end
      rows_inside |= order[d] == ROW && d >= depths[operand];
      columns_inside |= order[d] == COLUMN && d >= depths[operand];
    end
    if (own_hold != hold[operand]) furthest[operand] = -1;
    hold[operand] = own_hold;
    fresh = 0;
    if (number > furthest[operand]) begin
      furthest[operand] = number;
      if (operand == WEIGHTS) fresh = longint'(layer.taps * taken[CHANNEL] * taken[IN_CHANNEL]);
      else begin
        rows = rows_inside ? new_inputs[{1'b0, at[ROW][5:0]}] : inputs[{1'b0, at[ROW][5:0]}];
        columns = columns_inside ? new_inputs[{1'b1, at[COLUMN][5:0]}] : inputs[{1'b1, at[COLUMN][5:0]}];
        fresh = longint'(taken[IMAGES] * taken[IN_CHANNEL] * rows * columns);
      end
    end
  endtask

  function automatic int in_bursts(input longint bits);
    automatic longint burst = longint'(nest.burst_bytes) * 8;
    return int'((bits + burst - 1) / burst) * nest.burst_bytes;
  endfunction

  // A pass comes to a block of the turn's input channels. Without a gate every pass finds what came
  // with the block.
  task automatic fetch(input int pass, output bytes_t bytes);
    automatic sweep_t sweep = layer.sweeps[index_t'(pass)];
    automatic longint fresh;
    automatic int plane_bits, moved;
    bytes = '0;
    for (int operand = 0; operand < fetched; operand++) begin
      visit(operand, fresh);
      plane_bits = operand == WEIGHTS ? sweep.weight.bits : sweep.activation.bits;
      if (kept[operand]) plane_bits = stored_bits[operand];
      moved = in_bursts(fresh * longint'(plane_bits));
      if (operand == ACTIVATIONS) bytes.activations = moved;
      else if (!weights_are_there()) bytes.weights = moved;
    end
  endtask

  // Recurrent weights that fit as a whole came with the batch's first step.
  function automatic bit weights_are_there();
    automatic longint bits = longint'(layer.groups * sizes[CHANNEL]) * longint'(layer.reduction * stored_bits[1]);
    return nest.later_step && bits <= longint'(nest.weight_buffer_bits);
  endfunction

  task automatic walk_turn();
    automatic turn_t next = '0;
    automatic box_t positions, channels;
    automatic int positions_taken, now;
    automatic longint sums;
    automatic bytes_t bytes;
    now = walked % KEPT;
    take_block();
    positions.columns = taken[COLUMN];
    positions.rows = taken[ROW];
    positions.first = (first[IMAGES] * sizes[ROW] + first[ROW]) * sizes[COLUMN] + first[COLUMN];
    positions_taken = taken[IMAGES] * taken[ROW] * taken[COLUMN];
    channels = '0;
    channels.first = first[CHANNEL];
    next.group = group;
    next.slot_box = LANES_ARE_CHANNELS ? positions : channels;
    next.slots = LANES_ARE_CHANNELS ? positions_taken : taken[CHANNEL];
    next.lane_box = LANES_ARE_CHANNELS ? channels : positions;
    next.lanes = LANES_ARE_CHANNELS ? taken[CHANNEL] : positions_taken;
    next.first_tile = tiles;
    next.blocks = gated ? trips[IN_CHANNEL] : 1;
    next.first_channel = first[IN_CHANNEL];
    next.block_channels = taken[IN_CHANNEL];
    next.begins_sums = gated || at[IN_CHANNEL] == 0;
    next.ends_sums = gated || at[IN_CHANNEL] == trips[IN_CHANNEL] - 1;
    next.sums_leave = next.ends_sums || unfinished_leave;
    turns[now] = next;
    opens[now] = walked == 0 || group != last_group || next.lane_box != last_lanes;
    last_group = group;
    last_lanes = next.lane_box;
    opening[now] = '0;
    leads[now] = '0;
    trails[now] = '0;
    trails_gated[now] = '0;
    written[now] = '0;
    for (int pass = 0; pass < (gated ? layer.passes : 1); pass++) begin
      for (int block = 0; block < next.blocks; block++) begin
        if (gated) at[IN_CHANNEL] = block;
        take_block();
        fetch(pass, bytes);
        if (pass == 0 && block == 0) opening[now] = bytes;
        else if (pass < leading) leads[now] = added(leads[now], bytes);
        else if (layer.sweeps[index_t'(pass)].gated) trails_gated[now] = added(trails_gated[now], bytes);
        else trails[now] = added(trails[now], bytes);
      end
    end
    sums = longint'(positions_taken * taken[CHANNEL]);
    if (!next.begins_sums && unfinished_leave) opening[now].sums = in_bursts(sums * SUM_BITS);
    if (next.ends_sums) written[now].written = in_bursts(sums * longint'(nest.output_bits));
    else if (unfinished_leave) written[now].written = in_bursts(sums * SUM_BITS);
    tiles += ceil_div(next.lanes, COLUMNS);
    walked++;
    advance();
  endtask

  // The innermost loop that has blocks left goes on. Where a gate needs whole sums, a turn has all
  // blocks of input channels.
  task automatic advance();
    automatic bit carry = 1;
    if (gated) at[IN_CHANNEL] = 0;
    for (int d = loops - 1; d >= 0; d--) begin
      if (carry && !(gated && order[d] == IN_CHANNEL)) begin
        carry = at[order[d]] == trips[order[d]] - 1;
        at[order[d]] = carry ? 0 : at[order[d]] + 1;
      end
    end
    if (carry) begin_group(group + 1);
  endtask

  task automatic begin_group(input int number);
    group = number;
    for (int o = 0; o < fetched; o++) hold[o] = -1;
  endtask

  always_ff @(posedge clk) begin
    if (reset && layer.nested) begin
      walked = 0;
      tiles = 0;
      for (int loop = 0; loop < loops; loop++) at[loop] = 0;
      begin_group(0);
    end
    if (layer.nested) while (walked < count && walked <= (reset ? 0 : turn) + AHEAD) walk_turn();
  end
endmodule
