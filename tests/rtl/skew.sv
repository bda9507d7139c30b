// Delays word i by i cycles, so that what is issued together meets on the array's diagonal.
module skew #(
    parameter int WORDS = 4,
    parameter int BITS = 8
) (
    input logic clk,
    input logic enable,
    input logic [BITS-1:0] in[WORDS],
    output logic [BITS-1:0] out[WORDS]
);
  generate
    for (genvar i = 0; i < WORDS; i++) begin : word
      if (i == 0) begin : at_once
        assign out[i] = in[i];
      end else begin : delayed
        logic [BITS-1:0] stage[i];
        always_ff @(posedge clk) begin
          if (enable) begin
            stage[0] <= in[i];
            for (int s = 1; s < i; s++) stage[s] <= stage[s-1];
          end
        end
        assign out[i] = stage[i-1];
      end
    end
  endgenerate
endmodule
