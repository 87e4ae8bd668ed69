"""A real web server, a real browser, believable data: what people will see."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from app.accounts import users
from app.audit.actor import SYSTEM
from app.db import db
from tests.conftest import LONG, PASSWORD
from tests.content.test_starters import lay
from tests.emptying import clean

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "var" / "pictures"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
# What a page becomes on the way is looked at where most goes wrong; on all four screens in the long suite.
SCREENS = [(390, "dark")]
if LONG:
    SCREENS += [(1280, "light"), (1280, "dark"), (390, "light")]
OVERTAKEN = ("htmx:afterRequest", "htmx:sendAbort")
# A picture takes as long as the page itself: kept in the long suite, or where somebody wants to look.
ARE_KEPT = LONG or bool(os.environ.get("PICTURES"))
# Reported by the browser itself, so that a policy that only blocks is noticed too; and what is broken off unasked.
WATCH_POLICY = """
document.addEventListener('securitypolicyviolation', event =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`))
document.addEventListener('htmx:sendAbort', ({ target }) => {
  if (target.getAttribute('hx-sync') !== 'this:replace') console.error(`aborted: ${target.outerHTML.slice(0, 200)}`)
})
"""


def shoot(seen: Page | Locator, name: str, **how: Any) -> None:
    if ARE_KEPT:
        PICTURES.mkdir(parents=True, exist_ok=True)
        seen.screenshot(path=PICTURES / f"{name}.png", **how)


@pytest.fixture(scope="session")
def product(environment: dict[str, str], migrated: Flask) -> Iterator[str]:
    """The product with its small demo under a real server, whatever was in the database; the address to open."""
    with migrated.app_context():
        clean()
        lay()
    env = {**os.environ, **environment, "LOG_FORMAT": "json", "PYTHONUNBUFFERED": "1"}
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    env |= {"BASE_URL": address, "DEMO_SHOP": "1"}
    env |= {"TRACK_ORIGINS": "*", "TRACK_JWT_SECRET": "the-secret-of-the-shop-in-the-browser"}
    flask = [sys.executable, "-m", "flask", "--app", "wsgi"]
    subprocess.run([*flask, "demo", "--small", "--replace", "--yes"], cwd=ROOT, env=env, check=True, timeout=120)
    with migrated.app_context():
        for name, role in (("ada", "admin"), ("max", "marketer"), ("vic", "viewer")):
            users.create(users.name_from(f"{name}@browser.example"), f"{name}@browser.example", role, PASSWORD, SYSTEM)
        db.session.commit()
    serve = [
        Path(sys.executable).with_name("granian"),
        "--interface",
        "wsgi",
        "wsgi:app",
        "--no-ws",
        "--port",
        str(port),
    ]
    log = (ROOT / "var" / "test" / f"web-{port}.log").open("wb")
    server = subprocess.Popen(serve, cwd=ROOT, env=env, stdout=log, stderr=log)
    try:
        _await(f"{address}/health/ready")
        yield address
    finally:
        server.terminate()
        server.wait(20)


@dataclass
class Visitor:
    """Somebody at a screen of one size and theme; what the console said against us is kept."""

    context: BrowserContext
    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)
    known: dict[str, list[Any]] = field(default_factory=dict)

    def hear(self, said: str) -> None:
        """htmx says as loudly as of a fault that a newer question has overtaken one, where that is what we asked for.

        Of any other that was broken off the page complains in words of its own.
        """
        if not said.startswith(OVERTAKEN):
            self.complaints.append(said)

    def open(self, path: str) -> Page:
        self.page.goto(self.address + path, wait_until="load")
        return self.page

    def sign_in(self, name: str = "ada") -> None:
        """By the form the first time; later visits of the same person begin with the cookie that it left."""
        if name in self.known:
            self.context.add_cookies(self.known[name])
            return
        self.open("/sign-in")
        self.page.fill("[name=email]", f"{name}@browser.example")
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("form button.btn-primary")
        self.page.wait_for_url(self.address + "/")
        self.known[name] = self.context.cookies()


class Visits:
    def __init__(self, browser: Browser, address: str, known: dict[str, list[Any]]) -> None:
        self.browser, self.address, self.known = browser, address, known
        self.open: list[Visitor] = []

    def __call__(
        self, width: int = 1280, theme: str = "light", javascript: bool = True, touch: bool = False
    ) -> Visitor:
        size = {"width": width, "height": 844 if width < 600 else 860}
        context = self.browser.new_context(
            viewport=size, color_scheme=theme, java_script_enabled=javascript, reduced_motion="reduce", has_touch=touch
        )
        context.set_default_timeout(20_000)
        if javascript:
            context.add_init_script(WATCH_POLICY)
        visitor = Visitor(context, context.new_page(), self.address, known=self.known)
        visitor.page.on("console", lambda m: visitor.hear(m.text) if m.type == "error" else None)
        visitor.page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
        self.open.append(visitor)
        return visitor


@pytest.fixture(scope="session")
def known(product: str) -> dict[str, list[Any]]:
    """The cookies of whoever has signed in."""
    return {}


@pytest.fixture
def visit(chromium: Browser, product: str, known: dict[str, list[Any]]) -> Iterator[Visits]:
    visits = Visits(chromium, product, known)
    yield visits
    for visitor in visits.open:
        visitor.context.close()


def choose(page: Page, name: str, typed: str) -> None:
    """By keyboard alone, in a menu that is searched."""
    search(page, name)
    page.keyboard.type(typed)
    page.keyboard.press("Enter")
    expect(page.locator(f"#{name}")).not_to_have_value("")


def search(page: Page, name: str) -> None:
    """Opens the menu; what is typed next is searched for."""
    page.focus(f"#{name}-ts-control")
    page.keyboard.press("ArrowDown")
    expect(page.locator(f"#{name} + .ts-wrapper .dropdown-input")).to_be_focused()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(url: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return
