"""The supervisor over tiny children: what is killed comes back, what should end ends, all of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from waiting import until

pytestmark = pytest.mark.faults
PROGRAM = Path(__file__).with_name("children.py")
NAMES = ("lonely", "parent", "grandchild")


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (tmp_path / "output").open("wb") as output:
        process = subprocess.Popen([sys.executable, PROGRAM, tmp_path], stdout=output, stderr=output)
    until(lambda: all(pid(tmp_path, name) for name in NAMES))
    yield process
    process.terminate()
    process.wait(60)


def test_sigterm_ends_every_child_and_grandchild(supervisor: subprocess.Popen[bytes], tmp_path: Path) -> None:
    pids = [pid(tmp_path, name) for name in NAMES]
    supervisor.terminate()
    assert supervisor.wait(60) == 0
    assert not any(is_alive(each) for each in pids)


def test_a_killed_supervisor_leaves_nobody_behind(supervisor: subprocess.Popen[bytes], tmp_path: Path) -> None:
    pids = [pid(tmp_path, name) for name in NAMES]
    supervisor.kill()
    until(lambda: not any(is_alive(each) for each in pids))


def test_a_killed_child_comes_back(supervisor: subprocess.Popen[bytes], tmp_path: Path) -> None:
    before = pid(tmp_path, "lonely")
    os.kill(before, signal.SIGKILL)
    until(lambda: pid(tmp_path, "lonely") != before)
    assert is_alive(pid(tmp_path, "lonely"))


def test_what_a_killed_child_started_ends_before_it_comes_back(
    supervisor: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    parent, grandchild = pid(tmp_path, "parent"), pid(tmp_path, "grandchild")
    os.kill(parent, signal.SIGKILL)
    until(lambda: pid(tmp_path, "parent") != parent)
    assert not is_alive(grandchild)


def test_a_killed_leash_leaves_no_second_child(supervisor: subprocess.Popen[bytes], tmp_path: Path) -> None:
    parent, grandchild = pid(tmp_path, "parent"), pid(tmp_path, "grandchild")
    os.kill(psutil.Process(parent).ppid(), signal.SIGKILL)
    until(lambda: pid(tmp_path, "parent") != parent)
    assert not is_alive(parent)
    assert not is_alive(grandchild)


def pid(folder: Path, name: str) -> int:
    path = folder / f"{name}.pid"
    return int(path.read_text()) if path.exists() else 0


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
