// What gated passes issue under a mask of input pixels (M52). The mask is known before the layer
// begins, so that all is scheduled at reset: of each pass and fold, the slots under whose taps a
// pixel is important, in order. Behavioural: it takes no time of its own.
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
    input logic clk,
    input logic reset,
    input layer_t layer
);
  localparam int FOLDS = 256;
  localparam int SLOTS = 1 << 10;
  localparam int TAPS = 1 << 16;
  bit important[TAPS];  // by slot of the run and tap, as the host sets it; padding is not
  shortint slots[MOST_PASSES*FOLDS*SLOTS];  // that a fold issues, by pass and fold
  shortint earlier[MOST_PASSES*FOLDS*SLOTS*2];  // how many of them come before a slot

  function automatic int place(input index_t index, input int fold);
    return int'(index) * FOLDS + (STATIONARY ? fold : 0);
  endfunction

  function automatic bit is_important(input int slot, input int tap);
    return important[16'(slot * layer.taps + tap)];
  endfunction

  // Issued slots of a fold among `number` slots from `first` on.
  function automatic int issued(input index_t index, input int fold, input int first, input int number);
    automatic int row = place(index, fold) * SLOTS * 2;
    return int'(earlier[row+first+number]) - int'(earlier[row+first]);
  endfunction

  // One of them, as its place among those slots.
  function automatic int slot_at(input index_t index, input int fold, input int first, input int issue);
    automatic int row = place(index, fold);
    return int'(slots[row*SLOTS+(int'(earlier[row*SLOTS*2+first])+issue)%SLOTS]) - first;
  endfunction

  function automatic bit any_important(input int slot, input int first_tap, input int last_tap);
    for (int tap = first_tap; tap <= last_tap; tap++) if (is_important(slot, tap)) return 1;
    return ISSUES_ALL;
  endfunction

  always @(posedge clk) begin
    if (reset && layer.gates_inputs) begin
      for (int p = 0; p < layer.passes; p++) begin
        automatic rate_t rate = rate_of(layer.sweeps[index_t'(p)], FUSION, TERMS, ACTIVATION_SLICE, WEIGHT_SLICE);
        automatic int held = STATIONARY ? ROWS * rate.macs : layer.reduction;
        automatic int folds = ceil_div(layer.reduction, held);
        for (int fold = 0; fold < folds; fold++) begin
          automatic int ends = layer.reduction - (folds - 1 - fold) * held;
          automatic int begins = fold == 0 ? 0 : ends - held;
          automatic int row = place(index_t'(p), fold);
          automatic int count = 0;
          for (int slot = 0; slot < layer.slots; slot++) begin
            earlier[row*SLOTS*2+slot] = shortint'(count);
            if (any_important(slot, begins / layer.depth, (ends - 1) / layer.depth)) begin
              slots[row*SLOTS+count] = shortint'(slot);
              count++;
            end
          end
          earlier[row*SLOTS*2+layer.slots] = shortint'(count);
        end
      end
    end
  end
endmodule
