
// How many of TERMS pairs of bits are alike: the sum of products of an XNOR network (Rastegari et
// al., ECCV 2016), whose weights and activations are -1 and 1. The sum itself is twice that less
// the number of terms, once for the whole reduction. Terms that a short step does not have are fed
// unlike bits. Combinational.
module xnor_unit #(
    parameter int TERMS = 16,
    parameter int SUM_BITS = 32
) (
    input  logic [   TERMS-1:0] activations,
    input  logic [   TERMS-1:0] weights,
    output logic [SUM_BITS-1:0] alike
);
  logic [TERMS-1:0] same;

  assign same = activations ~^ weights;

  always_comb begin
    alike = '0;
    for (int t = 0; t < TERMS; t++) begin
      alike += SUM_BITS'(same[t]);
    end
  end
endmodule
