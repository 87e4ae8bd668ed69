"""/automations: found, made, changed by two at once, looked at before they act, put to work, run, archived, deleted."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.audit import Entry
from app.automations import keeping, schedule
from app.automations.automation import AutomationVersion
from app.automations.definition import Definition
from app.consent import suppressions
from app.content import publishing, writing
from app.content.writing import Draft
from app.db import db
from app.segments import keeping as segments
from app.settings import brand, topics
from app.settings.brand import Brand
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
from tests.factories import make_customer, make_customers


@pytest.fixture
def browser(client_of, marketer):
    return client_of(marketer)


def form_of(**said):
    parts = {"name": "Mine", "purpose": "promotional", "topic": "promotional", "when": "cron", "cron": "0 10 * * 2"}
    return {**parts, "cron_was": "", **said}


# the list


def test_the_list_says_to_whom_what_when_and_how_the_last_run_went(browser):
    one = make_active("Open evening", segment_id=make_segment("Warm").id)
    schedule.fire(one, one.next_at)
    db.session.commit()
    make_automation("Sleeping", segment_id=None, template_id=None)
    page = page_of(browser.get(HERE))
    for word in ("Open evening", "Warm", "Open day", "At 10:00", "Active", "planning", "Sleeping", "nobody yet"):
        assert word in page


def test_nothing_there_leads_to_a_first_one_and_nothing_found_says_so(browser):
    assert "No automations yet" in page_of(browser.get(HERE))
    make_automation()
    assert "No automation matches “wram”" in page_of(browser.get(f"{HERE}?q=wram"))


def test_automations_are_searched_filtered_and_sorted(browser):
    make_automation("Ärzte", segment_id=None, template_id=None)
    make_automation("Soon", segment_id=None, template_id=None, trigger={"once": "now"})
    make_active("bakers")
    assert "bakers" not in page_of(browser.get(f"{HERE}?q=arzte"))
    page = page_of(browser.get(f"{HERE}?filter=active:is:yes"))
    assert ("bakers" in page, "Ärzte" in page) == (True, False)
    page = page_of(browser.get(f"{HERE}?filter=trigger:is:once"))
    assert ("Soon" in page, "bakers" in page) == (True, False)
    assert browser.get(f"{HERE}?filter=trigger:is:magic").status_code == 422
    assert browser.get(f"{HERE}?field=active&op=is&value=yes").status_code == 302
    page = page_of(browser.get(f"{HERE}?sort=next"))
    assert page.index("bakers") < page.index("Ärzte")
    assert page_of(browser.get(HERE, headers=HTMX)).strip().startswith('<div id="results">')


def test_fifty_a_page_and_a_way_to_the_rest(browser):
    for number in range(55):
        keeping.create(Definition(f"A {number:02}", trigger={"once": "now"}), NOW + timedelta(minutes=number), ADA)
    db.session.commit()
    for sort in ("name", "next", "-changed"):
        page = page_of(browser.get(f"{HERE}?sort={sort}"))
        more = page.split('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
        assert "51–55" in page_of(browser.get(more))


def test_the_search_over_everything_finds_them(browser):
    automation = make_automation("Open evening", segment_id=None, template_id=None)
    assert f"{HERE}/{automation.id}" in page_of(browser.get("/search?q=evening"))


# the form


def test_one_is_made_and_says_what_it_does(browser):
    segment, template = make_segment("Warm applicants"), make_template("One step left")
    answer = browser.post(HERE, data=form_of(segment_id=segment.id, template_id=template.id, timezone="Europe/Berlin"))
    automation = the_only()
    assert answer.headers["Location"] == f"{HERE}/{automation.id}"
    assert (automation.trigger, automation.timezone) == ({"cron": "0 10 * * 2"}, "Europe/Berlin")
    assert (automation.is_active, automation.topic, automation.limits) == (False, "promotional", {})
    page = page_of(browser.get(f"{HERE}/{automation.id}"))
    for word in (
        "Warm applicants",
        "One step left",
        "version 1",
        "At 10:00",
        "Europe/Berlin",
        "Not active",
        "If it were",
    ):
        assert word in page
    assert page.count("10:00</time>") == 3


def test_once_at_a_time_is_meant_on_the_clock_of_its_zone(browser):
    browser.post(HERE, data=form_of(when="at", day="2027-01-05", time="09:30", timezone="America/New_York"))
    automation = the_only()
    assert automation.trigger == {"once": "2027-01-05T09:30:00-05:00"}
    page = page_of(browser.get(f"{HERE}/{automation.id}/edit"))
    assert 'value="2027-01-05"' in page
    assert 'value="09:30"' in page


def test_a_time_that_the_clock_leaves_out_is_right_after_it(browser):
    browser.post(HERE, data=form_of(when="at", day="2027-03-28", time="02:30", timezone="Europe/Berlin"))
    assert the_only().trigger == {"once": "2027-03-28T03:30:00+02:00"}


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"name": ""}, "It is needed."),
        ({"cron": "0 0 30 2 *"}, "never run"),
        ({"when": "at"}, "Choose a day and a time"),
        ({"when": "at", "day": "2026-02-30", "time": "10:00"}, "Choose a day and a time"),
        ({"when": "moon"}, "Say when"),
        ({"timezone": "Mars/Olympus"}, "There is no time zone"),
        ({"topic": ""}, "Promotional mail needs a topic"),
        ({"purpose": "secret"}, "It must be one of"),
        ({"segment_id": "4711"}, "There is no such segment"),
        ({"template_id": "4711"}, "There is no such template"),
        ({"sender_id": "4711"}, "There is no such sender"),
        ({"reply_to": "me\r\nBcc: you@example.com"}, "This is no e-mail address"),
        ({"late_hours": "many"}, "It is a number of hours"),
        ({"late_hours": "-1"}, "It is a number of hours"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(browser, said, sentence):
    answer = browser.post(HERE, data=form_of(description="kept as typed", **said))
    assert answer.status_code == 422
    assert sentence in page_of(answer)
    assert "kept as typed" in page_of(answer)
    assert db.session.query(AutomationVersion).count() == 0


def test_transactional_mail_has_no_topic(browser):
    browser.post(HERE, data=form_of(purpose="transactional"))
    assert the_only().topic is None


def test_two_people_save_and_the_second_is_told_who_and_keeps_what_was_typed(browser, client_of, editor):
    automation = make_automation()
    first, second = form_of(name="First", version=1), form_of(name="Second", description="mine", version=1)
    assert browser.post(f"{HERE}/{automation.id}", data=first).status_code == 303
    answer = client_of(editor).post(f"{HERE}/{automation.id}", data=second)
    page = page_of(answer)
    assert answer.status_code == 409
    assert "Changed meanwhile by Max" in page
    assert 'value="Second"' in page
    assert the_only().name == "First"
    assert client_of(editor).post(f"{HERE}/{automation.id}", data={**second, "version": 2}).status_code == 303
    assert (the_only().name, the_only().version) == ("Second", 3)


def test_an_active_one_is_not_robbed_of_what_it_needs(browser):
    automation = make_active()
    wanted = form_of(template_id=automation.template_id, segment_id="", version=1)
    answer = browser.post(f"{HERE}/{automation.id}", data=wanted)
    assert answer.status_code == 422
    assert "Choose a segment" in page_of(answer)
    assert the_only().segment_id is not None


def test_another_time_moves_the_next_run_of_an_active_one(browser):
    automation = make_active()
    own = {"template_id": automation.template_id, "segment_id": automation.segment_id, "version": 1}
    browser.post(f"{HERE}/{automation.id}", data=form_of(cron="30 7 * * *", **own))
    assert f"{the_only().next_at:%H:%M}" == "07:30"


# before it acts


def test_the_preflight_says_who_gets_it_and_who_not(browser):
    make_customers(4)
    make_customer("Nora", email="p0@posteo.example")
    make_customer("Ole")
    suppressions.add("p1@posteo.example", "", NOW, ADA)
    db.session.commit()
    automation = make_automation()
    fragment = page_of(browser.get(f"{HERE}/{automation.id}/preflight", headers=HTMX))
    counts = [int(n.replace("−", "-")) for n in re.findall(r'class="n">([−\d]+)<', fragment)]
    assert counts[0] == 6
    assert counts[-1] == 3
    assert sum(counts[:-1]) == counts[-1]
    for word in (
        "No e-mail address",
        "Suppressed",
        "Same address",
        "postal address",
        "No sender is set",
        "Check for everybody",
    ):
        assert word in fragment
    brand.save(Brand(postal_address="Campus, Somewhere 1"), 0, ADA)
    db.session.commit()
    assert "postal address" not in page_of(browser.get(f"{HERE}/{automation.id}/preflight"))


def test_the_preflight_says_that_nobody_gets_a_mail_about_what_the_clock_does_not_know(browser):
    body = MAIL.replace("</mj-text>", " {{ facts.product_name }} {{ facts.shop }}</mj-text>", 1)
    policies = {"facts.product_name": {"skip": True}, "facts.shop": {"default": "us"}, "facts.gone": {"skip": True}}
    template = writing.create(Draft("Launch", subject="Come", message=body, policies=policies), NOW, ADA)
    publishing.publish(template, NOW, ADA)
    automation = make_automation(template_id=template.id)
    page = page_of(browser.get(f"{HERE}/{automation.id}/preflight"))
    assert "Nobody would get it: it shows facts.product_name," in page
    assert page.count("Nobody would get it") == 1
    assert "Nobody would get it" not in page_of(browser.get(f"{HERE}/{make_automation('Plain').id}/preflight"))


def test_the_preflight_says_what_is_missing_and_does_not_offer_to_activate(browser):
    automation = make_automation(segment_id=None, template_id=make_template(is_published=False).id)
    page = page_of(browser.get(f"{HERE}/{automation.id}/preflight"))
    assert "Choose a segment" in page
    assert "is not published yet" in page
    assert "disabled>Activate" in page


def test_a_segment_that_cannot_be_computed_says_why(browser):
    automation = make_automation(segment_id=make_segment("Odd").id)
    segments.find(automation.segment_id).rules = {"all": [{"fild": 1}]}
    db.session.commit()
    page = page_of(browser.get(f"{HERE}/{automation.id}/preflight"))
    assert "cannot be computed" in page
    assert "Would get it" not in page


def test_twenty_clicks_activate_it_once(app, client_of, marketer):
    key = make_automation().id
    browsers = [client_of(marketer) for _ in range(4)]
    codes: list[int] = []

    def click(browser):
        codes.extend(browser.post(f"{HERE}/{key}/activation").status_code for _ in range(5))

    clickers = [threading.Thread(target=click, args=(browser,)) for browser in browsers]
    for one in clickers:
        one.start()
    for one in clickers:
        one.join()
    assert codes == [303] * 20
    db.session.expire_all()
    verbs = db.session.scalars(select(Entry.verb).where(Entry.subject_type == "automation")).all()
    assert verbs.count("activated") == 1
    assert the_only().is_active


def test_what_went_out_at_once_does_not_go_out_again_by_another_click(browser):
    automation = make_automation(trigger={"once": "now"})
    for _ in range(3):
        browser.post(f"{HERE}/{automation.id}/activation")
        for _step in schedule.fire_due(datetime.now(UTC)):
            db.session.commit()
    assert len(runs()) == 1
    answer = browser.post(f"{HERE}/{automation.id}/activation")
    assert answer.headers["Location"] == f"/runs/{runs()[0].id}"
    assert not the_only().is_active


def test_what_lacks_something_is_not_activated(browser):
    automation = make_automation(segment_id=None)
    assert browser.post(f"{HERE}/{automation.id}/activation").status_code == 422
    over = make_automation("Over", trigger={"once": "2020-01-01T10:00:00+01:00"})
    assert browser.post(f"{HERE}/{over.id}/activation").status_code == 422
    gone = make_automation("Archived")
    keeping.archive(gone, NOW, ADA)
    db.session.commit()
    assert browser.post(f"{HERE}/{gone.id}/activation").status_code == 422


def test_it_is_put_to_rest_again(browser):
    automation = make_active()
    browser.post(f"{HERE}/{automation.id}/deactivation")
    assert (the_only().is_active, the_only().next_at) == (False, None)


def test_the_form_of_run_now_sent_twice_is_one_run(browser):
    make_customers(2)
    automation = make_automation()
    page = page_of(browser.get(f"{HERE}/{automation.id}/runs/new"))
    asked = re.search(r'name="occasion" value="([0-9a-f]{16})"', page)
    answers = [browser.post(f"{HERE}/{automation.id}/runs", data={"occasion": asked[1]}) for _ in range(3)]
    assert {answer.headers["Location"] for answer in answers} == {f"/runs/{runs()[0].id}"}
    assert len(runs()) == 1


def test_what_an_active_one_sends_is_not_for_an_editor(client_of, editor, browser):
    other = make_segment("Others").id
    automation = make_active()
    client = client_of(editor)
    key, sent = automation.id, {"name": "Mended", "version": "1", "template_id": automation.template_id,
                                "segment_id": automation.segment_id, "purpose": "promotional", "topic": "promotional",
                                "when": "cron", "cron": "0 10 * * *"}  # fmt: skip
    for wrong in ({"segment_id": other}, {"when": "now"}, {"cron": "* * * * *"}, {"purpose": "transactional"}):
        answer = client.post(f"{HERE}/{key}", data={**sent, **wrong})
        assert answer.status_code == 422, wrong
        assert "somebody who may send" in page_of(answer)
    for act in ("archive", "deletion"):
        assert client.post(f"{HERE}/{key}/{act}").status_code == 403
    assert client.post(f"{HERE}/{key}", data=sent).status_code == 303
    db.session.expire_all()
    assert (the_only().name, the_only().segment_id, the_only().is_active) == ("Mended", sent["segment_id"], True)
    assert browser.post(f"{HERE}/{key}", data={**sent, "version": "2", "segment_id": other}).status_code == 303


def test_what_the_menus_do_not_offer_stays_as_it_is(browser):
    automation = make_automation(purpose="informational", topic="newsletter", timezone="Etc/GMT-2")
    topics.archive(topics.called("newsletter"), NOW, ADA)
    db.session.commit()
    page = page_of(browser.get(f"{HERE}/{automation.id}/edit"))
    assert re.search(r'<option value="newsletter" selected>Newsletter \(archived\)', page)
    assert re.search(r'<option value="Etc/GMT-2"[^>]* selected', page)


def test_a_time_that_no_zone_can_tell_is_refused(browser):
    for said in ("9999-12-31", "0001-01-01"):
        answer = browser.post(HERE, data={"name": "Odd", "when": "at", "day": said, "time": "23:30"})
        assert answer.status_code == 422


def test_it_is_run_by_hand_as_often_as_somebody_asks(browser):
    make_customers(2)
    automation = make_automation()
    assert "now?" in page_of(browser.get(f"{HERE}/{automation.id}/runs/new"))
    for _ in range(2):
        answer = browser.post(f"{HERE}/{automation.id}/runs")
    assert answer.headers["Location"] == f"/runs/{runs()[1].id}"
    assert [run.by_name for run in runs()] == ["Max", "Max"]
    assert f"/runs/{runs()[1].id}" in page_of(browser.get(f"{HERE}/{automation.id}"))
    empty = make_automation("Empty", segment_id=None)
    assert browser.post(f"{HERE}/{empty.id}/runs").status_code == 422
    assert len(runs()) == 2


# the whole of it


def test_it_is_copied_archived_brought_back_and_deleted(browser):
    automation = make_active("Invitation")
    answer = browser.post(f"{HERE}/{automation.id}/duplicates")
    copy = keeping.find(automation.id + 1)
    assert answer.headers["Location"] == f"{HERE}/{copy.id}/edit"
    assert (copy.name, copy.is_active) == ("Invitation (copy)", False)
    browser.post(f"{HERE}/{automation.id}/archive")
    db.session.expire_all()
    assert f'href="{HERE}/{automation.id}"' not in page_of(browser.get(HERE))
    assert not keeping.find(automation.id).is_active
    assert f'href="{HERE}/{automation.id}"' in page_of(browser.get(f"{HERE}?filter=archived:is:yes"))
    browser.post(f"{HERE}/{automation.id}/restoration")
    assert "Keep it" in page_of(browser.get(f"{HERE}/{automation.id}/deletion"))
    assert browser.post(f"{HERE}/{automation.id}/deletion").status_code == 303
    assert browser.get(f"{HERE}/{automation.id}").status_code == 404
    assert browser.post(f"{HERE}/{automation.id}/deletion").status_code == 404


def test_what_it_uses_names_it_and_stays(browser):
    automation = make_automation()
    page = page_of(browser.get(f"/segments/{automation.segment_id}"))
    assert f'href="{HERE}/{automation.id}"' in page
    assert browser.post(f"/segments/{automation.segment_id}/deletion").status_code == 409
    assert browser.post(f"/templates/{automation.template_id}/deletion").status_code == 409


def test_an_editor_writes_and_does_not_send_and_a_viewer_looks(client_of, editor, viewer):
    automation = make_automation()
    there = f"{HERE}/{automation.id}"
    writer, reader = client_of(editor), client_of(viewer)
    assert writer.post(there, data=form_of(version=1)).status_code == 303
    for path in ("activation", "deactivation", "runs"):
        assert writer.post(f"{there}/{path}").status_code == 403
        assert reader.post(f"{there}/{path}").status_code == 403
    assert reader.get(f"{there}/edit").status_code == 403
    assert "Activate" not in page_of(writer.get(f"{there}/preflight"))
    assert "Edit</a>" not in page_of(reader.get(there))
