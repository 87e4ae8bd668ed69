"""A mail of 40 KB with 28 links and 10 fields for one person, beside bare Jinja2 (autoescape) of the same sources.

Where MJML's own engine is installed, compiling a document is measured beside it, each in a warm process.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from jinja2 import Environment

from bench.table import Table

TITLE = "Rendering: 40 KB, 28 links, 10 fields, one person after another"
COLUMNS = ("what", "µs", "ratio")
ROUNDS, EACH = 15, 200
HREF = re.compile(r'href="[^"]*"')
ROOT = Path(__file__).resolve().parents[1]
FIELDS = (
    "customer.first_name",
    "customer.last_name",
    "customer.email",
    "customer.attributes.course",
    "customer.attributes.city",
    "facts.product.name",
    "facts.discount_code",
    "brand.name",
    "brand.postal_address",
    "customer.attributes.score",
)
KNOWN: dict[str, Any] = {
    "customer": {
        "first_name": "Anna",
        "last_name": "O’Neill & Sons",
        "email": "anna@example.com",
        "attributes": {"course": "Sound for Film", "city": "Köln", "score": 720},
    },
    "facts": {
        "product": {"name": "Data <Foundations>", "url": "https://www.campus.example/courses/data?a=1&b=2"},
        "discount_code": "WELCOME10",
    },
    "brand": {"name": "Campus", "postal_address": "1 Example Street, Berlin", "website": "https://www.campus.example"},
    "urls": {name: f"https://go.campus.example/{name}?token=abc" for name in ("unsubscribe", "preferences", "view")},
    "recommendations": [],
}
MOVING = ("{{ urls.unsubscribe }}", "{{ urls.preferences }}", "{{ urls.view }}", "{{ facts.product.url }}")
ROW = (
    '<tr><td align="left" style="font-size:0px;padding:10px 24px;word-break:break-word;">'
    '<div style="font-family:Helvetica,Arial,sans-serif;font-size:16px;line-height:1.55;color:#1c1d1f;">{}</div>'
    "</td></tr>\n"
)
WORDS = "A plain sentence about the course, its teachers and the days on which it is given. "


def run() -> Table:
    from app.content.rendering import Frozen, compiled

    html = source()
    frozen = Frozen("{{ customer.first_name }}, your course", "It begins in {{ customer.attributes.city }}", html, "")
    mail = compiled(frozen)
    led = compiled(frozen, {link.place: f"https://go.example/c/{link.place}" for link in mail.found.links})
    bare = Environment(autoescape=True).from_string(html)
    plain = Environment().from_string(frozen.subject), Environment().from_string(frozen.preheader)

    def theirs() -> object:
        return [one.render(KNOWN) for one in (bare, *plain)]

    def replaced() -> object:
        html = HREF.sub(lambda found: f'href="https://go.example/c/{len(found[0])}"', bare.render(KNOWN))
        return html, [one.render(KNOWN) for one in plain]

    taken = _alternating(
        {
            "bare Jinja2": theirs,
            "bare Jinja2, links replaced by a pattern": replaced,
            "rendered": lambda: mail.render(KNOWN),
            "rendered, links replaced": lambda: led.render(KNOWN, replace=lambda n, _: f"https://go.example/c/{n}"),
        }
    )
    table = Table(COLUMNS)
    reference = taken["bare Jinja2"]
    table.rows += [(what, f"{us:.0f}", f"{us / reference:.2f}") for what, us in taken.items()]
    table.rows += _compiling(html)
    return table


def source() -> str:
    """About 40 KB, as MJML makes it."""
    moving = list(MOVING)
    rows = []
    for number in range(28):
        target = moving.pop() if moving else f"https://www.campus.example/courses/{number}?from=mail&amp;place={number}"
        field = f"{{{{ {FIELDS[number]} }}}}" if number < len(FIELDS) else ""
        rows.append(ROW.format(f'{WORDS * 12}{field} <a href="{target}" style="color:#0c6478;">To the course</a>'))
    return f"<!doctype html><html><body><table>{''.join(rows)}</table></body></html>"


def _alternating(what: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Medians of rounds that take turns: a busy machine is busy for all of them."""
    taken: dict[str, list[float]] = {name: [] for name in what}
    for _ in range(ROUNDS):
        for name, render in what.items():
            began = time.perf_counter()
            for _ in range(EACH):
                render()
            taken[name].append((time.perf_counter() - began) / EACH * 1e6)
    return {name: median(some) for name, some in taken.items()}


NODE = """
import mjml from 'mjml'
import { readFileSync } from 'node:fs'
const source = readFileSync(0, 'utf8'), taken = []
for (let n = 0; n < 12; n++) {
  const began = performance.now()
  await mjml(source)
  taken.push(performance.now() - began)
}
console.log(JSON.stringify(taken.slice(2)))
"""


def _compiling(html: str) -> list[tuple[str, str, str]]:
    try:
        from app.content import mjml
    except ImportError:
        return []
    began = time.perf_counter()
    compile_bare(html)
    return _documents(mjml, time.perf_counter() - began)


def compile_bare(html: str) -> None:
    from app.content.rendering import Frozen, compiled

    compiled(Frozen("", "", html + " ", ""))


def _documents(mjml: Any, first: float) -> list[tuple[str, str, str]]:
    rows = [("a version made ready, once in a process", f"{first * 1e6:,.0f}", "")]
    document = _document()
    taken = []
    for _ in range(12):
        began = time.perf_counter()
        mjml.compile(document)
        taken.append(time.perf_counter() - began)
    ours = median(taken[2:]) * 1e6
    theirs = _npm(document)
    ratio = f"{ours / theirs:.2f}" if theirs else ""
    return [
        *rows,
        *([("a document compiled by npm's mjml", f"{theirs:,.0f}", "1.00")] if theirs else []),
        ("a document compiled", f"{ours:,.0f}", ratio),
    ]


def _document() -> str:
    section = (
        "<mj-section><mj-column><mj-text>{{ customer.first_name }} and some words</mj-text>"
        '<mj-image src="https://www.campus.example/a.png" alt="A"/>'
        '<mj-button href="https://www.campus.example/">Go</mj-button></mj-column></mj-section>'
    )
    return f"<mjml><mj-body>{section * 12}</mj-body></mjml>"


def _npm(document: str) -> float | None:
    try:
        done = subprocess.run(
            ["node", "--input-type=module", "-e", NODE],
            check=True,
            cwd=ROOT,
            input=document.encode(),
            capture_output=True,
            timeout=120,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return float(median(json.loads(done.stdout))) * 1e3
