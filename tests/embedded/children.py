"""A supervisor over tiny children, as a process of its own that a test can kill: `children.py HOME`.

Each child writes its process id into HOME/NAME.pid; `parent` has a child of its own.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from app.embedded.console import Console
from app.embedded.leash import Leash
from app.embedded.supervisor import Child, Supervisor

SLEEP = """
import os, pathlib, time
pathlib.Path(r'{home}/{name}.new').write_text(str(os.getpid()))
os.replace(r'{home}/{name}.new', r'{home}/{name}.pid')
time.sleep(600)
"""
PARENT = (
    """
import subprocess, sys
subprocess.Popen([sys.executable, '-c', {child!r}])
"""
    + SLEEP
)


def children(home: Path) -> list[Child]:
    grandchild = SLEEP.format(home=home, name="grandchild")
    scripts = {
        "lonely": SLEEP.format(home=home, name="lonely"),
        "parent": PARENT.format(home=home, name="parent", child=grandchild),
    }
    return [Child(Leash(name, home, [sys.executable, "-c", script], patience=5.0)) for name, script in scripts.items()]


if __name__ == "__main__":
    supervisor = Supervisor(Console())
    supervisor.listen()
    try:
        for each in children(Path(sys.argv[1])):
            supervisor.start(each)
        supervisor.watch()
    finally:
        supervisor.stop()
