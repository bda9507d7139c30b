// The DRAM's port: moves what it is asked to at `bytes_per_cycle`, whatever the array does. What is
// on demand goes before all else. A cycle serves one transfer.
//
// What trailing passes fetch again is known with their mask, and is added to the transfer that moves
// then. With two buffers it counts as if it had been a part of that from its beginning on (M40), so a
// port that is done early has moved ahead; with one it goes on where that ended.
module dram_port
  import types::*;
#(
    parameter bit DOUBLE_BUFFERED = 1
) (
    input logic clk,
    input logic reset,
    input int bytes_per_cycle,
    input logic asks,
    input bytes_t asked,  // a transfer
    input bytes_t asked_later,  // in addition to it
    input longint asked_demand_bytes,
    output logic idle,  // all that was asked for before this cycle is done
    output longint spare_bytes,  // that it moved, or could have, since then
    output logic demand_idle,
    output bytes_t moved  // since reset
);
  longint left, earlier, demand_left, demand_earlier;
  logic moves, demand_moves;

  function automatic longint bytes_of(input bytes_t bytes);
    automatic int both = read_of(bytes) + bytes.written;
    return longint'(both);
  endfunction

  assign idle = left <= 0;
  assign spare_bytes = -left;
  assign demand_idle = demand_left <= 0;
  assign earlier = (asks ? bytes_of(asked) : left) + bytes_of(asked_later);
  assign demand_earlier = asked_demand_bytes > 0 ? asked_demand_bytes : demand_left;
  assign demand_moves = demand_earlier > 0;
  assign moves = !demand_moves && (DOUBLE_BUFFERED || earlier > 0);
  always_ff @(posedge clk) begin
    left <= reset ? 0 : earlier - (moves ? longint'(bytes_per_cycle) : 0);
    demand_left <= reset ? 0 : demand_earlier - (demand_moves ? longint'(bytes_per_cycle) : 0);
    moved <= reset ? '0 : added(moved, added(asks ? asked : '0, asked_later));
    assert (reset || !asks || idle) else $fatal(1, "two transfers at a time");
    assert (reset || asked_demand_bytes == 0 || demand_idle) else $fatal(1, "two demands at a time");
  end
endmodule
