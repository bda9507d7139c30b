// The gate: whether a finished MSB sum exceeds its channel's threshold (Precision Gating, Zhang et
// al., ICLR 2020). One stands at the foot of each column.
module comparator #(
    parameter int SUM_BITS = 32
) (
    input  logic signed [SUM_BITS-1:0] sum,
    input  logic signed [SUM_BITS-1:0] threshold,
    output logic                       gate
);
  assign gate = sum > threshold;
endmodule
