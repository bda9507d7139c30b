// Decides what enters the array in every cycle. Passes follow each other in their order; each fold
// waits until its mask is known (M19) and its column buses are free (M17); turns wait for their
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
    parameter bit DOUBLE_BUFFERED = 1,
    parameter bit ISSUES_ALL = 0
) (
    input logic clk,
    input logic reset,
    input layer_t layer,
    input nest_t nest,
    input int windows_known,
    input int issued[2*MOST_LANE_GROUPS],  // issue slots of the schedules that the two halves hold
    input int vectors[2*MOST_LANE_GROUPS],  // and operand vectors that they read
    input logic gates_open[2],  // by half: gated passes have anything to do
    input logic loading,  // operands that stay are on the columns' buses
    input logic empty,  // the array
    input logic transfers_done,
    input longint spare_bytes,
    input logic demand_done,  // what was on demand is there
    input logic starved,  // of slot operands, if a step ends in this cycle
    input logic late,  // a port of any buffer
    output pass_t pass,  // what the array works on
    output logic step,  // a cycle of a step enters the array, if enable is up
    output logic ends_step,
    output logic ends_fold,
    output logic opens_pass,
    output logic begins_pass,  // for its ports: while it waits for buses, or with its first load
    output logic closes_pass,
    output logic reads_lanes,  // what loads in this cycle is read, and does not stay from before
    output logic loads,  // a fold's operands begin to load in this cycle
    output logic enable,
    output logic waits_for_dram,
    output logic asks,  // something of the DRAM's port, from this cycle on
    output bytes_t asked,
    output bytes_t asked_later,  // by the trailing passes of a turn
    output longint asked_demand_bytes,
    output logic done
);
  localparam int LONG_AGO = 1 << 30;
  localparam int MOST_HOPS = 512;  // passes of the lane groups of a turn, at most

  place_t place, here;
  int count, last_turn, leading;  // count: of turns that fetch and write
  logic interleaved, stays;
  assign leading = leading_passes(layer);
  assign interleaved = leading < layer.passes && DOUBLE_BUFFERED && OVERLAP_FOLDS;
  assign last_turn = interleaved ? count : count - 1;
  pass_order #(
      .ROWS(ROWS), .COLUMNS(COLUMNS), .FUSION(FUSION), .TERMS(TERMS), .ACTIVATION_SLICE(ACTIVATION_SLICE),
      .WEIGHT_SLICE(WEIGHT_SLICE), .STATIONARY(STATIONARY), .ROWS_ARE_ACTIVATIONS(ROWS_ARE_ACTIVATIONS),
      .DOUBLE_BUFFERED(DOUBLE_BUFFERED), .ISSUES_ALL(ISSUES_ALL)
  ) order (
      .clk, .reset, .layer, .nest, .leading, .interleaved, .issued, .vectors, .turn(place.turn), .count, .stays);

  // What the DRAM's port is asked for before a turn, and, with two buffers, while one computes.
  function automatic bytes_t ahead_of(input int turn);
    automatic bytes_t opening = order.turns.opening(turn);
    return DOUBLE_BUFFERED ? opening : added(opening, order.turns.with_leading(turn));
  endfunction

  function automatic bytes_t beside(input int turn);
    automatic bytes_t read = added(order.turns.opening(turn + 1), order.turns.with_leading(turn));
    return added(read, order.turns.written(turn - (interleaved ? 2 : 1)));
  endfunction

  int since_end;  // array cycles
  logic loaded;  // `overlap: none`: the fold's operands began to load
  int asked_tile, asked_now;  // what was on demand of this tile was asked for
  int fetched_turn, fetches;  // and what the trailing passes of this turn fetch
  tile_t loaded_tile;  // whose operands the array holds
  logic holds_any;
  logic opened, begun, stands, busy, moves, ready, trails, gate_known, must_load, bus_free, undecided;

  // Pass over all that takes no time, until something has to wait or a step can enter.
  always_comb begin
    here = place;
    pass = '0;
    moves = !reset;
    busy = !transfers_done;
    asks = 0;
    asked = '0;
    asked_later = '0;
    asked_demand_bytes = 0;
    asked_now = asked_tile;
    fetches = fetched_turn;
    trails = 0;
    waits_for_dram = 0;
    done = 0;
    ready = 0;
    stands = 0;
    gate_known = 0;
    must_load = 0;
    bus_free = 0;
    for (int hop = 0; moves && hop < MOST_HOPS; hop++) begin
      case (here.stage)
        FETCH: begin
          asks = 1;
          asked = ahead_of(here.turn);
          busy = read_of(asked) > 0;
          here.stage = TURN;
        end
        TURN: begin
          if (busy) begin
            waits_for_dram = 1;
            moves = 0;
          end else begin
            here.stage = PASSES;
            if (DOUBLE_BUFFERED) begin
              asks = 1;
              asked = beside(here.turn);
              busy = read_of(asked) > 0 || asked.written > 0;
            end
            if (interleaved && here.turn > 0 && windows_known > here.turn - 1) begin
              asked_demand_bytes = order.turns.demands(here.turn - 1);
              asked_now = here.turn - 1;
            end
          end
        end
        PASSES: begin
          pass = order.pass_in(here);
          trails = pass.happens && int'(pass.index) >= leading;
          gate_known = !pass.sweep.gated || layer.gates_inputs || windows_known > pass.turn;
          if (trails && gate_known && fetches != pass.turn) begin
            asked_later = order.turns.with_trailing(pass.turn, gates_open[pass.at.half]);
            fetches = pass.turn;
            busy = busy || longint'(read_of(asked_later)) > spare_bytes;
          end
          if (!pass.happens || gate_known && pass.issued == 0) begin
            here.fold = 0;
            here = order.next_pass(here, pass);
          end else if (gate_known && pass.slots == 0) begin
            here = order.next_fold(here, pass);
          end else if (!DOUBLE_BUFFERED && busy) begin
            waits_for_dram = 1;
            moves = 0;
          end else if (demands(pass, here) && gate_known && (asked_now != pass.turn || !demand_done
              || asked_demand_bytes > 0)) begin
            if (asked_now != pass.turn) asked_demand_bytes = order.turns.demands(pass.turn);
            asked_now = pass.turn;
            waits_for_dram = 1;
            moves = 0;
          end else begin
            must_load = STATIONARY && !(stays && holds_any && same_lanes(loaded_tile, pass.at));
            if (!OVERLAP_FOLDS) bus_free = empty && (!STATIONARY || loaded && !loading);
            else if (STATIONARY) bus_free = !must_load || !loading;
            else bus_free = since_end + pass.steps * pass.cycles >= ROWS;
            stands = gate_known && here.fold == pass.first_fold && here.step == 0 && here.cycle == 0;
            ready = here.step > 0 || here.cycle > 0 || gate_known && bus_free;
            moves = 0;
          end
        end
        TURN_ENDS: begin
          if (empty || OVERLAP_FOLDS && DOUBLE_BUFFERED && here.turn < last_turn) begin
            here.stage = DOUBLE_BUFFERED && here.turn < last_turn ? TURN : STORE;
            if (here.stage == TURN) here.turn = here.turn + 1;
          end else moves = 0;
        end
        STORE: begin
          if (busy) begin
            waits_for_dram = 1;
            moves = 0;
          end else begin
            asks = 1;
            asked = order.turns.written(DOUBLE_BUFFERED ? count - 1 : here.turn);
            busy = asked.written > 0;
            here.stage = STORED;
          end
        end
        STORED: begin
          if (busy) begin
            waits_for_dram = 1;
            moves = 0;
          end else begin
            here.stage = here.turn < last_turn ? FETCH : DONE;
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

  function automatic bit same_lanes(input tile_t one, input tile_t other);
    return one.group == other.group && one.lane_box == other.lane_box && one.first_lane == other.first_lane;
  endfunction

  // Whether a tile's trailing passes begin here, and need what is on demand.
  function automatic bit demands(input pass_t in, input place_t at);
    automatic bit begins = at.fold == 0 && at.step == 0 && at.cycle == 0;
    return begins && int'(in.index) == leading && order.turns.demands(in.turn) > 0;
  endfunction

  logic begins_fold, load_begun;
  assign step = ready;
  assign begins_fold = ready && here.step == 0 && here.cycle == 0;
  assign ends_step = ready && here.cycle == pass.cycles - 1;
  assign ends_fold = ends_step && here.step == pass.steps - 1;
  assign opens_pass = begins_fold && here.fold == pass.first_fold && !opened;
  assign closes_pass = ends_fold && here.fold == pass.last_fold;
  assign enable = !waits_for_dram && !(ends_step && starved) && !late;
  // By itself a fold's edges end before its ports begin.
  assign begins_pass = OVERLAP_FOLDS ? stands && !begun
      : STATIONARY ? loads && here.fold == pass.first_fold && !load_begun : opens_pass;
  assign reads_lanes = must_load;
  // By itself a fold loads before it begins, though not before what is on demand is there (M24);
  // else it loads with its first step.
  assign loads = OVERLAP_FOLDS ? begins_fold && must_load
      : !moves && !ready && !waits_for_dram && pass.happens && gate_known && STATIONARY && empty
          && !loaded;

  always_ff @(posedge clk) begin
    assert (!undecided) else $fatal(1, "the sequencer would need more than one cycle to decide");
    if (reset) begin
      place <= '0;
      place.stage <= FETCH;
      since_end <= LONG_AGO;
      loaded <= 0;
      holds_any <= 0;
      asked_tile <= -1;
      fetched_turn <= -1;
      opened <= 0;
      begun <= 0;
      load_begun <= 0;
    end else begin
      place <= here;
      asked_tile <= asked_now;
      fetched_turn <= fetches;
      load_begun <= loads && !enable;
      begun <= stands && !(begins_fold && enable);
      opened <= begins_fold && !enable;  // the ports read on while the first step waits for them
      if (enable) begin
        since_end <= ends_fold ? 0 : since_end < LONG_AGO ? since_end + 1 : LONG_AGO;
        loaded <= loads || loaded && !ends_fold;
        if (loads) loaded_tile <= pass.at;
        holds_any <= holds_any || loads;
        if (ready) place <= order.after(here, pass);
      end
    end
  end
endmodule
