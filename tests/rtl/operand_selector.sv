// One of WAYS operands: what a PE under `combine` needs beside its unit, because the lanes of an
// issued slot belong to different positions (or channels), each with an operand stream of its own.
module operand_selector #(
    parameter int WAYS = 4,
    parameter int BITS = 32,
    parameter int SELECT_BITS = WAYS > 1 ? $clog2(WAYS) : 1
) (
    input  logic [  WAYS*BITS-1:0] streams,
    input  logic [SELECT_BITS-1:0] select,
    output logic [       BITS-1:0] operand
);
  always_comb begin
    operand = '0;
    for (int way = 0; way < WAYS; way++) begin
      if (WAYS == 1 || select == SELECT_BITS'(way)) operand |= streams[way*BITS+:BITS];
    end
  end
endmodule
