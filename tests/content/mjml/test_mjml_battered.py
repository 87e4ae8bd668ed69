"""Sources that nobody would write: refused with a line, quickly, and never by another error than Broken."""

from __future__ import annotations

import os
import random
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.content import mjml
from tests.content.mjml import documents

LONG = bool(os.environ.get("LONG"))
OPEN = "<mjml><mj-body><mj-section><mj-column>"
BATTERED = {
    "two megabytes": "<mjml>" + "x" * 2_000_000,
    "two megabytes of text": OPEN
    + "<mj-text>"
    + "é" * 400_000
    + "</mj-text></mj-column></mj-section></mj-body></mjml>",
    "deep": "<mj-section>" * 10_000,
    "deep and closed": "<mjml>" + "<mj-wrapper>" * 10_000 + "</mj-wrapper>" * 10_000 + "</mjml>",
    "wide": f"{OPEN}{'<mj-spacer />' * 30_000}</mj-column></mj-section></mj-body></mjml>",
    "never closed": OPEN * 20,
    "braces": "{{" * 100_000,
    "quotes": OPEN + '<mj-text alt="' * 20_000,
    "attributes": OPEN + "<mj-text " + "".join(f'a{n}="b" ' for n in range(20_000)),
    "a string never closed": OPEN + "<mj-text>{{ '" + "\\'" * 100_000,
    "tags of HTML": OPEN + "<mj-text>" + "<a " * 100_000 + "</mj-text>",
    "unknown": "<mjml>" + "<mj-unknown/>" * 4_000 + "</mjml>",
    "NUL": "\x00" * 10,
    "half a character": OPEN + "\ud800",
    "garbage": random.Random(7).randbytes(20_000).decode("latin-1"),
    "comments": "<!--" * 50_000,
}


@pytest.mark.parametrize("what", BATTERED)
def test_a_battered_source_is_refused_at_once(what: str) -> None:
    start = time.process_time()
    with pytest.raises(mjml.Broken) as broken:
        mjml.compile(BATTERED[what])
    assert time.process_time() - start < 2
    assert all(str(problem).startswith("line ") for problem in broken.value.problems)
    assert 1 <= len(broken.value.problems) <= 50


SNIPPETS = (
    *("<", ">", "</", "/>", '"', "'", "&", "&quot;", "{{", "}}", "{%", "%}", "{#", "#}", "<!--", "-->", "\x00", "\n"),
    *("<mj-text>", "</mj-text>", "<mj-section>", "</mj-column>", "<mj-raw>", "<mj-group>", "<mj-hero>", "<table>"),
    *(
        "{% for a in b %}",
        "{% endfor %}",
        "{{ a }}",
        "{% if x %}",
        "{% endif %}",
        "px",
        "%",
        "auto",
        "0",
        "-1",
        "9" * 9,
    ),
    *(' width="0px"', ' width="99999px"', ' padding="1px 2px 3px"', ' mj-class="x"', "=", "<mj-carousel>", "{#a{b:c}"),
    *("<mj-style inline='inline'>a{", "<mj-selector path='*'>", "@import", "url(", "\ue000", "jx0x0z", "<![endif]-->"),
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A document of the suite with pieces cut out, doubled, or put in."""
    source = documents.sources()[draw(st.sampled_from(sorted(documents.sources())))]
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(source)))
        end = min(len(source), start + draw(st.integers(0, 30)))
        put = draw(st.sampled_from(("", source[start:end] * 2, *SNIPPETS)))
        source = source[:start] + put + source[end:]
    return source


@settings(max_examples=2_000 if LONG else 50, suppress_health_check=[HealthCheck.too_slow], database=None)
@given(mutated())
def test_a_mutated_document_is_compiled_or_refused_and_nothing_else(source: str) -> None:
    start = time.process_time()
    problems, made = _tried(source)
    assert all(str(problem).startswith("line ") for problem in problems)
    assert "jx0x" not in made or "jx0x" in source
    assert time.process_time() - start < 2


def _tried(source: str) -> tuple[list[mjml.Problem], str]:
    try:
        return [], mjml.compile(source).html
    except mjml.Broken as broken:
        return broken.problems, ""
