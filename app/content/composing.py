"""From blocks to MJML, clean enough to be edited by hand afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.content import marks
from app.content.blocks import NETWORKS
from app.settings.brand import Brand, contrast

Block = Mapping[str, Any]
SIZES = {"large": "32px", "medium": "23px", "small": "18px"}
SPACES = {"large": "40px", "medium": "24px", "small": "12px"}
WIDTHS = {"full": "536px", "half": "268px", "small": "140px"}
SPACE = "4px 0"
FIRST_ELEMENT = re.compile(r"<(mj-[a-z-]+)")
WHOLE = ("mj-section", "mj-wrapper", "mj-hero", "mj-raw")  # what stands in a mail without a column around it


PAPER, NIGHT = "#ffffff", "#17191c"


@dataclass(frozen=True)
class Look:
    """Colours are written out: a field may not stand in them."""

    accent: str
    accent_ink: str

    @classmethod
    def of(cls, brand: Brand) -> Look:
        return cls(brand.accent, brand.accent_ink)

    @property
    def link(self) -> str:
        return _readable(self.accent, PAPER, "#000000")

    @property
    def link_at_night(self) -> str:
        return _readable(self.accent, NIGHT, "#ffffff")


def _readable(colour: str, ground: str, towards: str) -> str:
    """The brand's colour, so much nearer to black or white that words in it are read on this ground."""
    mixed = (_mixed(colour, towards, tenths / 10) for tenths in range(11))
    return next((one for one in mixed if contrast(one, ground) >= 4.5), towards)


