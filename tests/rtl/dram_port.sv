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
  logic demand_moves;

  assign idle = left <= 0;
  assign demand_idle = demand_left <= 0;
  assign earlier = asked_bytes > 0 ? asked_bytes : left;
  assign demand_earlier = asked_demand_bytes > 0 ? asked_demand_bytes : demand_left;
  assign demand_moves = demand_earlier > 0;
  always_ff @(posedge clk) begin
    left <= reset ? 0 : earlier - (demand_moves ? 0 : longint'(bytes_per_cycle));
    demand_left <= reset ? 0 : demand_earlier - (demand_moves ? longint'(bytes_per_cycle) : 0);
    assert (reset || asked_bytes == 0 || idle) else $fatal(1, "two transfers at a time");
    assert (reset || asked_demand_bytes == 0 || demand_idle) else $fatal(1, "two demands at a time");
  end
endmodule
