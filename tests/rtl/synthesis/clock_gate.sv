// SkyWater's clock gate, a cell of the library: a latch and an AND. Synthesis leaves it as it is.
(* blackbox *)
module sky130_fd_sc_hd__dlclkp_1 (
    input  logic CLK,
    input  logic GATE,
    output logic GCLK
);
endmodule
