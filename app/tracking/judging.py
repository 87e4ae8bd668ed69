"""The verdict on hits, written in sets: on each its reason, on each mail the first time by a person and by a machine.

Both are worked out from all hits of a mail under the lock of its row, so neither the order in which hits come nor who
else is at it makes a difference, and a verdict may be taken back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from app.db import db
from app.deliveries import news
from app.tracking import credit, robots, standing
from app.tracking.robots import HUMAN, Mail
from app.tracking.standing import Known, New, Sent, Times, Verdict
from app.tracking.stream import Seen

KEPT = timedelta(days=400)  # later hits of a mail say nothing new
MOST = 1_000  # hits of a kind and mail: what somebody's script asks for day and night is not kept
# Links that never lead by way of us.
ASIDE = r"^\s*(mailto:|tel:|sms:|#|\{\{\s*urls\.)"
LINKS = text(
    """
    SELECT version_id, count(*) AS links, count(*) FILTER (WHERE href !~* :aside) AS followed
      FROM links WHERE version_id = ANY (:versions) GROUP BY version_id
    """
)
# What a hit tells of its mail, by whether it is a person's and whether it is a click. Whoever follows a link has the
# mail open, even where its pictures were never fetched.
TOLD = {
    (True, False): ("opened",),
    (True, True): ("opened", "clicked"),
    (False, False): ("machine_opened",),
    (False, True): ("machine_clicked",),
}


@dataclass(frozen=True)
class Done:
    kept: int = 0  # hits that are new
    changed: int = 0  # verdicts that are other than they were


def judge(ids: Collection[int], seen: Sequence[Seen], now: datetime) -> Done:
    """All hits of these mails, with what was seen of them just now. Never commits."""
    mails = {mail.id: mail for mail in standing.mails(ids, now - KEPT)}
    if not mails:
        return Done()
    of_mail = _with_new(standing.hits(mails), seen, mails, now)
    made = _made(mails.values())
    judged = {mail: list(zip(hits, robots.judge(made[mail], hits), strict=True)) for mail, hits in of_mail.items()}
    every = [one for verdicts in judged.values() for one in verdicts]
    new = [_new(hit, reason, mails[hit.delivery_id]) for hit, reason in every if hit.reason is None]
    other = [Verdict(hit.id, reason, reason == HUMAN) for hit, reason in every if hit.reason not in (None, reason)]
    times = [_times(mail, verdicts) for mail, verdicts in judged.items()]
    standing.keep(new)
    standing.change(other)
    standing.tell([one for one in times if one != mails[one.id].times])
    _look_again(every, mails)
    news.tell(judged)
    return Done(len(new), len(other))


def _look_again(judged: Sequence[tuple[Known, str]], mails: dict[int, Sent]) -> None:
    """A person's click that is new, or one that is no person's after all: what it led to may be put down to another."""
    moved = [hit for hit, now in judged if hit.kind == "click" and hit.reason != now and HUMAN in (hit.reason, now)]
    if moved:
        credit.again({mails[hit.delivery_id].customer_id for hit in moved}, min(hit.at for hit in moved))


def _with_new(
    found: dict[int, dict[UUID, Known]], seen: Iterable[Seen], mails: dict[int, Sent], now: datetime
) -> dict[int, list[Known]]:
    """Told twice is once."""
    counts = Counter((mail, hit.kind) for mail, hits in found.items() for hit in hits.values())
    for one in seen:
        of_mail, kind = found[one.delivery_id], (one.delivery_id, one.kind)
        if one.delivery_id in mails and one.id not in of_mail and counts[kind] < MOST:
            of_mail[one.id] = _known(one, mails[one.delivery_id].accepted_at, now)
            counts[kind] += 1
    return {mail: list(hits.values()) for mail, hits in found.items() if hits}


def _known(one: Seen, accepted_at: datetime, now: datetime) -> Known:
    """By the clock of a web server, which may be wrong: nothing comes back before it went out, nor from the future."""
    at = min(max(datetime.fromtimestamp(one.at, UTC), accepted_at), now)
    return Known(one.id, one.kind, at, one.place, _plain(one.method), _plain(one.agent), one.delivery_id)


def _plain(said: str) -> str:
    """PostgreSQL takes no NUL."""
    return said.replace("\x00", "")


def _made(mails: Collection[Sent]) -> dict[int, Mail]:
    rows = db.session.execute(LINKS, {"versions": list({mail.version_id for mail in mails}), "aside": ASIDE})
    links = {row.version_id: (row.links, row.followed) for row in rows}
    return {mail.id: Mail(mail.accepted_at, mail.delivered_at, *links.get(mail.version_id, (0, 0))) for mail in mails}


def _new(hit: Known, reason: str, mail: Sent) -> New:
    return New(
        id=hit.id,
        kind=hit.kind,
        at=hit.at,
        delivery_id=mail.id,
        run_id=mail.run_id,
        customer_id=mail.customer_id,
        place=hit.place,
        is_human=reason == HUMAN,
        reason=reason,
        method=hit.method,
        agent=hit.agent,
    )


def _times(mail: int, verdicts: list[tuple[Known, str]]) -> Times:
    first: dict[str, datetime] = {}
    for hit, reason in verdicts:
        for name in TOLD[reason == HUMAN, hit.kind == "click"]:
            first[name] = min(hit.at, first.get(name, hit.at))
    return Times(mail, **first)
