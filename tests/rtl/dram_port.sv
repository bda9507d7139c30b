// The DRAM's port: moves what it is asked to at `bytes_per_cycle`, whatever the array does. What is
// on demand goes before all else. A cycle serves one transfer.
module dram_port (
    input logic clk,
    input logic reset,
    input int bytes_per_cycle,
    input longint asked_bytes,
    input longint asked_demand_bytes,
    output logic idle,  // all that was asked for before this cycle is done
    output logic demand_idle
);
  longint left, earlier, demand_left, demand_earlier;

  assign idle = left <= 0;
  assign demand_idle = demand_left <= 0;
  assign earlier = asked_bytes > 0 ? asked_bytes : left;
  assign demand_earlier = asked_demand_bytes > 0 ? asked_demand_bytes : demand_left;
  always_ff @(posedge clk) begin
    if (reset) begin
      left <= 0;
      demand_left <= 0;
    end else if (demand_earlier > 0) begin
      left <= earlier;
      demand_left <= demand_earlier - longint'(bytes_per_cycle);
    end else begin
      left <= earlier > longint'(bytes_per_cycle) ? earlier - longint'(bytes_per_cycle) : 0;
    end
    assert (reset || asked_bytes == 0 || idle) else $fatal(1, "two transfers at a time");
    assert (reset || asked_demand_bytes == 0 || demand_idle) else $fatal(1, "two demands at a time");
  end
endmodule
