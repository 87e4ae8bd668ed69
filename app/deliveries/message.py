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
from app.content import headers, knowledge, rendering, versions
from app.content.knowledge import Person
from app.content.rendering import Frozen
from app.content.rendering import Mail as Drawing
from app.content.template import TemplateVersion
from app.db import db
from app.deliveries import variants
from app.deliveries.providers import Mail
from app.deliveries.run import Run
from app.settings import topics


@dataclass(frozen=True)
class Writer:
    """What is the same for everybody of a run; made once for a batch. A drawing for each of its variants."""

    run: Run
    drawings: Mapping[int | None, Drawing]
    shared: Mapping[str, Any]
    zone: ZoneInfo
    topic_id: int | None
    list_id: str
    base_url: str

    @classmethod
    def of(cls, run: Run, places: Collection[int | None] = (None,)) -> Writer:
        """`places`: the variants that somebody of the batch gets."""
        base_url = running.config().base_url
        topic = topics.called(run.topic) if run.topic else None
        shared = knowledge.common()
        return cls(
            run,
            {place: rendering.compiled(one) for place, one in _sources(run, places, base_url).items()},
            shared,
            ZoneInfo(run.timezone),
            topic.id if topic else None,
            _list_id(topic.name if topic else shared["brand"]["name"], run.topic or run.purpose, base_url),
            base_url,
        )

    def write(self, delivery_id: int, person: Person, facts: Mapping[str, Any], variant: int | None = None) -> Mail:
        """Raises Skip where the template says so, Refused where it cannot be drawn."""
        urls = knowledge.urls(person.id, self.base_url, self.topic_id, delivery_id)
        drawn = self.drawings[variant].render(knowledge.of(person, self.shared, facts, urls), self.zone)
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


def _sources(run: Run, places: Collection[int | None], base_url: str) -> dict[int | None, Frozen]:
    """Of a run with one mail for everybody nothing more is asked."""
    said: dict[int | None, tuple[int, str | None]] = {None: (run.version_id, run.subject)}
    if any(place is not None for place in places):
        said |= {one.place: (one.version_id, one.subject) for one in variants.of(run)}
    return {place: _said(run, *said[place], base_url) for place in places}


def _said(run: Run, version_id: int, subject: str | None, base_url: str) -> Frozen:
    frozen = _frozen(version_id, base_url, run.created_date)
    return frozen if subject is None else replace(frozen, subject=subject)


@lru_cache(64)
def _frozen(version_id: int, base_url: str, _since: datetime) -> Frozen:
    """A version never changes: read once in a process for each run. (After a restore the same numbers come again.)"""
    return versions.frozen(db.session.get_one(TemplateVersion, version_id), base_url)


def people(customer_ids: Sequence[int]) -> dict[int, Person]:
    return {person.id: person for person in knowledge.people(customer_ids)}


def _list_id(name: str, slug: str, base_url: str) -> str:
    """Mail programs sort by it: the same for a topic for ever."""
    said = headers.name(name)
    host = urlsplit(base_url).hostname or "localhost"
    return f"{said} <{slug.replace('_', '-')}.{host}>"
