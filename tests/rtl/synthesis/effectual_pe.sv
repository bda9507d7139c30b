// PEs whose lanes take terms of operands, signed powers of two, as they are synthesized (M58). What
// finds the terms, and what says when a step ends, stands before the array and serves a whole row.
// Powers are those of 8-bit magnitudes.

// Pragmatic: a lane shifts its weight by the power of one term of its activation. Where its own
// shifter has fewer than POWER_BITS, the sum of all lanes is shifted by the lowest power of them.
// A row keeps weights of REGISTERS further steps, and a lane chooses among terms of WAYS streams.
module pragmatic_pe #(
    parameter int TERMS = 16,
    parameter int WEIGHT_BITS = 8,
    parameter int POWER_BITS = 3,
    parameter int STAGE_BITS = 3,
    parameter int REGISTERS = 0,
    parameter int WAYS = 1,
    parameter int SUM_BITS = 32,
    parameter int SETS = REGISTERS + 1,
    parameter int SET_BITS = SETS > 1 ? $clog2(SETS) : 1,
    parameter int WAY_BITS = WAYS > 1 ? $clog2(WAYS) : 1,
    parameter int TERM_BITS = STAGE_BITS + 2
) (
    input logic clk,
    input logic first,
    input logic [SET_BITS-1:0] in_use,
    input logic [SET_BITS-1:0] filled,
    input logic [POWER_BITS-1:0] lowest,
    input logic [TERMS*WAY_BITS-1:0] ways,
    input logic [TERMS*WAYS*TERM_BITS-1:0] rows,
    input logic [TERMS*WEIGHT_BITS-1:0] columns,
    output logic signed [SUM_BITS-1:0] sum
);
  localparam int REACH = (1 << STAGE_BITS) - 1;
  localparam int LANE_BITS = WEIGHT_BITS + REACH;
  localparam int ROW_BITS = WAYS * TERM_BITS;
  localparam int COLUMN_BITS = TERMS * WEIGHT_BITS;
  localparam int TOTAL_BITS = LANE_BITS + $clog2(TERMS);

  logic [TERMS*WAYS*TERM_BITS-1:0] terms;
  logic [TERMS*WAY_BITS-1:0] chosen;
  logic [SETS*TERMS*WEIGHT_BITS-1:0] kept;
  logic [TERMS*WEIGHT_BITS-1:0] weights;
  logic [SET_BITS-1:0] used;
  logic [POWER_BITS-1:0] shift;
  logic [TERMS*LANE_BITS-1:0] products;
  logic [TERMS-1:0] negative;
  logic signed [TOTAL_BITS-1:0] total;

  always_ff @(posedge clk) begin
    terms <= rows;
    chosen <= ways;
    used <= in_use;
    shift <= lowest;
    for (int s = 0; s < SETS; s++) begin
      if (SETS == 1 || filled == SET_BITS'(s)) kept[s*TERMS*WEIGHT_BITS+:TERMS*WEIGHT_BITS] <= columns;
    end
  end

  if (SETS == 1) begin : g_set
    assign weights = kept;
  end else begin : g_sets
    assign weights = COLUMN_BITS'(kept >> (used * COLUMN_BITS));
  end

  for (genvar t = 0; t < TERMS; t++) begin : g_lane
    logic [TERM_BITS-1:0] term;
    logic signed [WEIGHT_BITS-1:0] weight;
    logic signed [LANE_BITS-1:0] shifted;

    if (WAYS > 1) begin : g_way
      assign term = TERM_BITS'(terms[t*ROW_BITS+:ROW_BITS]
          >> (chosen[t*WAY_BITS+:WAY_BITS] * TERM_BITS));
    end else begin : g_only
      assign term = terms[t*TERM_BITS+:TERM_BITS];
    end
    assign weight = weights[t*WEIGHT_BITS+:WEIGHT_BITS];
    if (STAGE_BITS > 0) begin : g_shift
      assign shifted = LANE_BITS'(weight) <<< term[TERM_BITS-1:2];
    end else begin : g_straight
      assign shifted = LANE_BITS'(weight);
    end
    // A negative product is the complement, and one more of all that are added up.
    assign negative[t] = term[0] && term[1];
    assign products[t*LANE_BITS+:LANE_BITS] = term[0] ? shifted ^ {LANE_BITS{term[1]}} : '0;
  end

  always_comb begin
    total = '0;
    for (int t = 0; t < TERMS; t++) begin
      total = total + TOTAL_BITS'(signed'(products[t*LANE_BITS+:LANE_BITS]));
      total = total + TOTAL_BITS'(negative[t]);
    end
  end

  always_ff @(posedge clk) begin
    sum <= (first ? '0 : sum) + (STAGE_BITS < POWER_BITS ? SUM_BITS'(total) <<< shift : SUM_BITS'(total));
  end
endmodule

// Laconic: a lane adds one product of two terms, a signed power of two. An adder tree sums the
// lanes. (The paper counts the lanes of each power first, which is smaller.)
module laconic_pe #(
    parameter int TERMS = 16,
    parameter int POWER_BITS = 3,
    parameter int SUM_BITS = 32
) (
    input logic clk,
    input logic first,
    input logic [TERMS*(POWER_BITS+2)-1:0] rows,
    input logic [TERMS*(POWER_BITS+2)-1:0] columns,
    output logic signed [SUM_BITS-1:0] sum
);
  localparam int TERM_BITS = POWER_BITS + 2;
  localparam int SUM_POWER_BITS = POWER_BITS + 1;
  localparam int LANE_BITS = 1 << SUM_POWER_BITS;
  localparam int TOTAL_BITS = LANE_BITS + $clog2(TERMS);

  logic [TERMS*TERM_BITS-1:0] activations;
  logic [TERMS*TERM_BITS-1:0] weights;
  logic [TERMS*LANE_BITS-1:0] products;
  logic [TERMS-1:0] negative;
  logic signed [TOTAL_BITS-1:0] total;

  always_ff @(posedge clk) begin
    activations <= rows;
    weights <= columns;
  end

  for (genvar t = 0; t < TERMS; t++) begin : g_lane
    logic [TERM_BITS-1:0] a;
    logic [TERM_BITS-1:0] w;
    logic [SUM_POWER_BITS-1:0] power;
    logic there;

    assign a = activations[t*TERM_BITS+:TERM_BITS];
    assign w = weights[t*TERM_BITS+:TERM_BITS];
    assign power = SUM_POWER_BITS'(a[TERM_BITS-1:2]) + SUM_POWER_BITS'(w[TERM_BITS-1:2]);
    assign there = a[0] && w[0];
    // A negative product is the complement, and one more of all that are added up.
    assign negative[t] = there && a[1] != w[1];
    assign products[t*LANE_BITS+:LANE_BITS] = (there ? LANE_BITS'(1) << power : '0) ^ {LANE_BITS{negative[t]}};
  end

  always_comb begin
    total = '0;
    for (int t = 0; t < TERMS; t++) begin
      total = total + TOTAL_BITS'(signed'(products[t*LANE_BITS+:LANE_BITS]));
      total = total + TOTAL_BITS'(negative[t]);
    end
  end

  always_ff @(posedge clk) sum <= (first ? '0 : sum) + SUM_BITS'(total);
endmodule
