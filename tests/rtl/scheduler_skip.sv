// `skip`: a slot with an active lane is issued, the others are dropped. One slot a cycle (M11).
module scheduler_skip #(
    parameter int LANES = 16,
    parameter int ADDRESS_BITS = 8
) (
    input logic clk,
    input logic enable,
    input logic valid,  // a slot's mask bits are complete
    input logic first,  // it is the first of its window
    input logic [LANES-1:0] active,
    output logic [ADDRESS_BITS-1:0] issue,  // the issue slot that it goes to
    output logic [ADDRESS_BITS:0] issued  // issue slots so far
);
  logic [ADDRESS_BITS:0] count;
  logic [ADDRESS_BITS:0] earlier;

  assign earlier = first ? '0 : count;
  assign issue = earlier[ADDRESS_BITS-1:0];
  assign issued = earlier + (ADDRESS_BITS + 1)'(|active);

  always_ff @(posedge clk) if (enable && valid) count <= issued;
endmodule
