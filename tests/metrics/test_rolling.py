"""The sums of days and the rows behind them never differ, whoever writes, adds up or moves meanwhile."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.db import db
from app.metrics import rolling, sources, straight
from app.metrics.ranges import Range
from app.metrics.scope import Scope
from tests.metrics.making import (
    BERLIN,
    HOUR,
    NOW,
    change,
    make_credit,
    make_hit,
    make_mail,
    make_run,
    move_to,
    of,
    roll_up,
)

AUTUMN = Range(date(2026, 9, 1), date(2026, 12, 31), BERLIN)
# Each source: which columns it is told apart by, what it counts, and the same straight from the rows.
KINDS = (
    (sources.DAYS, "run_id, day", straight.COUNTS, straight.days),
    (sources.MAILBOXES, "mailbox", straight.COUNTS, straight.days),
    (sources.HOURS, "run_id, hour", straight.COUNTS, straight.hours),
    (sources.MOMENTS.replace("{table}", "moment_days"), "weekday, hour", rolling.MOMENTS, straight.moments),
    (sources.MOMENTS.replace("{table}", "moment_totals"), "weekday, hour", rolling.MOMENTS, straight.moments),
    (sources.CREDITS, "run_id, day, rule, currency", rolling.WORTH, straight.credited),
    (sources.LINKS, "run_id, variant, place", rolling.CLICKS, straight.links),
)
MAILS = 40
FOLLOWED = range(MAILS + 1, MAILS + 9)  # mails that stay accepted, as each does of which something comes back
# What can become of a mail, again and again, some of it undone; drawn by lot, whatever the order.
LIVES = (
    "state = 'accepted', accepted_at = :at",
    "state = 'failed', accepted_at = NULL",
    "state = 'planned'",
    "delivered_at = :at",
    "state = 'bounced', bounced_at = :at",
    "complained_at = :at",
    "opened_at = :at, clicked_at = :at",
    "opened_at = NULL, machine_opened_at = :at",
    "clicked_at = NULL, machine_clicked_at = :at",
    "converted_at = :at, unsubscribed_at = :at",
    "email = NULL",
    "email = 'somebody@gmail.com'",
)
MONEY = (
    """
    INSERT INTO conversions (key, kind, customer_id, at, amount, currency)
    VALUES ('order-' || :one || '-' || :other, 'order', :one, :at, 5000, 'EUR') ON CONFLICT (key) DO NOTHING
    """,
    """
    INSERT INTO attributions (conversion_id, rule, delivery_id, run_id, touch, touched_at)
    SELECT c.id, 'last_click', d.id, d.run_id, 'click', :at FROM conversions c, deliveries d
     WHERE d.customer_id = :one ORDER BY c.id + :other LIMIT 3 ON CONFLICT DO NOTHING
    """,
    "UPDATE conversions SET refunded = amount - 1000 WHERE customer_id = :one",
    "UPDATE conversions SET refunded = 0, currency = 'CHF' WHERE customer_id = :other",
    """
    UPDATE attributions a SET delivery_id = d.id, run_id = d.run_id FROM deliveries d
     WHERE d.customer_id = :other AND a.conversion_id = (SELECT min(conversion_id) FROM attributions)
    """,
    "DELETE FROM attributions WHERE conversion_id % 5 = :one % 5",
    "DELETE FROM conversions WHERE customer_id = :other",
)
# Whoever writes hits holds their mails; whoever deletes them does not.
HOLD = "SELECT FROM deliveries WHERE customer_id = ANY (:whom) ORDER BY id FOR NO KEY UPDATE"
COME_BACK = """
    INSERT INTO delivery_events (id, kind, at, delivery_id, run_id, customer_id, place, is_human, reason)
    SELECT gen_random_uuid(), kind, :at, id, run_id, customer_id, CASE kind WHEN 'click' THEN n / 2 END, n % 3 > 0, ''
      FROM deliveries CROSS JOIN generate_series(1, :many) n CROSS JOIN unnest(ARRAY['open', 'click']) kind
     WHERE customer_id = ANY (:whom)
"""
JUDGE_AGAIN = """
    UPDATE delivery_events SET is_human = NOT is_human, at = :at
     WHERE customer_id = ANY (:whom) AND coalesce(place, 0) < :many
"""
FORGET = """
    DELETE FROM delivery_events WHERE id IN (SELECT id FROM delivery_events WHERE customer_id = ANY (:whom) LIMIT :many)