def _mixed(one: str, other: str, share: float) -> str:
    pairs = ((int(one[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


HEAD = """<mjml lang="en">
  <mj-head>
    <mj-attributes>
      <mj-all font-family="Inter, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif" />
      <mj-text font-size="16px" line-height="1.6" color="#2b2d31" padding="8px 32px" />
      <mj-button background-color="{accent}" color="{ink}" border-radius="8px" font-size="16px" font-weight="600"
        line-height="1.25" inner-padding="14px 28px" padding="12px 32px" />
      <mj-image padding="12px 32px" border-radius="10px" />
      <mj-divider border-width="1px" border-color="#e5e4e0" padding="20px 32px" />
    </mj-attributes>
    <mj-style>
      :root {{ color-scheme: light dark; supported-color-schemes: light dark; }}
      p {{ margin: 0 0 14px; }}
      p:last-child {{ margin-bottom: 0; }}
      ul {{ margin: 0 0 14px; padding-left: 20px; }}
      li {{ margin-bottom: 6px; }}
      .paper a {{ color: {link}; }}
      .fine a {{ color: #5d5f65 !important; }}
      @media (max-width: 480px) {{
        .paper h1 {{ font-size: 27px !important; }}
      }}
      @media (prefers-color-scheme: dark) {{
        body, .page {{ background-color: #101214 !important; }}
        .paper, .paper > table, .paper > table > tbody > tr > td {{ background-color: #17191c !important; }}
        .paper h1, .paper h2, .paper strong {{ color: #f4f4f2 !important; }}
        .paper div {{ color: #d9dadc !important; }}
        .paper p a, .paper li a, .paper .words a {{ color: {link_at_night} !important; }}
        .paper .ghost td {{ border-color: {link_at_night} !important; background: #17191c !important; }}
        .paper .ghost a {{ color: {link_at_night} !important; background: #17191c !important; }}
        .paper .quiet div {{ color: #a3a6ac !important; }}
        .rule p {{ border-top-color: #33373d !important; }}
        .fine div, .fine a {{ color: #a3a6ac !important; }}
      }}
    </mj-style>
  </mj-head>
  <mj-body background-color="#f4f3ef" css-class="page">
    <mj-section background-color="{accent}" padding="0">
      <mj-column>
        <mj-spacer height="6px" />
      </mj-column>
    </mj-section>
"""
FOOT = "  </mj-body>\n</mjml>\n"
SECTION = '    <mj-section css-class="paper" background-color="#ffffff" padding="{space}">\n{inside}    </mj-section>\n'


def mjml(blocks: Sequence[Block], look: Look, saved: Mapping[int, str]) -> str:
    """`saved` holds the bodies of the saved blocks that are named."""
    head = HEAD.format(accent=look.accent, ink=look.accent_ink, link=look.link, link_at_night=look.link_at_night)
    return head + "".join(_only_if(block, _section(block, look, saved), 4) for block in blocks) + FOOT


def alone(block: Block, look: Look, saved: Mapping[int, str]) -> str:
    """One block as it stands in the body of a mail, to be put into another by hand."""
    return _section(block, look, saved)


def _section(block: Block, look: Look, saved: Mapping[int, str]) -> str:
    if block["kind"] in SECTIONS:
        return SECTIONS[block["kind"]](block, look)
    if block["kind"] == "saved":
        return _saved(saved.get(block["media"] or 0, ""))
    return _paper(_column(PARTS[block["kind"]](block, look)))


def _saved(body: str) -> str:
    """Sections stand as they are; what belongs into a column gets one."""
    first = FIRST_ELEMENT.search(body)
    return _indented(body, 4) if first is None or first[1] in WHOLE else _paper(_column(body))


def _paper(inside: str, space: str = SPACE) -> str:
    return SECTION.format(inside=inside, space=space)


def _only_if(block: Block, written: str, indent: int) -> str:
    if not block.get("only_if"):
        return written
    space = " " * indent
    return f"{space}{{% if {block['only_if']} %}}\n{written}{space}{{% endif %}}\n"


def _column(inside: str, attributes: str = "") -> str:
    return f"      <mj-column{attributes}>\n{_indented(inside, 8)}      </mj-column>\n"


def _heading(block: Block, _look: Look) -> str:
    size = SIZES[block["size"]]
    tag = "h1" if block["size"] == "large" else "h2"
    style = f"margin: 0; font-size: {size}; line-height: 1.22; font-weight: 700; letter-spacing: -0.015em"
    return (
        f'<mj-text css-class="words" align="{block["align"]}" color="#17181a" line-height="1.22">\n'
        f'  <{tag} style="{style}">{marks.inline(block["text"])}</{tag}>\n</mj-text>\n'
    )


def _text(block: Block, _look: Look) -> str:
    return (
        f'<mj-text css-class="words" align="{block["align"]}">\n{_indented(marks.html(block["text"]), 2)}</mj-text>\n'
    )


def _image(block: Block, _look: Look) -> str:
    link = f' href="{marks.attribute(block["href"])}"' if block["href"] else ""
    src, alt = marks.attribute(block["src"]), marks.attribute(block["alt"])
    return f'<mj-image src="{src}" alt="{alt}" width="{WIDTHS[block["width"]]}"{link} />\n'


def _button(block: Block, look: Look) -> str:
    outlined = f' css-class="ghost" background-color="#ffffff" color="{look.link}" border="2px solid {look.link}"'
    extra = outlined if block["look"] == "outlined" else ""
    href = marks.attribute(block["href"])
    return f'<mj-button href="{href}" align="{block["align"]}"{extra}>{marks.inline(block["text"])}</mj-button>\n'


def _divider(_block: Block, _look: Look) -> str:
    return '<mj-divider css-class="rule" />\n'


def _spacer(block: Block, _look: Look) -> str:
    return f'<mj-spacer height="{SPACES[block["size"]]}" />\n'


def _columns(block: Block, look: Look) -> str:
    columns = "".join(
        _column("".join(_only_if(one, PARTS[one["kind"]](one, look), 0) for one in column))
        for column in block["columns"]
    )
    return _paper(columns)


NETWORK = '  <mj-social-element name="{network}-noshare" href="{href}" alt="{label}" />\n'


def _social(block: Block, _look: Look) -> str:
    labels = dict(NETWORKS)
    elements = "".join(
        NETWORK.format(network=one["network"], label=labels[one["network"]], href=marks.attribute(one["href"]))
        for one in block["networks"]
    )
    social = f'<mj-social mode="horizontal" icon-size="24px" padding="12px 32px">\n{elements}</mj-social>\n'
    return _paper(_column(social))


PICTURED = """      <mj-group>
        <mj-column width="34%" vertical-align="middle">
          <mj-image src="{{{{ {one}.image_url }}}}" alt="{{{{ {one}.name }}}}" href="{{{{ {one}.url }}}}" width="160px"
            align="left" padding="12px 0 12px 32px" />
        </mj-column>
        <mj-column width="66%" vertical-align="middle">
{words}        </mj-column>
      </mj-group>
"""
WORDS = """<mj-text css-class="words" font-size="17px" font-weight="600" color="#17181a" line-height="1.3"
  padding="8px 32px 2px {left}">{{{{ {one}.name }}}}</mj-text>
<mj-text css-class="words quiet" color="#5d5f65" padding="0 32px 2px {left}">
  {price}
</mj-text>
<mj-text css-class="words" font-size="15px" font-weight="600" padding="0 32px 8px {left}">
  <a href="{{{{ {one}.url }}}}" style="text-decoration: none">{button} →</a>
</mj-text>
"""
PRICE = "{{{{ {one}.price | money }}}}"
LOWERED = """{{% if {one}.old_price %}}<s>{{{{ {one}.old_price | money }}}}</s>
  <strong>{{{{ {one}.new_price | default({one}.price) | money }}}}</strong>{{% else %}}"""
LOWERED_END = "{% endif %}"
LOWERS = ("facts.product", "facts.products")  # sources whose price may have dropped


def _products(block: Block, _look: Look) -> str:
    """With a picture beside it where there is one."""
    source = block["source"]
    one = "facts.product" if source == "facts.product" else "item"
    words = WORDS.format(one=one, button=marks.inline(block["button"]), price=_price(one, source), left="{left}")
    pictured = PICTURED.format(one=one, words=_indented(words.replace("{left}", "20px"), 10))
    alone = _column(words.replace("{left}", "32px"))
    row = (
        f"    {{% if {one}.image_url %}}\n{_paper(pictured, '4px 0')}"
        f"    {{% else %}}\n{_paper(alone, '4px 0')}    {{% endif %}}\n"
    )
    if one == "facts.product":
        return row
    loop = f"    {{% for item in {source} %}}\n    {{% if loop.index <= {block['most']} %}}\n"
    return f"{loop}{row}    {{% endif %}}\n    {{% endfor %}}\n"


def _price(one: str, source: str) -> str:
    if source not in LOWERS:
        return PRICE.format(one=one)
    return f"{LOWERED.format(one=one)}{PRICE.format(one=one)}{LOWERED_END}"


FOOTER = """    <mj-section padding="24px 0 40px">
      <mj-column>
        <mj-text css-class="fine" align="center" font-size="13px" line-height="1.55" color="#5d5f65">
{text}          <p>{{{{ brand.legal_name | default(brand.name) }}}}<br>{{{{ brand.postal_address }}}}</p>
          <p><a href="{{{{ urls.preferences }}}}">Choose what we send</a> ·
            <a href="{{{{ urls.unsubscribe }}}}">Unsubscribe</a> ·
            <a href="{{{{ urls.view }}}}">View in browser</a></p>
        </mj-text>
      </mj-column>
    </mj-section>
"""


def _footer(block: Block, _look: Look) -> str:
    text = _indented(marks.html(block["text"]), 10) if block["text"] else ""
    return FOOTER.format(text=text)


def _indented(written: str, spaces: int) -> str:
    lines = [f"{' ' * spaces}{line}" if line.strip() else "" for line in written.splitlines()]
    return "".join(f"{line}\n" for line in lines)


PARTS: dict[str, Callable[[Block, Look], str]] = {
    "heading": _heading,
    "text": _text,
    "image": _image,
    "button": _button,
    "divider": _divider,
    "spacer": _spacer,
}
SECTIONS: dict[str, Callable[[Block, Look], str]] = {
    "columns": _columns,
    "products": _products,
    "social": _social,
    "footer": _footer,
}
