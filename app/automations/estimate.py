"""How long a run would take: what this machine draws, or what the provider takes, whichever is slower."""

from __future__ import annotations

from dataclasses import dataclass

from app.deliveries import carriers, pace
from app.deliveries.providers import Closed, Provider

DRAWN = 1_000  # mails a second that one worker seals and hands over, on two shared cores
BY_MACHINE = "at what one worker here can do"
BY_PROVIDER = "at the pace that the provider allowed last"
BY_GUESS = "at the pace it begins with, as the provider has not said how fast it may go"


@dataclass(frozen=True)
class Estimate:
    """`said`: where the pace comes from."""

    seconds: float
    per_second: float
    said: str


def of(people: int) -> Estimate | None:
    """None: the provider that is named is not there."""
    try:
        carrier = carriers.carrier()
    except Closed:
        return None
    per_second, said = _taken(carrier) if carrier.name not in pace.UNPACED else (DRAWN, BY_MACHINE)
    if per_second >= DRAWN:
        per_second, said = DRAWN, BY_MACHINE
    return Estimate(people / per_second, per_second, said)


def _taken(carrier: Provider) -> tuple[float, str]:
    heard = pace.rate(carrier.name)
    return (heard or pace.AT_FIRST) * carrier.batch_size, BY_PROVIDER if heard else BY_GUESS
