"""The mail of one delivery: a frozen version drawn for a person, with the headers that mail programs ask for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from app import running
from app.content import headers, knowledge, links, recommended, rendering, versions
from app.content.knowledge import Person
from app.content.links import Link
from app.content.rendering import Frozen, Rendered
from app.content.rendering import Mail as Drawing
from app.content.template import TemplateVersion
from app.db import db
from app.deliveries import about, targets, tracks, variants
from app.deliveries.providers import Mail
from app.deliveries.run import Run
from app.deliveries.targets import Targets
from app.deliveries.tracks import Tracker
from app.settings import topics


@dataclass(frozen=True)
class Sheet:
    """What the mails of one version have in common; no tracker: nobody learns what becomes of them."""

    drawing: Drawing
    tracker: Tracker | None = None
    recommends: bool = False

    def drawn(self, delivery_id: int, known: Mapping[str, Any], zone: ZoneInfo) -> Rendered:
        if self.tracker is None:
            return self.drawing.render(known, zone)
        token = self.tracker.token(delivery_id)
        return self.drawing.render(known, zone, self.tracker.replace(token), token)


@dataclass(frozen=True)
class Writer:
    """What is the same for everybody of a run; made once for a batch. A sheet for each of its variants."""

    run: Run
    sheets: Mapping[int | None, Sheet]
    shared: Mapping[str, Any]
    zone: ZoneInfo
    topic_id: int | None
    list_id: str
    base_url: str
    about: Mapping[str, Any]

    @classmethod
    def of(cls, run: Run, places: Collection[int | None] = (None,), *, is_mail: bool = True) -> Writer:
        """`places`: the variants that somebody of the batch gets. A page has nothing in it that nobody sees."""
        base_url = running.config().base_url
        topic = topics.called(run.topic) if run.topic else None
        shared = knowledge.common()
        return cls(
            run,
            {place: _sheet(run, *said, base_url, is_mail) for place, said in _said(run, places).items()},
            shared,
            ZoneInfo(run.timezone),
            topic.id if topic else None,
            _list_id(topic.name if topic else shared["brand"]["name"], run.topic or run.purpose, base_url),
            base_url,
            about.of(run),
        )

    def recommended(self, customer_ids: Sequence[int], now: datetime) -> Mapping[int, Mapping[str, Any]]:
        """As facts, for all of a batch at once; nothing is asked for mails that do not name it."""
        is_named = any(sheet.recommends for sheet in self.sheets.values())
        return recommended.facts(customer_ids, now) if is_named else {}

    def write(self, delivery_id: int, person: Person, facts: Mapping[str, Any], variant: int | None = None) -> Mail:
        """Raises Skip where the template says so, Refused where it cannot be drawn."""
        urls = knowledge.urls(person.id, self.base_url, self.topic_id, delivery_id)
        known = knowledge.of(person, self.shared, {**self.about, **facts}, urls)
        drawn = self.sheets[variant].drawn(delivery_id, known, self.zone)
        return Mail(
            key=f"delivery-{delivery_id}",
            to=(person.email or "").strip(),
            sender=self.run.sender,
            subject=drawn.subject,
            html=drawn.html,
            text=drawn.text,
            reply_to=self.run.reply_to or "",
            headers=self.headers(urls["unsubscribe"]),
            tags={"delivery_id": str(delivery_id), "run_id": str(self.run.id)},
        )

    def headers(self, unsubscribe: str) -> dict[str, str]:
        """One click for whoever may say no; transactional mail has nothing to leave."""
        if self.run.purpose == "transactional":
            return {}
        return {
            "List-Unsubscribe": f"<{unsubscribe}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "List-Id": self.list_id,
        }


def _said(run: Run, places: Collection[int | None]) -> dict[int | None, tuple[int, str | None]]:
    """Which version, under which subject. Of a run with one mail for everybody nothing more is asked."""
    said: dict[int | None, tuple[int, str | None]] = {None: (run.version_id, run.subject)}
    if any(place is not None for place in places):
        said |= {one.place: (one.version_id, one.subject) for one in variants.of(run)}
    return {place: said[place] for place in places}


def _sheet(run: Run, version_id: int, subject: str | None, base_url: str, is_mail: bool) -> Sheet:
    source = _source(version_id, base_url, run.created_date)
    frozen = source.frozen if subject is None else replace(source.frozen, subject=subject)
    recommends = source.recommends or (subject is not None and recommended.is_named_in(subject))
    tracker = tracks.tracker(run, version_id, source.links, source.targets, base_url)
    if tracker is None:
        return Sheet(rendering.compiled(frozen), recommends=recommends)
    targets.keep(version_id, source.targets)
    drawing = rendering.compiled(frozen, tracker.led, tracker.tail if is_mail else "")
    return Sheet(drawing, tracker, recommends)


@dataclass(frozen=True)
class Source:
    """`links` as they stand in it, `targets` as they were published: what the doors know of it."""

    frozen: Frozen
    links: list[Link]
    targets: Targets
    recommends: bool


@lru_cache(64)
def _source(version_id: int, base_url: str, _since: datetime) -> Source:
    """A version never changes: read once in a process for each run. (After a restore the same numbers come again.)"""
    version = db.session.get_one(TemplateVersion, version_id)
    frozen = versions.frozen(version, base_url)
    recommends = recommended.is_named(version.fields)
    return Source(frozen, links.find(frozen.html), targets.of(version_id), recommends)


def people(customer_ids: Sequence[int]) -> dict[int, Person]:
    return {person.id: person for person in knowledge.people(customer_ids)}


def _list_id(name: str, slug: str, base_url: str) -> str:
    """Mail programs sort by it: the same for a topic for ever."""
    said = headers.name(name)
    host = urlsplit(base_url).hostname or "localhost"
    return f"{said} <{slug.replace('_', '-')}.{host}>"
