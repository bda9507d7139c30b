// Runs cases from a text file of integers, one after the other, and prints what was counted, stored
// and gated. `harness.py` writes the file and says in which order the integers stand.
//
// The host is clocked like the design: only the clock itself passes time, or the logic behind the
// host's memories would be compiled a second time.
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
  layer_t layer;
  nest_t nest;
  int threshold[COLUMNS];
  int threshold_of[COLUMNS];
  logic enable, done, waits_for_dram, opens_pass, step, schedules;
  pass_t pass;
  logic stored[COLUMNS];
  int stored_output[COLUMNS];
  logic signed [31:0] stored_sum[COLUMNS];
  logic signed [31:0] unfinished[COLUMNS];
  bytes_t moved;
  logic gated[COLUMNS];
  logic gate[COLUMNS];

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
  logic signed [31:0] sums[VALUES];  // what was last stored of each
  always_comb for (int c = 0; c < COLUMNS; c++) threshold[c] = thresholds[threshold_of[c] & (VALUES - 1)];
  always_comb for (int c = 0; c < COLUMNS; c++) unfinished[c] = sums[stored_output[c] & (VALUES - 1)];

  int msb_cycles, lsb_cycles, bubble_cycles, port_stall_cycles, dram_stall_cycles, lsb_slots_issued;
  int file, cases, cycles, address;
  bit traced;
  layer_t given;  // what the registers are to be set to
  nest_t given_nest;

  initial begin
    automatic string name;
    if ($value$plusargs("cases=%s", name) == 0) $fatal(1, "no +cases=FILE");
    traced = $test$plusargs("trace") != 0;
    file = $fopen(name, "r");
    cases = next_integer(file);
  end

  typedef enum {SETS, PLANS, STARTS, RUNS} host_t;
  host_t host = SETS;
  always @(posedge clk) begin
    case (host)
      SETS: begin
        if (cases == 0) $finish;
        else read_case();
        layer <= given;
        nest <= given_nest;
        host <= PLANS;
      end
      PLANS: host <= STARTS;  // a nest's depths are found
      STARTS: begin
        reset <= 0;
        host <= RUNS;
      end
      default: begin
        if (done) begin
          report();
          cases--;
          reset <= 1;
          host <= SETS;
        end else watch();
      end
    endcase
  end

  task automatic watch();
    if (waits_for_dram) dram_stall_cycles++;
    else if (!enable) port_stall_cycles++;
    else if (!step) bubble_cycles++;
    else if (pass.index > 0) lsb_cycles++;
    else msb_cycles++;
    if (opens_pass && pass.index > 0 && pass.begins_sums) lsb_slots_issued += pass.issued;
    if (traced) trace();
    if (enable) begin
      for (int c = 0; c < COLUMNS; c++) begin
        if (stored[c]) outputs[stored_output[c]] = stored_sum[c];
        if (stored[c]) sums[stored_output[c] & (VALUES - 1)] <= stored_sum[c];
        if (gated[c]) mask[stored_output[c]] = gate[c];
      end
    end
    cycles++;
    if (cycles > LIMIT_CYCLES) $fatal(1, "not done after %0d cycles", LIMIT_CYCLES);
  endtask

  // A line a cycle for diagram.py: what enters, what leaves the first and the last column, masks.
  // The first two passes are MSB and LSB, further ones have their number.
  function automatic void trace();
    automatic string enters = !step ? "." : nth("ML34", pass.index);
    automatic string known = enable && schedules ? "^" : "_";
    if (!enable) enters = waits_for_dram ? "d" : "p";
    $display("cycle %s%s%s%s", enters, sum_of(0), sum_of(COLUMNS - 1), known);
  endfunction

  function automatic string sum_of(input int column);
    if (!enable || !accelerator.leaves[column]) return "_";
    return nth("ml34", accelerator.leaving[column].index);
  endfunction

  function automatic string nth(input string letters, input index_t index);
    return letters.substr(int'(index), int'(index));
  endfunction

  function automatic int next_integer(input int opened);
    /* verilator no_inline_task */
    automatic int found;
    if ($fscanf(opened, "%d", found) != 1) $fatal(1, "the case file ends early");
    return found;
  endfunction

  task automatic read_case();
    automatic int images, height, width, channels;
    read_layer();
    images = next_integer(file);
    height = next_integer(file);
    width = next_integer(file);
    read_activations(images, height, width);
    channels = given.groups * (LANES_ARE_CHANNELS ? given.lanes : given.slots);
    address = 0;
    for (int i = 0; i < channels * given.reduction; i++)  // weights: channel, tap, input channel
      write(!LANES_ARE_CHANNELS, next_integer(file));
    for (int i = 0; i < channels; i++) thresholds[i] = next_integer(file);
    if (given.nested) read_nest();
    else read_transfers();
    if (given.gates_inputs) read_pixels(images, given_nest.rows, given_nest.columns);
    for (int i = 0; i < VALUES; i++) begin
      outputs[i] = NEVER_STORED;
      mask[i] = 0;
    end
    cycles = 0;
    msb_cycles = 0;
    lsb_cycles = 0;
    bubble_cycles = 0;
    port_stall_cycles = 0;
    dram_stall_cycles = 0;
    lsb_slots_issued = 0;
  endtask

  task automatic read_transfers();
    for (int i = 0; i < tiles_of(given, COLUMNS); i++) begin
      accelerator.sequencer.order.turns.activation_bytes[i] = next_integer(file);
      accelerator.sequencer.order.turns.weight_bytes[i] = next_integer(file);
      accelerator.sequencer.order.turns.write_bytes[i] = next_integer(file);
      accelerator.sequencer.order.turns.demand_bytes[i] = next_integer(file);
      for (int p = 0; p < given.passes; p++)
        accelerator.output_moves.given_bits[i * MOST_PASSES + p] = next_integer(file);
    end
  endtask

  // The loops by number: order, sizes, blocks.
  task automatic read_nest();
    automatic int found[3*LOOPS+6];
    automatic int tiles;
    foreach (found[i]) found[i] = next_integer(file);
    for (int loop = 0; loop < LOOPS; loop++) begin
      given_nest.order[loop] = loop_t'(found[loop]);
      given_nest.sizes[loop] = found[LOOPS+loop];
      given_nest.blocks[loop] = found[2*LOOPS+loop];
    end
    given_nest.activation_buffer_bits = found[3*LOOPS];
    given_nest.weight_buffer_bits = found[3*LOOPS+1];
    given_nest.sum_buffer_bits = found[3*LOOPS+2];
    given_nest.burst_bytes = found[3*LOOPS+3];
    given_nest.output_bits = found[3*LOOPS+4];
    given_nest.later_step = found[3*LOOPS+5] != 0;
    tiles = next_integer(file);
    for (int i = 0; i < tiles; i++) accelerator.output_moves.opens_gates[i] = next_integer(file) != 0;
  endtask

  // Calls that set the fields of one struct are made in any order, so the integers go to
  // an array first.
  task automatic read_layer();
    automatic int found[18];
    foreach (found[i]) found[i] = next_integer(file);
    given.slots = found[0];
    given.lanes = found[1];
    given.groups = found[2];
    given.reduction = found[3];
    given.window = found[4];
    given.activation_bits = found[5];
    given.weight_bits = found[6];
    given.banks = found[7];
    given.port_bits = found[8];
    given.dram_bytes_per_cycle = found[9];
    given.all_ports = found[10] != 0;
    given.depth = found[11];
    given.taps = given.reduction / given.depth;
    given.lane_bits_per_cycle = found[12];
    given.output_bits_per_cycle = found[13];
    given.signed_activations = found[14] != 0;
    given.thresholds_by_slot = !LANES_ARE_CHANNELS;
    given.passes = found[15];
    given.nested = found[16] != 0;
    given.gates_inputs = found[17] != 0;
    given.sweeps = '0;
    for (int p = 0; p < given.passes; p++) given.sweeps[index_t'(p)] = next_sweep();
  endtask

  function automatic sweep_t next_sweep();
    automatic int found[5];
    foreach (found[i]) found[i] = next_integer(file);
    next_sweep.activation.low = found[0];
    next_sweep.activation.bits = found[1];
    next_sweep.weight.low = found[2];
    next_sweep.weight.bits = found[3];
    next_sweep.gated = found[4] != 0;
  endfunction

  // A convolution's activations (image, channel, row, column), as the operand vectors of its
  // positions: images one after the other, the reduction tap by tap, zero outside the image.
  task automatic read_activations(input int images, input int height, input int width);
    automatic side_t rows, columns;
    automatic int found[10];
    foreach (found[i]) found[i] = next_integer(file);
    rows = '{in: height, kernel: found[0], stride: found[2], padding: found[4], after: found[6], dilation: found[8]};
    columns = '{in: width, kernel: found[1], stride: found[3], padding: found[5], after: found[7], dilation: found[9]};
    given.out_rows = outputs_along(rows);
    given.out_columns = outputs_along(columns);
    given_nest.rows = rows;
    given_nest.columns = columns;
    place_activations(images, rows, columns);
  endtask

  task automatic place_activations(input int images, input side_t rows, input side_t columns);
    automatic int height = rows.in;
    automatic int width = columns.in;
    automatic int depth = given.depth;
    automatic int out_h = given.out_rows;
    automatic int out_w = given.out_columns;
    automatic int input_of[] = new[images * given.groups * depth * height * width];
    foreach (input_of[i]) input_of[i] = next_integer(file);
    address = 0;
    for (int group = 0; group < given.groups; group++)
      for (int position = 0; position < images * out_h * out_w; position++)
        for (int tap = 0; tap < rows.kernel * columns.kernel; tap++)
          for (int channel = 0; channel < depth; channel++) begin
            automatic int image = position / (out_h * out_w);
            automatic int y = position / out_w % out_h * rows.stride - rows.padding + tap / columns.kernel * rows.dilation;
            automatic int x = position % out_w * columns.stride - columns.padding + tap % columns.kernel * columns.dilation;
            automatic int plane = (image * given.groups + group) * depth + channel;
            write(LANES_ARE_CHANNELS, y < 0 || y >= height || x < 0 || x >= width ? 0
                : input_of[(plane * height + y) * width + x]);
          end
  endtask

  // The mask of a convolution's pixels (image, row, column), as that of the taps of its positions.
  task automatic read_pixels(input int images, input side_t rows, input side_t columns);
    automatic int height = rows.in;
    automatic int width = columns.in;
    automatic int out_h = given.out_rows;
    automatic int out_w = given.out_columns;
    automatic bit mask_of[] = new[images * height * width];
    automatic int at = 0;
    foreach (mask_of[i]) mask_of[i] = next_integer(file) != 0;
    for (int position = 0; position < images * out_h * out_w; position++)
      for (int tap = 0; tap < rows.kernel * columns.kernel; tap++) begin
        automatic int image = position / (out_h * out_w);
        automatic int y = position / out_w % out_h * rows.stride - rows.padding + tap / columns.kernel * rows.dilation;
        automatic int x = position % out_w * columns.stride - columns.padding + tap % columns.kernel * columns.dilation;
        automatic bit is_there = y >= 0 && y < height && x >= 0 && x < width;
        automatic bit is_one = is_there ? mask_of[(image * height + y) * width + x] : 0;
        accelerator.pixels.important[16'(at)] = is_one;
        accelerator.slot_feed.pixels.important[16'(at)] = is_one;
        accelerator.sequencer.order.pixels.important[16'(at)] = is_one;
        at++;
      end
    accelerator.pixels.schedule(given);
    accelerator.slot_feed.pixels.schedule(given);
    accelerator.sequencer.order.pixels.schedule(given);
  endtask

  function automatic int outputs_along(input side_t side);
    return (side.in + side.padding + side.after - side.dilation * (side.kernel - 1) - 1) / side.stride + 1;
  endfunction

  task automatic write(input bit to_slots, input int element);
    if (to_slots) accelerator.slot_feed.memory.elements[address[15:0]] = element;
    else accelerator.lane_feed.memory.elements[address[15:0]] = element;
    address++;
  endtask

  task automatic report();
    automatic int count = layer.groups * layer.slots * layer.lanes;
    $display("%0d %0d %0d %0d %0d %0d %0d %0d %0d %0d %0d", msb_cycles, lsb_cycles, bubble_cycles, port_stall_cycles, dram_stall_cycles,
             lsb_slots_issued, moved.activations, moved.weights, moved.sums, moved.written, count);
    for (int i = 0; i < count; i++) $display("%0d %0d", outputs[i], mask[i]);
  endtask
endmodule
