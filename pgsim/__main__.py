"""`python -m pgsim`: the command line."""

from pgsim.cli import main

if __name__ == "__main__":
    main()
