"""What bin/dev refuses before it starts anything, each with one sentence."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.faults
ROOT = Path(__file__).parents[2]
HOLD = "from pathlib import Path; import app.embedded.dev as dev; dev.HOME = Path({home!r}); dev.main()"


def start(home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", HOLD.format(home=str(home))],
        check=False,
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_busy_port_is_refused(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused = start(tmp_path / "var", PORT=str(taken.getsockname()[1]))
    assert (refused.returncode, len(refused.stderr.splitlines())) == (1, 1)
    assert "is busy" in refused.stderr
    assert not (tmp_path / "var" / "embedded.json").exists()


@pytest.mark.parametrize("port", ["eight", "0", "65536", "-1", "８０００"])
def test_a_wrong_port_is_refused(tmp_path: Path, port: str) -> None:
    refused = start(tmp_path / "var", PORT=port)
    assert (refused.returncode, len(refused.stderr.splitlines())) == (1, 1)
    assert "PORT must be a number" in refused.stderr


def test_a_second_start_in_one_clone_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "var"
    home.mkdir()
    with (home / "dev.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused = start(home, PORT="18999")
    assert (refused.returncode, len(refused.stderr.splitlines())) == (1, 1)
    assert "running already" in refused.stderr
