"""/launches and Settings → Launches: who may, what is shown, and what was made for one is nobody's to choose."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.automations import directory as automations
from app.automations import keeping
from app.db import db
from app.deliveries.run import Run
from app.metrics import rolling
from app.problem import Passing
from app.segments import directory as segments
from app.segments import keeping as segment_keeping
from app.segments import sizes
from app.settings import launches as settings
from app.settings import senders
from tests.automations.making import make_active
from tests.launches.making import (
    ADA,
    BODY,
    launches,
    looked,
    make_fan,
    make_launch,
    make_product,
    make_starter,
    now,
    run_of,
    set_launches,
    went_out,
)

HERE = "/launches"
HTMX = {"HX-Request": "true"}
FORM = {**BODY, "product_id": "", "template_id": "", "when": "now", "at": "", "occasion": "a" * 32}


@pytest.fixture(autouse=True)
def starter(app):
    return make_starter()


def page_of(answer):
    return answer.get_data(as_text=True)


def test_the_list_shows_what_was_launched(client_of, viewer):
    make_fan("Maya")
    make_launch()
    went_out()
    page = page_of(client_of(viewer).get(HERE))
    assert "Coachella" in page
    assert "Launch a product" not in page
    fragment = page_of(client_of(viewer).get(f"{HERE}?q=coach", headers=HTMX))
    assert "Coachella" in fragment
    assert "<html" not in fragment
    assert "No launch matches" in page_of(client_of(viewer).get(f"{HERE}?q=wram"))
    assert "Coachella" in page_of(client_of(viewer).get(f"{HERE}?filter=step:is:cleaned&filter=source:is:hand"))
    for step in ("received", "audience", "sending", "done", "held", "dropped"):
        assert "No launch matches" in page_of(client_of(viewer).get(f"{HERE}?filter=step:is:{step}"))


def test_one_asks_for_itself_until_it_is_cleaned(client_of, viewer):
    make_fan("Maya")
    there = f"{HERE}/{make_launch().id}"
    assert 'hx-trigger="every 2s"' in page_of(client_of(viewer).get(there))
    went_out()
    fragment = page_of(client_of(viewer).get(there, headers=HTMX))
    assert "every 2s" not in fragment
    assert "<html" not in fragment
    assert "1 person with an interest in festivals." in fragment
    assert "Interested in festivals · Coachella, deleted" in fragment


def test_its_mail_is_drawn_with_its_facts(client_of, viewer):
    launch = make_launch(said={"line_up": "six stages"})
    assert "Coachella for Maya: six stages" in page_of(client_of(viewer).get(f"{HERE}/{launch.id}/frame"))
    assert client_of(viewer).get(f"{HERE}/999").status_code == 404


def test_whoever_may_send_launches_by_hand_once(client_of, marketer):
    make_fan("Maya")
    for _ in range(2):
        answer = client_of(marketer).post(HERE, data=FORM)
    assert answer.headers["Location"] == f"{HERE}/{launches()[0].id}"
    assert [(one.source, one.by_name) for one in launches()] == [("hand", "Max")]


def test_a_product_of_the_catalogue_needs_no_typing(client_of, marketer):
    make_product("P-1")
    empty = {"interest": "", "product_name": "", "product_link": "", "product_id": "P-1"}
    client_of(marketer).post(HERE, data={**FORM, **empty})
    assert launches()[0].facts["product"]["price"] == 9900
    assert launches()[0].interest == "festivals"
    page = page_of(client_of(marketer).get(f"{HERE}/new?product_id=P-1"))
    assert 'value="festivals"' in page


def test_a_form_that_is_wrong_comes_back_with_what_was_typed(client_of, marketer):
    answer = client_of(marketer).post(HERE, data={**FORM, "product_link": "shop", "when": "at"})
    assert answer.status_code == 422
    assert "Choose a day and a time." in page_of(answer)
    answer = client_of(marketer).post(HERE, data={**FORM, "product_link": "shop"})
    assert answer.status_code == 422
    assert "It is the address of a page" in page_of(answer)
    assert 'value="Coachella"' in page_of(answer)


def test_it_counts_who_has_the_interest_while_one_types(client_of, marketer):
    make_fan("Maya")
    make_fan("Noor", "films")
    said = page_of(client_of(marketer).get(f"{HERE}/people?interest=Festivals", headers=HTMX))
    assert "<b>1 person</b> has the interest “Festivals” now; <b>1</b> may be written to." in said
    assert "<html" in page_of(client_of(marketer).get(f"{HERE}/people?interest=x"))


def test_an_editor_begins_sends_and_cancels_nothing(client_of, editor):
    launch = make_launch()
    for path in ("", f"/{launch.id}/cancellation", f"/{launch.id}/sending", f"/{launch.id}/dropping", "/held/dropping"):
        assert client_of(editor).post(HERE + path, data=FORM).status_code == 403
    assert client_of(editor).get(f"{HERE}/new").status_code == 403


def test_cancelling_it_cancels_its_run(client_of, marketer):
    launch = make_launch(at=now() + timedelta(days=1))
    assert "scheduled for" in page_of(client_of(marketer).get(f"{HERE}/{launch.id}"))
    client_of(marketer).post(f"{HERE}/{launch.id}/cancellation")
    db.session.expire_all()
    assert run_of(launch).state == "cancelled"


def test_what_is_held_is_sent_or_dropped_by_a_person(client_of, marketer):
    set_launches(new=settings.Switch(since=now() - timedelta(minutes=1)), most_an_hour=1)
    for number in range(3):
        make_product(f"P-{number}")
    looked()
    page = page_of(client_of(marketer).get(HERE))
    assert "3 launches of the catalogue are held." in page
    client_of(marketer).post(f"{HERE}/{launches()[0].id}/sending")
    client_of(marketer).post(f"{HERE}/{launches()[1].id}/dropping")
    client_of(marketer).post(f"{HERE}/held/dropping")
    assert [one.outcome for one in launches()] == [None, "dropped", "dropped"]
    assert launches()[0].run_id is not None
    assert "of the catalogue" not in page_of(client_of(marketer).get(HERE))


def test_what_was_made_for_it_is_in_no_list_and_no_menu(client_of, admin, make_system):
    launch = make_launch(at=now() + timedelta(days=1))
    crm = make_system("read")
    assert automations.choices() == automations.names() == []
    assert segments.choices() == segments.sized() == []
    assert sizes.due(now()) == []
    for noun in ("segments", "automations"):
        assert crm.get(noun).get_json()["data"] == []
        assert "Coachella" not in page_of(client_of(admin).get(f"/{noun}"))
    found = page_of(client_of(admin).get("/search?q=coachella", headers=HTMX))
    assert f"/automations/{launch.automation_id}" not in found
    assert f"/segments/{launch.segment_id}" not in found


def test_its_pages_open_by_a_link_and_say_what_they_are_for(client_of, admin):
    launch = make_launch(at=now() + timedelta(days=1))
    for path in (f"/segments/{launch.segment_id}", f"/automations/{launch.automation_id}"):
        page = page_of(client_of(admin).get(path))
        assert f'href="/launches/{launch.id}"' in page
        assert "Delete…" not in page
    assert client_of(admin).get(f"/automations/{launch.automation_id}/preflight").status_code == 200


def test_nobody_changes_what_was_made_for_it(client_of, admin, make_system):
    launch = make_launch(at=now() + timedelta(days=1))
    automation, segment = keeping.find(launch.automation_id), segment_keeping.find(launch.segment_id)
    for refused in (
        lambda: keeping.activate(automation, now(), ADA),
        lambda: keeping.deactivate(automation, ADA),
        lambda: keeping.duplicate(automation, now(), ADA),
        lambda: keeping.archive(automation, now(), ADA),
        lambda: keeping.delete(automation, ADA),
        lambda: segment_keeping.archive(segment, now(), ADA),
        lambda: segment_keeping.delete(segment, ADA),
    ):
        with pytest.raises(Passing):
            refused()
    crm = make_system("read", "write", "send")
    answers = [
        crm.send("DELETE", f"/api/v1/automations/{automation.id}"),
        crm.send("DELETE", f"/api/v1/automations/{automation.id}/activation"),
        crm.send("PATCH", f"/api/v1/automations/{automation.id}", json={"version": 1, "name": "Mine"}),
        crm.send("DELETE", f"/api/v1/segments/{segment.id}"),
    ]
    assert {(one.status_code, one.get_json()["error"]["code"]) for one in answers} == {(409, "made_for_a_launch")}
    assert crm.post(f"automations/{automation.id}/runs", {}).status_code == 422
    answer = client_of(admin).post(f"/automations/{automation.id}/deletion")
    assert (answer.status_code, "belongs to a launch" in page_of(answer)) == (409, True)


def test_run_figures_and_reasons_stay_when_it_is_cleaned(client_of, admin, make_system):
    maya = make_fan("Maya")
    make_fan("Noor", "films")
    launch = make_launch()
    went_out()
    for _ in rolling.roll_up(now()):
        db.session.commit()
    run = run_of(launch)
    assert make_system("read").get(f"runs/{run.id}").get_json()["accepted"] == 1
    client = client_of(admin)
    for path in (
        f"/runs/{run.id}",
        f"/runs/{run.id}/people",
        f"/metrics?run={run.id}",
        "/metrics",
        f"/customers/{maya.id}",
    ):
        answer = client.get(path)
        assert answer.status_code == 200, path
    assert "Launch of Coachella" in page_of(client.get("/metrics"))
    assert client.get(f"/customers/{maya.id}/why?run_id={run.id}").status_code == 200


def test_the_settings_are_typed_and_kept(client_of, admin, marketer):
    client, there = client_of(admin), "/settings/launches"
    assert "The starter “Product launch”" in page_of(client.get(there))
    form = {"version": "0", "at": "08:30", "topic": "promotional", "views": "3", "bought": "1", "new": "1",
            "drop_percent": "15", "most_an_hour": "5"}  # fmt: skip
    assert client.post(there, data=form).status_code == 303
    db.session.expire_all()
    held = settings.read()
    assert (held.at, held.views, held.in_cart, held.bought, held.drop_percent) == ("08:30", 3, False, True, 15)
    assert (held.new.since is not None, held.back.since, held.most_an_hour) == (True, None, 5)
    client.post(there, data={**form, "version": "1", "views": ""})
    db.session.expire_all()
    assert settings.read().new.since == held.new.since
    assert client.post(there, data=form).status_code == 422  # somebody saved meanwhile
    assert client_of(marketer).get(there).status_code == 403


@pytest.mark.parametrize(
    ("name", "value"),
    [("at", "25:00"), ("topic", "nothing"), ("views", "0"), ("views", "many"), ("drop_percent", "100"),
     ("most_an_hour", ""), ("template_id", "999"), ("sender_id", "9"), ("new_template_id", "x")],
)  # fmt: skip
def test_a_setting_that_cannot_be_is_refused(client_of, admin, name, value):
    form = {"version": "0", "topic": "promotional", "drop_percent": "10", "most_an_hour": "20", name: value}
    answer = client_of(admin).post("/settings/launches", data=form)
    assert answer.status_code == 422
    assert "needs another look" in page_of(answer)


def test_the_sender_of_launches_stays_while_they_use_it(client_of, admin):
    sender = senders.add("Shop", "shop@campus.example", "", ADA)
    db.session.commit()
    sender_id = sender.id
    set_launches(sender_id=sender_id)
    there = client_of(admin)
    there.post(f"/settings/senders/{sender_id}/removal")
    assert "shop@campus.example stays: “Settings → Launches”" in page_of(there.get("/settings/senders"))
    set_launches(sender_id=None)
    there.post(f"/settings/senders/{sender_id}/removal")
    db.session.expunge_all()
    assert senders.everyone() == []


def test_cancelling_it_cancels_the_runs_beside_it_likewise(client_of, marketer, starter):
    kept = make_active("Press", template_id=starter.id, trigger={"launch": {}})
    make_launch(at=now() + timedelta(days=1))
    launch = make_launch(at=now() + timedelta(days=1))
    page = page_of(client_of(marketer).get(f"{HERE}/{launch.id}"))
    assert page.count(">Press</a>, planning") == 1
    client_of(marketer).post(f"{HERE}/{launch.id}/cancellation")
    db.session.expire_all()
    mine = select(Run.key, Run.state).order_by(Run.id)
    states = {key.rsplit("-", 1)[1]: [] for key, _ in db.session.execute(mine)}
    for key, state in db.session.execute(mine):
        states[key.rsplit("-", 1)[1]].append(state)
    assert states == {"1": ["planning"] * 2, "2": ["cancelled"] * 2}
    assert kept.is_active
    late = client_of(marketer).post(f"{HERE}/{launch.id}/cancellation", follow_redirects=True)
    assert "The run is cancelled." in page_of(late)


def test_a_form_that_is_sent_again_with_something_else_asks_first(client_of, marketer):
    client_of(marketer).post(HERE, data=FORM)
    answer = client_of(marketer).post(HERE, data={**FORM, "product_name": "Wacken"})
    assert (answer.status_code, len(launches())) == (422, 1)
    assert "This form has launched something else already." in page_of(answer)
    assert "a" * 32 not in page_of(answer)


def test_what_goes_out_now_is_not_scheduled(client_of, marketer):
    client_of(marketer).post(HERE, data=FORM)
    assert launches()[0].scheduled_for is None
    assert run_of(launches()[0]).planned_for == launches()[0].received_at
