// Adds up DIGITS terms, one for each 2-bit digit of one operand axis: digits of one operand with
// their weights of 4**digit, different operands with weight 1. Two halves of the axis are fused by
// a shift where an operand of 2**operand_log2 bits spans both.
module shift_add_tree #(
    parameter int DIGITS = 4,
    parameter int TERM_BITS = 5,
    parameter int SUM_BITS = TERM_BITS + 2 * (DIGITS - 1)
) (
    input  logic        [                 2:0] operand_log2,
    input  logic        [DIGITS*TERM_BITS-1:0] terms,
    output logic signed [        SUM_BITS-1:0] sum
);
  if (DIGITS == 1) begin : g_leaf
    logic unused;
    assign unused = &operand_log2;
    assign sum = terms;
  end else begin : g_halves
    localparam int HALF_BITS = TERM_BITS + 2 * (DIGITS / 2 - 1);
    logic signed [HALF_BITS-1:0] low, high;
    logic signed [ SUM_BITS-1:0] wide_high;
    logic                        fused;

    shift_add_tree #(
        .DIGITS(DIGITS / 2),
        .TERM_BITS(TERM_BITS)
    ) low_half (
        .operand_log2(operand_log2),
        .terms(terms[0+:DIGITS/2*TERM_BITS]),
        .sum(low)
    );
    shift_add_tree #(
        .DIGITS(DIGITS / 2),
        .TERM_BITS(TERM_BITS)
    ) high_half (
        .operand_log2(operand_log2),
        .terms(terms[DIGITS/2*TERM_BITS+:DIGITS/2*TERM_BITS]),
        .sum(high)
    );

    assign fused     = operand_log2 > 3'($clog2(DIGITS));
    assign wide_high = SUM_BITS'(high);
    assign sum       = SUM_BITS'(low) + (fused ? wide_high <<< DIGITS : wide_high);
  end
endmodule
