"""The year of mail in the demo: it adds up, agrees with the product's own rules, and is the same for the same seed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text

from app.automations import definition
from app.automations.automation import Automation
from app.db import db
from app.deliveries import holdout, lift, variants, winning
from app.demo import automations, furnish, load, segments, wishes
from app.demo.plan import Plan
from app.demo.year import bringing
from app.events import partitions
from app.metrics import reports, rolling
from app.metrics.ranges import Range
from app.metrics.scope import Scope
from app.tracking import credit, judging
from tests import emptying

NOW = datetime(2026, 11, 1, tzinfo=UTC)
PLAN = Plan(customers=2_000, events=14_000, seed=7, now=int(NOW.timestamp()))
KEPT = {
    "runs": "SELECT md5(string_agg(r::text, '' ORDER BY id)) FROM runs r",
    "mails": "SELECT md5(string_agg(d::text, '' ORDER BY id)) FROM deliveries d",
    "hits": "SELECT md5(string_agg(h::text, '' ORDER BY id)) FROM delivery_events h",
    "conversions": """
        SELECT md5(string_agg(concat(key, customer_id, at, ref_delivery_id, amount, refunded), '' ORDER BY key))
          FROM conversions""",
    "attributions": """
        SELECT md5(string_agg(concat(c.key, a.rule, a.delivery_id, a.touch, a.touched_at), '' ORDER BY key, rule))
          FROM attributions a JOIN conversions c ON c.id = a.conversion_id""",
}


def bring() -> None:
    partitions.ensure(PLAN.began_at, PLAN.now_at)
    furnish.product(PLAN)
    load.at_once(bringing.driver(), PLAN)
    wishes.bring(PLAN)
    segments.bring(PLAN)
    automations.bring(PLAN)
    bringing.bring(PLAN)
    db.session.commit()


@pytest.fixture(scope="module")
def year(migrated):
    with migrated.app_context():
        emptying.clean()
        bring()
        yield lambda sql, **values: db.session.execute(text(sql), values).all()
        db.session.rollback()
        emptying.clean()


def kept(year) -> dict[str, str]:
    return {name: year(sql)[0][0] for name, sql in KEPT.items()}


BROKEN = {
    "a run whose people are not as many as it says": """
        SELECT r.id FROM runs r LEFT JOIN deliveries d ON d.run_id = r.id
         GROUP BY r.id HAVING r.planned <> count(d.id)""",
    "a mail of no run, or to nobody": """
        SELECT d.id FROM deliveries d LEFT JOIN runs r ON r.id = d.run_id LEFT JOIN customers c ON c.id = d.customer_id
         WHERE r.id IS NULL OR c.id IS NULL""",
    "a mail that is still on its way": "SELECT id FROM deliveries WHERE state IN ('planned', 'sealed')",
    "something that came back before the mail was out, or in the future": """
        SELECT id FROM deliveries
         WHERE NOT coalesce(least(delivered_at, bounced_at, complained_at, unsubscribed_at, opened_at, clicked_at,
                                  machine_opened_at, machine_clicked_at), accepted_at) >= accepted_at
            OR greatest(accepted_at, delivered_at, bounced_at, complained_at, unsubscribed_at, opened_at) >= :now""",
    "a state that its times do not bear out": """
        SELECT id FROM deliveries WHERE (state = 'bounced') <> (bounced_at IS NOT NULL)
            OR (state = 'complained') <> (complained_at IS NOT NULL)
            OR (accepted_at IS NULL) <> (state IN ('skipped', 'failed', 'uncertain'))""",
    "a click on a link that the mail has not": """
        SELECT h.id FROM delivery_events h JOIN deliveries d ON d.id = h.delivery_id JOIN runs r ON r.id = d.run_id
          LEFT JOIN run_variants v ON v.run_id = r.id AND v.place = d.variant
         WHERE h.kind = 'click' AND h.is_human AND NOT EXISTS (
           SELECT FROM links l WHERE l.version_id = coalesce(v.version_id, r.version_id) AND l.place = h.place)""",
    "somebody who unsubscribed by a mail, and no word of it": """
        SELECT d.id FROM deliveries d WHERE d.unsubscribed_at IS NOT NULL AND NOT EXISTS (
          SELECT FROM consents k WHERE k.customer_id = d.customer_id AND k.at = d.unsubscribed_at
             AND k.source = 'page' AND NOT k.is_given)""",
    "mail to somebody after they unsubscribed from it": """
        SELECT d.id FROM deliveries d JOIN runs r ON r.id = d.run_id AND r.purpose <> 'transactional'
          JOIN topics t ON t.slug IN (r.topic, 'marketing')
          JOIN consents k ON k.topic_id = t.id AND k.customer_id = d.customer_id AND NOT k.is_given
         WHERE d.accepted_at IS NOT NULL AND k.at < r.planned_for""",
    "mail to an address after it was suppressed": """
        SELECT d.id FROM deliveries d JOIN runs r ON r.id = d.run_id
          JOIN suppressions s ON s.email_folded = lower(d.email)
         WHERE d.accepted_at > least(s.bounced_at, s.complained_at) + interval '1 day'""",
    "an address twice in one run": """
        SELECT run_id FROM deliveries WHERE accepted_at IS NOT NULL AND occasion = ''
         GROUP BY run_id, lower(email) HAVING count(*) > 1""",
    "an order that names a mail of somebody else": """
        SELECT c.id FROM conversions c JOIN deliveries d ON d.id = c.ref_delivery_id
         WHERE d.customer_id <> c.customer_id""",
    "work that is left": "SELECT id FROM credit_work UNION ALL SELECT id FROM runs WHERE waiting_since IS NOT NULL",
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_nowhere_in_the_year_is(year, broken):
    assert year(broken, **({"now": NOW} if ":now" in broken else {})) == []


FOUND = {
    "six campaigns of its own mails": "SELECT count(DISTINCT name) = 6 FROM runs",
    "every reason to leave somebody out": """
        SELECT array_agg(DISTINCT reason) @> '{no_address,unsubscribed,suppressed,duplicate_address,holdout}'
          FROM deliveries WHERE state = 'skipped'""",
    "what machines do": """
        SELECT array_agg(DISTINCT reason) @> '{human,apple_privacy,image_proxy,scanner,hidden_link}'
          FROM delivery_events""",
    "complaints and failures": """
        SELECT bool_or(state = 'complained') AND bool_or(state = 'failed') FROM deliveries""",
    "credit by all three rules, by click, ref and send": """
        SELECT (count(DISTINCT rule), count(DISTINCT touch)) = (3, 3) FROM attributions""",
    "orders of which something was given back": "SELECT count(*) > 5 FROM orders WHERE refunded_total > 0",
    "one run that paused itself": """
        SELECT count(*) = 1 FROM runs r JOIN alerts a ON a.path = '/runs/' || r.id WHERE r.judged_from IS NOT NULL
           AND a.settled_at < :now""",
    "shares of opens and clicks as in life": """
        SELECT count(opened_at)::float / count(*) BETWEEN 0.15 AND 0.35
           AND count(clicked_at)::float / count(*) BETWEEN 0.02 AND 0.09
          FROM deliveries WHERE delivered_at IS NOT NULL""",
}


@pytest.mark.parametrize("wanted", FOUND.values(), ids=FOUND.keys())
def test_somewhere_in_the_year_are(year, wanted):
    assert year(wanted, **({"now": NOW} if ":now" in wanted else {})) == [(True,)]


def test_counting_credit_again_changes_nothing(year):
    before = kept(year)
    credit.look(dict.fromkeys([row.id for row in year("SELECT id FROM customers")], credit.EVER), NOW)
    assert kept(year) == before
    db.session.rollback()


def test_judging_every_hit_again_changes_nothing(year):
    before = kept(year)
    done = judging.judge([row.delivery_id for row in year("SELECT DISTINCT delivery_id FROM delivery_events")], (), NOW)
    assert (done, kept(year)) == (judging.Done(0, 0), before)
    db.session.rollback()


def test_the_sums_of_the_days_are_those_of_the_mails(year):
    for _ in rolling.roll_up(NOW):
        pass
    days = Range((NOW - timedelta(days=366)).date(), NOW.date(), ZoneInfo("Europe/Berlin"))
    found = reports.total(Scope(days))
    counted = "count(accepted_at), count(bounced_at), count(opened_at), count(clicked_at), count(converted_at)"
    assert year(f"SELECT {counted} FROM deliveries") == [
        (found.sent, found.bounced, found.opened, found.clicked, found.converted)
    ]
    db.session.rollback()


def test_one_of_two_subjects_wins(year):
    automation = _called("Open day")
    runs = [row.id for row in year("SELECT id FROM runs WHERE automation_id = :id", id=automation.id)]
    counts = variants.counts(runs)
    assert winning.judge([counts[0], counts[1]], winning.CONVERTED).leader == 1


def test_who_was_held_out_comes_back_less_often(year):
    automation = _called("Is it still a plan?")
    mailed, held = holdout.counts(automation.id, automation.goal, 20, NOW)
    found = lift.judge(mailed, held)
    assert (held.people > 30, found.difference > 0) == (True, True)


def test_the_same_seed_tells_the_same_year(year):
    before = kept(year)
    bring()
    assert kept(year) == before


def _called(name: str) -> Automation:
    return db.session.scalars(db.select(Automation).where(Automation.name == name)).one()


def test_what_answers_the_shop_is_there_to_be_switched_on_and_is_not(year):
    said = select(Automation).where(Automation.trigger.has_key("behaviour")).order_by(Automation.id)
    found = db.session.scalars(said).all()
    assert [one.trigger["behaviour"] for one in found] == ["abandoned_cart", "price_drop", "back_in_stock"]
    for one in found:
        assert not one.is_active
        assert definition.problems(definition.of(one), NOW) == []
