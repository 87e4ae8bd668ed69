"""`python -m app.emulator LEDGER [PORT]`: without the product around it, for what kills it and starts it again."""

from __future__ import annotations

import sys

from app.emulator.server import Emulator

if __name__ == "__main__":
    emulator = Emulator(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    sys.stdout.write(f"{emulator.url}\n")
    sys.stdout.flush()
    emulator.serve_forever()
