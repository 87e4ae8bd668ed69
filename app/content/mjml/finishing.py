"""What comes after the layout: fonts that are used, attributes by selector, styles written into their elements."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import count

import css_inline
from bs4 import BeautifulSoup

from app.content.mjml import tags
from app.content.mjml.markup import ATTRIBUTE
from app.content.mjml.scan import Element
from app.content.mjml.tags import Tag
from app.content.mjml.tokens import ESCAPED, Tokens
from app.content.mjml.writing import Head

KEY = re.compile(r'(?:id=|mj-carousel-radio-)"?([0-9a-f]{16})\b')
OUTLOOK_FIX = re.compile(r"\.mj-outlook-group-fix \{.*?<!\[endif\]-->", re.DOTALL)
WIDE = re.compile(
    r'<style type="text/css">\n@media only screen and \(min-width:[^)]*\) \{\n((?:\.mj-column-.*\n)+)\}\n</style>\n'
    r"<style media=.*?</style>",
    re.DOTALL,
)
LAYOUT = re.compile(r"\s*\n\s*")
PRESERVED = re.compile(r"<pre\b|<textarea\b|white-space", re.IGNORECASE)
NUMBER = "data-number-of-ours"
IMPORTANT = re.compile(r"([^;\"]*?)\s*!important")
START_TAG = re.compile(r"""<[a-zA-Z][^\s/>]*(?:"[^"]*"|'[^']*'|[^"'>])*+>""")
PART = re.compile(r"<!--.*?-->|<(title|style|textarea)\b.*?</\1>|" + START_TAG.pattern, re.DOTALL | re.IGNORECASE)


def keyed(html: str) -> str:
    """Names of check boxes, which the package draws by lot, in order: the same source is the same mail."""
    keys = dict.fromkeys(KEY.findall(html))
    for number, key in enumerate(keys, 1):
        html = html.replace(key, f"{number:016x}")
    return html


def thin(html: str) -> str:
    """Without indentation a mail is a quarter smaller, and Gmail cuts at 102 KB."""
    return LAYOUT.sub("\n", html.replace("<!--[if !mso><!-->", "<!--[if !mso]><!-->")).strip() + "\n"


def thin_content(content: str) -> str:
    if PRESERVED.search(content):
        return content
    return "".join(
        piece.text if isinstance(piece, Tag) else re.sub(r"[ \t]*\n\s*", "\n", piece) for piece in tags.pieces(content)
    )


def with_fonts(html: str, head: Head) -> str:
    used = [href for name, href in head.fonts.items() if _is_used(name, html, head.inline)]
    if not used:
        return html
    safe = ["".join(ESCAPED.get(sign, sign) for sign in href.replace("&amp;", "&")) for href in used]
    links = "\n".join(f'<link href="{href}" rel="stylesheet" type="text/css">' for href in safe)
    imports = "\n".join(f"@import url({_in_css(href)});" for href in used)
    block = f'\n<!--[if !mso]><!-->\n{links}\n<style type="text/css">\n{imports}\n</style>\n<!--<![endif]-->'
    return OUTLOOK_FIX.sub(lambda found: found[0] + block, html, count=1)


def _is_used(name: str, html: str, inline: Iterable[Element]) -> bool:
    escaped = re.escape(name)
    inside = re.compile(rf'"[^"]*font-family:[^"]*{escaped}[^"]*"', re.IGNORECASE)
    rule = re.compile(rf"font-family:[^;}}]*{escaped}", re.IGNORECASE)
    return bool(inside.search(html)) or any(rule.search(style.content) for style in inline)


def _in_css(href: str) -> str:
    return re.sub(r"""[\s"'()\\<>]""", lambda sign: f"%{ord(sign[0]):02X}", href)


def with_desktop_queries(html: str, head: Head) -> str:
    """owa="desktop": Outlook in a browser knows no widths, so that it gets the wide ones whatever its own."""
    found = WIDE.search(html) if head.is_wide_in_outlook else None
    if not found:
        return html
    rules = "\n".join(f"[owa] {rule}" for rule in found[1].strip().splitlines())
    return f'{html[: found.end()]}\n<style type="text/css">\n{rules}\n</style>{html[found.end() :]}'


