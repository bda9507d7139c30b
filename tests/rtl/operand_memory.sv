// The operand vectors of a layer, behavioural: vector v's element k at v * reduction + k. The host
// fills it.
module operand_memory;
  localparam int ELEMENTS = 1 << 16;
  shortint elements[ELEMENTS];

  function automatic int element(input int at);
    return at < 0 || at >= ELEMENTS ? 0 : int'(elements[at[15:0]]);
  endfunction
endmodule
