"""`bin/test`: every step even when one fails, a line each, and the count of tests as the last line."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from app.embedded import chromium
from app.embedded.servers import running
from app.embedded.trouble import sentences

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "var" / "test"
MIGRATIONS = "tests/migrations"
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Step:
    name: str
    command: Sequence[str]
    report: Path | None = None  # pytest's own count, and a sign to show its output as it comes

    def run(self) -> bool:
        begun = time.monotonic()
        done = subprocess.run(
            self.command,
            check=False,
            cwd=ROOT,
            stdout=None if self.report else subprocess.PIPE,
            stderr=None if self.report else subprocess.STDOUT,
        )
        is_good = done.returncode == 0
        if not is_good and done.stdout:
            print(done.stdout.decode(errors="replace").rstrip())
        print(
            f"{self.name:<12} {'ok' if is_good else 'FAILED':<7} {time.monotonic() - begun:6.1f} s",
            flush=True,
        )
        return is_good


@dataclass(frozen=True)
class Count:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self) -> str:
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


def main() -> int:
    arguments = _take_long(sys.argv[1:])
    with sentences():
        os.environ["CHROMIUM"] = chromium.find()
        HOME.mkdir(parents=True, exist_ok=True)
        steps = [*_lint(), *_tests(arguments)]
        for step in steps:
            if step.report:
                step.report.unlink(missing_ok=True)
        with running(HOME, durable=False):
            failed = [step.name for step, is_good in zip(steps, _run(steps), strict=True) if not is_good]
    counted = sum((_count(step.report) for step in steps if step.report), Count())
    print(f"Failed: {', '.join(failed)}" if failed else "Everything holds.")
    print(counted)
    return 1 if failed or counted.failed else 0


def _run(steps: list[Step]) -> list[bool]:
    """The last are the tests, and want the machine for themselves; of the others none keeps two processors busy."""
    *before, tests = steps
    with ThreadPoolExecutor(2) as side_by_side:
        return [*side_by_side.map(Step.run, before), tests.run()]


def _take_long(arguments: list[str]) -> list[str]:
    if "--long" in arguments:
        os.environ["LONG"] = "1"
    return [argument for argument in arguments if argument != "--long"]


def _lint() -> list[Step]:
    return [
        Step("lint", [_bin("ruff"), "check", "--quiet", "."]),
        Step("format", [_bin("ruff"), "format", "--check", "--quiet", "."]),
        Step("types", [_bin("mypy"), "app", "worker.py", "wsgi.py"]),
        Step("walls", [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]),
        Step("templates", [sys.executable, "-m", "djlint", "--quiet", "--lint", "app/templates"]),
    ]


def _tests(arguments: list[str]) -> list[Step]:
    """Migrations first and by themselves, unless somebody names the tests to run."""
    if any(not argument.startswith("-") for argument in arguments):
        return [_pytest("tests", arguments)]
    return [
        _pytest("migrations", ["-q", MIGRATIONS]),
        _pytest("tests", [f"--ignore={MIGRATIONS}", *arguments]),
    ]


def _pytest(name: str, arguments: list[str]) -> Step:
    """In three processes, file by file in the order of tests/conftest.py."""
    report = HOME / f"{name}.xml"
    spread = (
        ["-n", "3", "--dist", "loadfile", "--no-loadscope-reorder"] if name == "tests" and _is_spread(arguments) else []
    )
    return Step(name, [sys.executable, "-m", "pytest", f"--junit-xml={report}", *spread, *arguments], report)


def _is_spread(arguments: list[str]) -> bool:
    """One named test starts sooner in one process."""
    narrow = ("-n", "--numprocesses", "-k")
    return not any(argument.startswith(narrow) or "::" in argument for argument in arguments)


def _count(report: Path) -> Count:
    """No report means that pytest itself fell over: that is a failure, not silence."""
    if not report.exists():
        return Count(failed=1)
    suites = list(ElementTree.parse(report).getroot().iter("testsuite"))  # noqa: S314 — pytest's own file
    wrong, skipped = _sum(suites, "failures", "errors"), _sum(suites, "skipped")
    return Count(_sum(suites, "tests") - wrong - skipped, wrong, skipped)


def _sum(suites: Sequence[ElementTree.Element], *keys: str) -> int:
    return sum(int(suite.get(key, "0")) for suite in suites for key in keys)


def _bin(name: str) -> str:
    return str(BIN / name)


if __name__ == "__main__":
    sys.exit(main())
