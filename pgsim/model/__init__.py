"""What happens: a layer's passes on a design, as a ledger of integer counts.

job        what every rule asks about: a layer, its passes, a design, its tiles
room       what of a batch is held at once, and that it fits memory
blocks     images that are simulated together
work_store what simulations share, by what decides it
mask_work  what schedulers see of a mask, and issue for it; shared between designs
issue      what every pass issues in every tile
ports      when the array waits for the operand of its slots
passes     how long each pass holds the array
holding    what the buffers hold, and so what is fetched once
fetches    what comes from DRAM of each operand
bounds     counts that would not fit
traffic    what crosses the ports of buffers and of DRAM, a file a rule
gating     what steering takes
events     when passes and transfers begin and end, and what waits
ledger     the counts, declared by the modules that count them
layer      all of it, in this order
"""
