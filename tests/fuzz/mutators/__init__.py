"""What spoils a valid file: its bytes, its tree of keys and values, its tensors, its cells."""
