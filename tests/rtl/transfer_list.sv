// What each tile reads from and writes to DRAM, behavioural: the host fills it, as a driver would.
module transfer_list;
  localparam int TILES = 1 << 14;
  longint read_bytes[TILES];
  longint write_bytes[TILES];

  function automatic longint reads(input int tile);
    return tile < 0 ? 0 : read_bytes[tile[13:0]];
  endfunction

  function automatic longint writes(input int tile);
    return tile < 0 ? 0 : write_bytes[tile[13:0]];
  endfunction
endmodule
