"""Source in, mail out. Pure: no file, no network, no clock, the same mail every time."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock

from mjml import mjml_to_html

from app.content.mjml import checking, cures, finishing, plain
from app.content.mjml.problem import Broken
from app.content.mjml.scan import Document, scan
from app.content.mjml.tokens import Tokens
from app.content.mjml.writing import Writing, gathered

_one_at_a_time = Lock()  # the package's list of components is global, and filled anew for each mail


@dataclass(frozen=True, slots=True)
class Compiled:
    html: str
    text: str


def compile(source: str) -> Compiled:
    document = scan(source)
    errors = [problem for problem in checking.problems(document) if problem.is_error]
    if errors:
        raise Broken(errors)
    try:
        return Compiled(_html(document), plain.text_of(document))
    except Exception as fault:
        body = document.part("mj-body") or document.root
        raise document.source.broken(body.at, f"this mail cannot be laid out ({type(fault).__name__})") from fault


def _html(document: Document) -> str:
    head, tokens = gathered(document), Tokens(document.source.text)
    writing = Writing(document, head, tokens)
    with _one_at_a_time:
        laid_out = mjml_to_html(writing.text(), custom_components=cures.COMPONENTS).html
    tokens.kept = [finishing.thin_content(kept) for kept in tokens.kept]
    html = tokens.restored(finishing.thin(finishing.keyed(laid_out)))
    for finish in (finishing.with_fonts, finishing.with_desktop_queries, finishing.with_attributes, finishing.inlined):
        html = finish(html, head)
    return writing.first() + html
