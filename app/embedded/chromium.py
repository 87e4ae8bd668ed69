"""Finds a Chromium for the browser tests: the one named, Debian's, one on PATH, playwright's.

Best the one without windows: the same pages cost a quarter less CPU in it (139 s against 182 s).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from app.embedded.trouble import Trouble

SHELL = "chromium-headless-shell"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


def find() -> str:
    for look in (_named, _shell, _on_path, _of_playwright):
        if path := look():
            return path
    raise Trouble("The browser tests need Chromium: install it (Debian: apt install chromium) and run again.")


def _named() -> str | None:
    return os.environ.get("CHROMIUM")


def _shell() -> str | None:
    return shutil.which(SHELL) or (shutil.which(SHELL) if _from_apt() else None)


def _on_path() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None) or shutil.which(MAC)


def _from_apt() -> bool:
    """Debian's. Where the shell cannot come, for it would take something away or is not known, Chromium may."""
    if os.getuid() != 0 or not shutil.which("apt-get"):
        return False
    print("Installing Debian's chromium …", file=sys.stderr)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    options = ["-qq", "-y", "-o", "Dpkg::Use-Pty=0", "-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=10"]
    install = ["apt-get", "install", "--no-install-recommends", "--no-remove", *options]
    _quietly(["apt-get", "update", *options], environment)
    if _quietly([*install, SHELL], environment):
        return True
    return not _on_path() and _quietly([*install, "chromium"], environment)


def _of_playwright() -> str | None:
    if not _quietly([sys.executable, "-m", "playwright", "install", "chromium"], dict(os.environ)):
        return None
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return shutil.which(playwright.chromium.executable_path)


def _quietly(command: list[str], environment: dict[str, str]) -> bool:
    quiet = subprocess.DEVNULL
    done = subprocess.run(command, env=environment, check=False, stdin=quiet, stdout=quiet, stderr=quiet)
    return done.returncode == 0
