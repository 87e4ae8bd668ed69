"""Finds a Chromium for the browser tests: the one named, Debian's, one on PATH, playwright's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from app.embedded.trouble import Trouble

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


def find() -> str:
    for look in (_named, _on_path, _from_apt, _of_playwright):
        if path := look():
            return path
    raise Trouble("The browser tests need Chromium: install it (Debian: apt install chromium) and run again.")


def _named() -> str | None:
    return os.environ.get("CHROMIUM")


def _on_path() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None) or shutil.which(MAC)


def _from_apt() -> str | None:
    if os.getuid() != 0 or not shutil.which("apt-get"):
        return None
    print("Installing Debian's chromium …", file=sys.stderr)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    options = ["-qq", "-y", "-o", "Dpkg::Use-Pty=0"]
    _quietly(["apt-get", "update", *options], environment)
    _quietly(["apt-get", "install", "--no-install-recommends", *options, "chromium"], environment)
    return _on_path()


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
