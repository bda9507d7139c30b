// The operands that feed the slots: of each array row, and for each stream of its issue slot, the
// elements that the present step takes of the operand vector. Short folds and short steps come first
// (M21), so numbers are counted back from the end, and what would be before the beginning is zero.
module slot_feed
  import types::*;
#(
    parameter int ROWS = 4,
    parameter int COLUMNS = 4,
    parameter bit FUSION = 1,
    parameter int ACTIVATION_SLICE = 8,
    parameter int WEIGHT_SLICE = 8,
    parameter bit STATIONARY = 0,
    parameter bit ROWS_ARE_ACTIVATIONS = 1,
    parameter int WINDOW = 64,
    parameter int STREAMS = 1,
    parameter int ROW_WIRES = 32,
    parameter int SELECT_BITS = 1,
    parameter int TERMS = 1,
    parameter bit ISSUES_ALL = 0,
    parameter int ADDRESS_BITS = $clog2(WINDOW)
) (
    input logic clk,
    input layer_t layer,
    input pass_t pass,
    input int accesses,
    input logic [STREAMS-1:0][ADDRESS_BITS-1:0] stream_slot[2*WINDOW],
    input logic [WINDOW-1:0][STREAMS-1:0] stream_used[2],
    input logic [COLUMNS*SELECT_BITS-1:0] lane_stream[2*WINDOW],
    output logic [STREAMS*ROW_WIRES-1:0] row_streams[ROWS],
    output logic [COLUMNS*SELECT_BITS-1:0] row_selects[ROWS],
    output int issue,  // of row 0
    output int step_bits,  // of the buffer that this step uses
    output int bank_words[MOST_BANKS],  // of each bank that it uses for the first time in its fold
    output longint vectors_bits  // and the whole pass
);
  operand_memory memory (.clk, .banks(layer.banks), .accesses);

  pixel_schedule #(
      .ROWS(ROWS), .FUSION(FUSION), .TERMS(TERMS), .ACTIVATION_SLICE(ACTIVATION_SLICE), .WEIGHT_SLICE(WEIGHT_SLICE),
      .STATIONARY(STATIONARY), .ISSUES_ALL(ISSUES_ALL)
  ) pixels (.layer);
  logic by_pixels;
  assign by_pixels = layer.gates_inputs && pass.sweep.gated;

  int bits, slice, slice_bits, width, first_element, elements;
  rate_t rate;
  assign rate = pass.rate;
  assign bits = ROWS_ARE_ACTIVATIONS ? pass.sweep.activation.bits : pass.sweep.weight.bits;
  assign slice_bits = ROWS_ARE_ACTIVATIONS ? ACTIVATION_SLICE : WEIGHT_SLICE;
  assign slice = ROWS_ARE_ACTIVATIONS ? pass.cycle % rate.activation_slices : pass.cycle / rate.activation_slices;
  assign width = FUSION ? 1 << (ROWS_ARE_ACTIVATIONS ? rate.activation_log2 : rate.weight_log2) : slice_bits;

  // Elements of the reduction from first_element on, of the whole array where rows hold them.
  int per_step, number, numbers;
  assign per_step = STATIONARY ? ROWS * rate.macs : rate.macs;
  assign number = STATIONARY ? pass.fold : pass.step;
  assign numbers = STATIONARY ? pass.folds : pass.steps;
  assign first_element = pass.reduction - (numbers - number) * per_step;
  assign elements = first_element < 0 ? per_step + first_element : per_step;

  assign vectors_bits = pass.read_elements * longint'(bits);
  assign issue = STATIONARY ? pass.step : pass.slots - (pass.folds - pass.fold) * ROWS;

  // Words that hold a vector's elements: up to one, or wholly before it. A fold that streams whole
  // vectors has the words of its steps before; one that holds a piece has none.
  int stretch, stretch_words, step_words;  // of a vector, elements that lie packed from a port word on
  assign stretch = ROWS_ARE_ACTIVATIONS ? pass.depth : pass.reduction;
  assign stretch_words = ceil_div(stretch * bits, layer.port_bits);
  function automatic int words_upto(input int element);
    if (element <= 0) return 0;
    return element / stretch * stretch_words + ceil_div(element % stretch * bits, layer.port_bits);
  endfunction
  function automatic int words_before(input int element);
    if (element <= 0) return 0;
    return element / stretch * stretch_words + element % stretch * bits / layer.port_bits;
  endfunction
  assign step_words = words_upto(first_element + per_step)
      - (STATIONARY ? words_before(first_element) : words_upto(first_element));

  always_comb begin
    step_bits = 0;
    for (int bank = 0; bank < MOST_BANKS; bank++) bank_words[bank] = 0;
    for (int row = 0; row < ROWS; row++) begin
      automatic int own = STATIONARY ? issue : issue + row;
      automatic int first = STATIONARY ? first_element + row * rate.macs : first_element;
      automatic logic [ADDRESS_BITS-1:0] place = ADDRESS_BITS'(pass.at.base + own);
      automatic logic [ADDRESS_BITS:0] entry = {pass.at.half, place};
      row_streams[row] = '0;
      row_selects[row] = pass.sweep.gated && !by_pixels ? lane_stream[entry] : '0;
      for (int stream = 0; stream < STREAMS; stream++) begin
        automatic bit used = own >= 0 && (by_pixels ? stream == 0 : (stream == 0 || pass.sweep.gated)
            && (!pass.sweep.gated || stream_used[pass.at.half][place][stream]));
        automatic int slot = by_pixels ? pixels.slot_at(pass.index, pass.fold, pass.at.slot_box.first, own)
            : pass.sweep.gated ? int'(stream_slot[entry][stream]) : own;
        automatic int vector = (pass.at.group * layer.slots + item_of(pass.at.slot_box, layer.out_rows, layer.out_columns, slot)) * layer.reduction;
        if (used && (!STATIONARY || row == 0)) begin
          step_bits += elements * bits;
          bank_words[slot % layer.banks] += step_words;
        end
        if (used)
          for (int m = 0; m < rate.macs; m++)
            if (first + m >= 0 && (!by_pixels
                || pixels.is_important(pass.at.slot_box.first + slot, (first + m) / pass.depth)))
              row_streams[row] |= (STREAMS*ROW_WIRES)'(slice_of(operand(vector + element_of(first + m, pass.depth, pass.first_channel, layer.depth)), slice, slice_bits, width))
                  << (stream * ROW_WIRES + m * width);
      end
    end
  end

  function automatic int operand(input int at);
    automatic int whole = memory.element(at);
    if (!ROWS_ARE_ACTIVATIONS) return plane_of(whole, pass.sweep.weight, layer.weight_bits);
    return plane_of(whole, pass.sweep.activation, layer.activation_bits);
  endfunction
endmodule
