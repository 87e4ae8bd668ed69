"""What people do in the shop, as a form and as a page: its settings, its proposals, its words, who would get it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.automations.behaviours import previewing, settings
from app.automations.behaviours.previewing import Preview, PreviewRow
from app.automations.scan import Scan
from app.blueprints.automations import sent_behaviour, shown
from app.content import publishing, samples, writing
from app.content.writing import Draft
from app.db import db
from app.segments.unavailable import Unavailable
from tests.automations.making import (
    ADA,
    HERE,
    HTMX,
    NOW,
    make_active,
    make_automation,
    make_segment,
    make_template,
    page_of,
    the_only,
)
from tests.content.test_starters import lay
from tests.factories import make_customer

CART = {
    "behaviour": "abandoned_cart",
    "when": "0 10 * * *",
    "idle_from": "24h",
    "idle_to": "48h",
    "at_most_every": "7d",
}
BROWSE = {
    "behaviour": "browse",
    "when": "0 9 * * 1-5",
    "views": 5,
    "within": "14d",
    "idle": "90m",
    "at_most_every": "0h",
}
DROP = {"behaviour": "price_drop", "when": "at_once", "percent": 10, "at_most_every": "1d"}
BACK = {"behaviour": "back_in_stock", "when": "at_once", "per_piece": 3, "wave_every": "2h", "at_most_every": "0h"}
TOTAL = 98_000
FACTS = {
    "cart": {
        "items": [
            {"name": "Data Foundations", "quantity": 2, "price": 49_000, "currency": "EUR", "url": "https://x.example"}
        ],
        "total": TOTAL,
        "currency": "EUR",
    },
    "checkout_url": "https://x.example/checkout",
}
DROPPED = {
    "name": "Sound for Film",
    "price": 39_000,
    "old_price": 49_000,
    "new_price": 39_000,
    "currency": "EUR",
    "stock": 12,
}


@pytest.fixture
def browser(client_of, marketer):
    return client_of(marketer)


@pytest.fixture
def maya(app):
    return make_customer("Maya", email="maya@posteo.example")


@pytest.fixture
def calls(monkeypatch):
    """What the shop's side would find, whatever is in it."""

    def found(*rows, people=None, why=""):
        def of(_trigger, _segment_id, _now, most=10, _automation_id=0):
            if why:
                raise Unavailable(why)
            return Preview(len(rows) if people is None else people, rows[:most])

        monkeypatch.setattr(previewing, "of", of)

    return found


def form_of(trigger=None, **said):
    """What a browser would send."""
    shown = sent_behaviour.shown(trigger) if trigger else {}
    return {"name": "Mine", "purpose": "promotional", "topic": "promotional", **sent_behaviour.BLANK, **shown, **said}


def row_of(customer, facts=FACTS, about="cart-1"):
    return PreviewRow(customer.id, customer.name, customer.email, about, facts)


# the form


@pytest.mark.parametrize("trigger", [CART, BROWSE, DROP, BACK])
def test_each_kind_goes_into_the_form_and_out_of_it_as_it_was(browser, trigger):
    browser.post(HERE, data=form_of(trigger))
    made = the_only()
    assert made.trigger == trigger
    page = page_of(browser.get(f"{HERE}/{made.id}/edit"))
    assert f'value="{trigger["behaviour"]}" checked' in page
    assert browser.post(f"{HERE}/{made.id}", data=form_of(trigger, name="Other", version=1)).status_code == 303
    assert (the_only().name, the_only().trigger) == ("Other", trigger)


@pytest.mark.parametrize("kind", settings.KINDS)
def test_what_is_left_empty_is_as_the_kind_has_it_and_is_said(browser, kind):
    empty = {name: "" for name in sent_behaviour.BLANK if not name.endswith("_unit")}
    browser.post(HERE, data=form_of(when=kind, **empty))
    found = the_only().trigger
    assert found.keys() == {"behaviour", "when", *(one.name for one in settings.SPECS[kind].settings)}
    assert (found["when"], found["at_most_every"]) == ("0 10 * * *", "0h")
    assert settings.read(found | {"at_most_every": None}) == settings.read({"behaviour": kind})


