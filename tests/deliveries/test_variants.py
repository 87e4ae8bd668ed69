"""Who gets which mail of a run that has several: equal shares, always the same, one mail each whatever happens."""

from __future__ import annotations

import hashlib
from collections import Counter

import pytest
from sqlalchemy import select, text

from app.audit.actor import COMMAND_LINE
from app.clock import clock
from app.db import db
from app.deliveries import filling, runs, using, variants
from app.deliveries.delivery import Delivery
from app.deliveries.filling import Whom
from app.deliveries.run import Run
from app.deliveries.variant import RunVariant
from app.deliveries.variants import Count
from tests.automations.making import make_automation
from tests.deliveries import making
from tests.deliveries.making import EVERYBODY, adds_up, make_version, planned, sent
from tests.deliveries.test_sending import killed_after
from tests.factories import make_customer, make_customers

MANY = 100_000
PLACES = """
    SELECT customer_id, {place} AS place FROM generate_series(1, :most) customer_id ORDER BY customer_id
"""


def made(*subjects: str, key: str = "a run", automation_id: int | None = None) -> Run:
    """With so many variants, and nobody yet."""
    run = planned(make_version(), key, automation_id=automation_id)
    variants.freeze(
        RunVariant(run_id=run.id, place=place, version_id=run.version_id, subject=subject, label="ABCD"[place])
        for place, subject in enumerate(subjects)
    )
    db.session.commit()
    return run


def filled(run: Run, whom: Whom = EVERYBODY) -> Run:
    filling.fill(run, whom, clock())
    runs.begin(run, clock())
    run.waiting_since = None
    db.session.commit()
    return run


def places(run: Run, most: int = MANY) -> list[int]:
    place, told = variants.assigned(run)
    return [row.place for row in db.session.execute(text(PLACES.format(place=place)), {**told, "most": most})]


def variant_of() -> dict[int, int | None]:
    db.session.expire_all()
    return dict(db.session.execute(select(Delivery.customer_id, Delivery.variant)).all())


def automation() -> int:
    return make_automation(segment_id=None, template_id=None).id


@pytest.mark.parametrize("many", [2, 3, 4])
def test_of_a_hundred_thousand_each_gets_its_share(app, many):
    found = Counter(places(made(*"abcd"[:many], automation_id=automation())))
    assert sorted(found) == list(range(many))
    deviation = (MANY / many * (1 - 1 / many)) ** 0.5
    for place in range(many):
        assert abs(found[place] - MANY / many) < 4 * deviation


def test_the_same_person_has_the_same_place_in_each_run_of_an_automation(app):
    own = automation()
    first, second = (made("a", "b", key=key, automation_id=own) for key in ("first", "second"))
    assert places(first) == places(second)
    by_hand = [int(hashlib.sha256(f"{own}-{n}".encode()).hexdigest()[:8], 16) % 2 for n in range(1, 1001)]
    assert places(first, 1000) == by_hand  # whatever machine counts it


def test_the_split_of_one_automation_says_nothing_about_that_of_another(app):
    one, other = (places(made("a", "b", key=key, automation_id=automation())) for key in ("one", "other"))
    both = Counter(zip(one, other, strict=True))
    chi_squared = sum((both[pair] - MANY / 4) ** 2 / (MANY / 4) for pair in ((0, 0), (0, 1), (1, 0), (1, 1)))
    assert chi_squared < 16.3  # three degrees of freedom: one of a thousand lies above


def test_each_gets_the_mail_of_their_place(app):
    people = make_customers(40)
    run = filled(made("First, {{ customer.first_name }}", "Second", automation_id=automation()))
    sent()
    told = {mail.to_email: mail.subject for mail in making.outbox()}
    by_place = variant_of()
    assert set(by_place.values()) == {0, 1}
    for one in people:
        wanted = f"First, {one.first_name}" if by_place[one.id] == 0 else "Second"
        assert told[one.email] == wanted
    assert adds_up(run)


