// The foot of one column: a lane of the output buffer, where partial sums wait, and its gate.
// A sum of the MSB pass is compared with the lane's threshold once its reduction is complete, and
// stored shifted left by the LSB's bits; sums of the LSB pass are added to it.
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
    input int lsb_bits,  // of a layer of two passes, else 0
    input int threshold,
    output logic writes,
    output logic signed [31:0] stored,
    output logic gate
);
  logic signed [31:0] sums[2*WINDOW];
  logic signed [31:0] earlier, total;

  assign earlier = leaving.first_fold && !leaving.lsb ? '0 : sums[{half, slot}];
  assign total = earlier + sum;
  comparator #(.SUM_BITS(32)) comparator (.sum(total), .threshold(threshold), .gate(gate));
  assign writes = leaves && used;
  assign stored = leaving.last_fold && !leaving.lsb ? total <<< lsb_bits : total;

  always_ff @(posedge clk) if (enable && writes) sums[{half, slot}] <= stored;
endmodule
