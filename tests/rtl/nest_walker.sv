// The address generator of a loop nest (M40). Given the loops, the layer's geometry and what each
// buffer holds, it decides at which depth each operand is held, and walks the nest block by block
// with a counter a loop. Of each turn it finds what slots and lanes stand for, and the bytes that are
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
  localparam int KEPT = 64;
  localparam int AHEAD = 4;
  localparam int SUM_BITS = 32;
  typedef enum {ACTIVATIONS, WEIGHTS, SUMS} operand_t;
  localparam bit [LOOPS-1:0] MATTER[3] = '{5'b10111, 5'b11000, 5'b01111};  // IN_CHANNEL to IMAGES

  turn_t turns[KEPT];
  function automatic turn_t turn_at(input int number);
    return turns[number[5:0]];
  endfunction

  // What follows from the registers.
  int trips[LOOPS];  // blocks of each loop
  int stored_bits[3];  // of an element of each operand
  int depths[3];  // at which it is held
  int place_of_inputs;  // the loop of input channels in the order
  bit gated, unfinished_leave;
  bit kept[2];  // what comes of an operand is there for all passes

  task automatic plan();
    automatic int room[3];
    automatic int gated_turns = 1;
    room[ACTIVATIONS] = nest.activation_buffer_bits;
    room[WEIGHTS] = nest.weight_buffer_bits;
    room[SUMS] = nest.sum_buffer_bits;
    gated = leading < layer.passes;
    for (int loop = 0; loop < LOOPS; loop++) begin
      trips[loop] = ceil_div(int'(nest.sizes[loop]), int'(nest.blocks[loop]));
      if (!gated || loop != int'(IN_CHANNEL)) gated_turns *= trips[loop];
      if (nest.order[loop] == IN_CHANNEL) place_of_inputs = loop;
    end
    count = layer.groups * gated_turns;
    stored_bits[ACTIVATIONS] = used_bits(0);
    stored_bits[WEIGHTS] = used_bits(1);
    stored_bits[SUMS] = SUM_BITS;
    for (int o = 0; o < 3; o++) begin
      depths[o] = 0;
      while (depths[o] < LOOPS && need(operand_t'(o), depths[o]) > longint'(room[o])) depths[o]++;
      assert (need(operand_t'(o), depths[o]) <= longint'(room[o])) else $fatal(1, "a block does not fit");
    end
    one_block = trips[IN_CHANNEL] == 1;
    for (int o = 0; o < 2; o++) kept[o] = !gated || one_block || depths[o] <= place_of_inputs;
    unfinished_leave = 0;
    for (int d = place_of_inputs + 1; d < depths[SUMS]; d++)
      if (trips[nest.order[d]] > 1) unfinished_leave = 1;
    one_lane_group = block_lanes() <= COLUMNS;
  endtask

  function automatic int block_lanes();
    automatic int lanes = 1;
    if (LANES_ARE_CHANNELS) return least(int'(nest.blocks[CHANNEL]), int'(nest.sizes[CHANNEL]));
    for (int loop = int'(IMAGES); loop <= int'(COLUMN); loop++)
      lanes *= least(int'(nest.blocks[loop]), int'(nest.sizes[loop]));
    return lanes;
  endfunction

  function automatic int least(input int one, input int other);
    return one < other ? one : other;
  endfunction

  // Bits of an activation or a weight that any pass uses.
  function automatic int used_bits(input bit of_weights);
    automatic bit [31:0] used = 0;
    for (int p = 0; p < layer.passes; p++) begin
      automatic plane_t plane = of_weights ? layer.sweeps[index_t'(p)].weight : layer.sweeps[index_t'(p)].activation;
      used |= 32'((1 << plane.bits) - 1) << plane.low;
    end
    return $countones(used);
  endfunction

  // The most that the loops inside of a depth need of an operand.
  function automatic longint need(input operand_t operand, input int depth);
    automatic longint bits = longint'(stored_bits[operand]);
    if (operand == WEIGHTS) bits *= longint'(layer.taps);
    for (int d = 0; d < LOOPS; d++)
      if (MATTER[operand][nest.order[d]]) bits *= longint'(most_of(operand, nest.order[d], d >= depth));
    return bits;
  endfunction

  function automatic int most_of(input operand_t operand, input loop_t loop, input bit all);
    automatic int size = int'(nest.sizes[loop]);
    automatic int most = 0;
    if (operand != ACTIVATIONS || loop != ROW && loop != COLUMN) return all ? size : least(size, int'(nest.blocks[loop]));
    if (all) return inputs_of(loop, 0, size, 0);
    for (int begins = 0; begins < size; begins += int'(nest.blocks[loop])) begin
      automatic int own = inputs_of(loop, begins, least(begins + int'(nest.blocks[loop]), size), 0);
      most = own > most ? own : most;
    end
    return most;
  endfunction

  // Input rows, or columns, under the taps of some output rows, less those under any before `held`.
  function automatic int inputs_of(input loop_t loop, input int begins, input int ends, input int held);
    automatic side_t side = loop == ROW ? nest.rows : nest.columns;
    automatic int found = 0;
    for (int at = 0; at < side.in; at++)
      if (under_taps(side, at, begins, ends) && !under_taps(side, at, 0, held)) found++;
    return found;
  endfunction

  function automatic bit under_taps(input side_t side, input int at, input int begins, input int ends);
    for (int tap = 0; tap < side.kernel; tap++) begin
      automatic int from = at + side.padding - tap * side.dilation;
      if (from >= begins * side.stride && from < ends * side.stride && from % side.stride == 0) return 1;
    end
    return 0;
  endfunction

  // The walk: the block of each loop, and of each operand the hold that lasts and how far it has come.
  int walked, group, tiles;
  int at[LOOPS];
  int hold[2];
  int furthest[2];
  turn_t previous;

  function automatic int first_of(input loop_t loop);
    return at[loop] * int'(nest.blocks[loop]);
  endfunction

  function automatic int size_of(input loop_t loop);
    return least(int'(nest.blocks[loop]), int'(nest.sizes[loop]) - first_of(loop));
  endfunction

  // The number of an operand's block among those of some loops of the order.
  function automatic int number_in(input operand_t operand, input int outermost, input int ends);
    automatic int number = 0;
    for (int d = outermost; d < ends; d++)
      if (MATTER[operand][nest.order[d]]) number = number * trips[nest.order[d]] + at[nest.order[d]];
    return number;
  endfunction

  // A block wants its elements of an operand: how many are not there?
  task automatic visit(input operand_t operand, output longint fresh);
    automatic int own_hold = number_in(operand, 0, depths[operand]);
    automatic int number = number_in(operand, depths[operand], LOOPS);
    if (own_hold != hold[operand]) furthest[operand] = -1;
    hold[operand] = own_hold;
    fresh = 0;
    if (number > furthest[operand]) begin
      furthest[operand] = number;
      fresh = operand == WEIGHTS ? longint'(layer.taps) : 1;
      for (int d = 0; d < LOOPS; d++) begin
        automatic loop_t loop = nest.order[d];
        if (MATTER[operand][loop]) begin
          if (operand == ACTIVATIONS && (loop == ROW || loop == COLUMN))
            fresh *= longint'(inputs_of(loop, first_of(loop), first_of(loop) + size_of(loop),
                d >= depths[operand] ? first_of(loop) : 0));
          else fresh *= longint'(size_of(loop));
        end
      end
    end
  endtask

  function automatic longint in_bursts(input longint bits);
    automatic longint burst = longint'(nest.burst_bytes) * 8;
    return (bits + burst - 1) / burst * longint'(nest.burst_bytes);
  endfunction

  function automatic longint fetched_bits(input operand_t operand, input plane_t plane);
    if (kept[operand]) return longint'(stored_bits[operand]);
    return longint'(plane.bits);
  endfunction

  // A pass comes to a block of the turn's input channels. Without a gate every pass finds what came
  // with the block.
  task automatic fetch(input int pass, output bytes_t bytes);
    automatic sweep_t sweep = layer.sweeps[index_t'(pass)];
    automatic longint fresh;
    bytes = '0;
    visit(ACTIVATIONS, fresh);
    bytes.activations = in_bursts(fresh * fetched_bits(ACTIVATIONS, sweep.activation));
    if (!weights_are_there()) begin
      visit(WEIGHTS, fresh);
      bytes.weights = in_bursts(fresh * fetched_bits(WEIGHTS, sweep.weight));
    end
  endtask

  // Recurrent weights that fit as a whole came with the batch's first step.
  function automatic bit weights_are_there();
    automatic longint bits = longint'(layer.groups) * longint'(nest.sizes[CHANNEL]) * longint'(layer.reduction)
        * longint'(stored_bits[WEIGHTS]);
    return nest.later_step && bits <= longint'(nest.weight_buffer_bits);
  endfunction

  function automatic box_t positions_box();
    positions_box.columns = size_of(COLUMN);
    positions_box.rows = size_of(ROW);
    positions_box.row_stride = int'(nest.sizes[COLUMN]);
    positions_box.image_stride = int'(nest.sizes[ROW]) * positions_box.row_stride;
    positions_box.first = first_of(IMAGES) * positions_box.image_stride + first_of(ROW) * positions_box.row_stride
        + first_of(COLUMN);
  endfunction

  task automatic walk_turn();
    automatic turn_t next = '0;
    automatic box_t positions = positions_box();
    automatic box_t channels = '0;
    automatic int count_positions = size_of(IMAGES) * size_of(ROW) * size_of(COLUMN);
    automatic longint sums = longint'(count_positions) * longint'(size_of(CHANNEL));
    automatic bytes_t bytes;
    channels.first = first_of(CHANNEL);
    next.group = group;
    next.slot_box = LANES_ARE_CHANNELS ? positions : channels;
    next.slots = LANES_ARE_CHANNELS ? count_positions : size_of(CHANNEL);
    next.lane_box = LANES_ARE_CHANNELS ? channels : positions;
    next.lanes = LANES_ARE_CHANNELS ? size_of(CHANNEL) : count_positions;
    next.opens = walked == 0 || next.group != previous.group || next.lane_box != previous.lane_box;
    next.first_tile = tiles;
    next.blocks = gated ? trips[IN_CHANNEL] : 1;
    next.first_channel = first_of(IN_CHANNEL);
    next.block_channels = size_of(IN_CHANNEL);
    next.begins_sums = gated || at[IN_CHANNEL] == 0;
    next.ends_sums = gated || at[IN_CHANNEL] == trips[IN_CHANNEL] - 1;
    next.sums_leave = next.ends_sums || unfinished_leave;
    for (int pass = 0; pass < (gated ? layer.passes : 1); pass++) begin
      for (int block = 0; block < next.blocks; block++) begin
        if (gated) at[IN_CHANNEL] = block;
        fetch(pass, bytes);
        if (pass == 0 && block == 0) next.opening = bytes;
        else if (pass < leading) next.leading = added(next.leading, bytes);
        else if (layer.sweeps[index_t'(pass)].gated) next.trailing_gated = added(next.trailing_gated, bytes);
        else next.trailing = added(next.trailing, bytes);
      end
    end
    if (!next.begins_sums && unfinished_leave) next.opening.sums = in_bursts(sums * SUM_BITS);
    if (next.ends_sums) next.written = in_bursts(sums * longint'(nest.output_bits));
    else if (unfinished_leave) next.written = in_bursts(sums * SUM_BITS);
    tiles += ceil_div(next.lanes, COLUMNS);
    turns[walked%KEPT] = next;
    previous = next;
    walked++;
    advance();
  endtask

  // The innermost loop that has blocks left goes on. Where a gate needs whole sums, a turn has all
  // blocks of input channels.
  task automatic advance();
    automatic bit carry = 1;
    for (int d = LOOPS - 1; d >= 0; d--) begin
      automatic loop_t loop = nest.order[d];
      if (carry && !(gated && loop == IN_CHANNEL)) begin
        at[loop] = at[loop] + 1;
        carry = at[loop] == trips[loop];
        if (carry) at[loop] = 0;
      end
    end
    if (gated) at[IN_CHANNEL] = 0;
    if (carry) begin_group(group + 1);
  endtask

  task automatic begin_group(input int number);
    group = number;
    for (int o = 0; o < 2; o++) hold[o] = -1;
  endtask

  always_ff @(posedge clk) begin
    if (reset) begin
      walked = 0;
      tiles = 0;
      for (int loop = 0; loop < LOOPS; loop++) at[loop] = 0;
      begin_group(0);
      if (layer.nested) plan();
    end
    if (layer.nested) while (walked < count && walked <= (reset ? 0 : turn) + AHEAD) walk_turn();
  end
endmodule
