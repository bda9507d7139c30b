// The words that the modules share: what a layer is, where a tile lies in it, what moves with a step.
package types;

  localparam int MOST_PASSES = 4;
  localparam int MOST_BANKS = 16;
  localparam int MOST_LANE_GROUPS = 16;  // of a turn
  typedef bit [$clog2(MOST_PASSES)-1:0] index_t;  // of a layer's passes

  // A plane of an operand: a run of its bits, from bit `low` on.
  typedef struct packed {
    int low;
    int bits;
  } plane_t;

  // One sweep over the layer, a pass as the host sets it: a plane of the activations times a plane
  // of the weights, of all outputs, or of those whose mask bit is 1.
  typedef struct packed {
    plane_t activation;
    plane_t weight;
    bit gated;
  } sweep_t;

  // A layer on this array, as the host sets it before a run. Slots and lanes are of one run and group.
  typedef struct packed {
    int slots;
    int lanes;
    int groups;
    int reduction;
    int taps;
    int depth;  // input channels of a group
    int window;
    int out_rows;  // of an image
    int out_columns;
    bit nested;  // turns are blocks of a loop nest, else windows of one lane group
    int activation_bits;  // of an operand, of which planes are taken
    int weight_bits;
    int banks;  // of the buffer that feeds the slots
    int port_bits;
    int dram_bytes_per_cycle;
    bit all_ports;  // else only those of the slots' operand are limited, however it lies in the banks
    int lane_bits_per_cycle;
    int output_bits_per_cycle;
    bit signed_activations;
    bit thresholds_by_slot;  // channels are slots
    bit gates_inputs;  // masks are of input pixels, and known beforehand
    int passes;
    sweep_t [MOST_PASSES-1:0] sweeps;
  } layer_t;

  // A loop nest (M40), as the host sets it before a run. The loops are images, rows, columns, channels
  // and input channels, by number.
  typedef bit [31:0] word_t;
  typedef bit [2:0] loop_t;
  typedef enum loop_t {
    IMAGES,
    ROW,
    COLUMN,
    CHANNEL,
    IN_CHANNEL
  } loops_t;
  localparam int LOOPS = 5;
  localparam int MOST_BLOCKS = 64;  // of rows, or of columns
  localparam int ACTIVATIONS = 0;
  localparam int WEIGHTS = 1;
  localparam int SUMS = 2;
  localparam int OPERANDS = 3;
  localparam bit [LOOPS-1:0] MATTER[OPERANDS] = '{5'b10111, 5'b11000, 5'b01111};  // from IN_CHANNEL to IMAGES
  localparam int SUM_BITS = 32;

  // One side of a convolution, its height or its width.
  typedef struct packed {
    int in;
    int kernel;
    int stride;
    int padding;  // before the first
    int after;  // behind the last
    int dilation;
  } side_t;

  typedef struct packed {
    loop_t [LOOPS-1:0] order;  // outermost first
    word_t [LOOPS-1:0] sizes;  // by loop
    word_t [LOOPS-1:0] blocks;
    side_t rows;
    side_t columns;
    int activation_buffer_bits;  // that can be used
    int weight_buffer_bits;
    int sum_buffer_bits;
    int burst_bytes;
    int output_bits;
    bit later_step;  // of a batch of a recurrent layer
  } nest_t;

  // What slots or lanes stand for: items of the run and group one after the other; or, where it has
  // columns, the positions of a box of it.
  typedef struct packed {
    int first;
    int columns;
    int rows;
  } box_t;

  // What of an operand's tensors a transfer moves.
  typedef struct packed {
    int activations;
    int weights;
    int sums;
    int written;
  } bytes_t;

  // A turn of the array: a window of one lane group, or a block of a nest with all its lane groups.
  typedef struct packed {
    int group;
    box_t slot_box;
    int slots;
    box_t lane_box;
    int first_lane;
    int lanes;
    int first_tile;  // its number in the run
    int blocks;  // of input channels
    int first_channel;  // of the first of them
    int block_channels;  // of each but the last
    bit begins_sums;  // its first block of input channels is the first of its sums
    bit ends_sums;
    bit sums_leave;
  } turn_t;

  // One tile: the slots of a turn by the lanes of one lane group.
  typedef struct packed {
    int group;
    int lane_group;  // of the turn
    box_t slot_box;
    int slots;
    box_t lane_box;
    int first_lane;
    int lanes;
    int base;  // of its slots in the tables of its turn's half
    bit half;  // of the output buffer
    bit ends_turn;
  } tile_t;

  // What a PE makes of a pass: MACs side by side, and the slices of wider operands, one a cycle.
  typedef struct packed {
    int macs;
    int activation_slices;
    int weight_slices;
    bit [2:0] activation_log2;
    bit [2:0] weight_log2;
  } rate_t;

  // A pass of a tile, and the step at which it stands.
  typedef struct packed {
    bit happens;
    index_t index;
    sweep_t sweep;
    int turn;  // that it belongs to
    int tile;  // its number in the run
    tile_t at;
    int block;  // of the turn's input channels
    bit last_block;
    bit begins_sums;  // the first block of input channels of all
    bit whole;  // the turn has all input channels, in one block
    bit sums_leave;  // with the turn
    int first_channel;
    int depth;  // input channels
    int reduction;
    rate_t rate;
    int slots;  // issue slots, of the fold at hand
    int issued;  // and of all folds of the reduction
    longint read_elements;  // of the slots' operand
    int folds;
    int first_fold;  // that happens
    int last_fold;
    int steps;  // of a fold: of the reduction, or issue slots where operands stay
    int cycles;  // of a step
    int fold;
    int step;
    int cycle;
  } pass_t;

  // What the sequencer does in a turn.
  typedef enum {
    FETCH,
    TURN,
    PASSES,
    TURN_ENDS,
    STORE,
    STORED,
    DONE
  } stage_t;

  // Where the sequencer stands: in a turn, its stage, and the cycle of the step of the fold of a pass.
  typedef struct packed {
    int turn;
    stage_t stage;
    int number;  // of the turn's passes
    int block;  // of input channels
    int lane_group;
    int fold;
    int step;
    int cycle;
  } place_t;

  // What enters the array beside the operands of a step, and moves with it from PE to PE.
  typedef struct packed {
    bit valid;
    bit first;  // a sum begins
    bit last;  // and is complete
    bit load;  // the operands that stay come with it
    bit [2:0] activation_log2;
    bit [2:0] weight_log2;
    bit activation_signed;
    bit weight_signed;
    bit [4:0] shift;
    bit [3:0] column_slice;
    index_t index;  // of the pass
    bit opens_sum;  // the turn's first sum of an output
    bit begins_sum;  // and the first of all
    bit last_visit;  // of the pass to an output's sum
    int fold;  // of the reduction
    int issue;  // issue slot; of row 0 where rows hold slots, and then negative if that row idles
    tile_t at;
  } control_t;

  function automatic int least(input int one, input int other);
    return one < other ? one : other;
  endfunction

  function automatic int ceil_div(input int numerator, input int denominator);
    return (numerator + denominator - 1) / denominator;
  endfunction

  function automatic int windows_of(input layer_t layer);
    return ceil_div(layer.slots, layer.window);
  endfunction

  function automatic int tiles_of(input layer_t layer, input int columns);
    return layer.groups * ceil_div(layer.lanes, columns) * windows_of(layer);
  endfunction

  // Without a nest each turn is a tile: by group, lane group and window, windows innermost (M9).
  function automatic turn_t window_turn(input layer_t layer, input int columns, input int index);
    automatic int windows = windows_of(layer);
    automatic int lane_groups = ceil_div(layer.lanes, columns);
    automatic turn_t turn;
    turn = '0;
    turn.group = index / (windows * lane_groups);
    turn.first_lane = index / windows % lane_groups * columns;
    turn.lanes = least(layer.lanes - turn.first_lane, columns);
    turn.slot_box.first = index % windows * layer.window;
    turn.slots = least(layer.slots - turn.slot_box.first, layer.window);
    turn.first_tile = index;
    turn.blocks = 1;
    turn.block_channels = layer.depth;
    turn.begins_sums = 1;
    turn.ends_sums = 1;
    return turn;
  endfunction

  // A block of the input channels of a turn, as a pass takes it.
  function automatic pass_t part_in(input layer_t layer, input turn_t turn, input int block);
    automatic pass_t pass;
    automatic int left;
    pass = '0;
    pass.block = block;
    pass.first_channel = turn.first_channel + block * turn.block_channels;
    left = layer.depth - pass.first_channel;
    pass.depth = least(left, turn.block_channels);
    pass.reduction = pass.depth * layer.taps;
    pass.last_block = block == turn.blocks - 1;
    pass.begins_sums = turn.begins_sums && block == 0;
    pass.whole = turn.begins_sums && turn.ends_sums && turn.blocks == 1;
    pass.sums_leave = turn.sums_leave;
    return pass;
  endfunction

  // A lane group of a turn. Turns take the halves of the output buffer one after the other.
  function automatic tile_t tile_in(input turn_t turn, input int columns, input bit half, input int lane_group);
    automatic tile_t tile;
    automatic int left = turn.lanes - lane_group * columns;
    tile.group = turn.group;
    tile.lane_group = lane_group;
    tile.slot_box = turn.slot_box;
    tile.slots = turn.slots;
    tile.lane_box = turn.lane_box;
    tile.first_lane = turn.first_lane + lane_group * columns;
    tile.lanes = least(left, columns);
    tile.base = lane_group * turn.slots;
    tile.half = half;
    tile.ends_turn = left <= columns;
    return tile;
  endfunction

  // An item of a box, in images of so many rows and columns.
  function automatic int item_of(input box_t box, input int rows, input int columns, input int at);
    if (box.columns == 0) return box.first + at;
    return box.first + at / (box.columns * box.rows) * rows * columns + at / box.columns % box.rows * columns
        + at % box.columns;
  endfunction

  // Where an element of a reduction lies in an operand vector, tap by tap and within a tap by input
  // channels: `depth` of them from `first_channel` on, of `all_channels`.
  function automatic int element_of(input int at, input int depth, input int first_channel, input int all_channels);
    if (depth == all_channels) return at;
    return at / depth * all_channels + first_channel + at % depth;
  endfunction

  function automatic bytes_t added(input bytes_t one, input bytes_t other);
    added.activations = one.activations + other.activations;
    added.weights = one.weights + other.weights;
    added.sums = one.sums + other.sums;
    added.written = one.written + other.written;
  endfunction

  function automatic int read_of(input bytes_t bytes);
    return bytes.activations + bytes.weights + bytes.sums;
  endfunction

  // The passes before the first gated one: the gate decides about their sum.
  function automatic int leading_passes(input layer_t layer);
    automatic int leading = layer.passes;
    if (layer.gates_inputs) return leading;  // no pass waits for a gate
    for (int p = MOST_PASSES - 1; p > 0; p--)
      if (p < layer.passes && layer.sweeps[p].gated) leading = p;
    return leading;
  endfunction

  // Whether a plane holds the top bit of an operand, which is its sign where it has one.
  function automatic bit holds_top(input plane_t plane, input int operand_bits);
    return plane.low < operand_bits && plane.low + plane.bits >= operand_bits;
  endfunction

  // An operand's plane as a number: signed as the operand is if it holds its top bit, else unsigned.
  function automatic int plane_of(input int operand, input plane_t plane, input int operand_bits);
    automatic int shifted = operand >>> plane.low;
    return holds_top(plane, operand_bits) ? shifted : shifted & ((1 << plane.bits) - 1);
  endfunction

  // The `width` bits of an operand that a PE takes in one cycle.
  function automatic int slice_of(input int operand, input int slice, input int slice_bits, input int width);
    return (operand >>> (slice * slice_bits)) & ((1 << width) - 1);
  endfunction

  // The power of two, at least 2, that a fusion unit gives to operands of so many bits, as log2.
  function automatic bit [2:0] fused_log2(input int bits, input int widest);
    automatic int taken = least(bits, widest);
    return taken <= 2 ? 1 : taken <= 4 ? 2 : taken <= 8 ? 3 : 4;
  endfunction

  function automatic rate_t rate_of(input sweep_t sweep, input bit fusion, input int terms,
                                    input int activation_slice, input int weight_slice);
    automatic rate_t rate;
    rate.activation_log2 = fused_log2(sweep.activation.bits, activation_slice);
    rate.weight_log2 = fused_log2(sweep.weight.bits, weight_slice);
    rate.activation_slices = ceil_div(sweep.activation.bits, activation_slice);
    rate.weight_slices = ceil_div(sweep.weight.bits, weight_slice);
    rate.macs = fusion ? (activation_slice >> rate.activation_log2) * (weight_slice >> rate.weight_log2) : terms;
    return rate;
  endfunction

endpackage
