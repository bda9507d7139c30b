// A port of a buffer: it moves `rate` words, or bits, in every cycle of a pass, ahead of the array
// where it can. What the array takes in a cycle has to have moved by its end; else the array stops.
module port (
    input logic clk,
    input logic begins,  // the pass begins in this cycle
    input longint rate,
    input longint needed,  // in this cycle, if the array goes on
    input logic enable,
    output logic late
);
  longint moved, used, moved_now, used_before;

  assign moved_now = (begins ? longint'(0) : moved) + rate;
  assign used_before = begins ? longint'(0) : used;
  assign late = used_before + needed > moved_now;

  always_ff @(posedge clk) begin
    moved <= moved_now;
    used <= used_before + (enable ? needed : longint'(0));
    assert (!enable || !late) else $fatal(1, "the array takes what has not moved");
  end
endmodule
