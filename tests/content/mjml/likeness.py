"""Two mails as trees that can be compared: elements, attributes and styles, those for Outlook too.

Space between elements, comments, the order of attributes and names drawn by lot say nothing.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
IMPLIED = {"tbody"}  # every browser thinks it there
TWICE = {"align": "text-align", "valign": "vertical-align", "bgcolor": "background-color"}
EMPTY = {"class", "style"}
LOT = re.compile(r"\b[0-9a-f]{16}\b")
CONDITION = re.compile(r"\[if [^\]]*\]>(.*)<!\[endif\]", re.DOTALL)


def lines(html: str) -> list[str]:
    """The tree, a line each: what difflib shows is then readable."""
    keys: dict[str, str] = {}
    html = LOT.sub(lambda lot: keys.setdefault(lot[0], f"lot{len(keys)}"), html)
    tree = _Tree()
    tree.feed(html)
    tree.close()
    return tree.lines


class _Tree(HTMLParser):
    def __init__(self, depth: int = 0) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._flush()
        if tag in IMPLIED:
            return
        said = sorted(f"{name}={_value(name, value)}" for name, value in attrs if not _says_nothing(name, value, attrs))
        self.lines.append(f"<{' '.join([tag, *said])}>")
        if tag == "style":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self._flush()
        if tag == "style" and self.open:
            self.open.pop()
        if tag not in VOID and tag not in IMPLIED:
            self.lines.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        if found := CONDITION.match(data):
            self._flush()
            self.lines.append("outlook {")
            inside = _Tree()
            inside.feed(found[1])
            inside.close()
            inside._flush()
            self.lines += [*inside.lines, "}"]
        elif data.startswith("[if"):
            self._flush()
            self.lines.append(data.strip())

    def close(self) -> None:
        super().close()
        self._flush()

    def _flush(self) -> None:
        text, self.text = self.text, ""
        if self.open:
            self.lines += _rules(text)
        elif text.strip():
            self.lines.append(" ".join(text.split()))


def _says_nothing(name: str, value: str | None, attrs: list[tuple[str, str | None]]) -> bool:
    """Empty, or the same as the style beside it."""
    style = _declarations(next((said for key, said in attrs if key == "style" and said), ""))
    return (name in EMPTY and not value) or f"{TWICE.get(name)}:{value}" in style


def _value(name: str, value: str | None) -> str:
    value = value or ""
    if name == "style":
        return "{" + "; ".join(_declarations(value)) + "}"
    return " ".join(value.split())


def _declarations(style: str) -> list[str]:
    """The last one of a name is the one that counts, and padding counts for its four sides."""
    said: dict[str, str] = {}
    for declaration in style.split(";"):
        name, colon, value = declaration.partition(":")
        if colon and value.strip():
            said = {key: kept for key, kept in said.items() if not key.startswith(f"{name.strip()}-")}
            said[name.strip()] = " ".join(value.split())
    return sorted(f"{name}:{value}" for name, value in said.items())


def _rules(css: str) -> list[str]:
    flat = re.sub(r"\s+", " ", re.sub(r"\s*([{};:,>+])\s*", r"\1", css)).strip()
    return [rule for rule in re.split(r"(?<=[{};])", flat) if rule]
