"""The commands of the application as children: what bin/dev runs once its servers are up."""

from __future__ import annotations

import http.client
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from app.embedded import keys
from app.embedded.leash import Leash
from app.embedded.servers import Servers, environment
from app.embedded.supervisor import Child

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Application:
    servers: Servers
    port: int
    email: str = "admin@campus.example"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def migration(self) -> Child:
        return self._flask("migrate", "db", "upgrade")

    def first_user(self) -> Child:
        command = ("users", "ensure-first", "--password-stdin", "--email", self.email)
        return self._flask("users", *command, says=keys.sign_in_password(self.servers.home) + "\n")

    def demo(self) -> Child:
        return self._flask("demo", "demo", "--small")

    def web(self) -> Child:
        options = ["--host", "127.0.0.1", "--port", str(self.port), "--workers", "2", "--no-ws"]
        options += ["--blocking-threads", "4", "--backpressure", "64"]  # the rest wait in the socket
        options += ["--respawn-failed-workers", "--workers-kill-timeout", "5"]
        command = ["-m", "granian", "--interface", "wsgi", *options, "wsgi:app"]
        return Child(self._leash("web", command), self._answers, self._forget_metrics)

    def worker(self) -> Child:
        return Child(self._leash("worker", ["worker.py"], patience=30.0))

    def _flask(self, name: str, *arguments: str, says: str | None = None) -> Child:
        return Child(self._leash(name, ["-m", "flask", "--app", "wsgi", *arguments]), says=says)

    def _leash(self, name: str, arguments: list[str], patience: float = 10.0) -> Leash:
        return Leash(
            name=name,
            folder=self.servers.home / "run",
            command=[sys.executable, *arguments],
            cwd=ROOT,
            env=self._environment(),
            patience=patience,
        )

    def _environment(self) -> dict[str, str]:
        own = {"LOG_FORMAT": "plain", "DEMO_SHOP": "1", "PROMETHEUS_MULTIPROC_DIR": str(self._metrics)}
        return own | dict(os.environ) | environment(self.servers) | {"PORT": str(self.port), "PYTHONUNBUFFERED": "1"}

    @property
    def _metrics(self) -> Path:
        return self.servers.home / "metrics"

    def _forget_metrics(self) -> None:
        """Files of processes that are gone would count for ever."""
        shutil.rmtree(self._metrics, ignore_errors=True)
        self._metrics.mkdir(parents=True)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
