"""Compiled rules choose exactly whom a plain-Python oracle chooses, in small worlds where everything coincides."""

from __future__ import annotations

import json
import os
from datetime import timedelta

import pytest
from sqlalchemy import insert, text

from app.automations.automation import Automation
from app.catalogue.cart import Cart
from app.catalogue.order import Order
from app.catalogue.product import Product
from app.content.template import MessageTemplate, TemplateVersion
from app.customers.attributes import AttributeChange
from app.customers.customer import Customer
from app.db import db
from app.deliveries.delivery import Delivery
from app.deliveries.run import Run
from app.deliveries.variant import RunVariant
from app.events import partitions
from app.events.event import Event
from app.events.funnel_event import FunnelEvent
from app.segments import audience, compiling, rules, sentence, sets, words
from app.segments.conditions import MEANINGS
from app.segments.conditions.mail import MOMENTS
from app.segments.rules import Known
from app.segments.segment import ListedCustomer, Segment
from app.settings import setting
from app.settings.team import Team
from tests.factories import make_attribute
from tests.segments import oracle
from tests.segments.imagined import LISTED, WITH_RULES, Imagination
from tests.segments.worlds import RUNS, World

LONG = int(os.environ.get("LONG", "0"))
WORLDS, RULES = (80, 480) if LONG else (8, 120)


@pytest.mark.timeout(3_000 if LONG else 300)
@pytest.mark.parametrize("seed", range(WORLDS))
def test_a_rule_chooses_whom_the_oracle_chooses(app, seed):
    imagination = Imagination(seed)
    world = imagination.world()
    store(world)
    for _ in range(RULES):
        raw = imagination.rule()
        if (found := chosen(raw, world)) != (wanted := oracle.chosen(raw, world)):
            pytest.fail(_told(raw, world, found, wanted))
        _say(raw, world, imagination)


def chosen(raw, world):
    frame = audience.frame_of(world.now)
    frame.last_run = world.last_run
    part = compiling.part(rules.read(raw, Known(frame.zone, frame.types)), frame)
    ids = db.session.scalars(text(sets.selected(part)), frame.said).all()
    assert len(ids) == len(set(ids)), f"somebody is there twice: {raw}"
    return set(ids)


def store(world: World) -> None:
    for name, kind in world.types.items():
        make_attribute(name, kind)
    db.session.add(setting.Setting(name="team", value={"timezone": world.zone.key}))
    assert Team
    partitions.ensure(world.now - timedelta(days=10), world.now + timedelta(days=3))
    db.session.commit()
    everyone = world.people
    _add(Customer, [_row(one) for one in everyone])
    _add(AttributeChange, [
        {"customer_id": one.id, "name": name, "is_column": is_column, "at": at, "source": "test"}
        for one in everyone for name, is_column, at in one.changes
    ])  # fmt: skip
    _add(Event, [
        {"id": fact.id, "customer_id": one.id, "name": fact.name, "occurred_at": fact.at, "properties": fact.said}
        for one in everyone for fact in one.events
    ])  # fmt: skip
    _add(FunnelEvent, [
        {"id": fact.id, "customer_id": one.id, "funnel_type": fact.name, "created_date": fact.at,
         "from_stage": fact.said["from"], "to_stage": fact.said["to"]}
        for one in everyone for fact in one.moves
    ])  # fmt: skip
    _add(Product, [{"product_id": name, "category": category} for name, category in world.categories.items()])
    _add(Order, [
        {"order_id": str(fact.id), "customer_id": one.id, "currency": "EUR", "occurred_at": fact.at, **fact.said}
        for one in everyone for fact in one.orders
    ])  # fmt: skip
    _add(Cart, [
        {"customer_id": one.id, "occurred_at": one.cart.at, **one.cart.said} for one in everyone if one.cart
    ])  # fmt: skip
    _mail(world)
    _refuse(world)
    _add(Segment, [
        {"id": LISTED, "name": "List", "type": "manual", "rules": None},
        {"id": WITH_RULES, "name": "Rules", "type": "rules", "rules": world.rules[WITH_RULES]},
    ])  # fmt: skip
    _add(ListedCustomer, [{"customer_segment_id": LISTED, "customer_id": one} for one in world.lists[LISTED]])


