"""What needs a person: each concern has its number, a sentence and one place to go. Rooms to come add theirs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from app.customers import ambiguity
from app.db import db
from app.ops import work
from app.settings import brand
from app.settings.sender import Sender

LATE = 300  # seconds that a row of work may wait before somebody should look


@dataclass(frozen=True)
class Concern:
    tone: str
    title: str
    said: str
    endpoint: str
    label: str
    right: str = "administer"  # of those who can do something about it


def now(_moment: datetime) -> Sequence[Concern]:
    return [concern for look in LOOKS for concern in look()]


def _failed_work() -> Sequence[Concern]:
    failed = sum(work.failed_counts().values())
    if not failed:
        return []
    title = f"{failed:,} pieces of work failed" if failed != 1 else "One piece of work failed"
    return [
        Concern("bad", title, "Each has its reason; try it again or discard it.", "settings_queues.index", "See why")
    ]


def _late_work() -> Sequence[Concern]:
    late = {queue: age for queue, age in work.oldest_seconds().items() if age > LATE}
    if not late:
        return []
    queue, age = max(late.items(), key=lambda item: item[1])
    said = f"The oldest row of “{queue}” waits for {int(age // 60)} minutes. Perhaps no worker runs."
    return [Concern("bad", "Work is waiting", said, "settings_queues.index", "See queues")]


def _ambiguous_addresses() -> Sequence[Concern]:
    count = ambiguity.count()
    if not count:
        return []
    many = f"{count:,} addresses each fit" if count != 1 else "One address fits"
    said = "What named nobody but the address waits until somebody says who is meant."
    return [Concern("warn", f"{many} several customers", said, "ambiguous.index", "Decide", "edit")]


def _postal_address() -> Sequence[Concern]:
    if brand.current().postal_address:
        return []
    said = "The law of most countries wants it in every promotional mail. Mail goes out without it until it is set."
    return [Concern("warn", "The postal address is missing", said, "settings_brand.show", "Set it")]


def _sender() -> Sequence[Concern]:
    if db.session.scalar(select(func.count()).select_from(Sender)):
        return []
    said = "Until there is one, mail comes from the address that the server was started with."
    return [Concern("info", "No sender is set up", said, "settings_senders.new", "Add one")]


LOOKS: tuple[Callable[[], Sequence[Concern]], ...] = (
    _failed_work,
    _late_work,
    _ambiguous_addresses,
    _postal_address,
    _sender,
)
