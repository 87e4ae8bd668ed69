"""Versions of one mail: said in the form and by other systems, checked, frozen by a run, compared, and one chosen."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from sqlalchemy import select, text

from app.audit import Entry
from app.automations import definition, keeping, occasions, planning, readiness
from app.automations.automation import AutomationVersion
from app.content import publishing, writing
from app.content.writing import Draft
from app.db import db
from app.deliveries import jobs as sending
from app.deliveries import variants
from app.deliveries.outbox_message import OutboxMessage
from tests.automations.making import (
    ADA,
    HERE,
    HTMX,
    MAIL,
    NOW,
    make_active,
    make_automation,
    make_segment,
    make_template,
    page_of,
    runs,
    the_only,
)
from tests.factories import make_customers

TWO = ({}, {"subject": "Another"})


@pytest.fixture
def browser(client_of, marketer):
    return client_of(marketer)


@pytest.fixture
def crm(make_system):
    return make_system("read", "write", "send")


def form_of(**said):
    parts = {"name": "Mine", "purpose": "promotional", "topic": "promotional", "when": "cron", "cron": "0 10 * * 2"}
    return {**parts, "cron_was": "", **said}


def body(**said):
    parts = {"name": "Open day", "message_template_id": make_template().id, "trigger": {"cron": "0 10 * * *"}}
    return {**parts, "customer_segment_id": make_segment().id, **said}


def plain(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page_of(answer)))


def gone_out(automation):
    """One run of it, to everybody."""
    run = occasions.by_hand(automation, NOW, ADA, occasions.new_occasion())
    db.session.commit()
    planning.plan(run.id, NOW)
    run.waiting_since = None
    db.session.commit()
    sending.send()
    db.session.expire_all()
    return run


# said


def test_the_form_keeps_two_versions_and_shows_them_again(browser):
    template, other = make_template(), make_template("Other")
    said = {"versions": "2", "b_subject": "Another", "b_template_id": other.id, "c_subject": "not shown, not kept"}
    browser.post(HERE, data=form_of(template_id=template.id, **said))
    automation = the_only()
    assert automation.variants == [{}, {"template_id": other.id, "subject": "Another"}]
    page = page_of(browser.get(f"{HERE}/{automation.id}/edit"))
    assert re.search(r'name="versions" value="2" checked', page)
    assert 'name="b_subject" type="text" value="Another"' in page
    browser.post(
        f"{HERE}/{automation.id}", data=form_of(template_id=template.id, version=1, **said | {"versions": "1"})
    )
    assert (the_only().variants, the_only().version) == ([], 2)


def test_a_subject_of_its_own_is_kept(browser):
    browser.post(HERE, data=form_of(template_id=make_template().id, subject="Dear {{ customer.first_name }}"))
    assert the_only().subject == "Dear {{ customer.first_name }}"
    assert "Its subject: “Dear {{ customer.first_name }}”" in page_of(browser.get(f"{HERE}/{the_only().id}"))


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"b_subject": "Dear {{ customer.first_name"}, "customer.first_name|closed|brace|Subject"),
        ({"b_subject": "Dear {{ custmer.first_name }}"}, "custmer"),
        ({"b_subject": "{% include 'x' %}"}, "include"),
        ({"b_subject": "x" * 501}, "500"),
        ({"b_subject": "one\ntwo"}, "line break"),
        ({"b_subject": ""}, "It says the same as version A"),
        ({"b_subject": "fine", "b_template_id": "4711"}, "There is no such template"),
        ({"b_subject": "fine", "subject": "{{ nobody.knows }}"}, "nobody"),
    ],
)
def test_what_publishing_would_refuse_is_refused_here(browser, said, sentence):
    answer = browser.post(HERE, data=form_of(template_id=make_template().id, versions="2", **said))
    assert answer.status_code == 422
    assert re.search(sentence, "".join(re.findall(r'class="hint-bad".*?</p>', page_of(answer), re.S)))
    assert db.session.query(AutomationVersion).count() == 0


def test_another_system_says_them_and_reads_them_back(crm):
    other = make_template("Other").id
    said = [{}, {"subject": "Another"}, {"message_template_id": other}]
    answer = crm.post("automations", body(variants=said, subject="Mine"))
    assert answer.status_code == 201, answer.get_json()
    known = answer.get_json()
    assert known["subject"] == "Mine"
    assert known["variants"] == [
        {"message_template_id": None, "subject": None},
        {"message_template_id": None, "subject": "Another"},
        {"message_template_id": other, "subject": None},
    ]
    assert the_only().variants == [{}, {"subject": "Another"}, {"template_id": other}]
    again = crm.send("PATCH", f"/api/v1/automations/{known['id']}", json={"version": 1, "variants": known["variants"]})
    assert again.get_json()["version"] == 1
    none = crm.send("PATCH", f"/api/v1/automations/{known['id']}", json={"version": 1, "variants": None})
    assert (none.get_json()["variants"], none.get_json()["version"]) == ([], 2)


@pytest.mark.parametrize(
    ("some", "field"),
    [
        ([{}], "variants"),
        ([{"subject": str(n)} for n in range(5)], "variants"),
        ([{}, {}], "variants[1]"),
        ([{"subject": "x"}, {}, {"subject": "x"}], "variants[2]"),
        ([{}, {"subject": " "}], "variants[1].subject"),
        ([{}, {"subject": "{{ odd.field }}"}], "variants[1].subject"),
        ([{}, {"subject": "a\r\nBcc: b@x.example"}], "variants[1].subject"),
        ([{}, {"message_template_id": 4711}], "variants[1].message_template_id"),
    ],
)
def test_what_is_wrong_with_them_is_refused_with_its_place(crm, some, field):
    answer = crm.post("automations", body(variants=some))
    assert answer.status_code == 422
    assert answer.get_json()["error"]["details"][0]["field"] == field


@pytest.mark.parametrize("some", [[{}, {"subject": 7}], [{}, {"colour": "red"}], [{}, {"subject": ""}], [{}, 3], {}])
def test_what_has_another_shape_is_refused(crm, some):
    answer = crm.post("automations", body(variants=some))
    assert answer.status_code == 422
    assert answer.get_json()["error"]["details"][0]["field"].startswith("variants")


def test_a_copy_has_them_and_each_version_of_it_keeps_them(app):
    automation = make_automation(variants=TWO, subject="Mine")
    copy = keeping.duplicate(automation, NOW, ADA)
    db.session.commit()
    assert (copy.variants, copy.subject) == (list(TWO), "Mine")
    kept = db.session.scalars(select(AutomationVersion).where(AutomationVersion.automation_id == copy.id)).one()
    assert (kept.definition["variants"], kept.definition["subject"]) == (list(TWO), "Mine")


def test_what_was_saved_before_there_were_any_shows_no_change_of_them(browser):
    automation = make_automation()
    db.session.execute(text("UPDATE automation_versions SET definition = definition - 'variants' - 'subject'"))
    db.session.commit()
    own = {"template_id": automation.template_id, "segment_id": automation.segment_id, "version": 1}
    browser.post(f"{HERE}/{automation.id}", data=form_of(**own))
    assert "mails to compare" not in page_of(browser.get(f"{HERE}/{automation.id}"))


def test_what_an_active_one_says_is_not_for_an_editor(client_of, editor):
    automation = make_active()
    own = {"template_id": automation.template_id, "segment_id": automation.segment_id, "version": 1}
    client = client_of(editor)
    for wrong in ({"subject": "Mine"}, {"versions": "2", "b_subject": "Mine"}):
        sent = form_of(name="Invitation", cron="0 10 * * *", **own, **wrong)
        answer = client.post(f"{HERE}/{automation.id}", data=sent)
        assert answer.status_code == 422
        assert "somebody who may send" in page_of(answer)


# before it acts


def test_each_of_their_templates_must_be_published(browser):
    draft = make_template("Draft", is_published=False)
    automation = make_automation(variants=({}, {"template_id": draft.id}))
    page = page_of(browser.get(f"{HERE}/{automation.id}/preflight"))
    assert "Version B: “Draft” is not published yet." in page
    assert "disabled>Activate" in page
    assert browser.post(f"{HERE}/{automation.id}/activation").status_code == 422
    publishing.publish(draft, NOW, ADA)
    db.session.commit()
    assert browser.post(f"{HERE}/{automation.id}/activation").status_code == 303


def test_an_archived_template_of_one_of_them_keeps_it_from_being_activated(browser):
    other = make_template("Other")
    automation = make_automation(variants=({}, {"template_id": other.id}))
    writing.archive(other, NOW, ADA)
    db.session.commit()
    assert "The template of version B is in the archive." in page_of(browser.get(f"{HERE}/{automation.id}/preflight"))
    assert browser.post(f"{HERE}/{automation.id}/activation").status_code == 422


def test_the_preflight_warns_of_what_the_clock_does_not_know_in_any_of_them(browser):
    policies = {"facts.product_name": {"skip": True}}
    template = writing.create(Draft("Launch", subject="Come", message=MAIL, policies=policies), NOW, ADA)
    publishing.publish(template, NOW, ADA)
    some = ({}, {"subject": "{{ facts.product_name }} is here"})
    automation = make_automation(template_id=template.id, variants=some)
    page = page_of(browser.get(f"{HERE}/{automation.id}/preflight"))
    assert "Nobody would get version B: it shows facts.product_name," in page
    assert page.count("Nobody would get") == 1
    assert readiness.unfilled(automation) == [("version B", "facts.product_name")]


def test_a_template_of_one_of_them_names_the_automation_and_stays(browser):
    other = make_template("Other")
    automation = make_automation(variants=({}, {"template_id": other.id}))
    assert f'href="{HERE}/{automation.id}"' in page_of(browser.get(f"/templates/{other.id}/deletion"))
    assert browser.post(f"/templates/{other.id}/deletion").status_code == 409


# frozen, compared, chosen


def test_a_run_keeps_what_they_said_when_it_was_made(app):
    make_customers(30)
    other = make_template("Other")
    automation = make_automation(variants=({}, {"template_id": other.id, "subject": "Another"}))
    run = occasions.by_hand(automation, NOW, ADA, occasions.new_occasion())
    db.session.commit()
    wanted = definition.of(automation)
    keeping.change(automation, replace(wanted, variants=()), 1, NOW, ADA, may_send=True)
    db.session.commit()
    said = [(one.label, one.subject, one.version_id == run.version_id) for one in variants.of(run)]
    assert said == [("A", "Come and see", True), ("B", "Another", False)]


def test_the_page_says_what_came_of_each_and_how_many_more_mails_it_takes(browser):
    make_customers(40)
    automation = make_automation(variants=TWO)
    page = plain(browser.get(f"{HERE}/{automation.id}/versions"))
    assert "Nothing of them has gone out yet." in page
    assert "about 200 more mails" in page
    run = gone_out(automation)
    found = variants.counts([run.id])
    assert found[0].sent + found[1].sent == 40
    page = plain(browser.get(f"{HERE}/{automation.id}/versions", headers=HTMX))
    for word in ("A “Come and see”", "B “Another”", f"Sent {found[0].sent}", "Nobody has clicked yet.", "more mails"):
        assert word in page
    shown = plain(browser.get(f"/runs/{run.id}"))
    assert f"Sent {found[1].sent}" in shown
    assert "Use this one" not in shown
    assert "Two versions" not in plain(browser.get(f"/runs/{gone_out(make_automation('Plain')).id}"))


def test_who_leads_and_how_sure_that_is_stands_in_words(browser, monkeypatch):
    automation = make_automation(variants=TWO)
    seen = {0: variants.Count(1_000, 990, 300, 100), 1: variants.Count(1_000, 990, 300, 120)}
    monkeypatch.setattr(variants, "counts", lambda _ids: seen)
    page = plain(browser.get(f"{HERE}/{automation.id}/versions"))
    assert "Version B leads: it is the best with a probability of 92." in page
    assert "Not enough data yet: about 5,700 more mails." in page
    seen[1] = variants.Count(1_000, 990, 300, 220)
    page = plain(browser.get(f"{HERE}/{automation.id}/versions"))
    assert "more than 99.9 %" in page
    assert "Enough mails have gone out to choose it" in page


def test_use_this_one_makes_it_the_mail_for_everybody(browser):
    automation, other = make_active(variants=({}, {"subject": "Another"})), make_template("Other")
    answer = browser.post(f"{HERE}/{automation.id}/versions", data={"number": "2", "version": "1"})
    assert answer.status_code == 303
    held = the_only()
    assert (held.subject, held.variants, held.version, held.is_active) == ("Another", [], 2, True)
    entry = db.session.scalars(select(Entry).where(Entry.verb == "changed")).one()
    assert (entry.after["subject"], entry.before["variants"]) == ("Another", [{}, {"subject": "Another"}])
    wanted = replace(definition.of(held), variants=({"template_id": other.id}, {"subject": "Third"}))
    keeping.change(held, wanted, 2, NOW, ADA, may_send=True)
    db.session.commit()
    browser.post(f"{HERE}/{automation.id}/versions", data={"number": "1", "version": "3"})
    assert (the_only().template_id, the_only().subject, the_only().variants) == (other.id, "Another", [])
    assert "it is one mail for everybody" in page_of(browser.get(f"{HERE}/{automation.id}/versions")).lower()


def test_what_was_chosen_goes_out_to_everybody(browser):
    make_customers(10)
    automation = make_automation(variants=TWO)
    browser.post(f"{HERE}/{automation.id}/versions", data={"number": "2", "version": "1"})
    gone_out(the_only())
    assert [mail.subject for mail in db.session.scalars(select(OutboxMessage))] == ["Another"] * 10


@pytest.mark.parametrize(
    "wrong", [{"number": "3"}, {"number": "0"}, {"number": "x"}, {}, {"number": "2", "version": "9"}]
)
def test_what_is_not_there_any_more_is_not_chosen(browser, wrong):
    automation = make_automation(variants=TWO)
    answer = browser.post(f"{HERE}/{automation.id}/versions", data={"version": "1", **wrong})
    assert answer.status_code == 303
    assert (the_only().variants, the_only().version) == (list(TWO), 1)


def test_one_whose_template_is_not_published_is_not_chosen_for_an_active_one(browser):
    automation = make_active(variants=TWO)
    draft = make_template("Draft", is_published=False)
    db.session.execute(text("UPDATE automations SET variants = :v"), {"v": f'[{{}}, {{"template_id": {draft.id}}}]'})
    db.session.commit()
    browser.post(f"{HERE}/{automation.id}/versions", data={"number": "2", "version": "1"})
    assert (the_only().version, len(the_only().variants)) == (1, 2)


def test_an_editor_looks_and_does_not_choose(client_of, editor, viewer):
    automation = make_automation(variants=TWO)
    for user in (editor, viewer):
        client = client_of(user)
        page = page_of(client.get(f"{HERE}/{automation.id}/versions"))
        assert "Another" in page
        assert "Use this one" not in page
        assert client.post(f"{HERE}/{automation.id}/versions", data={"number": "2", "version": "1"}).status_code == 403
    assert the_only().version == 1


def test_the_mail_of_a_person_says_which_one_it_was(browser):
    make_customers(1)
    gone_out(make_automation(variants=TWO))
    page = plain(browser.get("/deliveries/1"))
    assert re.search(r"Version (A: “Come and see”|B: “Another”)", page)


def test_a_deleted_automation_leaves_the_account_of_its_run(browser):
    make_customers(5)
    automation = make_automation(variants=TWO)
    run = gone_out(automation)
    browser.post(f"{HERE}/{automation.id}/deletion")
    assert "Two versions" in plain(browser.get(f"/runs/{run.id}"))
    assert runs()[0].automation_id is None
