"""Before it goes out: what a careful colleague would look at, each point with its tone and a word on why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

GMAIL_CUTS = 102 * 1024
LONG_SUBJECT = 60
LINK_SCHEMES = ("http://", "https://", "mailto:", "tel:", "{{")


@dataclass(frozen=True)
class Check:
    tone: str  # good, warn, bad
    said: str
    why: str = ""


def checks(
    subject: str, html: str, text: str, unguarded: Sequence[str] = (), *, has_address: bool = True
) -> list[Check]:
    """Of a mail as it was compiled; `unguarded` are the fields that a person may lack and that have no default."""
    seen = _Seen()
    seen.feed(html)
    return [
        _unsubscribe(html),
        _weight(html),
        _address(html, has_address),
        _links(seen.links),
        _text_version(text),
        _alts(seen.images, seen.without_alt),
        _subject(subject),
        _fields(unguarded),
    ]


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.images = self.without_alt = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "a":
            self.links.append((said.get("href") or "").strip())
        if tag == "img":
            self.images += 1
            self.without_alt += not (said.get("alt") or "").strip()


def _unsubscribe(html: str) -> Check:
    if re.search(r"urls\.(unsubscribe|preferences)", html):
        return Check("good", "Unsubscribe link and header", "one click, RFC 8058")
    return Check("warn", "No unsubscribe link", "one is added below the mail when it is published")


def _address(html: str, has_address: bool) -> Check:
    if not has_address:
        return Check("warn", "No postal address", "write it once in Settings → Brand: most countries ask for it")
    if "brand.postal_address" in html:
        return Check("good", "Postal address", "from Settings → Brand")
    return Check("warn", "No postal address", "a footer with it is added when it is published")


def _weight(html: str) -> Check:
    size = len(html.encode())
    said = f"{size / 1024:.0f} KB"
    if size > GMAIL_CUTS:
        return Check("bad", said, "Gmail cuts at 102 KB: the end, with its unsubscribe link, would be hidden")
    return Check("warn" if size > GMAIL_CUTS * 0.9 else "good", said, "Gmail cuts at 102 KB")


def _links(links: Sequence[str]) -> Check:
    problems = list(_link_problems(links))
    if problems:
        return Check("warn", f"{len(links)} links", "; ".join(problems))
    return Check(
        "good", f"{len(links)} link" + ("" if len(links) == 1 else "s"), "all lead somewhere, none is insecure"
    )


def _link_problems(links: Sequence[str]) -> Iterator[str]:
    if empty := sum(link in ("", "#") for link in links):
        yield f"{empty} lead nowhere"
    if insecure := sum(link.startswith("http://") for link in links):
        yield f"{insecure} without https"
    if strange := sum(bool(link) and link != "#" and not link.lower().startswith(LINK_SCHEMES) for link in links):
        yield f"{strange} of a kind that mail programs refuse"


def _text_version(text: str) -> Check:
    words = len(text.split())
    if words < 5:
        return Check("warn", "Almost no text version", "who reads mail as text sees nothing")
    return Check("good", "Text version", f"made from the mail, {words:,} words")


def _alts(images: int, without: int) -> Check:
    if without:
        return Check("warn", "Alt texts", f"{without} of {images} missing: who blocks images sees nothing there")
    return Check("good", "Alt texts", f"all {images} images" if images else "no images")


def _subject(subject: str) -> Check:
    plain = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", subject).strip()
    if not subject.strip():
        return Check("bad", "No subject", "a mail without one looks like spam")
    if len(plain) > LONG_SUBJECT:
        return Check("warn", "Long subject", f"{len(plain)} characters; phones show about 40, most programs 60")
    return Check("good", "Subject", f"{len(plain)} characters")


def _fields(unguarded: Sequence[str]) -> Check:
    if unguarded:
        return Check("warn", "Fields without a default", ", ".join(sorted(set(unguarded))))
    return Check("good", "Fields", "each has a default, or is known of everybody")
