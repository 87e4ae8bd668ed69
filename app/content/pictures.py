"""Pictures as they come in: what they are is read from their bytes, never from their name; what is kept is drawn anew.

They are drawn by another process (drawing.py), within its limits: whatever a picture does to it, this one lives on.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LARGEST = 10 * 1024 * 1024
SECONDS = 20
MODULE = ("-m", "app.content.drawing")
AT_ONCE = threading.BoundedSemaphore(2)  # each may take 1 GB
TOO_HARD = "This picture takes too much memory or time to read. Make it smaller first."
DAMAGED = "The picture is damaged and cannot be read."


class NoPicture(ValueError):
    """The sentence says why it is not taken."""


@dataclass(frozen=True)
class Picture:
    content: bytes
    mime: str
    width: int
    height: int

    @property
    def content_hash(self) -> str:
        return hashlib.blake2b(self.content, digest_size=16).hexdigest()


def read(content: bytes, *, as_poster: bool = False) -> Picture:
    """A poster gets the mark that says: this is a video."""
    if not content:
        raise NoPicture("The file is empty.")
    if len(content) > LARGEST:
        raise NoPicture(f"A picture has at most {LARGEST // 1024 // 1024} MB.")
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        raise NoPicture("SVG and HTML are not taken: mail programs do not show them, and they may hold scripts.")
    with AT_ONCE:
        head, _, drawn = _drawn(content, "poster" if as_poster else "picture").partition(b"\n")
    return _picture(head.decode("utf-8", "replace").split("\t"), drawn)


def _drawn(content: bytes, what: str) -> bytes:
    command = [sys.executable, *MODULE, what, str(SECONDS)]
    known = {"PATH": os.environ.get("PATH", "")}  # and none of our secrets
    try:
        done = subprocess.run(  # noqa: S603 — our own module
            command, input=content, capture_output=True, cwd=ROOT, env=known, timeout=SECONDS + 5, check=False
        )
    except subprocess.TimeoutExpired:
        raise NoPicture(TOO_HARD) from None
    if done.returncode != 0:
        raise NoPicture(TOO_HARD)
    return done.stdout


def _picture(head: list[str], drawn: bytes) -> Picture:
    if head[0] == "refused":
        raise NoPicture(head[1])
    if head[0] != "drawn":
        raise NoPicture(DAMAGED)
    return Picture(drawn, head[1], int(head[2]), int(head[3]))
