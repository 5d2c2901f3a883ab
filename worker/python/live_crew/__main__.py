"""`python3 -m live_crew crew.py`: serves the crew in that file on standard input and output."""

import sys

from ._run import main

if __name__ == "__main__":
    sys.exit(main(sys.argv))
