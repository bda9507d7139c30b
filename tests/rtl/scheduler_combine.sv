// `combine`: a slot joins the oldest open issue slot that has a way left and shares no lane with it;
// if none fits it opens a new one, for which the oldest is closed if OPEN are open (M12). Issue slots
// are numbered in order of age, so that a closed one needs no further step.
module scheduler_combine #(
    parameter int LANES = 16,
    parameter int ADDRESS_BITS = 8,
    parameter int WAYS = 4,
    parameter int OPEN = 8,
    parameter int WAY_BITS = WAYS > 1 ? $clog2(WAYS) : 1
) (
    input logic clk,
    input logic enable,
    input logic valid,
    input logic first,
    input logic [LANES-1:0] active,
    output logic [ADDRESS_BITS-1:0] issue,
    output logic [WAY_BITS-1:0] way,  // the operand stream that it takes there
    output logic [ADDRESS_BITS:0] issued
);
  localparam int PLACE_BITS = $clog2(OPEN + 1);

  logic [OPEN*LANES-1:0] used;  // lanes of each open issue slot, the oldest first
  logic [OPEN*(WAY_BITS+1)-1:0] members;
  logic [PLACE_BITS-1:0] open;
  logic [ADDRESS_BITS:0] closed;

  logic [PLACE_BITS-1:0] open_before, place;
  logic [ADDRESS_BITS:0] closed_before;
  logic fits, closes;
  logic [OPEN*LANES-1:0] used_next;
  logic [OPEN*(WAY_BITS+1)-1:0] members_next;

  assign open_before = first ? '0 : open;
  assign closed_before = first ? '0 : closed;

  always_comb begin
    fits = 0;
    place = open_before;
    for (int p = OPEN - 1; p >= 0; p--) begin
      if (p < 32'(open_before) && members[p*(WAY_BITS+1)+:WAY_BITS+1] < (WAY_BITS + 1)'(WAYS) &&
          (used[p*LANES+:LANES] & active) == '0) begin
        fits = 1;
        place = PLACE_BITS'(p);
      end
    end
    closes = !fits && 32'(open_before) == OPEN;
    if (closes) place = PLACE_BITS'(OPEN - 1);
    way = '0;
    used_next = closes ? used >> LANES : used;
    members_next = closes ? members >> (WAY_BITS + 1) : members;
    for (int p = 0; p < OPEN; p++) begin
      if (p == 32'(place)) begin
        way = fits ? members[p*(WAY_BITS+1)+:WAY_BITS] : '0;
        used_next[p*LANES+:LANES] = active | (fits ? used[p*LANES+:LANES] : '0);
        members_next[p*(WAY_BITS+1)+:WAY_BITS+1] = {1'b0, way} + (WAY_BITS + 1)'(1);
      end
    end
  end

  assign issue = ADDRESS_BITS'(closed_before + (ADDRESS_BITS + 1)'(closes) + (ADDRESS_BITS + 1)'(place));
  assign issued = closed_before + (ADDRESS_BITS + 1)'(open_before) + (ADDRESS_BITS + 1)'(|active && !fits);

  always_ff @(posedge clk) begin
    if (enable && valid) begin
      open <= open_before;
      closed <= closed_before;
      if (|active) begin
        used <= used_next;
        members <= members_next;
        open <= open_before + PLACE_BITS'(!fits && !closes);
        closed <= closed_before + (ADDRESS_BITS + 1)'(closes);
      end
    end
  end
endmodule
