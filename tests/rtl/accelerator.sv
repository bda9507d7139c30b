// The accelerator: operands from two memories through a systolic array to the feet of its columns;
// gates, mask window and scheduler, which steer the gated passes; the sequencer; the DRAM's port.
module accelerator
  import types::*;
#(
    parameter int ROWS = 4,
    parameter int COLUMNS = 4,
    parameter string DATAFLOW = "os",  // os | ws | is
    parameter bit LANES_ARE_CHANNELS = 1,  // else positions
    parameter bit OVERLAP_FOLDS = 1,
    parameter bit DOUBLE_BUFFERED = 1,
    parameter bit FUSION = 1,
    parameter int TERMS = 1,
    parameter int ACTIVATION_SLICE = 8,
    parameter int WEIGHT_SLICE = 8,
    parameter string SCHEDULER = "skip",  // dense | skip | combine | queue
    parameter int WAYS = 1,
    parameter int OPEN = 1,
    parameter int DEPTH = 1,
    parameter int SCAN = 1,
    parameter int GATE_LATENCY = 0,
    parameter int WINDOW = 64,  // a power of two: slots of a window that there is room for
    parameter int ADDRESS_BITS = $clog2(WINDOW)
) (
    input logic clk,
    input logic reset,
    input layer_t layer,
    input nest_t nest,
    input int threshold[COLUMNS],  // of what leaves each column
    output int threshold_of[COLUMNS],  // which channel's that is
    output logic enable,
    input logic signed [31:0] unfinished[COLUMNS],  // what was last stored of it
    output logic done,
    output bytes_t moved,  // by DRAM
    output logic waits_for_dram,
    output pass_t pass,  // what the array works on
    output logic opens_pass,
    output logic step,
    output logic stored[COLUMNS],  // a sum was stored
    output int stored_output[COLUMNS],  // of which output
    output logic signed [31:0] stored_sum[COLUMNS],
    output logic gated[COLUMNS],  // a gate decided about it
    output logic gate[COLUMNS],
    output logic schedules  // a window's schedule became known
);
  localparam bit STATIONARY = DATAFLOW != "os";
  localparam bit ROWS_ARE_ACTIVATIONS = LANES_ARE_CHANNELS;
  localparam bit ISSUES_ALL = SCHEDULER == "dense";
  localparam int STREAMS = SCHEDULER == "combine" ? WAYS : SCHEDULER == "queue" ? COLUMNS : 1;
  localparam int SELECT_BITS = STREAMS > 1 ? $clog2(STREAMS) : 1;
  localparam int ACTIVATION_WIRES = FUSION ? ACTIVATION_SLICE * WEIGHT_SLICE / 2 : TERMS * ACTIVATION_SLICE;
  localparam int WEIGHT_WIRES = FUSION ? ACTIVATION_SLICE * WEIGHT_SLICE / 2 : TERMS * WEIGHT_SLICE;
  localparam int ROW_WIRES = ROWS_ARE_ACTIVATIONS ? ACTIVATION_WIRES : WEIGHT_WIRES;
  localparam int COLUMN_WIRES = ROWS_ARE_ACTIVATIONS ? WEIGHT_WIRES : ACTIVATION_WIRES;
  localparam int COLUMN_SLICE = ROWS_ARE_ACTIVATIONS ? WEIGHT_SLICE : ACTIVATION_SLICE;
  localparam int SLICES = STATIONARY ? ceil_div(16, COLUMN_SLICE) : 1;

  logic ends_step, ends_fold, begins_pass, closes_pass, loads, loading, empty, transfers_done, starved, late;
  logic reads_lanes;
  int output_bits;
  int bank_words[MOST_BANKS];
  logic asks;
  bytes_t asked, asked_later;
  longint asked_demand_bytes, spare_bytes;
  logic demand_done;
  int step_bits, issue, accesses, windows_known;
  longint vectors_bits;
  int issued[2*MOST_LANE_GROUPS];
  int vectors[2*MOST_LANE_GROUPS];
  int entries[2*MOST_LANE_GROUPS];
  logic gates_open[2];

  sequencer #(
      .ROWS(ROWS), .COLUMNS(COLUMNS), .FUSION(FUSION), .TERMS(TERMS), .ACTIVATION_SLICE(ACTIVATION_SLICE),
      .WEIGHT_SLICE(WEIGHT_SLICE), .STATIONARY(STATIONARY), .ROWS_ARE_ACTIVATIONS(ROWS_ARE_ACTIVATIONS),
      .OVERLAP_FOLDS(OVERLAP_FOLDS), .DOUBLE_BUFFERED(DOUBLE_BUFFERED), .ISSUES_ALL(ISSUES_ALL)
  ) sequencer (.*);
  read_ahead read_ahead (
      .clk, .banks(layer.banks), .port_bits(layer.port_bits), .opens(opens_pass), .vectors_bits,
      .ends_step(ends_step && !layer.all_ports), .step_bits,
      .closes(closes_pass), .enable, .accesses, .starved);
  all_ports #(
      .ROWS(ROWS), .STATIONARY(STATIONARY), .ROWS_ARE_ACTIVATIONS(ROWS_ARE_ACTIVATIONS)
  ) all_ports (.*);
  output_moves #(
      .STATIONARY(STATIONARY), .ROWS(ROWS), .IN_PLACE(SCHEDULER == "dense" || SCHEDULER == "skip"),
      .ISSUES_ALL(ISSUES_ALL)
  ) output_moves (.*);
  dram_port #(.DOUBLE_BUFFERED(DOUBLE_BUFFERED)) dram_port (
      .clk, .reset, .bytes_per_cycle(layer.dram_bytes_per_cycle), .asks, .asked, .asked_later, .asked_demand_bytes,
      .idle(transfers_done), .spare_bytes, .demand_idle(demand_done), .moved);

  // Operands, and what goes with them.
  logic [STREAMS*ROW_WIRES-1:0] row_streams[ROWS];
  logic [COLUMNS*SELECT_BITS-1:0] row_selects[ROWS];
  logic [SLICES*COLUMN_WIRES-1:0] column_operands[COLUMNS];
  logic [STREAMS-1:0][ADDRESS_BITS-1:0] stream_slot[2*WINDOW];
  logic [WINDOW-1:0][STREAMS-1:0] stream_used[2];
  logic [WINDOW-1:0][COLUMNS-1:0] lane_used[2];
  logic [COLUMNS*SELECT_BITS-1:0] lane_stream[2*WINDOW];

  slot_feed #(
      .ROWS(ROWS), .COLUMNS(COLUMNS), .FUSION(FUSION), .ACTIVATION_SLICE(ACTIVATION_SLICE), .WEIGHT_SLICE(WEIGHT_SLICE),
      .STATIONARY(STATIONARY), .ROWS_ARE_ACTIVATIONS(ROWS_ARE_ACTIVATIONS), .WINDOW(WINDOW), .STREAMS(STREAMS),
      .ROW_WIRES(ROW_WIRES), .SELECT_BITS(SELECT_BITS), .TERMS(TERMS), .ISSUES_ALL(ISSUES_ALL)
  ) slot_feed (
      .clk, .layer, .pass, .accesses, .stream_slot, .stream_used, .lane_stream, .row_streams, .row_selects, .issue, .step_bits, .bank_words,
      .vectors_bits);
  lane_feed #(
      .ROWS(ROWS), .COLUMNS(COLUMNS), .FUSION(FUSION), .ACTIVATION_SLICE(ACTIVATION_SLICE), .WEIGHT_SLICE(WEIGHT_SLICE),
      .STATIONARY(STATIONARY), .ROWS_ARE_ACTIVATIONS(ROWS_ARE_ACTIVATIONS), .COLUMN_WIRES(COLUMN_WIRES), .SLICES(SLICES)
  ) lane_feed (
      .clk, .reset, .enable, .layer, .pass, .loads, .loading, .column_operands);

  control_t control;
  int activation_slice, weight_slice;
  assign activation_slice = pass.rate.activation_slices == 0 ? 0 : pass.cycle % pass.rate.activation_slices;
  assign weight_slice = pass.rate.activation_slices == 0 ? 0 : pass.cycle / pass.rate.activation_slices;
  plane_t activation_plane, weight_plane;
  assign activation_plane = pass.sweep.activation;
  assign weight_plane = pass.sweep.weight;
  always_comb begin
    control = '0;
    control.load = loads;
    control.valid = step;
    control.first = pass.cycle == 0 && (STATIONARY || pass.step == 0);
    control.last = pass.cycle == pass.cycles - 1 && (STATIONARY || pass.step == pass.steps - 1);
    control.activation_log2 = pass.rate.activation_log2;
    control.weight_log2 = pass.rate.weight_log2;
    control.activation_signed = layer.signed_activations
        && holds_top(activation_plane, layer.activation_bits)
        && activation_slice == pass.rate.activation_slices - 1;
    control.weight_signed = holds_top(weight_plane, layer.weight_bits)
        && weight_slice == pass.rate.weight_slices - 1;
    control.shift = 5'(activation_slice * ACTIVATION_SLICE + weight_slice * WEIGHT_SLICE);
    control.column_slice = 4'(ROWS_ARE_ACTIVATIONS ? weight_slice : activation_slice);
    control.index = pass.index;
    control.opens_sum = pass.index == 0 && pass.block == 0 && (!STATIONARY || pass.fold == 0);
    control.begins_sum = pass.begins_sums;
    control.last_visit = pass.last_block && (!STATIONARY || pass.fold == pass.folds - 1);
    control.fold = pass.fold;
    control.issue = issue;
    control.at = pass.at;
  end

  logic leaves[COLUMNS];
  control_t leaving[COLUMNS];
  logic signed [31:0] sums[COLUMNS];
  systolic_array #(
      .ROWS(ROWS), .COLUMNS(COLUMNS), .FUSION(FUSION), .TERMS(TERMS), .ACTIVATION_SLICE(ACTIVATION_SLICE),
      .WEIGHT_SLICE(WEIGHT_SLICE), .STREAMS(STREAMS), .STATIONARY(STATIONARY), .ROWS_ARE_ACTIVATIONS(ROWS_ARE_ACTIVATIONS),
      .SLICES(SLICES), .ROW_WIRES(ROW_WIRES), .COLUMN_WIRES(COLUMN_WIRES), .SELECT_BITS(SELECT_BITS)
  ) array (.clk, .enable, .control, .row_streams, .row_selects, .column_operands, .empty, .leaves, .leaving, .sums);

  // The feet of the columns, and the masks that their gates write: in the deciding pass, the last
  // of those that lead.
  int leading;
  logic gated_layer;
  assign leading = leading_passes(layer);
  assign gated_layer = leading < layer.passes;
  pixel_schedule #(
      .ROWS(ROWS), .FUSION(FUSION), .TERMS(TERMS), .ACTIVATION_SLICE(ACTIVATION_SLICE), .WEIGHT_SLICE(WEIGHT_SLICE),
      .STATIONARY(STATIONARY), .ISSUES_ALL(ISSUES_ALL)
  ) pixels (.layer);
  logic bit_written[COLUMNS];
  logic bit_value[COLUMNS];
  logic bit_half[COLUMNS];
  logic [ADDRESS_BITS-1:0] bit_slot[COLUMNS];
  logic [ADDRESS_BITS-1:0] bit_place[COLUMNS];
  generate
    for (genvar c = 0; c < COLUMNS; c++) begin : column
      tile_t tile;
      sweep_t sweep;
      logic decides, in_tile, used, by_pixels;
      logic [ADDRESS_BITS-1:0] place, slot;  // the issue slot's among those of its turn; the slot's in its tile
      logic [ADDRESS_BITS:0] entry;
      int lane, all_slots;
      assign tile = leaving[c].at;
      assign sweep = layer.sweeps[leaving[c].index];
      assign decides = gated_layer && int'(leaving[c].index) == leading - 1 && leaving[c].last_visit;
      assign place = ADDRESS_BITS'(tile.base + leaving[c].issue);
      assign entry = {tile.half, place};
      assign by_pixels = sweep.gated && layer.gates_inputs;
      assign slot = by_pixels ? ADDRESS_BITS'(pixels.slot_at(leaving[c].index, leaving[c].fold, tile.slot_box.first, leaving[c].issue))
          : sweep.gated ? stream_slot[entry][lane_stream[entry][c*SELECT_BITS+:SELECT_BITS]]
          : leaving[c].issue[ADDRESS_BITS-1:0];
      assign in_tile = leaving[c].issue >= 0 && c < tile.lanes;
      assign used = in_tile && (!sweep.gated || by_pixels || lane_used[tile.half][place][c]);
      assign lane = item_of(tile.lane_box, layer.out_rows, layer.out_columns, tile.first_lane + c);
      assign all_slots = tile.group * layer.slots + item_of(tile.slot_box, layer.out_rows, layer.out_columns, int'(slot));
      assign threshold_of[c] = layer.thresholds_by_slot ? all_slots : tile.group * layer.lanes + lane;
      column_foot #(.WINDOW(WINDOW)) foot (
          .clk, .enable, .leaves(leaves[c]), .leaving(leaving[c]), .sum(sums[c]), .used,
          .half(tile.half), .slot(bit_place[c]), .unfinished(unfinished[c]), .scale(sweep.activation.low + sweep.weight.low),
          .threshold(threshold[c]), .writes(stored[c]), .stored(stored_sum[c]), .gate(gate[c]));
      assign stored_output[c] = all_slots * layer.lanes + lane;
      assign bit_written[c] = leaves[c] && decides && leaving[c].issue >= 0;
      assign bit_value[c] = gate[c] && in_tile;
      assign bit_half[c] = tile.half;
      assign bit_slot[c] = slot;
      assign bit_place[c] = ADDRESS_BITS'(tile.base + int'(slot));
      assign gated[c] = bit_written[c] && in_tile;
    end
  endgenerate

  logic [ADDRESS_BITS:0] counts[2*MOST_LANE_GROUPS];
  mask_window #(
      .COLUMNS(COLUMNS), .WINDOW(WINDOW), .SCHEDULER(SCHEDULER), .WAYS(WAYS), .OPEN(OPEN), .DEPTH(DEPTH), .SCAN(SCAN),
      .GATE_LATENCY(GATE_LATENCY), .STREAMS(STREAMS), .SELECT_BITS(SELECT_BITS)
  ) mask_window (
      .clk, .reset, .enable, .bit_written, .bit_place, .bit_value, .bit_half, .row_slot(bit_slot[COLUMNS-1]),
      .row_tile(leaving[COLUMNS-1].at), .windows_known, .issued(counts), .vectors, .entries, .opened(gates_open), .stream_slot,
      .stream_used, .lane_used, .lane_stream, .schedules);
  always_comb for (int tile = 0; tile < 2 * MOST_LANE_GROUPS; tile++) issued[tile] = int'(counts[tile]);
endmodule
