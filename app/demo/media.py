"""What the team picks from: three pictures, a block and a text that mails share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from app.content import drawing, media
from app.content.medium import Medium
from app.content.pictures import Picture
from app.db import db
from app.demo import segments
from app.demo.plan import Plan

SHELF = Path(__file__).parent / "pictures"


@dataclass(frozen=True)
class Kept:
    """`days` ago, by whom; a picture by its file, the others by what they say."""

    days: int
    by: str
    kind: str
    name: str
    tags: str
    alt: str = ""
    file: str = ""
    body: str = ""

    def said(self) -> dict[str, str]:
        return {"name": self.name, "tags": self.tags, "alt": self.alt, "body": self.body}


ASK_US = """<mj-section css-class="paper" background-color="#ffffff" padding="4px 0">
  <mj-column>
    <mj-text css-class="words" font-size="18px" font-weight="700">Not sure yet? Ask us.</mj-text>
    <mj-text css-class="words">
      Renate and Ines answer within a day, by mail to
      <a href="mailto:hello@campus.example">hello@campus.example</a>, or in person on weekdays from ten to five.
    </mj-text>
  </mj-column>
</mj-section>
"""
SMALL_PRINT = (
    "A code works once for each person, on one order, and not together with another one. "
    "*Courses that have begun are left out.*"
)
KEPT = (
    Kept(41, "ines@campus.example", "image", "Open day", "campus, open day",
         "A house with its door open, two flags, and people on their way in", file="open-day.png"),
    Kept(23, "clara@campus.example", "image", "Data lab", "campus, courses, data",
         "Two screens with curves and bars on a wooden desk", file="data-lab.png"),
    Kept(102, "jonas@campus.example", "image", "Notebook and pens", "shop, paper",
         "A teal notebook with a label, and four pens beside it", file="notebook.png"),
    Kept(37, "ines@campus.example", "mjml", "Ask us", "contact", body=ASK_US),
    Kept(100, "jonas@campus.example", "text", "Small print of a code", "shop, legal", body=SMALL_PRINT),
)  # fmt: skip


def furnish(plan: Plan) -> None:
    for one in KEPT:
        picture = drawn(one.file) if one.file else None
        if not (media.twin(picture) if picture else block(one.name, one.kind)):
            media.add(one.kind, one.said(), picture, plan.now_at - timedelta(days=one.days), segments.actor(one.by))


def drawn(file: str) -> Picture:
    """Here and now: our own files need no process of their own."""
    mime, width, height, content = drawing.drawn((SHELF / file).read_bytes())
    return Picture(content, mime, width, height)


def block(name: str, kind: str = "mjml") -> int | None:
    named = select(Medium.id).where(Medium.kind == kind, Medium.name == name)
    return db.session.scalars(named.order_by(Medium.id).limit(1)).first()
