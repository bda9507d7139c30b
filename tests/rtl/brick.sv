// A 2-bit by 2-bit multiplier, each digit signed or unsigned: Bit Fusion's BitBrick (Sharma et al.,
// ISCA 2018). Digits are extended to 3-bit signed ones, so a product lies from -6 to 9.
module brick (
    input  logic              activation_signed,
    input  logic              weight_signed,
    input  logic        [1:0] activation,
    input  logic        [1:0] weight,
    output logic signed [4:0] product
);
  logic signed [2:0] extended_activation, extended_weight;

  assign extended_activation = {activation_signed & activation[1], activation};
  assign extended_weight     = {weight_signed & weight[1], weight};
  assign product             = 5'(extended_activation) * 5'(extended_weight);
endmodule
