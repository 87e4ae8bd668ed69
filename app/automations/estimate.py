"""How long a run would take: what this machine draws, or what the provider takes, whichever is slower."""

from __future__ import annotations

from dataclasses import dataclass

from app.deliveries import carriers, pace
from app.deliveries.providers import Closed

DRAWN = 1_000  # mails a second that one worker seals and hands over, on two shared cores


@dataclass(frozen=True)
class Estimate:
    seconds: float
    per_second: int


def of(people: int) -> Estimate | None:
    """None: the provider that is named is not there."""
    try:
        carrier = carriers.carrier()
    except Closed:
        return None
    taken = DRAWN if carrier.name in pace.UNPACED else pace.AT_FIRST * carrier.batch_size
    per_second = min(DRAWN, taken)
    return Estimate(people / per_second, per_second)
