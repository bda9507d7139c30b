// The DRAM's port: moves what it is asked to at `bytes_per_cycle`, whatever the array does.
module dram_port (
    input logic clk,
    input logic reset,
    input int bytes_per_cycle,
    input longint asked_bytes,
    output logic idle  // all that was asked for before this cycle is done
);
  longint left;
  longint earlier;

  assign idle = left <= 0;
  assign earlier = asked_bytes > 0 ? asked_bytes : left;
  always_ff @(posedge clk) begin
    if (reset) left <= 0;
    else left <= earlier > longint'(bytes_per_cycle) ? earlier - longint'(bytes_per_cycle) : 0;
    assert (reset || asked_bytes == 0 || idle) else $fatal(1, "two transfers at a time");
  end
endmodule
