"""The verdict on hits, written in sets: on each its reason, on each mail the first time by a person and by a machine.

Both are worked out from all hits of a mail under the lock of its row, so neither the order in which hits come nor who
else is at it makes a difference, and a verdict may be taken back.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import RowMapping, TextClause, text

from app.db import db
from app.deliveries import news
from app.tracking import credit, robots
from app.tracking.robots import HUMAN, Fact, Mail
from app.tracking.stream import Seen

KEPT = timedelta(days=400)  # later hits of a mail say nothing new
MOST = 1_000  # hits of a kind and mail: what somebody's script asks for day and night is not kept
# Nothing more is kept of a customer who was erased.
MAILS = text(
    """
    SELECT d.id, d.run_id, d.customer_id, d.accepted_at, d.delivered_at,
           coalesce(v.version_id, r.version_id) AS version_id
      FROM deliveries d
      JOIN runs r ON r.id = d.run_id
      JOIN customers c ON c.id = d.customer_id AND c.erased_at IS NULL
      LEFT JOIN run_variants v ON v.run_id = d.run_id AND v.place = d.variant
     WHERE d.id = ANY (:ids) AND d.accepted_at > :since
     ORDER BY d.id
       FOR NO KEY UPDATE OF d
    """
)
# Links that never lead by way of us.
ASIDE = r"^\s*(mailto:|tel:|sms:|#|\{\{\s*urls\.)"
LINKS = text(
    """
    SELECT version_id, count(*) AS links, count(*) FILTER (WHERE href !~* :aside) AS followed
      FROM links WHERE version_id = ANY (:versions) GROUP BY version_id
    """
)
HITS = text(
    """
    SELECT id, kind, at, place, method, agent, delivery_id, reason
      FROM delivery_events WHERE delivery_id = ANY (:ids)
    """
)
# Rows come as JSON: writing them as arrays took psycopg a seventh of the drain's time.
KEEP = text(
    """
    INSERT INTO delivery_events
           (id, kind, at, delivery_id, run_id, customer_id, place, is_human, reason, method, agent)
    SELECT id, kind, at, delivery_id, run_id, customer_id, place, is_human, reason, method, agent
      FROM json_to_recordset(CAST(:rows AS json))
           AS said(id uuid, kind text, at timestamptz, delivery_id bigint, run_id bigint, customer_id bigint,
                   place smallint, is_human boolean, reason text, method text, agent text)
        ON CONFLICT (id) DO NOTHING
    """
)
CHANGE = text(
    """
    UPDATE delivery_events e SET reason = said.reason, is_human = said.is_human
      FROM json_to_recordset(CAST(:rows AS json)) AS said(id uuid, reason text, is_human boolean)
     WHERE e.id = said.id
    """
)
TIMES = text(
    """
    UPDATE deliveries d
       SET opened_at = said.opened, clicked_at = said.clicked,
           machine_opened_at = said.machine_opened, machine_clicked_at = said.machine_clicked
      FROM json_to_recordset(CAST(:rows AS json))
           AS said(id bigint, opened timestamptz, clicked timestamptz,
                   machine_opened timestamptz, machine_clicked timestamptz)
     WHERE d.id = said.id
       AND (d.opened_at, d.clicked_at, d.machine_opened_at, d.machine_clicked_at)
           IS DISTINCT FROM (said.opened, said.clicked, said.machine_opened, said.machine_clicked)
    """
)


@dataclass(frozen=True, slots=True)
class Known(Fact):
    """Of a mail that we know; `reason` as it stands in the table, None while it does not stand there."""

    delivery_id: int
    reason: str | None = None


@dataclass(frozen=True)
class Done:
    kept: int = 0  # hits that are new
    changed: int = 0  # verdicts that are other than they were


def judge(ids: Collection[int], seen: Sequence[Seen], now: datetime) -> Done:
    """All hits of these mails, with what was seen of them just now. Never commits."""
    mails = {row["id"]: row for row in _mails(ids, now)}
    if not mails:
        return Done()
    of_mail = _with_new(_standing(list(mails)), seen, mails, now)
    made = _made(mails.values())
    judged = {mail: list(zip(hits, robots.judge(made[mail], hits), strict=True)) for mail, hits in of_mail.items()}
    every = [one for verdicts in judged.values() for one in verdicts]
    new = [_row(hit, reason, mails) for hit, reason in every if hit.reason is None]
    other = [_changed(hit, reason) for hit, reason in every if hit.reason not in (None, reason)]
    _write(KEEP, new)
    _write(CHANGE, other)
    _write(TIMES, [_times(mail, verdicts) for mail, verdicts in judged.items()])
    _look_again(every, mails)
    news.tell(judged)
    return Done(len(new), len(other))


def _look_again(judged: Sequence[tuple[Known, str]], mails: dict[int, RowMapping]) -> None:
    """A person's click that is new, or one that is no person's after all: what it led to may be put down to another."""
    moved = [hit for hit, now in judged if hit.kind == "click" and hit.reason != now and HUMAN in (hit.reason, now)]
    if moved:
        credit.again({mails[hit.delivery_id]["customer_id"] for hit in moved}, min(hit.at for hit in moved))


def _mails(ids: Collection[int], now: datetime) -> Sequence[RowMapping]:
    return db.session.execute(MAILS, {"ids": list(ids), "since": now - KEPT}).mappings().all()


def _standing(ids: list[int]) -> dict[int, dict[UUID, Known]]:
    found: dict[int, dict[UUID, Known]] = defaultdict(dict)
    for row in db.session.execute(HITS, {"ids": ids}):
        found[row.delivery_id][row.id] = Known(*row)
    return found


def _with_new(
    standing: dict[int, dict[UUID, Known]], seen: Iterable[Seen], mails: dict[int, RowMapping], now: datetime
) -> dict[int, list[Known]]:
    """Told twice is once."""
    counts = Counter((mail, hit.kind) for mail, hits in standing.items() for hit in hits.values())
    for one in seen:
        of_mail, kind = standing[one.delivery_id], (one.delivery_id, one.kind)
        if one.delivery_id in mails and one.id not in of_mail and counts[kind] < MOST:
            of_mail[one.id] = _known(one, mails[one.delivery_id]["accepted_at"], now)
            counts[kind] += 1
    return {mail: list(hits.values()) for mail, hits in standing.items() if hits}


def _known(one: Seen, accepted_at: datetime, now: datetime) -> Known:
    """By the clock of a web server, which may be wrong: nothing comes back before it went out, nor from the future."""
    at = min(max(datetime.fromtimestamp(one.at, UTC), accepted_at), now)
    return Known(one.id, one.kind, at, one.place, _plain(one.method), _plain(one.agent), one.delivery_id)


def _plain(said: str) -> str:
    """PostgreSQL takes no NUL."""
    return said.replace("\x00", "")


def _made(mails: Collection[RowMapping]) -> dict[int, Mail]:
    rows = db.session.execute(LINKS, {"versions": list({mail["version_id"] for mail in mails}), "aside": ASIDE})
    links = {row.version_id: (row.links, row.followed) for row in rows}
    return {
        mail["id"]: Mail(mail["accepted_at"], mail["delivered_at"], *links.get(mail["version_id"], (0, 0)))
        for mail in mails
    }


def _row(hit: Known, reason: str, mails: dict[int, RowMapping]) -> dict[str, Any]:
    mail = mails[hit.delivery_id]
    return {
        **_changed(hit, reason),
        "kind": hit.kind,
        "at": hit.at,
        "delivery_id": hit.delivery_id,
        "run_id": mail["run_id"],
        "customer_id": mail["customer_id"],
        "place": hit.place,
        "method": hit.method,
        "agent": hit.agent,
    }


def _changed(hit: Known, reason: str) -> dict[str, Any]:
    return {"id": hit.id, "reason": reason, "is_human": reason == HUMAN}


def _times(mail: int, verdicts: list[tuple[Known, str]]) -> dict[str, Any]:
    """Whoever follows a link has the mail open, even where its pictures were never fetched."""
    people = [hit for hit, reason in verdicts if reason == HUMAN]
    machines = [hit for hit, reason in verdicts if reason != HUMAN]
    return {
        "id": mail,
        "opened": _first(people),
        "clicked": _first(hit for hit in people if hit.kind == "click"),
        "machine_opened": _first(hit for hit in machines if hit.kind != "click"),
        "machine_clicked": _first(hit for hit in machines if hit.kind == "click"),
    }


def _first(hits: Iterable[Known]) -> datetime | None:
    return min((hit.at for hit in hits), default=None)


def _write(statement: TextClause, rows: list[dict[str, Any]]) -> None:
    if rows:
        db.session.execute(statement, {"rows": msgspec.json.encode(rows).decode()})
