// What follows from a loop nest and the layer's geometry before any block is fetched (M40): how many
// input rows and columns each block lies over, and at which depth each operand is held.
module nest_plan
  import types::*;
#(
    parameter int COLUMNS = 4,
    parameter bit LANES_ARE_CHANNELS = 1
) (
    input logic clk,
    input logic reset,
    input layer_t layer,
    input nest_t nest,
    input bit gated,
    output loop_t order[LOOPS],
    output int sizes[LOOPS],
    output int blocks[LOOPS],
    output int trips[LOOPS],  // blocks of each loop
    output int inputs[2*MOST_BLOCKS],  // rows, and columns, of the input that a block of them lies over
    output int new_inputs[2*MOST_BLOCKS],  // but for those under blocks before it
    output int stored_bits[OPERANDS],  // of an element of each operand
    output int depths[OPERANDS],  // at which it is held
    output bit kept[OPERANDS],  // what comes of it is there for all passes
    output bit unfinished_leave,  // sums, where their hold ends before they have all input channels
    output int count,  // turns of the run
    output bit one_lane_group,  // in every turn
    output bit one_block  // of input channels
);
  // Loops whose ends are constants would be unrolled, and compiling them takes long.
  int loops = LOOPS;
  int operands = OPERANDS;
  int sides = 2;

  int place_of_inputs;  // the loop of input channels in the order
  int most_inputs[2];
  int all_inputs[2];
  int room[OPERANDS];  // usable bits of each operand's buffer
  int block_needs[LOOPS];  // of one operand, the most that a block takes of each loop
  int loop_needs[LOOPS];  // and all blocks together

  task automatic plan();
    automatic int turns_of_group = 1;
    automatic int lanes = 1;
    for (int loop = 0; loop < loops; loop++) begin
      order[loop] = nest.order[loop];
      sizes[loop] = int'(nest.sizes[loop]);
      blocks[loop] = least(int'(nest.blocks[loop]), sizes[loop]);
      trips[loop] = ceil_div(sizes[loop], blocks[loop]);
      if (!gated || loop != int'(IN_CHANNEL)) turns_of_group *= trips[loop];
      if (order[loop] == IN_CHANNEL) place_of_inputs = loop;
      if (loop <= int'(COLUMN)) lanes *= blocks[loop];
    end
    count = layer.groups * turns_of_group;
    one_block = trips[IN_CHANNEL] == 1;
    one_lane_group = (LANES_ARE_CHANNELS ? blocks[CHANNEL] : lanes) <= COLUMNS;
    for (int side = 0; side < sides; side++) find_inputs(side[0]);
    find_stored_bits();
    room[ACTIVATIONS] = nest.activation_buffer_bits;
    room[WEIGHTS] = nest.weight_buffer_bits;
    room[SUMS] = nest.sum_buffer_bits;
    for (int operand = 0; operand < operands; operand++) find_depth(operand);
    for (int o = 0; o < operands; o++) kept[o] = !gated || one_block || depths[o] <= place_of_inputs;
    unfinished_leave = 0;
    for (int d = 0; d < loops; d++)
      if (d > place_of_inputs && d < depths[SUMS] && trips[order[d]] > 1) unfinished_leave = 1;
  endtask

  // Which output rows, or columns, lie over one of the input first, and which blocks' taps reach it.
  task automatic find_inputs(input bit side);
    automatic loops_t loop = side ? COLUMN : ROW;
    automatic side_t of = side ? nest.columns : nest.rows;
    assert (trips[loop] <= MOST_BLOCKS) else $fatal(1, "%0d blocks", trips[loop]);
    for (int block = 0; block < trips[loop]; block++) begin
      inputs[{side, block[5:0]}] = 0;
      new_inputs[{side, block[5:0]}] = 0;
    end
    for (int at = 0; at < of.in; at++) begin
      automatic int reached = -1;  // the last block that does
      for (int tap = of.kernel - 1; tap >= 0; tap--) begin
        automatic int from = at + of.padding - tap * of.dilation;
        automatic int block = from / of.stride / blocks[loop];
        if (from >= 0 && from % of.stride == 0 && from / of.stride < sizes[loop] && block > reached) begin
          inputs[{side, block[5:0]}]++;
          if (reached < 0) new_inputs[{side, block[5:0]}]++;
          reached = block;
        end
      end
    end
    most_inputs[side] = 0;
    all_inputs[side] = 0;
    for (int block = 0; block < trips[loop]; block++) begin
      if (inputs[{side, block[5:0]}] > most_inputs[side]) most_inputs[side] = inputs[{side, block[5:0]}];
      all_inputs[side] += new_inputs[{side, block[5:0]}];
    end
  endtask

  // Bits of an activation and of a weight that any pass uses.
  task automatic find_stored_bits();
    automatic bit [31:0] activation = 0;
    automatic bit [31:0] weight = 0;
    for (int p = 0; p < layer.passes; p++) begin
      activation |= bits_of(layer.sweeps[index_t'(p)].activation);
      weight |= bits_of(layer.sweeps[index_t'(p)].weight);
    end
    stored_bits[ACTIVATIONS] = $countones(activation);
    stored_bits[WEIGHTS] = $countones(weight);
    stored_bits[SUMS] = SUM_BITS;
  endtask

  function automatic bit [31:0] bits_of(input plane_t plane);
    return 32'((1 << plane.bits) - 1) << plane.low;
  endfunction

  // An operand is held at the outermost depth whose loops inside need no more than there is room.
  task automatic find_depth(input int operand);
    automatic longint bits = longint'(stored_bits[operand]);
    automatic int d = loops;
    if (operand == WEIGHTS) bits *= longint'(layer.taps);
    for (int loop = 0; loop < loops; loop++) begin
      automatic bit side = loop == int'(COLUMN);
      automatic bit halo = operand == ACTIVATIONS && (loop == int'(ROW) || loop == int'(COLUMN));
      block_needs[loop] = !MATTER[operand][loop] ? 1 : halo ? most_inputs[side] : blocks[loop];
      loop_needs[loop] = !MATTER[operand][loop] ? 1 : halo ? all_inputs[side] : sizes[loop];
      bits *= longint'(block_needs[loop]);
    end
    assert (bits <= longint'(room[operand])) else $fatal(1, "a block does not fit");
    depths[operand] = LOOPS;
    while (d > 0) begin
      d--;
      bits = bits / longint'(block_needs[order[d]]) * longint'(loop_needs[order[d]]);
      if (bits > longint'(room[operand])) d = 0;
      else depths[operand] = d;
    end
  endtask

  always_ff @(posedge clk) if (reset && layer.nested) plan();
endmodule
