"""How long a run would take: what this machine draws, or what the provider takes, whichever is slower."""

from __future__ import annotations

from dataclasses import dataclass

from app.deliveries import carriers, pace
from app.deliveries.providers import Closed, Provider

DRAWN = 1_000  # mails a second that one worker seals and hands over, on two shared cores
ONE_BY_ONE = 40  # of those that go out in calls of their own
BY_MACHINE = "at what one worker here can do"
BY_PROVIDER = "at the pace that the provider allowed last"
BY_LIMIT = "at the limit that SMTP_URL sets"
BY_ITSELF = "at the mails a minute that it allows itself"
BY_GUESS = "at the pace it begins with, as the provider has not said how fast it may go"


@dataclass(frozen=True)
class Estimate:
    """`said`: where the pace comes from."""

    seconds: float
    per_second: float
    said: str


def of(people: int, per_minute: int | None = None) -> Estimate | None:
    """None: the provider that is named is not there. `per_minute`: what the automation allows itself."""
    try:
        carrier = carriers.carrier()
    except Closed:
        return None
    most = DRAWN if carrier.batch_size > 1 else ONE_BY_ONE
    per_second, said = _taken(carrier) if carrier.name not in pace.UNPACED else (most, BY_MACHINE)
    if per_second >= most:
        per_second, said = most, BY_MACHINE
    if per_minute and per_minute / 60 < per_second:
        per_second, said = per_minute / 60, BY_ITSELF
    return Estimate(people / per_second, per_second, said)


def _taken(carrier: Provider) -> tuple[float, str]:
    heard = pace.rate(carrier.name)
    otherwise = BY_LIMIT if carrier.name == "smtp" else BY_GUESS
    return (heard or pace.at_first(carrier.name)) * carrier.batch_size, BY_PROVIDER if heard else otherwise
