// What gated passes issue under a mask of input pixels (M52). The mask is known before the layer
// begins, and the host has all scheduled then: each pass and fold issues the slots under whose taps
// a pixel is important, in order. Behavioural: it takes no time of its own.
module pixel_schedule
  import types::*;
#(
    parameter int ROWS = 4,
    parameter bit FUSION = 1,
    parameter int TERMS = 1,
    parameter int ACTIVATION_SLICE = 8,
    parameter int WEIGHT_SLICE = 8,
    parameter bit STATIONARY = 0,
    parameter bit ISSUES_ALL = 0
) (
    input layer_t layer
);
  localparam int FOLDS = 256;
  localparam int SLOTS = 1 << 11;
  localparam int TAPS = 1 << 16;
  bit important[TAPS];  // by slot of the run and tap, as the host sets it; padding is not
  shortint earlier[MOST_PASSES*FOLDS*SLOTS];  // issued slots before a slot, by pass and fold

  function automatic int place(input index_t index, input int fold);
    return int'(index) * FOLDS + (STATIONARY ? fold : 0);
  endfunction

  function automatic bit is_important(input int slot, input int tap);
    return important[16'(slot * layer.taps + tap)];
  endfunction

  // Issued slots of a fold among `number` slots from `first` on.
  function automatic int issued(input index_t index, input int fold, input int first, input int number);
    automatic int row = place(index, fold) * SLOTS;
    return int'(earlier[row+first+number]) - int'(earlier[row+first]);
  endfunction

  // One of them, as its place among those slots.
  function automatic int slot_at(input index_t index, input int fold, input int first, input int issue);
    automatic int row = place(index, fold) * SLOTS + first;
    for (int slot = 0; slot < layer.slots - first; slot++)
      if (int'(earlier[row+slot+1]) - int'(earlier[row]) > issue) return slot;
    return 0;
  endfunction

  task automatic schedule(input layer_t given);
    for (int p = 0; p < given.passes; p++) begin
      automatic rate_t rate = rate_of(given.sweeps[index_t'(p)], FUSION, TERMS, ACTIVATION_SLICE, WEIGHT_SLICE);
      automatic int held = STATIONARY ? ROWS * rate.macs : given.reduction;
      automatic int folds = ceil_div(given.reduction, held);
      for (int fold = 0; fold < folds; fold++) schedule_fold(given, index_t'(p), fold, given.reduction - (folds - 1 - fold) * held, held);
    end
  endtask

  // ends: elements of the reduction up to and with the fold.
  task automatic schedule_fold(input layer_t given, input index_t index, input int fold, input int ends, input int held);
    automatic int begins = fold == 0 ? 0 : ends - held;
    automatic int row = place(index, fold) * SLOTS;
    automatic int count = 0;
    for (int slot = 0; slot < given.slots; slot++) begin
      automatic bit active = ISSUES_ALL;
      for (int tap = begins / given.depth; tap <= (ends - 1) / given.depth; tap++)
        active = active || important[16'(slot * given.taps + tap)];
      earlier[row+slot] = shortint'(count);
      count += int'(active);
    end
    earlier[row+given.slots] = shortint'(count);
  endtask
endmodule
