"""Looks at the shop: rows of work, by the clock or each minute; each finds whom to call, and calls nobody twice.

What somebody is called for is claimed in the transaction in which their answer begins to wait: killed anywhere, a look
is as if it had never been, and comes again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert

from app.automations.automation import Automation
from app.automations.behaviours import back_in_stock, looking, settings
from app.automations.behaviours.frame import Frame
from app.automations.behaviours.settings import AT_ONCE, BACK_IN_STOCK
from app.automations.scan import BehaviourClaim, Scan
from app.consent import permission
from app.db import db
from app.deliveries import alarms
from app.segments import audience, keeping
from app.segments.audience import Audience
from app.segments.unavailable import Unavailable

OCCASION = "behaviour-{}"
ASKED = "-asked"  # at the end of an occasion: a person wanted that look, whether it is active or not
BREATH = timedelta(seconds=10)  # between two looks that changes of products ask for
CLAIMS_KEPT, SCANS_KEPT = timedelta(days=365), timedelta(days=7)
ALONE = text("SELECT pg_advisory_xact_lock(hashtext('automations.behaviours'), CAST(:automation AS int))")
# In the order of people, as everybody who writes these rows.
CALL = """
    WITH {found}, claimed AS (
      INSERT INTO behaviour_claims (automation_id, customer_id, about, product_id, occasion, at)
      SELECT :automation, customer_id, about, product_id, :occasion, :now FROM found ORDER BY customer_id, about
      ON CONFLICT DO NOTHING
      RETURNING customer_id, about
    ), waiting AS (
      INSERT INTO trigger_waits (automation_id, customer_id, occasion, happened_at, due_at, not_before, facts)
      SELECT :automation, f.customer_id, :occasion, max(f.at), :now, :now, {facts}
        FROM found f JOIN claimed USING (customer_id, about)
       GROUP BY f.customer_id ORDER BY f.customer_id
      ON CONFLICT DO NOTHING
      RETURNING 1
    )
    SELECT count(*) FROM waiting
