// Which pass of which tile comes where: the passes of a turn in the order of M19, and those of a
// nest's turn lane group by lane group and block by block (M40).
module pass_order
  import types::*;
#(
    parameter int ROWS = 4,
    parameter int COLUMNS = 4,
    parameter bit FUSION = 1,
    parameter int TERMS = 1,
    parameter int ACTIVATION_SLICE = 8,
    parameter int WEIGHT_SLICE = 8,
    parameter bit STATIONARY = 0,
    parameter bit ROWS_ARE_ACTIVATIONS = 1,
    parameter bit DOUBLE_BUFFERED = 1,
    parameter bit ISSUES_ALL = 0
) (
    input logic clk,
    input logic reset,
    input layer_t layer,
    input nest_t nest,
    input int leading,
    input logic interleaved,
    input int issued[2*MOST_LANE_GROUPS],
    input int vectors[2*MOST_LANE_GROUPS],
    input int turn,  // at which the sequencer is
    output int count,  // of turns that fetch and write
    output logic stays  // the operand of the lanes in the array
);
  localparam int GROUP_BITS = $clog2(MOST_LANE_GROUPS);
  bit one_lane_group, one_block;
  turn_list #(.COLUMNS(COLUMNS), .LANES_ARE_CHANNELS(ROWS_ARE_ACTIVATIONS)) turns (
      .clk, .reset, .layer, .nest, .leading, .turn, .count, .one_lane_group, .one_block);

  // The rate of each pass. Operands stay where all passes want the same of them in the same places,
  // in one fold, and no turn wants others in between.
  rate_t rates[MOST_PASSES];
  always_comb begin
    stays = STATIONARY && one_lane_group && one_block;
    for (int p = 0; p < MOST_PASSES; p++) begin
      rates[p] = rate_of(layer.sweeps[p], FUSION, TERMS, ACTIVATION_SLICE, WEIGHT_SLICE);
      if (p < layer.passes && (layer.reduction > ROWS * rates[p].macs || rates[p].macs != rates[0].macs
          || staying(layer.sweeps[p]) != staying(layer.sweeps[0]))) stays = 0;
    end
  end

  function automatic plane_t staying(input sweep_t sweep);
    return ROWS_ARE_ACTIVATIONS ? sweep.weight : sweep.activation;
  endfunction

  pixel_schedule #(
      .ROWS(ROWS), .FUSION(FUSION), .TERMS(TERMS), .ACTIVATION_SLICE(ACTIVATION_SLICE), .WEIGHT_SLICE(WEIGHT_SLICE),
      .STATIONARY(STATIONARY), .ISSUES_ALL(ISSUES_ALL)
  ) pixels (.layer);

  // The passes of a turn in their order. In an interleaved turn the leading passes of a tile go
  // before the trailing ones of the tile before, but for lanes whose operands would push out those of
  // the turn before.
  function automatic pass_t pass_in(input place_t at);
    automatic int first = interleaved && stays && at.turn < count && turns.opens(at.turn) ? leading : 0;
    automatic int index = (first + at.number) % layer.passes;
    automatic int own_turn = interleaved && index >= leading ? at.turn - 1 : at.turn;
    automatic bit [GROUP_BITS:0] tile = {DOUBLE_BUFFERED && own_turn[0], at.lane_group[GROUP_BITS-1:0]};
    automatic turn_t own = turns.turn_at(own_turn);
    automatic int own_vectors;
    automatic pass_t found;
    found = part_in(layer, own, at.block);
    found.index = index_t'(index);
    found.sweep = layer.sweeps[found.index];
    found.turn = own_turn;
    found.tile = own.first_tile + at.lane_group;
    found.happens = own_turn >= 0 && own_turn < count;
    found.at = tile_in(own, COLUMNS, DOUBLE_BUFFERED && own_turn[0], at.lane_group);
    found.slots = found.sweep.gated ? issued[tile] : found.at.slots;
    own_vectors = found.sweep.gated ? vectors[tile] : found.at.slots;
    found.read_elements = longint'(own_vectors) * longint'(found.reduction);
    found.rate = rates[found.index];
    found.cycles = found.rate.activation_slices * found.rate.weight_slices;
    if (layer.gates_inputs && found.sweep.gated)
      found.slots = pixels.issued(found.index, at.fold, found.at.slot_box.first, found.at.slots);
    found.folds = STATIONARY ? ceil_div(found.reduction, ROWS * found.rate.macs) : ceil_div(found.slots, ROWS);
    found.issued = found.slots;
    found.first_fold = 0;
    found.last_fold = found.folds - 1;
    if (layer.gates_inputs && found.sweep.gated) found = with_folds(found);
    found.steps = STATIONARY ? found.slots : ceil_div(found.reduction, found.rate.macs);
    return found;
  endfunction

  // Under a mask of input pixels, with what all folds issue and read, and which of them happen.
  function automatic pass_t with_folds(input pass_t in);
    automatic pass_t found = in;
    automatic int held = ROWS * in.rate.macs;
    found.read_elements = longint'(in.slots) * longint'(in.reduction);
    if (!STATIONARY) return found;
    found.issued = 0;
    found.read_elements = 0;
    for (int fold = in.folds - 1; fold >= 0; fold--) begin
      automatic int slots = pixels.issued(in.index, fold, in.at.slot_box.first, in.at.slots);
      automatic int elements = fold == 0 ? in.reduction - (in.folds - 1) * held : held;
      if (found.issued == 0) found.last_fold = fold;
      if (slots > 0) found.first_fold = fold;
      found.issued += slots;
      found.read_elements += longint'(slots) * longint'(elements);
    end
    return found;
  endfunction

  // The fold after one that issues nothing.
  function automatic place_t next_fold(input place_t at, input pass_t in);
    automatic place_t next = at;
    next.fold = at.fold + 1;
    if (next.fold < in.folds) return next;
    next.fold = 0;
    return next_pass(next, in);
  endfunction

  function automatic place_t after(input place_t at, input pass_t in);
    automatic place_t next = at;
    next.cycle = at.cycle + 1;
    if (next.cycle == in.cycles) begin
      next.cycle = 0;
      next.step = at.step + 1;
    end
    if (next.step == in.steps) begin
      next.step = 0;
      next.fold = at.fold + 1;
    end
    if (next.fold == in.folds) begin
      next.fold = 0;
      next = next_pass(next, in);
    end
    return next;
  endfunction

  // With a gate each pass takes all lane groups of all blocks before the next begins, else each lane
  // group takes all passes.
  function automatic place_t next_pass(input place_t at, input pass_t in);
    automatic place_t next = at;
    automatic bit last_number = at.number == layer.passes - 1;
    automatic bit last_group = !in.happens || in.at.ends_turn;
    automatic bit last_block = !in.happens || in.last_block;
    if (leading < layer.passes) begin
      next.lane_group = last_group ? 0 : at.lane_group + 1;
      if (last_group) next.block = last_block ? 0 : at.block + 1;
      if (last_group && last_block) next.number = last_number ? 0 : at.number + 1;
    end else begin
      next.number = last_number ? 0 : at.number + 1;
      if (last_number) next.lane_group = last_group ? 0 : at.lane_group + 1;
    end
    if (last_number && last_group && last_block) next.stage = TURN_ENDS;
    return next;
  endfunction
endmodule
