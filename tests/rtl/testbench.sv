// Runs cases from a text file of integers, one after the other, and prints what was counted, stored
// and gated. `harness.py` writes the file and says in which order the integers stand.
module testbench
  import types::*;
;
  `include "parameters.svh"
  localparam int VALUES = 1 << 16;
  localparam int NEVER_STORED = 32'h7fffffff;
  localparam int LIMIT_CYCLES = 20_000_000;

  logic clk = 0;
  always #1 clk = ~clk;

  logic reset = 1;
  layer_t layer, given;  // the registers, and what they are to be set to
  int threshold[COLUMNS];
  int threshold_of[COLUMNS];
  logic enable, done, waits_for_dram, step, step_is_lsb, schedules;
  logic stored[COLUMNS];
  int stored_output[COLUMNS];
  logic signed [31:0] stored_sum[COLUMNS];
  logic gated[COLUMNS];
  logic gate[COLUMNS];
  int issue_slots;

  accelerator #(
      .ROWS(ROWS), .COLUMNS(COLUMNS), .DATAFLOW(DATAFLOW), .LANES_ARE_CHANNELS(LANES_ARE_CHANNELS),
      .OVERLAP_FOLDS(OVERLAP_FOLDS), .DOUBLE_BUFFERED(DOUBLE_BUFFERED), .FUSION(FUSION), .TERMS(TERMS),
      .ACTIVATION_SLICE(ACTIVATION_SLICE), .WEIGHT_SLICE(WEIGHT_SLICE), .SCHEDULER(SCHEDULER), .WAYS(WAYS), .OPEN(OPEN),
      .DEPTH(DEPTH), .SCAN(SCAN), .GATE_LATENCY(GATE_LATENCY), .WINDOW(WINDOW)
  ) accelerator (.*);

  // What the host holds: thresholds by channel, and what comes back.
  int thresholds[VALUES];
  int outputs[VALUES];
  bit mask[VALUES];
  always_comb for (int c = 0; c < COLUMNS; c++) threshold[c] = thresholds[threshold_of[c] & (VALUES - 1)];

  int msb_cycles, lsb_cycles, bubble_cycles, port_stall_cycles, dram_stall_cycles, lsb_slots_issued;
  int file, cases, address;

  always_ff @(posedge clk) layer <= given;

  always @(posedge clk) begin
    if (!reset && !done) begin
      if (waits_for_dram) dram_stall_cycles++;
      else if (!enable) port_stall_cycles++;
      else if (!step) bubble_cycles++;
      else if (step_is_lsb) lsb_cycles++;
      else msb_cycles++;
      if (traced) trace();
      if (enable) begin
        for (int c = 0; c < COLUMNS; c++) begin
          if (stored[c]) outputs[stored_output[c]] = stored_sum[c];
          if (gated[c]) mask[stored_output[c]] = gate[c];
        end
        if (schedules) lsb_slots_issued += issue_slots;
      end
    end
  end

  // A line a cycle for diagram.py: what enters, what leaves the first and the last column, masks.
  bit traced;
  function automatic void trace();
    automatic string enters = waits_for_dram ? "d" : !enable ? "p" : !step ? "." : step_is_lsb ? "L" : "M";
    automatic string first = !enable || !accelerator.leaves[0] ? "_" : accelerator.leaving[0].lsb ? "l" : "m";
    automatic string last =
        !enable || !accelerator.leaves[COLUMNS-1] ? "_" : accelerator.leaving[COLUMNS-1].lsb ? "l" : "m";
    $display("cycle %s%s%s%s", enters, first, last, enable && schedules ? "^" : "_");
  endfunction

  function automatic int next_integer();
    automatic int found;
    if ($fscanf(file, "%d", found) != 1) $fatal(1, "the case file ends early");
    return found;
  endfunction

  task automatic read_layer();
    automatic int found[14];
    foreach (found[i]) found[i] = next_integer();
    given.slots = found[0];
    given.lanes = found[1];
    given.groups = found[2];
    given.reduction = found[3];
    given.window = found[4];
    given.passes = found[5];
    given.activation_bits = found[6];
    given.lsb_bits = found[7];
    given.weight_bits = found[8];
    given.banks = found[9];
    given.port_bits = found[10];
    given.dram_bytes_per_cycle = found[11];
    given.gated = found[12] != 0;
    given.signed_activations = found[13] != 0;
    given.thresholds_by_slot = !LANES_ARE_CHANNELS;
    @(negedge clk);
  endtask

  // A convolution's activations (image, channel, row, column), as the operand vectors of its
  // positions: images one after the other, the reduction tap by tap, zero outside the image.
  task automatic read_activations(input int images, input int height, input int width);
    automatic int kernel_h = next_integer();
    automatic int kernel_w = next_integer();
    automatic int stride_h = next_integer();
    automatic int stride_w = next_integer();
    automatic int padding_h = next_integer();
    automatic int padding_w = next_integer();
    automatic int dilation_h = next_integer();
    automatic int dilation_w = next_integer();
    automatic int depth = layer.reduction / (kernel_h * kernel_w);
    automatic int out_h = (height + 2 * padding_h - dilation_h * (kernel_h - 1) - 1) / stride_h + 1;
    automatic int out_w = (width + 2 * padding_w - dilation_w * (kernel_w - 1) - 1) / stride_w + 1;
    automatic shortint input_of[] = new[images * layer.groups * depth * height * width];
    foreach (input_of[i]) input_of[i] = shortint'(next_integer());
    address = 0;
    for (int group = 0; group < layer.groups; group++)
      for (int position = 0; position < images * out_h * out_w; position++)
        for (int tap = 0; tap < kernel_h * kernel_w; tap++)
          for (int channel = 0; channel < depth; channel++) begin
            automatic int image = position / (out_h * out_w);
            automatic int y = position / out_w % out_h * stride_h - padding_h + tap / kernel_w * dilation_h;
            automatic int x = position % out_w * stride_w - padding_w + tap % kernel_w * dilation_w;
            automatic int plane = (image * layer.groups + group) * depth + channel;
            write(LANES_ARE_CHANNELS, y < 0 || y >= height || x < 0 || x >= width ? 0
                : input_of[(plane * height + y) * width + x]);
          end
  endtask

  task automatic write(input bit to_slots, input shortint element);
    if (to_slots) accelerator.slot_feed.memory.elements[address[15:0]] = element;
    else accelerator.lane_feed.memory.elements[address[15:0]] = element;
    address++;
  endtask

  task automatic read_weights();  // (channel, tap, input channel)
    automatic int weights = layer.groups * (LANES_ARE_CHANNELS ? layer.lanes : layer.slots) * layer.reduction;
    address = 0;
    for (int i = 0; i < weights; i++) write(!LANES_ARE_CHANNELS, shortint'(next_integer()));
  endtask

  task automatic run_case();
    automatic int images, height, width;
    reset = 1;
    read_layer();
    images = next_integer();
    height = next_integer();
    width = next_integer();
    read_activations(images, height, width);
    read_weights();
    for (int i = 0; i < layer.groups * (LANES_ARE_CHANNELS ? layer.lanes : layer.slots); i++) thresholds[i] = next_integer();
    for (int i = 0; i < tiles_of(layer, COLUMNS); i++) begin
      accelerator.sequencer.transfers.read_bytes[i] = longint'(next_integer());
      accelerator.sequencer.transfers.write_bytes[i] = longint'(next_integer());
    end
    foreach (outputs[i]) outputs[i] = NEVER_STORED;
    foreach (mask[i]) mask[i] = 0;
    msb_cycles = 0;
    lsb_cycles = 0;
    bubble_cycles = 0;
    port_stall_cycles = 0;
    dram_stall_cycles = 0;
    lsb_slots_issued = 0;
    @(negedge clk) reset = 0;
    while (!done) begin
      @(negedge clk);
      if (msb_cycles + lsb_cycles + bubble_cycles + port_stall_cycles + dram_stall_cycles > LIMIT_CYCLES)
        $fatal(1, "not done after %0d cycles", LIMIT_CYCLES);
    end
    report();
  endtask

  task automatic report();
    automatic int count = layer.groups * layer.slots * layer.lanes;
    $display("%0d %0d %0d %0d %0d %0d %0d", msb_cycles, lsb_cycles, bubble_cycles, port_stall_cycles, dram_stall_cycles,
             lsb_slots_issued, count);
    for (int i = 0; i < count; i++) $display("%0d %0d", outputs[i], mask[i]);
  endtask

  initial begin
    automatic string name;
    if ($value$plusargs("cases=%s", name) == 0) $fatal(1, "no +cases=FILE");
    traced = $test$plusargs("trace") != 0;
    file = $fopen(name, "r");
    cases = next_integer();
    repeat (cases) run_case();
    $finish;
  end
endmodule
