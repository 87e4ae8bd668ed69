"""{"cart": "idle", "for": "24h"}: something lies in the cart, and nobody has touched it."""

from __future__ import annotations

from app.segments import words
from app.segments.frame import Frame
from app.segments.meaning import Meaning, Said, before_now, day_said, one
from app.segments.sets import Ids, Part
from app.segments.words import Words

FILLED = "FROM carts k WHERE k.customer_id IS NOT NULL AND k.items <> '[]'::jsonb"


def part(said: Said, frame: Frame) -> Part:
    idle = before_now("k.occurred_at", said["for"].length, frame)
    return Ids(f"SELECT k.customer_id {FILLED} AND {idle}", is_once=True)


def sentence(said: Said) -> Words:
    return words.phrase("whose cart lies untouched for at least {}", said["for"].said)


def told(_said: Said, frame: Frame, customer_id: int) -> str:
    row = one(f"SELECT k.occurred_at {FILLED} AND k.customer_id = :id", frame, id=customer_id)
    return f"touched on {day_said(row[0], frame)}" if row else "nothing in the cart"


MEANING = Meaning(part, sentence, told)
