"""A pool of processes for studies; it imports nothing more, so that its processes start at once."""
