"""`bin/bench …`: the benchmarks, on servers of their own that are set like the real ones."""

import sys

from app.embedded.become import ROOT, become

if __name__ == "__main__":
    become(ROOT / "var" / "bench", "-m", "bench", *sys.argv[1:])
