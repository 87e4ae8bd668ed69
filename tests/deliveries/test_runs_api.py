"""Runs as other systems see and hold them, and the single mail that they ask for."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from app.db import db
from app.deliveries import filling, runs
from app.deliveries.delivery import Delivery
from app.deliveries.run import Run
from tests.deliveries import making
from tests.deliveries.making import make_run, make_version, sent
from tests.factories import make_customer, make_customers


@pytest.fixture
def crm(make_system):
    return make_system("read", "send")


def act(crm, run_id, verb):
    return crm.send("POST", f"/api/v1/runs/{run_id}/{verb}")


def test_a_run_says_how_it_stands_and_its_numbers_add_up(crm):
    make_customers(3)
    make_customer("Nobody")
    run = make_run()
    said = crm.get(f"runs/{run.id}").get_json()
    assert (said["state"], said["planned"], said["waiting"]) == ("sending", 4, 3)
    sent()
    said = crm.get(f"runs/{run.id}").get_json()
    assert (said["state"], said["state_reason"], said["accepted"], said["waiting"]) == ("finished", "", 3, 0)
    assert said["skipped"] == {"no_address": 1}
    names = ("delivered", "opened", "clicked", "converted", "bounced", "complained", "uncertain")
    assert [said[name] for name in names] == [0] * 7
    assert said["failed"] == {}


def test_all_runs_come_page_by_page(crm):
    version = make_version()
    first, second, third = (make_run(version, key=key).id for key in "abc")
    page = crm.get("runs?limit=2").get_json()
    assert ([one["id"] for one in page["data"]], page["has_more"]) == ([first, second], True)
    rest = crm.get(f"runs?cursor={page['next_cursor']}").get_json()
    assert ([one["id"] for one in rest["data"]], rest["has_more"], rest["next_cursor"]) == ([third], False, None)


def test_a_run_is_paused_resumed_and_cancelled(crm):
    make_customers(2)
    run = make_run()
    said = act(crm, run.id, "pause").get_json()
    assert (said["state"], said["state_reason"]) == ("paused", "Paused by LMS (API).")
    assert act(crm, run.id, "pause").status_code == 200
    assert act(crm, run.id, "resume").get_json()["state"] == "sending"
    assert act(crm, run.id, "resume").status_code == 200
    said = act(crm, run.id, "cancel").get_json()
    assert (said["state"], said["skipped"]) == ("cancelled", {"cancelled": 2})
    assert act(crm, run.id, "cancel").status_code == 200
    refused = act(crm, run.id, "resume")
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (409, "wrong_state")


def test_the_same_call_again_is_answered_as_before_and_does_nothing(crm):
    make_customers(2)
    run = make_run()
    named = {"Idempotency-Key": "pause-1"}
    first = crm.post(f"runs/{run.id}/pause", {}, **named)
    act(crm, run.id, "resume")
    again = crm.post(f"runs/{run.id}/pause", {}, **named)
    assert (first.status_code, again.get_json()) == (200, first.get_json())
    assert crm.get(f"runs/{run.id}").get_json()["state"] == "sending"
    other = crm.post(f"runs/{run.id}/pause", {"why": "another"}, **named)
    assert (other.status_code, other.get_json()["error"]["code"]) == (409, "idempotency_key_reused")


@pytest.mark.parametrize("limit", ["0010009999", "000001" + "9" * 20, "1" * 5000, "1001", "0", "-1", "1e3"])
def test_a_limit_is_a_small_number(crm, limit):
    answer = crm.get(f"runs?limit={limit}")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (422, "bad_limit")


def test_who_may_only_read_holds_nothing(make_system):
    run = make_run()
    reader = make_system("read")
    assert [act(reader, run.id, verb).status_code for verb in ("pause", "resume", "cancel")] == [403] * 3
    assert reader.post("messages", {}).status_code == 403


def test_what_is_not_there_is_not_found(crm):
    for path in ("runs/9", f"runs/{2**64}", "deliveries/9", f"deliveries/{2**64}", "deliveries?run_id=9"):
        assert crm.get(path).status_code == 404, path
    assert act(crm, 9, "pause").status_code == 404
    for bad in ("deliveries", "deliveries?run_id=x", "deliveries?run_id=1&after=-1", f"deliveries?run_id={'9' * 30}"):
        assert crm.get(bad).status_code == 422, bad


def test_the_mails_of_a_run_come_in_order(crm):
    people = make_customers(3)
    run = make_run()
    sent()
    said = crm.get(f"deliveries?run_id={run.id}&limit=2").get_json()
    assert ([one["customer_id"] for one in said["data"]], said["has_more"]) == ([one.id for one in people[:2]], True)
    after = said["data"][-1]["id"]
    by_number = crm.get(f"deliveries?run_id={run.id}&after={after}").get_json()["data"]
    by_cursor = crm.get(f"deliveries?run_id={run.id}&cursor={said['next_cursor']}").get_json()["data"]
    assert by_number == by_cursor == [crm.get(f"deliveries/{after + 1}").get_json()]
    assert by_number[0]["state"] == "accepted"
    assert by_number[0]["email"] == "p2@posteo.example"


def test_numbers_of_all_runs_are_each_its_own(crm, monkeypatch):
    monkeypatch.setattr(filling, "PEOPLE", 2)
    make_customers(3)
    version = make_version()
    one, two = make_run(version, key="a"), make_run(version, key="b")
    db.session.execute(update(Delivery).where(Delivery.run_id == two.id).values(state="failed", reason="full"))
    db.session.commit()
    found = runs.accounts([one.id, two.id])
    assert (found[one.id].waiting, found[two.id].failed) == (3, {"full": 3})
    assert [said["failed"] for said in crm.get("runs").get_json()["data"]] == [{}, {"full": 3}]
    assert db.session.query(Run).count() == 2
    assert making.adds_up(two)
