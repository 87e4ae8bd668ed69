"""What a mail carries so that its coming back is known: links that lead by way of us, a pixel, a link for machines.

A link that is the same for everybody is named by its place; where a field stands in it, it carries the person's own
target under a seal, so that nobody makes it lead elsewhere. The plain text keeps plain links: there people read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

import msgspec

from app import signing
from app.content import addresses
from app.content.links import HERE, Link
from app.content.rendering import Replace
from app.deliveries import refs, targets
from app.deliveries.run import Run
from app.deliveries.targets import Targets
from app.settings import tracking
from app.settings.tracking import Tracking

TRACK, MOVING = "track", "track moving"  # purposes of a token and of a seal
LONGEST = 2_000  # characters of a target that a link can carry; servers and mail programs cut addresses
MOST_PLACES = 32_000  # that a row of `delivery_events` can name
CAMPAIGN = 120  # bytes of the name of a run: a token is at most 400 characters
PIXEL = '<img src="{}/track/open/{}.gif" alt="" width="1" height="1" border="0">'
HIDDEN = '<a href="{}{}" style="display:none" aria-hidden="true" tabindex="-1"></a>'


class Track(msgspec.Struct, frozen=True, array_like=True):
    """Which mail it was, the links of which version, and under which words other programs shall count it."""

    delivery_id: int
    version_id: int
    mark: int
    utm: tuple[str, str, str] | None = None


@dataclass(frozen=True)
class Tracker:
    """What is the same for all mails of a run with this version. `led`: its links that are the same for everybody;
    `tail`: what nobody sees, at its end."""

    base_url: str
    version_id: int
    mark: int
    utm: tuple[str, str, str] | None
    follows: bool
    led: Mapping[int, str]
    tail: str

    def token(self, delivery_id: int) -> str:
        return signing.token(TRACK, Track(delivery_id, self.version_id, self.mark, self.utm))

    def replace(self, token: str) -> Replace | None:
        """Where a link with a field in it leads instead; None where all of them stay as they are."""
        if not self.follows:
            return None
        own, start = f"{self.base_url}/", _start(self.base_url, token)

        def lead(place: int, target: str) -> str:
            return _carried(start, token, place, target) if _is_led(place, target, own) else target

        return lead


def tracker(run: Run, version_id: int, links: list[Link], known: Targets, base_url: str) -> Tracker | None:
    """None where its mails carry nothing. `known` are the links as they were published: others are left alone."""
    rules = tracking.read()
    if run.purpose == "transactional" and not rules.transactional:
        return None
    start = _start(base_url, HERE)
    return Tracker(
        base_url,
        version_id,
        targets.mark(known),
        (rules.utm_source, rules.utm_medium, _cut(run.name)) if rules.utm else None,
        rules.clicks,
        {place: f"{start}{place}" for place in _still(links, known, f"{base_url}/")} if rules.clicks else {},
        _tail(rules, base_url, start, len(known)),
    )


def read(token: str) -> Track | None:
    return signing.read(TRACK, token, Track)


def moved(token: str, place: int, target: str, seal: str) -> str | None:
    """The target that this link was given when it was drawn, and no other."""
    is_ours = signing.is_sealed(MOVING, _bound(token, place, target), seal)
    return target if is_ours and addresses.leads_somewhere(target, addresses.PICTURES) else None


def tagged(track: Track, target: str) -> str:
    """The shop hears which mail it was; other programs, if the team wishes it, under which words to count it."""
    utm = zip(("utm_source", "utm_medium", "utm_campaign"), track.utm or (), strict=False)
    return targets.tagged(target, {refs.REF: refs.of(track.delivery_id)}, dict(utm))


def _still(links: list[Link], known: Targets, own: str) -> list[int]:
    """Those that lead everybody to the same page of somebody else's, as it was published."""
    here = {one.place: addresses.whole(one.href) for one in links}
    return [place for place, target in enumerate(known) if here.get(place) == target and _is_led(place, target, own)]


def _tail(rules: Tracking, base_url: str, start: str, behind: int) -> str:
    is_led = rules.clicks and rules.hidden and behind < MOST_PLACES
    return (HIDDEN.format(start, behind) if is_led else "") + (PIXEL.format(base_url, HERE) if rules.opens else "")


def _is_led(place: int, target: str, own: str) -> bool:
    is_led = not target.startswith(own) and len(target) <= LONGEST and place < MOST_PLACES
    return is_led and addresses.leads_somewhere(target, addresses.PICTURES)


def _start(base_url: str, token: str) -> str:
    return f"{base_url}/track/click/{token}/"


def _carried(start: str, token: str, place: int, target: str) -> str:
    seal = signing.seal(MOVING, _bound(token, place, target))
    return f"{start}{place}?to={quote(target, safe='/:?=@,')}&seal={seal}"


def _bound(token: str, place: int, target: str) -> str:
    return f"{token}/{place}?{target}"


def _cut(name: str) -> str:
    return name.encode()[:CAMPAIGN].decode(errors="ignore")