"""
# Whose product was gone before their mail was drawn: they wait for it again.
REARM = text(
    """
    DELETE FROM behaviour_claims c USING runs r, deliveries d
     WHERE r.automation_id = :automation
       AND (r.finished_at IS NULL OR r.finished_at > CAST(:now AS timestamptz) - interval '4 days')
       AND d.run_id = r.id AND d.facts ? 'overtaken'
       AND c.automation_id = :automation AND c.customer_id = d.customer_id AND c.occasion = d.occasion
       AND d.facts -> 'overtaken' ? c.product_id
    """
)
# Whose mail never left had no turn: the one before it counts again.
GIVE_BACK = text(
    """
    WITH spent AS MATERIALIZED (
      SELECT t.customer_id
        FROM runs r
        JOIN deliveries d ON d.run_id = r.id AND d.state = 'skipped'
        JOIN trigger_waits w ON w.automation_id = :automation AND w.customer_id = d.customer_id
                            AND w.occasion = d.occasion AND w.outcome = 'answered'
        JOIN trigger_last t ON t.automation_id = :automation AND t.customer_id = w.customer_id AND t.at = w.settled_at
       WHERE r.automation_id = :automation AND r.started_at > CAST(:turn_after AS timestamptz) - interval '2 days'
         AND t.at > :turn_after
       ORDER BY t.customer_id
         FOR UPDATE OF t
    ), before AS MATERIALIZED (
      SELECT s.customer_id, max(d.accepted_at) AS at
        FROM spent s
        LEFT JOIN deliveries d ON d.customer_id = s.customer_id AND d.accepted_at > :turn_after
                              AND d.run_id IN (SELECT id FROM runs WHERE automation_id = :automation)
       GROUP BY s.customer_id
    ), restored AS (
      UPDATE trigger_last t SET at = b.at FROM before b
       WHERE t.automation_id = :automation AND t.customer_id = b.customer_id AND b.at IS NOT NULL
    )
    DELETE FROM trigger_last t USING before b
     WHERE t.automation_id = :automation AND t.customer_id = b.customer_id AND b.at IS NULL
    """
)
AT_ONCE_DUE = text(
    f"""
    INSERT INTO behaviour_scans (automation_id, planned_for)
    SELECT a.id, :now FROM automations a
     WHERE a.is_active AND a.trigger ->> 'behaviour' IS NOT NULL AND a.trigger ->> 'when' = '{AT_ONCE}'
       AND NOT EXISTS (SELECT FROM behaviour_scans s
                        WHERE s.automation_id = a.id AND (s.waiting_since IS NOT NULL OR s.planned_for > :lately))
     ORDER BY a.id
    ON CONFLICT DO NOTHING
    """
)


def plan(automation: Automation, planned: datetime) -> None:
    """A planned time is looked at once, whoever asks and however often."""
    row = insert(Scan).values(automation_id=automation.id, planned_for=planned)
    db.session.execute(row.on_conflict_do_nothing())


def plan_at_once(now: datetime) -> None:
    """For all that answer as soon as it happens; who is about to be looked at is looked at once."""
    db.session.execute(AT_ONCE_DUE, {"now": now, "lately": now - BREATH})


def scan(scan_id: int, now: datetime) -> None:
    """Never commits. Where its segment cannot be asked nobody is called, and somebody is told."""
    row = db.session.get_one(Scan, scan_id, populate_existing=True)
    automation = db.session.get_one(Automation, row.automation_id, populate_existing=True)
    is_meant = automation.is_active and "behaviour" in automation.trigger
    row.found, row.finished_at = _called(automation, OCCASION.format(row.id), now) if is_meant else 0, now
    db.session.flush()


def look_now(automation: Automation, now: datetime) -> int:
    """A person asks for a look at this moment, whatever its trigger says of the time: how many it called."""
    row = Scan(automation_id=automation.id, planned_for=now, finished_at=now)
    db.session.add(row)
    db.session.flush()
    row.waiting_since = None
    row.found = _called(automation, OCCASION.format(row.id) + ASKED, now)
    db.session.flush()
    return row.found


def forget_old(now: datetime) -> None:
    """What somebody was called for a year ago may call again; of looks nobody asks after a week."""
    db.session.execute(delete(BehaviourClaim).where(BehaviourClaim.at < now - CLAIMS_KEPT))
    db.session.execute(delete(Scan).where(Scan.finished_at < now - SCANS_KEPT))


def last(automation: Automation, before: datetime | None = None) -> Scan | None:
    over = Scan.finished_at < before if before else Scan.finished_at.is_not(None)
    mine = select(Scan).where(Scan.automation_id == automation.id, over)
    return db.session.scalars(mine.order_by(Scan.planned_for.desc()).limit(1)).first()


def _called(automation: Automation, occasion: str, now: datetime) -> int:
    try:
        return _call(automation, occasion, now)
    except Unavailable as why:
        alarms.could_not_run(automation.id, automation.name, why.said)
        return 0


def _call(automation: Automation, occasion: str, now: datetime) -> int:
    db.session.execute(ALONE, {"automation": automation.id})
    behaviour = settings.read(automation.trigger)
    whom: tuple[str, dict[str, Any]] = ("", {})
    if behaviour.kind == BACK_IN_STOCK:
        db.session.execute(REARM, {"automation": automation.id, "now": now})
        whom = _writable(automation, now)  # a wave is of those who may get it, the rest are asked about when it is sent
    before = last(automation, now)
    frame = Frame(behaviour, now, automation.id, *whom, before.finished_at if before else None)
    if behaviour.turn:
        db.session.execute(GIVE_BACK, {"automation": automation.id, "turn_after": now - behaviour.turn})
    found = looking.new(frame)
    db.session.execute(text("SET LOCAL work_mem = '128MB'"))
    statement = text(CALL.format(found=found.sql, facts=looking.FACTS))
    called = db.session.scalar(statement, {**found.said, "occasion": occasion}) or 0
    db.session.execute(text("SET LOCAL work_mem TO DEFAULT"))
    return called


def _writable(automation: Automation, now: datetime) -> tuple[str, dict[str, Any]]:
    """Whom of those who wait for something a mail may reach, within its segment: few pieces are for nobody else."""
    try:
        judged = permission.judged(automation.purpose, automation.topic, now, back_in_stock.WAITS)
    except permission.UnknownTopic:
        raise Unavailable("Its topic was deleted.") from None
    sql, said = f"SELECT customer_id FROM ({judged.sql}) judged WHERE refusal IS NULL", judged.said
    segment = _segment(automation, now)
    if segment is None:
        return sql, said
    inside = f"{sql} AND customer_id IN (SELECT customer_id FROM ({segment.sql}) inside)"
    return inside, {**segment.said, **said}


def _segment(automation: Automation, now: datetime) -> Audience | None:
    if automation.segment_id is None:
        return None
    segment = keeping.find(automation.segment_id)
    if segment is None:
        raise Unavailable("Its segment was deleted.")
    return audience.of(segment, now)