def test_each_may_say_something_else_altogether(app):
    make_customers(20)
    run = made("One", "Other", automation_id=automation())
    other = make_version(html="<p>Quite another</p>")
    db.session.get(RunVariant, (run.id, 1)).version_id = other.id
    db.session.commit()
    filled(run)
    sent()
    assert {(mail.subject, "Quite another" in mail.html) for mail in making.outbox()} == {
        ("One", False),
        ("Other", True),
    }


def test_a_run_with_one_mail_has_no_places(app):
    make_customers(3)
    run = filled(made())
    assert variants.assigned(run) == ("NULL::smallint", {})
    sent()
    assert set(variant_of().values()) == {None}
    assert variants.counts([run.id]) == {}


def test_a_subject_of_its_own_takes_the_place_of_the_templates(app):
    maya = make_customer(email="maya@posteo.example")
    run = made()
    run.subject = "For {{ customer.first_name }} alone"
    filled(run)
    sent()
    assert [mail.subject for mail in making.outbox()] == [f"For {maya.first_name} alone"]


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_killed_and_taken_up_again_each_gets_one_mail_of_their_place(app, steps):
    make_customers(150)
    run = filled(made("One", "Other", automation_id=automation()))
    before = variant_of()
    killed_after(steps)
    filling.fill(run, EVERYBODY, clock())  # planned once more by somebody who was late
    db.session.commit()
    runs.pause(run, "Wait", COMMAND_LINE)
    db.session.commit()
    sent()
    runs.resume(run, COMMAND_LINE)
    db.session.commit()
    sent(3)
    assert variant_of() == before
    assert Counter(mail.to_email for mail in making.outbox()) == {f"p{n}@posteo.example": 1 for n in range(150)}
    assert sorted(mail.subject for mail in making.outbox()) == sorted(
        "One" if place == 0 else "Other" for place in before.values()
    )
    assert adds_up(run)


def test_what_failed_is_tried_again_with_the_same_mail(app):
    make_customers(30)
    run = filled(made("One", "Other", automation_id=automation()))
    before = variant_of()
    db.session.execute(text("UPDATE deliveries SET state = 'failed', reason = 'No'"))
    db.session.execute(text("UPDATE batches SET state = 'done', waiting_since = NULL"))
    db.session.commit()
    runs.retry_failed(run, COMMAND_LINE)
    db.session.commit()
    sent()
    assert variant_of() == before
    assert {mail.subject for mail in making.outbox()} == {"One", "Other"}


def test_what_came_of_each_is_counted_over_the_runs_that_said_the_same(app):
    make_customers(50)
    own = automation()
    alike = [filled(made("One", "Other", key=key, automation_id=own)) for key in ("a", "b")]
    version_id = alike[0].version_id
    db.session.execute(text("UPDATE run_variants SET version_id = :v"), {"v": version_id})
    another = filled(made("One", "Third", key="c", automation_id=own))
    sent()
    came = text(
        "UPDATE deliveries SET state = 'delivered', delivered_at = now(), opened_at = now()"
        " WHERE run_id = :run AND variant = 1"
    )
    db.session.execute(came, {"run": alike[0].id})
    came = text("UPDATE deliveries SET clicked_at = now(), converted_at = now() WHERE run_id = :run AND variant = 0")
    db.session.execute(came, {"run": alike[1].id})
    db.session.commit()
    shares = Counter(places(another, 50))
    template_id = db.session.scalar(text("SELECT template_id FROM template_versions WHERE id = :v"), {"v": version_id})
    found = variants.alike(own, [(template_id, "One"), (template_id, "Other")])
    assert sorted(found) == [one.id for one in alike]
    assert variants.counts(found) == {
        0: Count(2 * shares[0], clicked=shares[0], converted=shares[0]),
        1: Count(2 * shares[1], delivered=shares[1], opened=shares[1]),
    }
    assert variants.alike(own, [(template_id, "Other"), (template_id, "One")]) == []
    assert variants.counts([]) == {}


def test_a_template_that_only_a_variant_used_names_the_run(app):
    run = made("One", "Other")
    other = make_version()
    db.session.get(RunVariant, (run.id, 1)).version_id = other.id
    db.session.commit()
    assert [(one, user.id) for one, user in using.of_templates([other.template_id])] == [(other.template_id, run.id)]
