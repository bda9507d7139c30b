"""The array and its control in SystemVerilog, run on real operands and compared with pgsim."""
