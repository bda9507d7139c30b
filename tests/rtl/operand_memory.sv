// The operand vectors of a layer, behavioural: vector v's element k at v * reduction + k. The host
// fills it. Its banks serve a word of port_bits each a cycle; which bank holds a word is not modelled.
module operand_memory (
    input logic clk,
    input int banks,
    input int accesses  // words read in this cycle
);
  localparam int ELEMENTS = 1 << 16;
  int elements[ELEMENTS];

  function automatic int element(input int at);
    return at < 0 || at >= ELEMENTS ? 0 : elements[at[15:0]];
  endfunction

  always_ff @(posedge clk)
    assert (accesses <= banks)
    else $fatal(1, "%0d accesses to %0d banks in one cycle", accesses, banks);
endmodule
