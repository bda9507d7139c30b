// Decides what enters the array in every cycle. Passes follow each other in the order of M19; each
// fold waits until its mask is known (M19) and its column buses are free (M17); turns wait for their
// transfers (M25). In every cycle it asks the array, the mask window, the lanes' feed and the DRAM's
// port; the bus that takes sums away it reserves, because it knows how long a fold will take.
// Behavioural: it passes over all that takes no time within one cycle.
module sequencer
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
    parameter bit OVERLAP_FOLDS = 1,
    parameter bit DOUBLE_BUFFERED = 1
) (
    input logic clk,
    input logic reset,
    input layer_t layer,
    input int windows_known,
    input int issued[2],  // issue slots of the schedules that the two halves hold
    input int vectors[2],  // and operand vectors that they read
    input logic loading,  // operands that stay are on the columns' buses
    input logic empty,  // the array
    input logic transfers_done,
    input logic demand_done,  // what was on demand is there
    input logic starved,  // of slot operands, if a step ends in this cycle
    input logic late,  // a port of any buffer
    output pass_t pass,  // what the array works on
    output logic step,  // a cycle of a step enters the array, if enable is up
    output logic ends_step,
    output logic ends_fold,
    output logic opens_pass,
    output logic begins_pass,  // with its first step or its first load
    output logic closes_pass,
    output logic reads_lanes,  // what loads in this cycle is read, and does not stay from before
    output int output_bits,  // that the pass moves through the output buffer's port
    output logic loads,  // a fold's operands begin to load in this cycle
    output logic enable,
    output logic waits_for_dram,
    output longint asked_bytes,  // of the DRAM's port, from this cycle on; 0: nothing
    output longint asked_demand_bytes,
    output logic done
);
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
    int fold;
    int step;
    int cycle;
  } place_t;

  localparam int LONG_AGO = 1 << 30;
  localparam int MOST_HOPS = 16;

  int tiles, turns, leading;
  logic interleaved, stays;
  assign tiles = tiles_of(layer, COLUMNS);
  assign leading = leading_passes(layer);
  assign interleaved = leading < layer.passes && DOUBLE_BUFFERED && OVERLAP_FOLDS;
  assign turns = interleaved ? tiles + 1 : tiles;

  // Of each pass: the rate, and the folds of the reduction. Operands stay where all passes want the
  // same of them in the same places.
  rate_t rates[MOST_PASSES];
  int folds[MOST_PASSES];
  always_comb begin
    stays = STATIONARY;
    for (int p = 0; p < MOST_PASSES; p++) begin
      rates[p] = rate_of(layer.sweeps[p], FUSION, TERMS, ACTIVATION_SLICE, WEIGHT_SLICE);
      folds[p] = ceil_div(layer.reduction, ROWS * rates[p].macs);
      if (p < layer.passes && (folds[p] != 1 || rates[p].macs != rates[0].macs
          || staying(layer.sweeps[p]) != staying(layer.sweeps[0]))) stays = 0;
    end
  end

  function automatic plane_t staying(input sweep_t sweep);
    return ROWS_ARE_ACTIVATIONS ? sweep.weight : sweep.activation;
  endfunction

  // The passes of a turn in their order. In an interleaved turn the leading passes of a tile go
  // before the trailing ones of the tile before, but for the first tile of a lane group whose
  // operands would push out those of the group before.
  function automatic pass_t pass_in(input int turn, input int number);
    automatic tile_t tile = tile_of(layer, COLUMNS, DOUBLE_BUFFERED, turn);
    automatic int first = interleaved && stays && tile.opens_lane_group ? leading : 0;
    automatic int index = (first + number) % layer.passes;
    automatic pass_t found;
    found = '0;
    found.index = index_t'(index);
    found.sweep = layer.sweeps[found.index];
    found.tile = interleaved && index >= leading ? turn - 1 : turn;
    found.happens = found.tile >= 0 && found.tile < tiles;
    found.at = tile_of(layer, COLUMNS, DOUBLE_BUFFERED, found.tile);
    found.slots = found.sweep.gated ? issued[found.at.half] : found.at.slots;
    found.vectors = found.sweep.gated ? vectors[found.at.half] : found.at.slots;
    found.rate = rates[found.index];
    found.cycles = found.rate.activation_slices * found.rate.weight_slices;
    found.folds = STATIONARY ? folds[found.index] : ceil_div(found.slots, ROWS);
    found.steps = STATIONARY ? found.slots : ceil_div(layer.reduction, found.rate.macs);
    return found;
  endfunction

  transfer_list transfers ();

  place_t place, here;
  int since_end;  // array cycles
  logic loaded;  // `overlap: none`: the fold's operands began to load
  int asked_tile, asked_now;  // what was on demand of this tile was asked for
  int loaded_tile;  // whose operands the array holds, -1: none yet
  logic opened, busy, moves, ready, gate_known, must_load, bus_free, undecided;

  // Pass over all that takes no time, until something has to wait or a step can enter.
  always_comb begin
    here = place;
    pass = '0;
    moves = !reset;
    busy = !transfers_done;
    asked_bytes = 0;
    asked_demand_bytes = 0;
    asked_now = asked_tile;
    waits_for_dram = 0;
    done = 0;
    ready = 0;
    gate_known = 0;
    must_load = 0;
    bus_free = 0;
    for (int hop = 0; moves && hop < MOST_HOPS; hop++) begin
      case (here.stage)
        FETCH: begin
          asked_bytes = transfers.reads(here.turn);
          busy = asked_bytes > 0;
          here.stage = TURN;
        end
        TURN: begin
          if (busy) begin
            waits_for_dram = 1;
            moves = 0;
          end else begin
            here.stage = PASSES;
            if (DOUBLE_BUFFERED) begin
              asked_bytes = transfers.reads(here.turn + 1 < tiles ? here.turn + 1 : -1) +
                  transfers.writes(here.turn - (interleaved ? 2 : 1));
              busy = asked_bytes > 0;
            end
            if (interleaved && here.turn > 0 && windows_known > here.turn - 1) begin
              asked_demand_bytes = transfers.demands(here.turn - 1);
              asked_now = here.turn - 1;
            end
          end
        end
        PASSES: begin
          pass = pass_in(here.turn, here.number);
          gate_known = !pass.sweep.gated || windows_known > pass.tile;
          if (!pass.happens || gate_known && pass.slots == 0) begin
            here = next_pass(here);
          end else if (demands(pass, here) && gate_known && (asked_now != pass.tile || !demand_done
              || asked_demand_bytes > 0)) begin
            if (asked_now != pass.tile) asked_demand_bytes = transfers.demands(pass.tile);
            asked_now = pass.tile;
            waits_for_dram = 1;
            moves = 0;
          end else begin
            must_load = STATIONARY
                && !(stays && loaded_tile >= 0 && same_lane_group(loaded_tile, pass.tile));
            if (!OVERLAP_FOLDS) bus_free = empty && (!STATIONARY || loaded && !loading);
            else if (STATIONARY) bus_free = !must_load || !loading;
            else bus_free = since_end + pass.steps * pass.cycles >= ROWS;
            ready = here.step > 0 || here.cycle > 0 || gate_known && bus_free;
            moves = 0;
          end
        end
        TURN_ENDS: begin
          if (empty || OVERLAP_FOLDS && DOUBLE_BUFFERED && here.turn + 1 < turns) begin
            here.stage = DOUBLE_BUFFERED && here.turn + 1 < turns ? TURN : STORE;
            if (here.stage == TURN) here.turn = here.turn + 1;
          end else moves = 0;
        end
        STORE: begin
          if (busy) begin
            waits_for_dram = 1;
            moves = 0;
          end else begin
            asked_bytes = transfers.writes(DOUBLE_BUFFERED ? tiles - 1 : here.turn);
            busy = asked_bytes > 0;
            here.stage = STORED;
          end
        end
        STORED: begin
          if (busy) begin
            waits_for_dram = 1;
            moves = 0;
          end else begin
            here.stage = here.turn + 1 < turns ? FETCH : DONE;
            here.turn = here.turn + 1;
          end
        end
        default: begin
          done = 1;
          moves = 0;
        end
      endcase
    end
    undecided = moves;
    pass.fold = here.fold;
    pass.step = here.step;
    pass.cycle = here.cycle;
  end

  function automatic bit same_lane_group(input int one, input int other);
    automatic tile_t a = tile_of(layer, COLUMNS, DOUBLE_BUFFERED, one);
    automatic tile_t b = tile_of(layer, COLUMNS, DOUBLE_BUFFERED, other);
    return a.group == b.group && a.lane_group == b.lane_group;
  endfunction

  // Whether a tile's trailing passes begin here, and need what is on demand.
  function automatic bit demands(input pass_t in, input place_t at);
    automatic bit begins = at.fold == 0 && at.step == 0 && at.cycle == 0;
    return begins && int'(in.index) == leading && transfers.demands(in.tile) > 0;
  endfunction

  logic begins_fold, load_begun;
  assign step = ready;
  assign begins_fold = ready && here.step == 0 && here.cycle == 0;
  assign ends_step = ready && here.cycle == pass.cycles - 1;
  assign ends_fold = ends_step && here.step == pass.steps - 1;
  assign opens_pass = begins_fold && here.fold == 0 && !opened;
  assign closes_pass = ends_fold && here.fold == pass.folds - 1;
  assign enable = !waits_for_dram && !(ends_step && starved) && !late;
  assign begins_pass = OVERLAP_FOLDS || !STATIONARY ? opens_pass : loads && here.fold == 0 && !load_begun;
  assign reads_lanes = must_load;
  assign output_bits = transfers.outputs(pass.tile, pass.index);
  // By itself a fold loads before it begins, though not before what is on demand is there (M24);
  // else it loads with its first step.
  assign loads = OVERLAP_FOLDS ? begins_fold && must_load
      : !moves && !ready && !waits_for_dram && pass.happens && gate_known && STATIONARY && empty
          && !loaded;

  always_ff @(posedge clk) begin
    assert (!undecided) else $fatal(1, "the sequencer would need more than one cycle to decide");
    if (reset) begin
      place <= '{turn: 0, stage: FETCH, number: 0, fold: 0, step: 0, cycle: 0};
      since_end <= LONG_AGO;
      loaded <= 0;
      loaded_tile <= -1;
      asked_tile <= -1;
      opened <= 0;
      load_begun <= 0;
    end else begin
      place <= here;
      asked_tile <= asked_now;
      load_begun <= loads && !enable;
      opened <= begins_fold && !enable;  // the ports read on while the first step waits for them
      if (enable) begin
        since_end <= ends_fold ? 0 : since_end < LONG_AGO ? since_end + 1 : LONG_AGO;
        loaded <= loads || loaded && !ends_fold;
        if (loads) loaded_tile <= pass.tile;
        if (ready) place <= after(here, pass);
      end
    end
  end

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
      next = next_pass(next);
    end
    return next;
  endfunction

  function automatic place_t next_pass(input place_t at);
    automatic place_t next = at;
    next.number = at.number + 1;
    if (next.number == layer.passes) begin
      next.number = 0;
      next.stage = TURN_ENDS;
    end
    return next;
  endfunction
endmodule
