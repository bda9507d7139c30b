"""Mutated files for every reader: each is refused by a sentence, or right and used.

    python tests/fuzz --count 100000

tries so many inputs a reader. An input follows from the reader, the seed and its index alone, so

    python tests/fuzz trace --seed 0 --only 4711

repeats one. `readers` has an object for each kind of file, `mutators` what spoils a valid one.
"""
