"""The product as a process of its own on loopback, and a browser that is signed in to it."""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlencode

from bench.databases import EMAIL, PASSWORD, ROOT, Database, Unable

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class Browser:
    """One connection that is kept open, so that what is timed is the answer."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.cookie = ""

    def sign_in(self) -> None:
        page = self._ask("GET", "/sign-in")[1]
        token = TOKEN.search(page)
        form = {"email": EMAIL, "password": PASSWORD, "csrf_token": token[1] if token else ""}
        status = self._ask("POST", "/sign-in", urlencode(form))[0]
        if status not in {302, 303}:
            raise Unable(f"Signing in was answered {status}.")

    def time(self, path: str) -> float:
        """Seconds from the request's arrival in the application to its answer, as the answer itself says."""
        status, page, timing = self._ask("GET", path)
        if status != 200 or "</html>" not in page:
            raise Unable(f"{path} was answered {status}.")
        return float(timing.partition("dur=")[2]) / 1000

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, str, str]:
        headers = {"Cookie": self.cookie} if self.cookie else {}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            self.cookie = cookie.partition(";")[0]
        return answer.status, answer.read().decode(), answer.headers.get("Server-Timing", "")


@contextlib.contextmanager
def served(database: Database, workers: int = 1, app: str = "wsgi:app") -> Iterator[Browser]:
    port = _free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", str(workers), "--port", str(port)]
    command += ["--blocking-threads", "4"]  # as README says
    environment = {**database.environment, "BASE_URL": f"http://127.0.0.1:{port}"}
    process = subprocess.Popen(
        [*command, "--log-level", "error", app],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await(port, process)
        browser = Browser(port)
        browser.sign_in()
        yield browser
    finally:
        process.terminate()
        process.wait(20)


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(1_200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise Unable("The web server did not start.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
