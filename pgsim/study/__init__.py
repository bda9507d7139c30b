"""Studies: a trace on a design, designs beside each other, where a saving goes, sweeps."""
