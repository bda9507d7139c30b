// Reads a pass's slot operands from their buffer: from the pass's first step on, in every cycle, as many
// words as there are banks, until it has all. What the array has not used yet waits here. A step must
// have been read when it ends; else the array stops (M21).
module read_ahead (
    input logic clk,
    input int banks,
    input int port_bits,
    input logic opens,  // the pass's first step enters in this cycle
    input longint vectors_bits,  // that the pass reads
    input logic ends_step,  // a step ends in this cycle, if it has been read
    input int step_bits,
    input logic closes,  // and it is the pass's last
    input logic enable,
    output int accesses,
    output logic starved
);
  longint unread, waiting;  // bits of the pass
  longint unread_before, waiting_before, words, held;

  always_comb begin
    unread_before = opens ? vectors_bits : unread;
    waiting_before = opens ? 0 : waiting;
    words = (unread_before + longint'(port_bits) - 1) / longint'(port_bits);
    accesses = words < longint'(banks) ? int'(words) : banks;
    held = longint'(accesses) * longint'(port_bits);
    if (held > unread_before) held = unread_before;  // the last word is not full
    starved = ends_step && longint'(step_bits) > waiting_before + held;
  end

  always_ff @(posedge clk) begin
    unread <= unread_before - held;
    waiting <= waiting_before + held - (ends_step && enable ? longint'(step_bits) : 0);
    assert (!(ends_step && enable) || longint'(step_bits) <= waiting_before + held)
    else $fatal(1, "a step uses %0d bits, and %0d are there", step_bits, waiting_before + held);
    assert (!(ends_step && enable && closes) || unread_before == held && waiting_before + held == longint'(step_bits))
    else $fatal(1, "a pass ends and has not used all that it read");
  end
endmodule