def with_attributes(html: str, head: Head) -> str:
    """The elements are found by a parser, their tags are changed where they stand: all else stays as it is."""
    if not head.selectors:
        return html
    tokens = Tokens(html)
    hidden = _hidden(html, tokens)
    soup = BeautifulSoup(hidden, "html.parser")
    starts = [0, *(found.end() for found in re.finditer("\n", hidden))]
    wanted: dict[int, dict[str, str]] = {}
    for selector in head.selectors:
        said = {one.value("name"): one.content.strip() for one in selector.elements("mj-html-attribute")}
        for element in soup.select(f"body {selector.value('path')}"):
            at = starts[(element.sourceline or 1) - 1] + (element.sourcepos or 0)
            wanted.setdefault(at, {}).update(said)
    for at in sorted(wanted, reverse=True):
        if tag := START_TAG.match(hidden, at):
            changed = _with(tag[0], {name: tokens.in_attribute(value) for name, value in wanted[at].items()})
            hidden = hidden[:at] + changed + hidden[tag.end() :]
    return tokens.restored(hidden)


def _with(tag: str, said: dict[str, str]) -> str:
    name = tag[1:-1].split(None, 1)[0].rstrip("/")
    rest = tag[1 + len(name) : -1].rstrip()
    is_closed = rest.endswith("/") and not rest.endswith("=/")
    kept = [found[0] for found in ATTRIBUTE.finditer(rest.removesuffix("/")) if found[1].lower() not in said]
    added = [f'{key}="{value}"' for key, value in said.items()]
    return f"<{' '.join([name, *kept, *added])}{' /' if is_closed else ''}>"


def inlined(html: str, head: Head) -> str:
    """Rules of mj-style inline="inline" written into the elements they speak of; nothing else of the mail changes."""
    if not head.inline:
        return html
    tokens = Tokens(html)
    hidden = _hidden(html, tokens)
    numbered = _each_tag(hidden, lambda number, tag: _with(tag, {NUMBER: str(number)}))
    inliner = css_inline.CSSInliner(
        extra_css="\n".join(style.content for style in head.inline),
        inline_style_tags=False,
        keep_style_tags=True,
        keep_link_tags=True,
        load_remote_stylesheets=False,
    )
    styles = _styles(inliner.inline(numbered))
    return tokens.restored(_each_tag(hidden, lambda number, tag: _styled(tag, styles.get(number, ""))))


def _each_tag(html: str, change: Callable[[int, str], str]) -> str:
    numbers = count()

    def changed(part: re.Match[str]) -> str:
        is_tag = part[0][1] != "!" and not part[1]
        return change(next(numbers), part[0]) if is_tag else part[0]

    return PART.sub(changed, html)


def _styles(html: str) -> dict[int, str]:
    """What each numbered element says after the rules were applied."""
    found = {}
    for tag in PART.finditer(html):
        said = {name: value.strip('"') for name, value in ATTRIBUTE.findall(tag[0])}
        if NUMBER in said and "style" in said:
            found[int(said[NUMBER])] = said["style"]
    return found


def _styled(tag: str, style: str) -> str:
    """“!important” decides which rule wins, and stays behind: a phone's own rule must still win over the element."""
    before = next((found[2].strip("\"'") for found in ATTRIBUTE.finditer(tag) if found[1].lower() == "style"), "")
    if not style or style == before:
        return tag
    meant = {_bare(said) for said in IMPORTANT.findall(before)}
    settled = IMPORTANT.sub(lambda said: said[0] if _bare(said[1]) in meant else said[1], style)
    return _with(tag, {"style": settled})


def _bare(declaration: str) -> str:
    return "".join(declaration.split())


def _hidden(html: str, tokens: Tokens) -> str:
    return "".join(tokens.hide(piece.text) if isinstance(piece, Tag) else piece for piece in tags.pieces(html))
