// What each tile reads from and writes to DRAM, and its passes to the output buffer, behavioural: the host fills it, as a driver would.
module transfer_list;
  localparam int TILES = 1 << 14;
  longint read_bytes[TILES];
  longint write_bytes[TILES];
  longint demand_bytes[TILES];  // that are read once the gate has spoken
  int output_bits[TILES*types::MOST_PASSES];  // that each pass moves through the output buffer's port

  function automatic longint reads(input int tile);
    return tile < 0 ? 0 : read_bytes[tile[13:0]];
  endfunction

  function automatic int outputs(input int tile, input types::index_t index);
    return output_bits[{tile[13:0], index}];
  endfunction

  function automatic longint demands(input int tile);
    return tile < 0 ? 0 : demand_bytes[tile[13:0]];
  endfunction

  function automatic longint writes(input int tile);
    return tile < 0 ? 0 : write_bytes[tile[13:0]];
  endfunction
endmodule
