// The foot of one column: a lane of the output buffer, where the sums of all passes add up at full
// scale, each shifted left by where its planes begin, and its gate, which compares what is there
// with the lane's threshold.
module column_foot
  import types::control_t;
#(
    parameter int WINDOW = 64
) (
    input logic clk,
    input logic enable,
    input logic leaves,
    input control_t leaving,
    input logic signed [31:0] sum,
    input logic used,  // the sum is one of the layer's: not of an idle row, lane, or of no entry
    input logic half,  // of the output buffer
    input logic [$clog2(WINDOW)-1:0] slot,
    input int scale,  // log2 of what the pass's sums count for
    input logic signed [31:0] unfinished,  // what an earlier turn left of the sum
    input int threshold,
    output logic writes,
    output logic signed [31:0] stored,
    output logic gate
);
  logic signed [31:0] sums[2*WINDOW];
  logic signed [31:0] earlier;

  assign earlier = !leaving.opens_sum ? sums[{half, slot}] : leaving.begins_sum ? '0 : unfinished;
  assign stored = earlier + (sum <<< scale);
  comparator #(.SUM_BITS(32)) comparator (.sum(stored), .threshold(threshold), .gate(gate));
  assign writes = leaves && used;

  always_ff @(posedge clk) if (enable && writes) sums[{half, slot}] <= stored;
endmodule
