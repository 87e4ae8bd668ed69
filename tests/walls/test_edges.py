"""Walls that no linter knows: who commits, what a file may be called, what a page may contain."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
APP = ROOT / "app"
# The pump is the clock's door: it claims, commits, does and commits again, so that jobs need not.
# Access is the part that all doors share.
EDGES = ("blueprints/", "cli/", "pump.py", "access.py")
SOURCES = sorted(APP.rglob("*.py"))
PAGES = sorted((APP / "templates").rglob("*.html"))
SCRIPTS = sorted((APP / "static/js").rglob("*.js"))
KINDS = {"utils", "util", "helpers", "helper", "common", "core", "services", "service", "managers", "manager", "misc"}


def named(path: Path) -> str:
    return str(path.relative_to(APP))


def is_edge(path: Path) -> bool:
    return named(path).startswith(EDGES) or path.name == "jobs.py"


def calls(path: Path, name: str) -> list[int]:
    tree = ast.parse(path.read_text())
    found = (n for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute))
    return [call.lineno for call in found if call.func.attr == name]


def test_only_the_edges_commit():
    inside = {named(path): calls(path, "commit") for path in SOURCES if not is_edge(path)}
    assert {name: lines for name, lines in inside.items() if lines} == {}


def test_no_file_is_named_for_a_kind():
    assert [named(path) for path in SOURCES if path.stem in KINDS or path.parent.name in KINDS] == []


def test_no_room_is_larger_than_two_ideas():
    long = {named(path): len(path.read_text().splitlines()) for path in SOURCES}
    assert {name: lines for name, lines in long.items() if lines > 350} == {}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_no_page_holds_inline_script_or_style(page):
    text = page.read_text()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))


def test_every_icon_in_use_is_in_the_list_and_no_other():
    known = {line for line in (APP / "static/icons.txt").read_text().split("\n") if line}
    text = "\n".join(path.read_text() for path in [*SOURCES, *PAGES, *SCRIPTS])
    quoted = set(re.findall(r"[\"']([a-z0-9-]+)[\"']", text))
    used = set(re.findall(r"icon\(\s*\"([a-z0-9-]+)\"", text)) | set(re.findall(r"\bi-([a-z0-9-]+)\"", text))
    assert used - known == set()
    assert known - quoted == set(), "these icons are drawn for nobody"


def test_every_behaviour_that_a_page_loads_exists():
    text = (APP / "templates/document.html").read_text()
    names = re.search(r"for behaviour in \(([^)]*)\)", text)
    assert names
    own = {name for page in PAGES for name in re.findall(r"static\('js/([a-z-]+)\.js'\)", page.read_text())}
    wanted = set(re.findall(r'"([a-z-]+)"', names[1])) | own
    of_the_shop = {"track"}  # served at /track.js
    assert wanted | of_the_shop == {path.stem for path in (APP / "static/js").glob("*.js")}
