"""Published versions: which one goes out, and its sources as they are drawn."""

from __future__ import annotations

import re

from sqlalchemy import select

from app.content.rendering import Frozen
from app.content.template import MessageTemplate, TemplateVersion
from app.db import db

# How a picture of the library is named, wherever the product may live one day: in an attribute or in url(…).
OWN = re.compile(r"""(?<=["'(])/media/files/""")


def published(template: MessageTemplate) -> TemplateVersion | None:
    if template.published is None:
        return None
    named = select(TemplateVersion).where(
        TemplateVersion.template_id == template.id, TemplateVersion.number == template.published
    )
    return db.session.scalars(named).one_or_none()


def frozen(version: TemplateVersion, base_url: str) -> Frozen:
    html = whole(version.html, base_url)
    return Frozen(version.subject, version.preheader, html, version.text, version.policies)


def whole(html: str, base_url: str) -> str:
    """A mail program knows no place of ours: pictures of the library get their whole addresses."""
    return OWN.sub(lambda found: f"{base_url}{found[0]}", html)
