"""The documents of the suite, and what npm's mjml makes of them: asked once, by one process."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path

from app.embedded import provision

HERE = Path(__file__).parent
FOLDER = HERE / "documents"


@cache
def sources() -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(FOLDER.glob("*.mjml"))}


@cache
def by_npm() -> dict[str, str]:
    command = [provision.node(), str(HERE / "oracle.mjs"), str(FOLDER)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    rendered: dict[str, str] = json.loads(done.stdout)
    return rendered
