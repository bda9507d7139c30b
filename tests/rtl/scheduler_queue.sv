// `queue`: every lane drains a FIFO of its own, one entry in a slot time. A slot time ends when SCAN
// slots were pushed in it or the next would overflow a FIFO (M13). The FIFOs lie in the issue table:
// a lane's next entry goes to the slot time in which it will be popped, `level` from now.
module scheduler_queue #(
    parameter int LANES = 16,
    parameter int ADDRESS_BITS = 8,
    parameter int DEPTH = 16,
    parameter int SCAN = 4
) (
    input logic clk,
    input logic enable,
    input logic valid,
    input logic first,
    input logic [LANES-1:0] active,
    output logic [LANES*ADDRESS_BITS-1:0] issue,  // of each lane
    output logic [ADDRESS_BITS:0] issued
);
  localparam int LEVEL_BITS = $clog2(DEPTH + 1);
  localparam int SCAN_BITS = $clog2(SCAN + 1);

  logic [LANES*LEVEL_BITS-1:0] levels, levels_before, levels_next;
  logic [SCAN_BITS-1:0] pushed, pushed_before;
  logic [ADDRESS_BITS:0] now, now_before, now_next;
  logic [LEVEL_BITS-1:0] level, highest;
  logic overflows, pops;

  assign levels_before = first ? '0 : levels;
  assign pushed_before = first ? '0 : pushed;
  assign now_before = first ? '0 : now;

  always_comb begin
    overflows = 0;
    for (int lane = 0; lane < LANES; lane++)
      if (active[lane] && 32'(levels_before[lane*LEVEL_BITS+:LEVEL_BITS]) == DEPTH) overflows = 1;
    pops = |active && (overflows || 32'(pushed_before) == SCAN);
    now_next = now_before + (ADDRESS_BITS + 1)'(pops);
    highest = '0;
    level = '0;
    issue = '0;
    levels_next = levels_before;
    for (int lane = 0; lane < LANES; lane++) begin
      level = levels_before[lane*LEVEL_BITS+:LEVEL_BITS];
      if (pops && level != '0) level = level - 1;
      issue[lane*ADDRESS_BITS+:ADDRESS_BITS] = ADDRESS_BITS'(now_next + (ADDRESS_BITS + 1)'(level));
      if (active[lane]) level = level + 1;
      levels_next[lane*LEVEL_BITS+:LEVEL_BITS] = level;
      if (level > highest) highest = level;
    end
  end

  assign issued = now_next + (ADDRESS_BITS + 1)'(highest);

  always_ff @(posedge clk) begin
    if (enable && valid) begin
      levels <= levels_next;
      now <= now_next;
      pushed <= pops ? SCAN_BITS'(1) : pushed_before + SCAN_BITS'(|active);
    end
  end
endmodule
