// The ports of the buffer that feeds the slots: `bits_per_cycle` from a pass's first step on. A step
// must have been read when it ends; else the array stops (M21).
module port_meter (
    input logic clk,
    input int bits_per_cycle,
    input logic opens,  // the pass's first step enters in this cycle
    input logic ends_step,  // a step ends in this cycle, if it has been read
    input int step_bits,
    input logic enable,
    output logic starved
);
  longint read, taken, read_now, taken_now;

  assign read_now = (opens ? 0 : read) + longint'(bits_per_cycle);
  assign taken_now = (opens ? 0 : taken) + longint'(step_bits);
  assign starved = ends_step && taken_now > read_now;

  always_ff @(posedge clk) begin
    read <= read_now;
    taken <= ends_step && enable ? taken_now : opens ? 0 : taken;
    assert (!(ends_step && enable) || taken_now <= read_now)
    else $fatal(1, "%0d bits taken from ports that have read %0d", taken_now, read_now);
  end
endmodule
