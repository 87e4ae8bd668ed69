"""The mails that come with the product: what is written, what is frozen, what the migration lays out."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from app.audit.actor import COMMAND_LINE
from app.content import knowledge, lint, media, publishing, rendering, samples, versions, writing
from app.content.knowledge import Person
from app.content.language import Skip
from app.content.medium import MediaFile, Medium
from app.content.starters import book
from app.content.template import Link, MessageTemplate, TemplateVersion
from app.db import db
from tests.factories import NOW

MIGRATION = Path(__file__).parents[2] / "migrations" / "versions" / "0015_lay_out_starters.py"
MAYA = Person(1, "L-1", "Maya", "Lindqvist", "maya@posteo.example", None, None, {}, NOW)
BRAND = {
    "name": "Campus",
    "legal_name": "Campus GmbH",
    "postal_address": "Lindenstraße 1",
    "website": "https://x.example",
}
ADDRESS = "https://mail.example"


def lay() -> None:
    spec = importlib.util.spec_from_file_location("lay_out_starters", MIGRATION)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.lay(db.session.connection())
    db.session.commit()


def drawn(name: str, facts: dict[str, object] | None = None, **changes: object) -> rendering.Rendered:
    template = db.session.query(MessageTemplate).filter_by(starter=name).one()
    known = knowledge.of(
        MAYA, {"brand": BRAND}, samples.FACTS if facts is None else facts, knowledge.urls(MAYA.id, ADDRESS)
    )
    known["customer"] |= changes
    return rendering.render(versions.frozen(versions.published(template), ADDRESS), known)


@pytest.mark.parametrize("name", book.NAMES)
def test_publishing_today_makes_exactly_what_is_frozen(name):
    assert book.as_file(book.frozen(name)) == (book.FROZEN / f"{name}.json").read_text(), (
        "run `bin/flask templates freeze-starters`"
    )


def test_every_starter_is_in_the_book():
    assert {file.stem for file in book.SHELF.glob("*.json")} == set(book.NAMES)
    assert {file.stem for file in book.FROZEN.glob("*.json")} == set(book.NAMES)


@pytest.mark.parametrize("name", book.NAMES)
def test_a_starter_has_nothing_to_mend(name):
    assert publishing.check(book.composed(book.draft(name))) == []
    frozen = json.loads((book.FROZEN / f"{name}.json").read_text())
    version = frozen["version"]
    checks = lint.checks(version["subject"], version["html"], version["text"])
    assert [check for check in checks if check.tone != "good"] == []
    assert version["weight"] < 45_000


def test_the_migration_lays_them_out_published_with_their_pictures(app):
    lay()
    templates = db.session.query(MessageTemplate).all()
    assert {one.starter for one in templates} == set(book.NAMES)
    assert {one.published for one in templates} == {1}
    assert db.session.query(TemplateVersion).count() == len(book.NAMES)
    assert db.session.query(Link).count() > 30
    assert db.session.query(MediaFile).count() == db.session.query(Medium).count() == len(book.NAMES)
    assert all(media.users(one) for one in db.session.query(Medium))


def test_laid_out_twice_they_are_there_once(app):
    lay()
    lay()
    assert db.session.query(MessageTemplate).count() == len(book.NAMES)


def test_published_by_hand_it_becomes_the_same(app):
    lay()
    laid = db.session.query(TemplateVersion).order_by(TemplateVersion.id).first()
    template = writing.find(laid.template_id)
    again = publishing.publish(template, NOW, COMMAND_LINE)
    for part in ("subject", "preheader", "message", "html", "text", "fields", "weight", "policies", "blocks"):
        assert getattr(again, part) == getattr(laid, part), part
    links = [[(one.place, one.href, one.label) for one in db.session.query(Link).filter_by(version_id=version.id)
              .order_by(Link.place)] for version in (laid, again)]  # fmt: skip
    assert links[0] == links[1]


@pytest.mark.parametrize("name", book.NAMES)
def test_it_is_drawn_for_a_person_with_whole_addresses(app, name):
    lay()
    mail = drawn(name)
    assert mail.missing == ()
    assert mail.dead == ()
    assert f'src="{ADDRESS}/media/files/' in mail.html
    assert "{{" not in mail.html + mail.text + mail.subject
    assert "Maya" in mail.html
    assert "List" not in mail.subject


def test_who_has_no_name_is_greeted_all_the_same(app):
    lay()
    assert "Still thinking it over, there?" in drawn("abandoned-cart", first_name=None).subject


def test_a_cart_shows_what_lies_in_it(app):
    lay()
    mail = drawn("abandoned-cart")
    assert "Data Foundations" in mail.html
    assert "490.00 EUR" in mail.html
    assert "880.00 EUR" in mail.text


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("abandoned-cart", "facts.checkout_url"),
        ("price-drop", "facts.product.name"),
        ("product-launch", "facts.product_name"),
    ],
)
def test_without_what_it_is_about_nobody_gets_it(app, name, field):
    lay()
    with pytest.raises(Skip, match=field):
        drawn(name, facts={})
