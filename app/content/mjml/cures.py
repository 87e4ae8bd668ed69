"""The package's components with their faults cured: what a compile is given instead of them."""

from __future__ import annotations

from typing import Any

from mjml import elements
from mjml.elements.head._head_base import HeadComponent
from mjml.elements.mj_social_element import IMG_BASE_URL, defaultSocialNetworks

from app.content.mjml.boxes import Asked, Column, Hero, Section, Wrapper
from app.content.mjml.parts import PARTS

for _name, _share in (("x", "https://twitter.com/intent/tweet?url=[[URL]]"), ("x-noshare", "[[URL]]")):
    defaultSocialNetworks.setdefault(
        _name, {"share-url": _share, "background-color": "#000000", "src": f"{IMG_BASE_URL}twitter-x.png"}
    )


def shared(network: str, href: str) -> str:
    """Where an icon of mj-social leads."""
    return str(defaultSocialNetworks.get(network, {}).get("share-url") or "[[URL]]").replace("[[URL]]", href)


class NoFonts(HeadComponent):  # type: ignore[misc]
    """Nothing is loaded from elsewhere unless the author says mj-font."""

    component_name = "mj-no-fonts"

    def handler(self) -> None:
        self.context["add"]("fonts", {})


def _asked(component: Any) -> Any:
    return type(component.__name__, (Asked, component), {})


UNCHANGED = (
    elements.MjAccordion,
    elements.MjBody,
    elements.MjCarousel,
    elements.MjCarouselImage,
    elements.MjGroup,
    elements.MjNavbarLink,
    elements.MjRaw,
    elements.MjSocial,
    elements.MjSpacer,
)
COMPONENTS = [NoFonts, Section, Wrapper, Column, Hero, *PARTS, *map(_asked, UNCHANGED)]
