// The gate: whether the sum of the passes that lead, of Precision Gating's MSBs (Zhang et al., ICLR
// 2020), exceeds its channel's threshold. One stands at the foot of each column.
module comparator #(
    parameter int SUM_BITS = 32
) (
    input  logic signed [SUM_BITS-1:0] sum,
    input  logic signed [SUM_BITS-1:0] threshold,
    output logic                       gate
);
  assign gate = sum > threshold;
endmodule
