// The words that the modules share: what a layer is, where a tile lies in it, what moves with a step.
package types;

  localparam int MOST_PASSES = 4;
  localparam int MOST_BANKS = 16;
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
    int window;
    int activation_bits;  // of an operand, of which planes are taken
    int weight_bits;
    int banks;  // of the buffer that feeds the slots
    int port_bits;
    int dram_bytes_per_cycle;
    bit all_ports;  // else only those of the slots' operand are limited, however it lies in the banks
    int stretch;  // elements of a vector of the slots that lie packed from a port word on
    int lane_bits_per_cycle;
    int output_bits_per_cycle;
    bit signed_activations;
    bit thresholds_by_slot;  // channels are slots
    int passes;
    sweep_t [MOST_PASSES-1:0] sweeps;
  } layer_t;

  // One tile: a window of slots by the lanes of one lane group.
  typedef struct packed {
    int group;
    int lane_group;
    int first_lane;
    int lanes;
    int first_slot;
    int slots;
    bit half;  // of the output buffer
    bit opens_lane_group;
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
    int tile;
    tile_t at;
    rate_t rate;
    int slots;  // issue slots
    int vectors;  // operand vectors that they read
    int folds;
    int steps;  // of a fold: of the reduction, or issue slots where operands stay
    int cycles;  // of a step
    int fold;
    int step;
    int cycle;
  } pass_t;

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
    bit first_fold;  // of the reduction
    bit last_fold;
    int issue;  // issue slot; of row 0 where rows hold slots, and then negative if that row idles
    int tile;
  } control_t;

  function automatic int ceil_div(input int numerator, input int denominator);
    return (numerator + denominator - 1) / denominator;
  endfunction

  function automatic int tiles_of(input layer_t layer, input int columns);
    return layer.groups * ceil_div(layer.lanes, columns) * ceil_div(layer.slots, layer.window);
  endfunction

  // Tiles execute by group, lane group and window, windows innermost (M9).
  function automatic tile_t tile_of(input layer_t layer, input int columns, input bit halves, input int index);
    automatic int windows = ceil_div(layer.slots, layer.window);
    automatic int lane_groups = ceil_div(layer.lanes, columns);
    automatic tile_t tile;
    tile.group = index / (windows * lane_groups);
    tile.lane_group = index / windows % lane_groups;
    tile.first_lane = tile.lane_group * columns;
    tile.lanes = layer.lanes - tile.first_lane < columns ? layer.lanes - tile.first_lane : columns;
    tile.first_slot = index % windows * layer.window;
    tile.slots = layer.slots - tile.first_slot < layer.window ? layer.slots - tile.first_slot : layer.window;
    tile.half = halves && index[0];
    tile.opens_lane_group = index % windows == 0;
    return tile;
  endfunction

  // The passes before the first gated one: the gate decides about their sum.
  function automatic int leading_passes(input layer_t layer);
    automatic int leading = layer.passes;
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
    automatic int least = bits < widest ? bits : widest;
    return least <= 2 ? 1 : least <= 4 ? 2 : least <= 8 ? 3 : 4;
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