def test_what_means_the_same_is_left_as_it_was_written(browser):
    short = {"behaviour": "abandoned_cart", "idle_from": "1440m"}
    automation = make_automation(trigger=short, segment_id=None)
    page = page_of(browser.get(f"{HERE}/{automation.id}/edit"))
    assert 'name="abandoned_cart_idle_from_count" value="1440"' in page
    browser.post(f"{HERE}/{automation.id}", data=form_of(short, name="Other", version=1))
    assert (the_only().name, the_only().trigger) == ("Other", short)
    browser.post(f"{HERE}/{automation.id}", data=form_of(short, version=2, abandoned_cart_idle_to_count="72"))
    assert the_only().trigger == CART | {"idle_from": "1440m", "idle_to": "72h"}


def test_it_looks_at_the_times_that_the_cron_builder_says(browser):
    said = {"cron": "30 7 * * 1", "cron_was": "0 10 * * *", "cron_repeat": "day", "cron_times": "10:00"}
    browser.post(HERE, data=form_of(CART, **said))
    assert the_only().trigger["when"] == "30 7 * * 1"


@pytest.mark.parametrize(
    ("said", "field", "sentence"),
    [
        ({"abandoned_cart_idle_from_count": "soon"}, "abandoned_cart_idle_from-hint", "It must be a duration"),
        ({"abandoned_cart_idle_to_count": "3"}, "abandoned_cart_idle_to-hint", "longer than “left alone for at least”"),
        (
            {"abandoned_cart_at_most_every_count": "400", "abandoned_cart_at_most_every_unit": "d"},
            "abandoned_cart_at_most_every-hint",
            "to 90 days",
        ),
        ({"when": "browse", "browse_views": "many"}, "browse_views-hint", "whole number"),
        ({"when": "browse", "browse_views": "0"}, "browse_views-hint", "from 1 to 1000"),
        ({"when": "price_drop", "price_drop_percent": "120"}, "price_drop_percent-hint", "from 0 to 99"),
        ({"when": "back_in_stock", "back_in_stock_wave_every_count": "-1"}, "back_in_stock_wave_every-hint", "must be"),
        ({"cron": "99 * * * *", "cron_was": "0 10 * * *"}, "cron-bad", "99"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_what_was_typed_stays(browser, said, field, sentence):
    answer = browser.post(HERE, data=form_of(**{"when": "abandoned_cart", "name": "Typed", **said}))
    page = page_of(answer)
    assert answer.status_code == 422
    assert sentence in page.split(f'id="{field}"')[1].split("</p>")[0]
    assert 'value="Typed"' in page
    for name, value in said.items():
        assert f'value="{value}"' in page or name == "cron_was"


def test_what_is_wrong_of_one_kind_is_not_said_of_another(browser):
    page = page_of(browser.post(HERE, data=form_of(when="browse", browse_at_most_every_count="x")))
    assert page.count("It must be a duration") == 1


@pytest.mark.parametrize("kind", settings.KINDS)
def test_a_link_begins_one_that_only_needs_to_be_saved(browser, app, kind):
    lay()
    spec = settings.SPECS[kind]
    page = page_of(browser.get(f"{HERE}/new?behaviour={kind}"))
    chosen = sent_behaviour.proposed(spec)
    assert f'name="name" type="text" value="{spec.label}"' in page
    assert f'value="{spec.topic}" selected' in page
    assert f'<option value="{chosen["template_id"]}" data-name="{spec.label}"' in page
    assert f'value="{kind}" checked' in page
    made = browser.post(HERE, data=form_of(**sent_behaviour.begun(spec)))
    assert made.status_code == 303
    page = page_of(browser.get(made.headers["Location"]))
    assert "Choose a segment" not in page
    assert browser.post(f"{made.headers['Location']}/activation").status_code == 303
    assert the_only().is_active


def test_what_was_chosen_before_is_not_proposed_away(browser):
    template = make_template("Our own")
    page = page_of(browser.get(f"{HERE}/new?behaviour=browse&template_id={template.id}"))
    assert f'<option value="{template.id}" data-name="Our own" data-said="version 1" selected' in page
    assert "Begin with" in page
    assert page_of(browser.get(f"{HERE}/new?behaviour=nothing")).count('value="cron" checked') == 2


def test_the_empty_list_offers_them(browser, client_of, viewer):
    assert "/automations/new?behaviour=price_drop" in page_of(browser.get(HERE))
    assert "behaviour=price_drop" not in page_of(client_of(viewer).get(HERE))


def test_an_editor_writes_one_and_does_not_put_it_to_work(client_of, editor, viewer):
    assert client_of(editor).post(HERE, data=form_of(CART)).status_code == 303
    automation = the_only()
    assert client_of(editor).post(f"{HERE}/{automation.id}/activation").status_code == 403
    assert client_of(viewer).post(HERE, data=form_of(CART)).status_code == 403


# in words


@pytest.mark.parametrize(
    ("trigger", "words"),
    [
        (
            CART,
            "When a cart is left alone for 24 to 48 hours, looked at every day at 10:00, at most one mail in 7 days",
        ),
        (
            {"behaviour": "abandoned_cart", "idle_from": "90m", "idle_to": "5d", "when": "*/15 * * * *"},
            "When a cart is left alone for 90 minutes to 5 days, looked at every 15 minutes,"
            " at most one mail in 7 days",
        ),
        (
            BROWSE,
            "When somebody looks at a product at least 5 times within 14 days, not any more for 90 minutes,"
            " and does not put it into the cart, looked at 09:00, Monday through Friday",
        ),
        (
            DROP,
            "When a product that somebody watches costs less, 10 % or more where they named no price,"
            " as soon as it happens, at most one mail in 24 hours",
        ),
        (
            BACK,
            "When a product that somebody waits for is there again (3 people told per piece, the next after 2 hours),"
            " as soon as it happens",
        ),
    ],
)
def test_a_behaviour_is_said_in_words(app, trigger, words):
    assert shown.when(make_automation(trigger=trigger, segment_id=None)) == words


def test_the_list_says_it_and_finds_it_by_kind(browser):
    make_active("Carts", trigger=CART, segment_id=None)
    make_active("Prices", trigger=DROP, segment_id=None)
    assert "When a cart is left alone" in page_of(browser.get(HERE))
    found = page_of(browser.get(f"{HERE}?filter=trigger:is:price_drop"))
    assert ("Prices" in found, "Carts" in found) == (True, False)


# the page


def test_the_page_says_when_it_looks_and_how_its_last_looks_went(browser):
    automation = make_active(trigger=CART, segment_id=None, timezone="Europe/Berlin")
    page = page_of(browser.get(f"{HERE}/{automation.id}"))
    assert "every day at 10:00 (Europe/Berlin), at most one mail in 7 days" in page
    assert ("Next ten looks" in page, "It has not looked yet" in page) == (True, True)
    for days, more in (
        (1, {"found": 12, "finished_at": NOW}),
        (2, {"found": 0, "finished_at": NOW}),
        (3, {"failed_at": NOW, "error": "It took too long."}),
        (4, {}),
    ):
        db.session.add(Scan(automation_id=automation.id, planned_for=NOW - timedelta(days=days), **more))
    db.session.commit()
    card = page_of(browser.get(f"{HERE}/{automation.id}")).split('id="looks"')[1].split("</ul>")[0]
    for said in ("12 people", "nobody", "It took too long.", "failed", "looking"):
        assert said in card


def test_one_that_looks_at_once_has_no_next_look(browser):
    automation = make_active(trigger=BACK, segment_id=make_segment().id)
    page = page_of(browser.get(f"{HERE}/{automation.id}"))
    assert ("Next ten looks" in page, "as soon as something happens" in page) == (False, True)
    assert "if they are in" in page


def test_the_page_tells_who_would_get_it_now(browser, client_of, viewer, calls, maya):
    automation = make_automation(trigger=CART, segment_id=None)
    calls(row_of(maya), people=12)
    page = page_of(client_of(viewer).get(f"{HERE}/{automation.id}/called", headers=HTMX))
    for said in ("Now: 12 people", "the first 1 of them", f"/customers/{maya.id}", "2 × Data Foundations", "980.00"):
        assert said in page
    assert "<html" not in page
    assert "<html" in page_of(browser.get(f"{HERE}/{automation.id}/called"))
    calls()
    assert "No cart has been left alone" in page_of(browser.get(f"{HERE}/{automation.id}/called"))
    calls(why="It took too long.")
    assert "It took too long." in page_of(browser.get(f"{HERE}/{automation.id}/called"))
    assert browser.get(f"{HERE}/{make_automation().id}/called").status_code == 404
    assert browser.get(f"{HERE}/4711/called").status_code == 404


def test_a_product_is_shown_with_its_old_and_its_new_price(browser, calls, maya):
    automation = make_automation(trigger=DROP, segment_id=None)
    calls(row_of(maya, {"product": DROPPED, "products": [DROPPED, DROPPED | {"name": "Data Foundations"}]}))
    page = page_of(browser.get(f"{HERE}/{automation.id}/called"))
    for said in ("Now: 1 person", "490.00 EUR → 390.00 EUR, 12 in stock", "Data Foundations"):
        assert said in page


def test_the_mail_is_shown_as_this_person_would_get_it(browser, calls, maya):
    lay()
    spec = settings.SPECS["abandoned_cart"]
    template_id = int(sent_behaviour.proposed(spec)["template_id"])
    automation = make_automation(trigger=CART, segment_id=None, template_id=template_id, subject="For you")
    calls(row_of(maya))
    page = page_of(browser.get(f"{HERE}/{automation.id}/called/{maya.id}", headers=HTMX))
    assert ("For you" in page, "<iframe" in page, " sandbox " in page) == (True, True, True)
    mail = browser.get(page.split('src="')[1].split('"')[0])
    assert ("Data Foundations" in page_of(mail), "980.00" in page_of(mail)) == (True, True)
    assert "sandbox" in mail.headers["Content-Security-Policy"]
    assert "would not get it any more" in page_of(browser.get(f"{HERE}/{automation.id}/called/4711"))
    calls(row_of(maya, {}))
    assert "lacks checkout url and gets no mail" in page_of(browser.get(f"{HERE}/{automation.id}/called/{maya.id}"))


def test_the_preflight_asks_who_of_them_may_be_written_to(browser, calls, maya):
    nameless = make_customer("Ole", email=None)
    automation = make_automation(trigger=CART, segment_id=None)
    there = f"{HERE}/{automation.id}/preflight"
    calls(row_of(maya), row_of(nameless))
    page = " ".join(page_of(browser.get(there, headers=HTMX)).split())
    for said in ("It is about, now", 'class="n">2<', "No e-mail address", "−1", "Of them may be written to"):
        assert said in page
    calls(row_of(maya), people=2_000)
    assert "2,000 people" in page_of(browser.get(there))
    calls()
    assert "Nobody at this moment." in page_of(browser.get(there))
    calls(why="It took too long.")
    assert "Whom it would call now is not known" in page_of(browser.get(there)).replace("</b>", "")


# beside the form


def test_beside_the_form_stands_who_would_get_it_now(browser, client_of, viewer, calls, maya):
    template = make_template()
    calls(row_of(maya))
    there = f"{HERE}/called"
    page = page_of(browser.post(there, data=form_of(CART), headers=HTMX))
    assert "Now: 1 person" in page
    wrong = form_of(CART, abandoned_cart_idle_to_count="1")
    assert "once it is clear what is meant" in page_of(browser.post(there, data=wrong, headers=HTMX))
    assert page_of(browser.post(there, data=form_of(when="cron"), headers=HTMX)).strip() == ""
    assert "<html" in page_of(browser.post(there, data=form_of(CART)))
    assert client_of(viewer).post(there, data=form_of(CART)).status_code == 403
    mail = form_of(CART, customer=maya.id, template_id=template.id, subject="Typed {{ customer.first_name }}")
    assert "Typed Maya" in page_of(browser.post(f"{there}/mail", data=mail, headers=HTMX))
    assert "Choose a template first" in page_of(browser.post(f"{there}/mail", data=form_of(CART, customer=maya.id)))
    assert "would not get it" in page_of(browser.post(f"{there}/mail", data=mail | {"when": "cron"}))
    assert client_of(viewer).post(f"{there}/mail", data=mail).status_code == 403


def test_a_subject_that_cannot_be_drawn_is_said(browser, calls, maya):
    template = make_template()
    calls(row_of(maya))
    mail = form_of(CART, customer=maya.id, template_id=template.id, subject="{{ customer.")
    assert "cannot be drawn yet" in page_of(browser.post(f"{HERE}/called/mail", data=mail))


# the mails


def test_a_mail_composed_of_several_products_shows_each_with_its_old_price(app):
    blocks = [{"kind": "products", "source": "facts.products", "button": "View", "most": 6}]
    template = writing.create(Draft("Drops", subject="Cheaper", blocks=blocks), NOW, ADA)
    publishing.publish(template, NOW, ADA)
    assert "facts.products" in template.message
    assert "item.old_price" in template.message
    assert len(samples.FACTS["products"]) == 2