"""


def difference(source: str, key: str, names: Sequence[str], rows: Callable[[Scope], str]) -> list[object]:
    """Of the sums to the rows, by one statement: what nobody may ever see."""
    scope = of(AUTUMN)
    sums = ", ".join(f"sum({name}) AS {name}" for name in names)
    counted = [
        f"SELECT * FROM (SELECT {key}, {sums} FROM ({one}) rows GROUP BY {key}) summed"
        f" WHERE ({', '.join(names)}) <> ({', '.join('0' for _ in names)})"
        for one in (source.format(runs="true"), rows(scope))
    ]
    asked = "(({0}) EXCEPT ALL ({1})) UNION ALL (({1}) EXCEPT ALL ({0}))".format(*counted)
    return list(db.session.execute(text(asked), scope.said))


def is_exact() -> bool:
    return not any(difference(*kind) for kind in KINDS)


def live(app, seed: int, happen: Callable[[random.Random], None]) -> None:
    """Transactions of a few statements about a few mails; one of four is taken back."""
    lot = random.Random(seed)
    with app.app_context():
        for _ in range(40):
            try:
                for _ in range(lot.randint(1, 3)):
                    happen(lot)
                _ = db.session.rollback() if lot.random() < 0.25 else db.session.commit()
            except OperationalError:  # two of them waited for each other: one is taken back
                db.session.rollback()


def happen(lot: random.Random) -> None:
    at = moment(lot)
    if lot.random() < 0.4:
        said = {"one": lot.randint(1, MAILS), "other": lot.randint(1, MAILS), "at": at}
        db.session.execute(text(lot.choice(MONEY)), said)
        return
    whom = sorted(lot.sample(range(1, MAILS + 1), lot.randint(1, 8)))
    asked = f"UPDATE deliveries SET {lot.choice(LIVES)} WHERE customer_id = ANY (:whom)"
    db.session.execute(text(asked), {"whom": whom, "at": at} if ":at" in asked else {"whom": whom})


def come_back(lot: random.Random) -> None:
    said = {"whom": lot.sample(FOLLOWED, lot.randint(1, 3)), "many": lot.randint(1, 4), "at": moment(lot)}
    asked = lot.choice((COME_BACK, COME_BACK, JUDGE_AGAIN, FORGET))
    if asked is not FORGET:
        db.session.execute(text(HOLD), said)
    db.session.execute(text(asked), said)


def moment(lot: random.Random) -> datetime:
    return datetime(2026, 10, 20, tzinfo=UTC) + timedelta(minutes=lot.randint(0, 14_400))


def add_up(app, times: int) -> None:
    with app.app_context():
        for _ in range(times):
            roll_up()


def look(app, times: int) -> bool:
    with app.app_context():
        return all(is_exact() for _ in range(times))


def test_the_sums_equal_the_rows_at_every_moment_whatever_happens_at_once(app):
    for n, day in enumerate((0, 5)):
        run = make_run(f"run {n}", NOW + timedelta(days=day))
        for one in range(1 + n * MAILS // 2, 1 + (n + 1) * MAILS // 2):
            make_mail(run, one, None, state="planned")
    for n, one in enumerate(FOLLOWED):
        make_mail(run, one, NOW + n * HOUR, variant=n % 2 if n < 5 else None)
    move_to("Europe/Berlin")
    with ThreadPoolExecutor(7) as pool:
        writers = [pool.submit(live, app, seed, does) for seed in (1, 2) for does in (happen, come_back)]
        adders = [pool.submit(add_up, app, 20) for _ in range(2)]
        looker = pool.submit(look, app, 15)
        assert all(one.result() is None for one in (*writers, *adders))
        assert looker.result()
    make_credit(make_mail(run, FOLLOWED[-1] + 1))  # the last thing that happened by lot may have taken all credits away
    roll_up()
    assert is_exact()
    assert db.session.scalar(text("SELECT sum(sent) FROM mail_days"))
    assert db.session.scalar(text("SELECT sum(conversions) FROM credit_days"))
    assert db.session.scalar(text("SELECT sum(clicks) FROM link_days"))
    assert db.session.scalar(text("SELECT sum(people) FROM forgotten_clicks"))
    db.session.execute(text("UPDATE roll_up SET counted_until = 0"))
    roll_up()
    assert is_exact()


def test_whoever_moves_to_another_zone_sees_the_same_mails_on_other_days(app):
    mail = make_mail(make_run(), 1, datetime(2026, 10, 21, 22, 30, tzinfo=UTC), opened_at=NOW)
    make_credit(mail)
    for zone in ("UTC", "Asia/Kathmandu", "Europe/Berlin"):
        move_to(zone)
        assert not rolling.add(zone)
    assert is_exact()
    assert db.session.scalars(text("SELECT day FROM mail_days WHERE sent > 0")).all() == [date(2026, 10, 22)]


def test_while_all_is_counted_anew_figures_come_from_the_rows(app, monkeypatch):
    for n in range(3):
        make_mail(make_run(f"run {n}"), n)
    monkeypatch.setattr(rolling, "SLICE", 1)
    monkeypatch.setattr(rolling, "MOST_SLICES", 1)
    seen = []
    for _ in range(6):
        seen.append(sources.is_counted(of(Range(AUTUMN.first, AUTUMN.last, AUTUMN.zone))))
        move_to("Europe/Berlin")
    assert (seen[0], seen[-1]) == (False, True)
    assert is_exact()


def test_a_statement_about_what_is_not_counted_leaves_nothing_behind(app):
    run = make_run()
    mail = make_mail(run, 1, None, state="planned")
    change(mail, state="sealed")
    change(mail, state="skipped", reason="cancelled")
    assert db.session.scalar(text("SELECT count(*) FROM mail_deltas")) == 0
    change(mail, state="accepted", accepted_at=NOW)
    change(mail, provider_id="x")
    make_hit(mail, "open")
    assert db.session.scalar(text("SELECT count(*) FROM mail_deltas")) == 1
    assert db.session.scalar(text("SELECT count(*) FROM click_deltas")) == 0


def test_what_is_accepted_late_takes_its_credit_along(app):
    """Nobody knew that it was out when somebody came by it and bought."""
    move_to("Europe/Berlin")
    mail = make_mail(make_run(), 1, None, state="uncertain")
    make_credit(mail, 5000)
    assert is_exact()
    change(mail, state="accepted", accepted_at=NOW + HOUR)
    assert is_exact()
    roll_up()
    assert db.session.scalars(text("SELECT amount FROM credit_days")).all() == [5000]


def test_nothing_changes_its_worth_while_its_credit_is_being_given(app):
    """Neither would see the other, and the sum would be wrong for good."""
    mail = make_mail(make_run(), 1)
    order = make_credit(mail)
    asked = text("UPDATE attributions SET touch = 'send' WHERE conversion_id = :id")
    db.session.execute(asked, {"id": order.id})
    with db.engine.connect() as other:
        other.execute(text("SET LOCAL lock_timeout = '100ms'"))
        with pytest.raises(OperationalError, match="lock timeout"):
            other.execute(text("UPDATE conversions SET refunded = 1 WHERE id = :id"), {"id": order.id})


def test_clicks_are_not_forgotten_while_others_of_their_mail_come_in(app):
    """Neither would see the other, and nobody would know whether the mail still has one."""
    mail = make_mail(make_run(), 1)
    make_hit(mail)
    db.session.execute(text(HOLD), {"whom": [1]})
    with db.engine.connect() as other:
        other.execute(text("SET LOCAL lock_timeout = '100ms'"))
        with pytest.raises(OperationalError, match="lock timeout"):
            other.execute(text("DELETE FROM delivery_events"))


@pytest.mark.parametrize(
    "name",
    [
        "count_changed_mails", "count_changed_worth", "count_taken_credit", "count_new_clicks", "count_changed_clicks",
        "keep_forgotten_clicks",
    ],
)  # fmt: skip
def test_without_one_of_its_triggers_it_would_be_wrong(app, name):
    """The comparison above sees what it is there to see."""
    move_to("Europe/Berlin")
    mail = make_mail(make_run(), 1)
    make_credit(mail)
    make_hit(mail)
    make_hit(mail, place=2)
    table = db.session.scalar(text("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = :n"), {"n": name})
    db.session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER {name}"))
    db.session.execute(text("UPDATE deliveries SET opened_at = accepted_at"))
    db.session.execute(text("UPDATE conversions SET refunded = 1"))
    db.session.execute(text("DELETE FROM attributions"))
    db.session.execute(text("UPDATE delivery_events SET is_human = false WHERE place = 1"))
    db.session.execute(text(COME_BACK), {"whom": [1], "many": 1, "at": NOW})
    db.session.execute(text("DELETE FROM delivery_events WHERE place = 2"))
    assert not is_exact()
    db.session.rollback()
