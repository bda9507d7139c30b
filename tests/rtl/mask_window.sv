// The masks of two windows, and the schedules of their gated passes. Mask bits come from the gates
// column by column; when the last column's bit of a slot is there, the slot goes to the scheduler,
// GATE_LATENCY cycles later where registers stand in between. The scheduler fills the issue table,
// one slot a cycle, behind the pass that decides; a window's schedule is known with its last slot.
// A half holds the masks of all lane groups of a turn, one after the other.
module mask_window
  import types::tile_t;
  import types::MOST_LANE_GROUPS;
#(
    parameter int COLUMNS = 4,
    parameter int WINDOW = 64,
    parameter string SCHEDULER = "skip",
    parameter int WAYS = 1,
    parameter int OPEN = 1,
    parameter int DEPTH = 1,
    parameter int SCAN = 1,
    parameter int GATE_LATENCY = 0,
    parameter int STREAMS = 1,
    parameter int SELECT_BITS = 1,
    parameter int ADDRESS_BITS = $clog2(WINDOW)
) (
    input logic clk,
    input logic reset,
    input logic enable,
    input logic bit_written[COLUMNS],  // by the gates, with slot and value
    input logic [ADDRESS_BITS-1:0] bit_place[COLUMNS],  // of the slot among those of its turn
    input logic bit_value[COLUMNS],
    input logic bit_half[COLUMNS],
    input logic [ADDRESS_BITS-1:0] row_slot,  // the last column's
    input tile_t row_tile,
    output int windows_known,  // since reset; of a turn with several lane groups all as one
    output logic schedules,  // the present slot is the last of its window
    output logic [ADDRESS_BITS:0] issued[2*MOST_LANE_GROUPS],
    output int vectors[2*MOST_LANE_GROUPS],  // operand vectors that a schedule reads: streams in use
    output int entries[2*MOST_LANE_GROUPS],
    output logic opened[2],  // a turn's gated passes have anything to do
    output logic [STREAMS-1:0][ADDRESS_BITS-1:0] stream_slot[2*WINDOW],
    output logic [WINDOW-1:0][STREAMS-1:0] stream_used[2],
    output logic [WINDOW-1:0][COLUMNS-1:0] lane_used[2],
    output logic [COLUMNS*SELECT_BITS-1:0] lane_stream[2*WINDOW]
);
  localparam int GROUP_BITS = $clog2(MOST_LANE_GROUPS);
  typedef struct packed {
    bit valid;
    bit half;
    bit ends;
    bit [GROUP_BITS-1:0] lane_group;
    bit [ADDRESS_BITS-1:0] base;
    bit [ADDRESS_BITS-1:0] slot;
    bit [COLUMNS-1:0] active;
  } row_t;

  // Mask bits, and the row that the last column completes.
  logic [COLUMNS-1:0] mask[2*WINDOW];
  row_t complete, row;
  always_comb begin
    complete.valid = bit_written[COLUMNS-1];
    complete.half = bit_half[COLUMNS-1];
    complete.slot = row_slot;
    complete.lane_group = row_tile.lane_group[GROUP_BITS-1:0];
    complete.base = row_tile.base[ADDRESS_BITS-1:0];
    complete.ends = int'(row_slot) == row_tile.slots - 1 && row_tile.ends_turn;
    complete.active = mask[{complete.half, bit_place[COLUMNS-1]}];
    complete.active[COLUMNS-1] = bit_value[COLUMNS-1];
  end
  always_ff @(posedge clk)
    if (enable)
      for (int c = 0; c < COLUMNS; c++)
        if (bit_written[c]) mask[{bit_half[c], bit_place[c]}][c] <= bit_value[c];

  generate
    if (GATE_LATENCY == 0) begin : at_once
      assign row = complete;
    end else begin : registered
      row_t stage[GATE_LATENCY];
      always_ff @(posedge clk) begin
        if (reset) begin
          for (int s = 0; s < GATE_LATENCY; s++) stage[s] <= '0;
        end else if (enable) begin
          stage[0] <= complete;
          for (int s = 1; s < GATE_LATENCY; s++) stage[s] <= stage[s-1];
        end
      end
      assign row = stage[GATE_LATENCY-1];
    end
  endgenerate

  // The scheduler: the issue slot of each lane's entry, the stream that feeds it, and the count.
  logic [COLUMNS*ADDRESS_BITS-1:0] issue;
  logic [COLUMNS*SELECT_BITS-1:0] stream;
  logic [ADDRESS_BITS:0] so_far;
  logic first;
  assign first = row.slot == '0;

  // A slot is one operand vector, but under `queue` each of its entries needs a stream of its own.
  int row_vectors;
  always_comb begin
    row_vectors = SCHEDULER == "dense" || row.active != '0 ? 1 : 0;
    if (SCHEDULER == "queue") row_vectors = $countones(row.active);
  end
  assign schedules = row.valid && row.ends;
  generate
    if (SCHEDULER == "combine") begin : combine
      logic [ADDRESS_BITS-1:0] joint;
      logic [SELECT_BITS-1:0] way;
      scheduler_combine #(.LANES(COLUMNS), .ADDRESS_BITS(ADDRESS_BITS), .WAYS(WAYS), .OPEN(OPEN)) scheduler (
          .clk, .enable, .valid(row.valid), .first, .active(row.active), .issue(joint), .way, .issued(so_far));
      assign issue = {COLUMNS{joint}};
      assign stream = {COLUMNS{way}};
    end else if (SCHEDULER == "queue") begin : queue
      scheduler_queue #(.LANES(COLUMNS), .ADDRESS_BITS(ADDRESS_BITS), .DEPTH(DEPTH), .SCAN(SCAN)) scheduler (
          .clk, .enable, .valid(row.valid), .first, .active(row.active), .issue, .issued(so_far));
      always_comb for (int c = 0; c < COLUMNS; c++) stream[c*SELECT_BITS+:SELECT_BITS] = SELECT_BITS'(c);
    end else begin : skip  // `dense` is `skip` of a slot that always has an active lane
      localparam int DUMMY = SCHEDULER == "dense" ? 1 : 0;
      logic [ADDRESS_BITS-1:0] own;
      scheduler_skip #(.LANES(COLUMNS + DUMMY), .ADDRESS_BITS(ADDRESS_BITS)) scheduler (
          .clk, .enable, .valid(row.valid), .first, .active((COLUMNS + DUMMY)'({1'b1, row.active})), .issue(own), .issued(so_far));
      assign issue = {COLUMNS{own}};
      assign stream = '0;
    end
  endgenerate

  // The issue table, indexed by half and issue slot, and what each lane group's part of it adds up to.
  logic [GROUP_BITS:0] tile;
  int before_vectors, before_entries;
  assign tile = {row.half, row.lane_group};
  assign before_vectors = first ? 0 : vectors[tile];
  assign before_entries = first ? 0 : entries[tile];
  always_ff @(posedge clk) begin
    if (reset) begin
      windows_known <= 0;
    end else if (enable && row.valid) begin
      if (first && row.lane_group == 0) begin
        lane_used[row.half] <= '0;
        stream_used[row.half] <= '0;
      end
      for (int c = 0; c < COLUMNS; c++) begin
        automatic logic [ADDRESS_BITS-1:0] own = row.base + issue[c*ADDRESS_BITS+:ADDRESS_BITS];
        automatic logic [SELECT_BITS-1:0] feeds = stream[c*SELECT_BITS+:SELECT_BITS];
        if (row.active[c]) begin
          lane_used[row.half][own][c] <= 1;
          lane_stream[{row.half, own}][c*SELECT_BITS+:SELECT_BITS] <= feeds;
        end
        if (row.active[c] || SCHEDULER == "dense") begin
          stream_slot[{row.half, own}][feeds] <= row.slot;
          stream_used[row.half][own][feeds] <= 1;
        end
      end
      opened[row.half] <= row_vectors > 0 || opened[row.half] && !(first && row.lane_group == 0);
      issued[tile] <= so_far;
      vectors[tile] <= before_vectors + row_vectors;
      entries[tile] <= before_entries + $countones(row.active);
      windows_known <= windows_known + int'(row.ends);
    end
  end
endmodule
