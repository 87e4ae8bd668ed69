"""The pages of the pools: list, one of them, its form, its codes in and out, and its end."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import select

from app.audit import Entry
from app.catalogue.discount import DiscountPool
from app.db import db
from tests.automations.making import make_active, make_automation
from tests.deliveries.making import sent
from tests.discounts.pools import add, free, make_coded_run, make_pool, numbered, said_by_mails
from tests.factories import make_customer, make_customers

HTMX = {"HX-Request": "true"}
HERE = "/discounts"
FIELDS = {"name": "Autumn", "kind": "uploaded", "amount": "10 %", "warn_below": "1,000"}


def text_of(answer) -> str:
    return answer.get_data(as_text=True)


def the_pool() -> DiscountPool:
    db.session.expire_all()
    return db.session.scalars(select(DiscountPool)).one()


@pytest.fixture
def browser(client_of, editor):
    return client_of(editor)


@pytest.fixture
def looker(client_of, viewer):
    return client_of(viewer)


@pytest.fixture
def sender(client_of, marketer):
    return client_of(marketer)


def test_without_pools_the_list_says_what_they_are_for(browser):
    assert "No codes yet" in text_of(browser.get(HERE))


def test_the_list_says_how_many_are_left(browser):
    make_pool("Autumn", codes=numbered(12))
    make_pool("Empty")
    make_pool("Cart", "fixed")
    page = text_of(browser.get(HERE))
    for word in ("Autumn", "12", "used up", "no end", "10 %"):
        assert word in page
    fragment = text_of(browser.get(f"{HERE}?q=aut", headers=HTMX))
    assert "<main" not in fragment
    assert "Autumn" in fragment
    assert "Cart" not in fragment
    assert "No pool matches" in text_of(browser.get(f"{HERE}?q=wram"))
    kinds = text_of(browser.get(f"{HERE}?filter=kind:is:fixed&sort=name"))
    assert "Cart" in kinds
    assert "Autumn" not in kinds


def test_a_filter_of_the_form_becomes_an_address(browser):
    answer = browser.get(f"{HERE}?field=kind&op=is&value=fixed")
    assert answer.location.endswith("/discounts?filter=kind:is:fixed")


def test_a_pool_is_made_by_the_form(browser):
    answer = browser.post(HERE, data=FIELDS)
    pool = the_pool()
    assert answer.location == f"{HERE}/{pool.id}"
    assert (pool.name, pool.kind, pool.amount, pool.warn_below, pool.changed_by) == (
        "Autumn", "uploaded", "10 %", 1000, "Eda",
    )  # fmt: skip


def test_a_form_that_cannot_be_kept_comes_back_as_it_was_typed(browser):
    answer = browser.post(HERE, data={**FIELDS, "name": "", "warn_below": "many"})
    page = text_of(answer)
    assert answer.status_code == 422
    assert "It needs a name." in page
    assert "A number from 0" in page
    assert 'value="many"' in page
    assert browser.post(HERE, data={**FIELDS, "kind": "magic"}).status_code == 422


def test_a_pool_is_changed_by_the_form_and_nobody_saves_over_another(browser):
    pool = make_pool("Cart", "fixed")
    assert 'value="CART10"' in text_of(browser.get(f"{HERE}/{pool.id}/edit"))
    changed = {"name": "Cart", "amount": "15 %", "code": "CART15", "version": "1"}
    assert browser.post(f"{HERE}/{pool.id}", data=changed).location == f"{HERE}/{pool.id}"
    assert (the_pool().code, the_pool().amount, the_pool().kind) == ("CART15", "15 %", "fixed")
    late = browser.post(f"{HERE}/{pool.id}", data={**changed, "amount": "20 %"})
    assert late.status_code == 409
    assert "saved it after you opened it" in text_of(late)
    assert browser.post(f"{HERE}/{pool.id}", data={**changed, "code": "", "version": "2"}).status_code == 422


def test_a_page_says_to_whom_the_last_were_given(browser, looker):
    maya = make_customer(email="maya@posteo.example")
    pool = make_pool("Autumn", codes=["AUTUMN-1234", "AUTUMN-5678"])
    make_coded_run(pool)
    sent()
    page = text_of(browser.get(f"{HERE}/{pool.id}"))
    for word in ("AUTUMN-1234", maya.name, f"/customers/{maya.id}", "Open day", "Given away"):
        assert word in page
    assert "AUTUMN-5678" not in page
    seen = text_of(looker.get(f"{HERE}/{pool.id}"))
    assert "AUTU…" in seen
    assert "AUTUMN-1234" not in seen


def test_whoever_only_looks_sees_no_whole_code_with_a_mail_either(looker, browser):
    make_customer(email="maya@posteo.example")
    pool = make_pool(codes=["AUTUMN-1234"])
    make_coded_run(pool)
    sent()
    assert "AUTUMN-1234" not in text_of(looker.get("/deliveries/1"))
    assert "AUTUMN-1234" in text_of(browser.get("/deliveries/1"))


def test_the_code_of_everybody_is_masked_for_whoever_only_looks(looker):
    pool = make_pool("Cart", "fixed")
    page = text_of(looker.get(f"{HERE}/{pool.id}"))
    assert "CART…" in page
    assert "CART10" not in page


def test_whoever_only_looks_changes_nothing(looker):
    pool = make_pool()
    for path in ("/new", f"/{pool.id}/edit", f"/{pool.id}/deletion", f"/{pool.id}/codes/new"):
        assert looker.get(HERE + path).status_code == 403
    for path in ("", f"/{pool.id}", f"/{pool.id}/deletion", f"/{pool.id}/codes"):
        assert looker.post(HERE + path, data=FIELDS).status_code == 403
    assert "New pool" not in text_of(looker.get(HERE))


def test_a_pool_that_is_not_there_is_404(browser):
    for path in ("", "/edit", "/deletion", "/codes/new"):
        assert browser.get(f"{HERE}/77{path}").status_code == 404
    assert browser.get(f"{HERE}/{2**63}").status_code == 404


def test_codes_are_pasted(browser):
    pool = make_pool()
    page = text_of(browser.post(f"{HERE}/{pool.id}/codes", data={"codes": "A\nB, C\nA\n" + "x" * 201}))
    assert "3 codes added" in page
    assert "No. 5" in page
    assert free(pool) == 3


def test_codes_come_as_a_file(browser):
    pool = make_pool()
    file = {"file": (io.BytesIO(b"code,worth\nA,10\nB,10\n"), "codes.csv")}
    assert "2 codes added" in text_of(browser.post(f"{HERE}/{pool.id}/codes", data=file))
    again = {"file": (io.BytesIO(b"A\nB\n"), "codes.txt")}
    assert "Nothing has changed." in text_of(browser.post(f"{HERE}/{pool.id}/codes", data=again))


def test_no_codes_at_all_are_asked_for_again(browser):
    pool = make_pool()
    answer = browser.post(f"{HERE}/{pool.id}/codes", data={"codes": " \n"})
    assert answer.status_code == 422
    assert "Choose a file" in text_of(answer)


def test_more_than_a_million_at_once_are_refused(browser, monkeypatch):
    monkeypatch.setattr("app.catalogue.code_lists.MOST", 2)
    answer = browser.post(f"{HERE}/{make_pool().id}/codes", data={"codes": "A\nB\nC"})
    assert answer.status_code == 422
    assert "At most 2 codes at once; these are 3." in text_of(answer)


@pytest.mark.parametrize("kind", ["fixed", "generated"])
def test_into_other_kinds_no_codes_are_put(browser, kind):
    pool = make_pool(kind=kind)
    assert browser.get(f"{HERE}/{pool.id}/codes/new").status_code == 404
    assert browser.post(f"{HERE}/{pool.id}/codes", data={"codes": "A"}).status_code == 404


def test_mails_that_waited_go_out_once_codes_are_pasted(browser):
    make_customers(2)
    pool = make_pool("Autumn")
    run = make_coded_run(pool)
    sent()
    waits = text_of(browser.get(f"/runs/{run.id}"))
    assert "2 mails wait" in waits
    assert f"{HERE}/{pool.id}/codes/new" in waits
    assert "2 mails wait" in text_of(browser.get(f"{HERE}/{pool.id}"))
    browser.post(f"{HERE}/{pool.id}/codes", data={"codes": "A\nB"})
    sent()
    assert sorted(said_by_mails().values()) == ["A", "B"]


def test_a_pool_is_deleted_unless_it_is_used(browser):
    pool = make_pool("Autumn", codes=["A"])
    automation = make_automation("Invitation", discount_pool_id=pool.id)
    asked = text_of(browser.get(f"{HERE}/{pool.id}/deletion"))
    assert "“Autumn” is used" in asked
    assert f"/automations/{automation.id}" in asked
    assert browser.post(f"{HERE}/{pool.id}/deletion").status_code == 409
    db.session.delete(automation)
    db.session.commit()
    assert "Delete “Autumn”?" in text_of(browser.get(f"{HERE}/{pool.id}/deletion"))
    assert browser.post(f"{HERE}/{pool.id}/deletion").location == HERE
    assert db.session.scalars(select(DiscountPool)).all() == []


def test_given_codes_leave_as_csv_for_those_who_may_send(sender, browser, looker):
    maya = make_customer(email="maya@posteo.example")
    pool = make_pool(codes=["AUTUMN-1", "AUTUMN-2"])
    make_coded_run(pool)
    sent()
    there = f"{HERE}/{pool.id}/codes/export"
    assert (browser.get(there).status_code, looker.get(there).status_code) == (403, 403)
    answer = sender.get(there)
    lines = text_of(answer).lstrip("\ufeff").splitlines()
    assert answer.mimetype == "text/csv"
    assert lines[0] == "code,amount,customer_id,delivery_id,taken_at"
    assert lines[1].startswith(f"AUTUMN-1,10 %,{maya.id},1,")
    assert len(lines) == 2
    entry = db.session.scalars(select(Entry).where(Entry.verb == "exported the codes of")).one()
    assert entry.subject_name == pool.name


def test_the_form_of_an_automation_chooses_a_pool(sender):
    pool = make_pool("Autumn", codes=numbered(3))
    automation = make_automation("Invitation")
    page = text_of(sender.get(f"/automations/{automation.id}/edit"))
    assert "Discount code" in page
    assert "3 left" in page
    said = {
        "name": "Invitation",
        "segment_id": automation.segment_id,
        "template_id": automation.template_id,
        "purpose": "promotional",
        "topic": "promotional",
        "when": "now",
        "version": "1",
        "discount_pool_id": pool.id,
    }
    assert sender.post(f"/automations/{automation.id}", data=said).status_code == 303
    db.session.expire_all()
    assert automation.discount_pool_id == pool.id
    shown = text_of(sender.get(f"/automations/{automation.id}"))
    assert f'href="{HERE}/{pool.id}"' in shown
    assert "3 left" in shown
    assert "discount codes: none" in shown
    bad = sender.post(f"/automations/{automation.id}", data={**said, "version": "2", "discount_pool_id": "77"})
    assert bad.status_code == 422
    assert "There is no such pool of codes." in text_of(bad)


def test_only_senders_change_the_codes_of_what_is_active(browser):
    automation = make_active(discount_pool_id=make_pool().id)
    said = {
        "name": automation.name,
        "segment_id": automation.segment_id,
        "template_id": automation.template_id,
        "purpose": "promotional",
        "topic": "promotional",
        "when": "cron",
        "cron": "0 10 * * *",
        "version": "1",
        "discount_pool_id": "",
    }
    answer = browser.post(f"/automations/{automation.id}", data=said)
    assert answer.status_code == 422
    assert "somebody who may send has to change it" in text_of(answer)


def test_the_preflight_says_when_there_are_fewer_codes_than_people(sender):
    make_customers(3)
    pool = make_pool("Autumn")
    automation = make_automation(discount_pool_id=pool.id)
    there = f"/automations/{automation.id}/preflight"
    assert "are used up: mails would wait" in text_of(sender.get(there))
    add(pool, ["A", "B"])
    assert "“Autumn” has 2 codes left for 3 people" in text_of(sender.get(there))
    add(pool, ["C"])
    assert "“Autumn” has" not in text_of(sender.get(there))


def test_an_empty_pool_hinders_no_activation_and_the_run_keeps_it(sender):
    pool = make_pool("Autumn")
    automation = make_automation(discount_pool_id=pool.id)
    sender.post(f"/automations/{automation.id}/activation")
    db.session.expire_all()
    assert automation.is_active
    answer = sender.post(f"/automations/{automation.id}/runs")
    page = text_of(sender.get(answer.location))
    assert f'href="{HERE}/{pool.id}"' in page
    assert "0 left" in page
