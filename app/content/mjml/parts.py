"""What stands in a column, corrected; each class names what the package does otherwise than MJML 4.18."""

from __future__ import annotations

from typing import Any

from mjml.elements import (
    MjAccordionElement,
    MjAccordionText,
    MjAccordionTitle,
    MjButton,
    MjDivider,
    MjImage,
    MjNavbar,
    MjSocialElement,
    MjTable,
    MjText,
)

from app.content.mjml.boxes import Asked, Styles, number, padded

SIDES = ("top", "right", "bottom", "left")


class _OwnFont(Asked):
    """A font said on the element itself or around it was lost, and so were the weight and the padding of a side."""

    def __init__(self, *, attributes: dict[str, Any] | None = None, **rest: Any) -> None:
        super().__init__(attributes=attributes, **rest)  # type: ignore[call-arg]
        self.own_font = (attributes or {}).get("font-family")

    def resolveFontFamily(self) -> Any:  # noqa: N802
        around = self.context.get("elementFontFamily") or self.context.get("accordionFontFamily")
        return self.own_font or around or self.get_attr("font-family")

    def get_styles(self) -> Styles:
        styles: Styles = super().get_styles()  # type: ignore[misc]
        styles["td"] = padded(styles["td"]) | {"font-weight": self.get_attr("font-weight")}
        return styles


class AccordionTitle(_OwnFont, MjAccordionTitle):  # type: ignore[misc]
    pass


class AccordionText(_OwnFont, MjAccordionText):  # type: ignore[misc]
    pass


class AccordionElement(Asked, MjAccordionElement):  # type: ignore[misc]
    def getChildContext(self) -> dict[str, Any]:  # noqa: N802
        return {**self.context, "elementFontFamily": self.get_attr("font-family")}


class Button(Asked, MjButton):  # type: ignore[misc]
    """title was dropped."""

    def html_attrs(self, **attrs: Any) -> str:
        title = {"title": self.get_attr("title")} if attrs.get("style") == "content" else {}
        return str(super().html_attrs(**attrs, **title))


class Divider(Asked, MjDivider):  # type: ignore[misc]
    """align did nothing; Outlook took the padding off twice."""

    def get_styles(self) -> Styles:
        styles: Styles = super().get_styles()
        margin = {"left": "0px", "right": "0px 0px 0px auto"}.get(self.get_attr("align"), "0px auto")
        for style in styles.values():
            style["margin"] = margin
        return styles

    def getOutlookWidth(self) -> str:  # noqa: N802
        width = str(self.get_attr("width"))
        if not width.endswith("%"):
            return str(super().getOutlookWidth())
        left, right = (self.getShorthandAttrValue("padding", side) for side in ("left", "right"))
        free = int(float(self.context["containerWidth"].removesuffix("px"))) - left - right
        return f"{number(free * (int(float(width[:-1])) / 100))}px"

    def html_attrs(self, **attrs: Any) -> str:
        return str(super().html_attrs(**attrs | ({"align": self.get_attr("align")} if "align" in attrs else {})))


class Image(Asked, MjImage):  # type: ignore[misc]
    """Borders of single sides, sizes and the link's title were dropped."""

    def get_styles(self) -> Styles:
        styles: Styles = super().get_styles()
        styles["img"] |= {f"border-{side}": self.get_attr(f"border-{side}") for side in SIDES}
        return styles

    def html_attrs(self, **attrs: Any) -> str:
        if attrs.get("style") == "img":
            attrs["sizes"] = self.get_attr("sizes")
        elif "href" in attrs:
            attrs["title"] = self.get_attr("title")
        return str(super().html_attrs(**attrs))


class Navbar(Asked, MjNavbar):  # type: ignore[misc]
    """The padding of a side of its icon was lost."""

    def get_styles(self) -> Styles:
        styles: Styles = super().get_styles()
        return {**styles, "label": padded(styles["label"])}


class SocialElement(Asked, MjSocialElement):  # type: ignore[misc]
    """icon-position and the paddings of single sides did nothing."""

    def get_styles(self) -> Styles:
        styles: Styles = super().get_styles()
        styles["td"] |= {f"padding-{side}": self.get_attr(f"padding-{side}") for side in SIDES}
        return styles

    def render(self) -> str:
        rendered: str = super().render()
        if self.get_attr("icon-position") != "right" or not self.getContent():
            return rendered
        start = rendered.index("<td")
        text = rendered.index(f"<td {self.html_attrs(style='tdText')}")
        end = rendered.rindex("</tr>")
        return rendered[:start] + rendered[text:end] + rendered[start:text] + rendered[end:]


class Table(Asked, MjTable):  # type: ignore[misc]
    """role was dropped, a width of auto was 0, space between cells collapsed."""

    def get_styles(self) -> Styles:
        styles: Styles = super().get_styles()
        if int(self.get_attr("cellspacing") or 0):
            styles["table"]["border-collapse"] = "separate"
        return styles

    def getWidth(self) -> Any:  # noqa: N802
        return "auto" if self.get_attr("width") == "auto" else super().getWidth()

    def html_attrs(self, **attrs: Any) -> str:
        role = {"role": self.get_attr("role")} if attrs.get("style") == "table" else {}
        return str(super().html_attrs(**attrs, **role))


class Text(Asked, MjText):  # type: ignore[misc]
    """The table around a text with a height is for Outlook alone."""

    def render(self) -> str:
        height = self.get_attr("height")
        if not height:
            return str(super().render())
        cell = f'<td height="{height}" style="vertical-align:top;height:{height};">'
        return (
            '<!--[if mso | IE]><table role="presentation" border="0" cellpadding="0" cellspacing="0"><tr>'
            f"{cell}<![endif]-->{self._render_content()}<!--[if mso | IE]></td></tr></table><![endif]-->"
        )


PARTS = [AccordionTitle, AccordionText, AccordionElement, Button, Divider, Image, Navbar, SocialElement, Table, Text]