def _mail(world):
    _add(MessageTemplate, [{"id": key, "name": f"Template {key}", "type": "email"} for key in (1, 2)])
    _add(TemplateVersion, [
        {"id": key, "template_id": key, "number": 1, "subject": "", "preheader": "", "message": "", "html": "",
         "text": "", "policies": {}, "fields": [], "weight": 0, "by_name": "test"}
        for key in (1, 2)
    ])  # fmt: skip
    _add(Automation, [{"id": key, "name": f"Automation {key}", "trigger": {}} for key in (1, 2)])
    _add(Run, [
        {"id": key, "key": f"run {key}", "automation_id": automation, "name": "Run", "planned_for": world.now,
         "version_id": versions[0], "purpose": "promotional", "timezone": "UTC", "sender": "", "by_name": "test"}
        for key, (automation, versions) in RUNS.items()
    ])  # fmt: skip
    _add(RunVariant, [
        {"run_id": key, "place": place, "version_id": version, "subject": "", "label": "A"}
        for key, (_, versions) in RUNS.items() if len(versions) > 1 for place, version in enumerate(versions)
    ])  # fmt: skip
    _add(Delivery, [
        {"id": mail.id, "run_id": mail.run, "customer_id": one.id, "occasion": str(mail.id), "variant": mail.variant,
         "state": "accepted" if "sent" in mail.came else "planned",
         **{column: mail.came.get(name) for name, column in MOMENTS.items()}}
        for one in world.people for mail in one.mails
    ])  # fmt: skip


def _row(one):
    return {
        **one.columns,
        "attributes": one.attributes,
        "erased_at": one.columns["created_date"] if one.is_erased else None,
    }


def _refuse(world):
    standing = text(
        "INSERT INTO customer_standings (customer_id, topic_id, any_at, any_given)"
        " SELECT :id, id, now(), false FROM topics WHERE slug = :topic"
    )
    for one in world.people:
        for topic in one.refused - {"suppressed"}:
            db.session.execute(standing, {"id": one.id, "topic": topic})
    bounced = {(one.columns["email"] or "").lower() for one in world.people if "suppressed" in one.refused} - {""}
    for email in bounced:
        db.session.execute(
            text("INSERT INTO suppressions (email_folded, bounced_at, source) VALUES (:email, now(), 'test')"),
            {"email": email},
        )
    for one in world.people:  # an address is suppressed for everybody who has it
        if (one.columns["email"] or "").lower() in bounced:
            one.refused.add("suppressed")


def _add(model, rows):
    if rows:
        db.session.execute(insert(model), rows)


def _say(raw, world, imagination):
    """Nothing of it may fail, whoever is asked about."""
    frame = audience.frame_of(world.now)
    rule = rules.read(raw, Known(frame.zone, frame.types))
    assert words.plain(sentence.of(rule))
    condition = imagination.pick(*rules.conditions(rule))
    person = imagination.pick(*world.people)
    assert MEANINGS[condition.kind.name].told(condition.said, frame, person.id)


def _told(raw, world, found, wanted):
    """The smallest part of it that differs."""
    for how in rules.GROUPS:
        for inner in raw.get(how, []):
            if (theirs := chosen(inner, world)) != (ours := oracle.chosen(inner, world)):
                return _told(inner, world, theirs, ours)
    people = [one for one in world.people if one.id in found ^ wanted]
    return (
        f"{json.dumps(raw, ensure_ascii=False)}\nnow {world.now} in {world.zone}, last run {world.last_run}\n"
        f"compiled {sorted(found)}, oracle {sorted(wanted)}\n" + "\n".join(map(str, people[:2]))
    )
