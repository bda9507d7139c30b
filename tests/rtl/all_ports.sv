// The ports of all three buffers (M43): a port for each bank of the slots' operand, in words, and
// one each for the lanes' operand and for the outputs, in bits.
module all_ports
  import types::*;
#(
    parameter int ROWS = 4,
    parameter bit STATIONARY = 0,
    parameter bit ROWS_ARE_ACTIVATIONS = 1
) (
    input logic clk,
    input logic reset,
    input layer_t layer,
    input pass_t pass,
    input logic begins_pass,
    input logic ends_step,
    input logic ends_fold,
    input logic closes_pass,
    input logic loads,
    input logic reads_lanes,  // what loads is read from the buffer
    input int bank_words[MOST_BANKS],  // that this step needs of each bank
    input int output_bits,  // that the pass moves in its tile
    input logic enable,
    output logic late
);
  logic bank_late[MOST_BANKS];
  generate
    for (genvar b = 0; b < MOST_BANKS; b++) begin : bank
      port port (
          .clk, .begins(begins_pass), .rate(longint'(1)),
          .needed(layer.all_ports && ends_step ? longint'(bank_words[b]) : longint'(0)), .enable, .late(bank_late[b]));
    end
  endgenerate

  // Elements of each lane that are taken in this cycle: a step's, or a row's of the fold that loads.
  int fold_elements, total, taken, total_now, taken_now, left, elements;
  always_comb begin
    fold_elements = pass.fold == 0 ? pass.reduction - (pass.folds - 1) * ROWS * pass.rate.macs : ROWS * pass.rate.macs;
    total_now = loads && reads_lanes ? fold_elements : total;
    taken_now = loads && reads_lanes ? 0 : taken;
    left = total_now - taken_now;
    elements = 0;
    if (!STATIONARY) begin
      if (ends_step) elements = pass.step == 0 ? (pass.reduction - 1) % pass.rate.macs + 1 : pass.rate.macs;
    end else if (left > 0) begin
      elements = taken_now == 0 ? (total_now - 1) % pass.rate.macs + 1 : pass.rate.macs;
      if (ends_fold) elements = left;
    end
  end
  always_ff @(posedge clk) begin
    if (reset) begin
      total <= 0;
      taken <= 0;
    end else if (enable) begin
      total <= total_now;
      taken <= taken_now + elements;
    end
  end

  logic lanes_late, outputs_late;
  int lane_bits;
  assign lane_bits = pass.at.lanes * (ROWS_ARE_ACTIVATIONS ? pass.sweep.weight.bits : pass.sweep.activation.bits);
  port lanes (
      .clk, .begins(begins_pass), .rate(longint'(layer.lane_bits_per_cycle)),
      .needed(layer.all_ports ? longint'(elements) * longint'(lane_bits) : longint'(0)), .enable, .late(lanes_late));
  port outputs (
      .clk, .begins(begins_pass), .rate(longint'(layer.output_bits_per_cycle)),
      .needed(layer.all_ports && closes_pass ? longint'(output_bits) : longint'(0)), .enable, .late(outputs_late));

  always_comb begin
    late = lanes_late || outputs_late;
    for (int b = 0; b < MOST_BANKS; b++) late = late || bank_late[b];
  end
endmodule
