"""What holds other elements, corrected: sections, wrappers, columns, heroes.

Each class names what the package does otherwise than MJML 4.18; the comparison with npm's mjml tells when one may go.
"""

from __future__ import annotations

import re
from typing import Any

from mjml.elements import MjColumn, MjHero, MjSection, MjWrapper

Styles = dict[str, Any]


class Asked:
    """An attribute that nobody declared is an empty answer, no crash."""

    attrs: dict[str, Any]
    context: dict[str, Any]
    props: dict[str, Any]

    def get_attr(self, name: str, *, missing_ok: bool = True) -> Any:  # noqa: ARG002
        return self.attrs.get(name)

    getAttribute = get_attr  # noqa: N815


class _Rounded(Asked):
    """Rounded corners were lost on the cell, gap was unknown, 0 was written 0.0."""

    def get_styles(self) -> Styles:
        styles: Styles = super().get_styles()  # type: ignore[misc]
        rounded = self.get_attr("border-radius")
        for part in ("table", "tableFullwidth"):
            styles[part].pop("border-radius", None)
        styles["td"]["border-radius"] = rounded
        if rounded:
            styles["table"]["border-collapse"] = "separate"
            styles["div"]["overflow"] = "hidden"
        styles["div"]["margin-top"] = self._gap()
        return styles

    def getChildContext(self) -> dict[str, Any]:  # noqa: N802
        return {**super().getChildContext(), "gap": self.get_attr("gap")}  # type: ignore[misc]

    def renderBefore(self) -> str:  # noqa: N802
        before: str = super().renderBefore()  # type: ignore[misc]
        if self.context.get("gap"):
            before = re.sub(r' bgcolor="[^"]*"', "", before)
        if gap := self._gap():
            before = before.replace('style="width:', f'style="padding-top:{gap};width:', 1)
        return before

    def _gap(self) -> str | None:
        return self.context.get("gap") if self.props.get("index") else None

    def _calc_origin_pos_value(self, is_x: bool, bg_pos: str) -> str:
        return number(float(super()._calc_origin_pos_value(is_x, bg_pos)))  # type: ignore[misc]


class Section(_Rounded, MjSection):  # type: ignore[misc]
    pass


class Wrapper(_Rounded, MjWrapper):  # type: ignore[misc]
    pass


class Column(Asked, MjColumn):  # type: ignore[misc]
    """Rounded corners need borders that do not collapse; a width in px inside a group was a hundredth."""

    def get_styles(self) -> Styles:
        styles: Styles = super().get_styles()
        if self.get_attr("border-radius"):
            styles["gutter" if self.hasGutter() else "table"]["border-collapse"] = "separate"
        if self.get_attr("inner-border-radius"):
            styles["table"]["border-collapse"] = "separate"
        return styles

    def getMobileWidth(self) -> str:  # noqa: N802
        width = str(self.get_attr("width") or "")
        if self.get_attr("mobileWidth") != "mobileWidth" or not width or width.endswith("%"):
            return str(super().getMobileWidth())
        around = float(self.context["containerWidth"].removesuffix("px"))
        return f"{number(int(float(width.removesuffix('px'))) / int(around) * 100)}%"

    def getShorthandAttrValue(self, attribute: str, direction: str, *how: bool) -> int:  # noqa: N802
        """“1px solid red” was read as four widths."""
        if attribute != "inner-border":
            return int(super().getShorthandAttrValue(attribute, direction, *how))
        said = self.get_attr(f"inner-border-{direction}") or self.get_attr("inner-border") or ""
        width = re.search(r"(?:^| )(\d+)", said)
        return int(width[1]) if width else 0

    def renderGutter(self) -> str:  # noqa: N802
        rendered: str = super().renderGutter()
        if self.get_attr("border-radius"):
            rendered = rendered.replace('width="100%"', 'width="100%" style="border-collapse:separate"', 1)
        return rendered


class Hero(Asked, MjHero):  # type: ignore[misc]
    """A picture whose size nobody said stopped the compiler."""

    def get_styles(self) -> Styles:
        sizes = ("background-width", "background-height")
        missing = [name for name in sizes if float((self.attrs.get(name) or "0").rstrip("px%")) < 1]
        if not missing:
            return dict(super().get_styles())
        known = self.attrs
        self.attrs = {**known, **dict.fromkeys(missing, "100px")}
        styles: Styles = super().get_styles()
        self.attrs = known
        styles["td-fluid"].pop("padding-bottom", None)
        styles["outlook-image"]["height"] = known.get("background-height")
        styles["outlook-image"]["width"] = known.get("background-width") or self.context["containerWidth"]
        return styles


def padded(style: Styles) -> Styles:
    """A side's own padding has the last word."""
    return {"padding": style.get("padding"), **{name: value for name, value in style.items() if name != "padding"}}


def number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)
