"""/api/v1/automations: kept, changed by version, put to work once, run, and refused with a place and a sentence."""

from __future__ import annotations

import pytest

from app.automations import keeping, schedule
from app.automations.automation import Automation
from app.db import db
from app.settings import senders
from tests.automations.making import ADA, make_active, make_automation, make_segment, make_template, runs, the_only
from tests.factories import make_customers

LIMITS = {
    "cap": {"n": 3, "per": "7d"},
    "quiet_hours": {"from": "21:00", "to": "08:00"},
    "local_time": True,
    "throttle_per_minute": 600,
    "late_hours": 2,
}


@pytest.fixture
def crm(make_system):
    return make_system("read", "write", "send")


def body(**said):
    parts = {"name": "Open day", "message_template_id": make_template().id, "trigger": {"cron": "0 10 * * *"}}
    return {**parts, "customer_segment_id": make_segment().id, **said}


def made(crm, **said):
    answer = crm.post("automations", body(**said))
    assert answer.status_code == 201, answer.get_json()
    return answer.get_json()


def patched(crm, key, **said):
    return crm.send("PATCH", f"/api/v1/automations/{key}", json=said)


def error(answer):
    return answer.get_json()["error"]


def test_one_is_kept_and_read_back(crm):
    said = made(crm, description="Every day", timezone="Europe/Berlin", limits=LIMITS)
    assert (said["purpose"], said["topic"], said["from"], said["version"]) == ("promotional", "promotional", None, 1)
    assert (said["is_active"], said["next_at"], said["trigger"]) == (False, None, {"cron": "0 10 * * *"})
    assert crm.get(f"automations/{said['id']}").get_json() == said
    assert crm.get("automations").get_json() == {"data": [said], "has_more": False, "next_cursor": None}


def test_what_needs_no_topic_has_none(crm):
    assert made(crm, purpose="informational")["topic"] is None
    assert made(crm, purpose="transactional", topic=None)["topic"] is None


def test_the_list_goes_page_by_page(crm):
    ids = [make_automation(f"A{n}", segment_id=None, template_id=None).id for n in range(3)]
    first = crm.get("automations?limit=2").get_json()
    rest = crm.get(f"automations?limit=2&cursor={first['next_cursor']}").get_json()
    assert [one["id"] for one in first["data"] + rest["data"]] == ids
    assert (first["has_more"], rest["has_more"], rest["next_cursor"]) == (True, False, None)


def test_a_sender_is_named_by_its_address(crm, config):
    sender = senders.add("Campus", "hello@campus.example", "", ADA)
    db.session.commit()
    said = made(crm, **{"from": "Somebody <HELLO@campus.example>"})
    assert said["from"] == "Campus <hello@campus.example>"
    assert db.session.get(Automation, said["id"]).sender_id == sender.id
    default = crm.post("automations", body(**{"from": config.mail_from}))
    assert (default.status_code, error(default)["details"][0]["field"]) == (422, "from")  # the default would go out
    sender.is_default = False
    db.session.commit()
    assert made(crm, **{"from": config.mail_from})["from"] is None
    refused = crm.post("automations", body(**{"from": "me@elsewhere.example"}))
    assert (refused.status_code, error(refused)["details"][0]["field"]) == (422, "from")
    assert patched(crm, said["id"], version=1, **{"from": None}).get_json()["from"] is None


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"name": " "}, "name"),
        ({"colour": "red"}, "colour"),
        ({"trigger": {}}, "trigger"),
        ({"trigger": {"cron": "0 0 30 2 *"}}, "trigger.cron"),
        ({"trigger": {"cron": "0 0 12 * * ?"}}, "trigger.cron"),
        ({"trigger": {"cron": 7}}, "trigger.cron"),
        ({"trigger": {"cron": "0 10 * * *", "once": "now"}}, "trigger"),
        ({"trigger": {"once": "tomorrow"}}, "trigger.once"),
        ({"trigger": {"once": "2026-12-01T10:00:00"}}, "trigger.once"),
        ({"trigger": {"once": "9999-12-31T23:59:59-05:00"}}, "trigger.once"),
        ({"trigger": {"once": 7}}, "trigger.once"),
        ({"trigger": {"event": ""}}, "trigger.event"),
        ({"trigger": {"launch": {"x": 1}}}, "trigger.launch"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"timezone": "../../etc/passwd", "trigger": {"once": "now"}}, "timezone"),
        ({"customer_segment_id": 4711}, "customer_segment_id"),
        ({"message_template_id": 4711}, "message_template_id"),
        ({"message_template_id": None}, "message_template_id"),
        ({"purpose": "secret"}, "purpose"),
        ({"topic": "no_such_topic"}, "topic"),
        ({"reply_to": "nobody"}, "reply_to"),
        ({"limits": {"late_hours": -1}}, "limits.late_hours"),
        ({"limits": {"late_hours": True}}, "limits.late_hours"),
        ({"limits": {"throttle_per_minute": 0}}, "limits.throttle_per_minute"),
        ({"limits": {"cap": {"n": 1}}}, "limits.cap"),
        ({"limits": {"holdout_percent": 51}}, "limits.holdout_percent"),
        ({"limits": {"quiet": {}}}, "limits.quiet"),
        ({"goal": {}}, "goal"),
        ({"goal": {"event": "login"}}, "goal.within"),
        ({"goal": {"event": "login", "within": "2y"}}, "goal.within"),
        ({"goal": {"event": "login", "within": "400d"}}, "goal.within"),
        ({"goal": {"event": "", "within": "5d"}}, "goal.event"),
        ({"goal": {"event": "login", "segment": 1, "within": "5d"}}, "goal"),
        ({"goal": {"event": "login", "within": "5d", "colour": "red"}}, "goal.colour"),
        ({"goal": {"event": "login", "within": "5d", "where": [{"property": "a", "op": "x"}]}}, "goal.where[0].op"),
        ({"goal": {"segment": 4711, "within": "5d"}}, "goal.segment"),
        ({"goal": {"segment": "1", "within": "5d"}}, "goal.segment"),
        ({"variants": [{"subject": "Another"}]}, "variants"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(crm, said, field):
    answer = crm.post("automations", body(**said))
    assert answer.status_code == 422
    assert error(answer)["details"][0]["field"] == field
    assert db.session.query(Automation).count() == 0


def test_six_fields_are_answered_with_five(crm):
    answer = crm.post("automations", body(trigger={"cron": "0 0 12 * * ?"}))
    assert "0 12 * * *" in error(answer)["message"]


def test_a_change_names_the_version_it_has_read(crm):
    said = made(crm)
    changed = patched(crm, said["id"], version=1, name="Another", customer_segment_id=None, limits=None)
    assert changed.status_code == 200
    assert (changed.get_json()["name"], changed.get_json()["version"]) == ("Another", 2)
    assert changed.get_json()["customer_segment_id"] is None
    for stale in ({"version": 1, "name": "Late"}, {"name": "Blind"}):
        answer = patched(crm, said["id"], **stale)
        assert (answer.status_code, error(answer)["details"]) == (409, [{"version": 2}])
    assert patched(crm, said["id"], version=2, trigger={"cron": "x"}).status_code == 422
    assert patched(crm, 4711, version=1).status_code == 404


def test_promotional_becomes_transactional_and_has_no_topic_any_more(crm):
    said = made(crm)
    assert patched(crm, said["id"], version=1, purpose="transactional").get_json()["topic"] is None


def test_it_is_put_to_work_once_and_to_rest(crm):
    there = f"automations/{made(crm)['id']}/activation"
    first, second = crm.post(there, {}), crm.send("POST", f"/api/v1/{there}")
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.get_json() == second.get_json()
    assert first.get_json()["is_active"]
    rest = crm.send("DELETE", f"/api/v1/{there}").get_json()
    assert (rest["is_active"], rest["next_at"]) == (False, None)


def test_what_lacks_something_is_not_put_to_work(crm):
    draft = make_template(is_published=False)
    for said, field in (
        ({"customer_segment_id": None}, "customer_segment_id"),
        ({"message_template_id": draft.id}, "message_template_id"),
        ({"trigger": {"once": "2020-01-01T10:00:00+01:00"}}, "trigger"),
    ):
        answer = crm.post(f"automations/{made(crm, **said)['id']}/activation", {})
        assert (answer.status_code, error(answer)["code"]) == (422, "not_ready")
        assert error(answer)["details"][0]["field"] == field


def test_what_went_out_at_once_names_its_run(crm):
    key = made(crm, trigger={"once": "now"})["id"]
    crm.post(f"automations/{key}/activation", {})
    schedule.fire(the_only(), the_only().next_at)
    db.session.commit()
    answer = crm.post(f"automations/{key}/activation", {})
    assert (answer.status_code, error(answer)["details"]) == (409, [{"run_id": runs()[0].id}])


def test_one_more_run_whatever_its_trigger(crm):
    make_customers(2)
    there = f"automations/{made(crm)['id']}/runs"
    first, second = crm.post(there, {}), crm.send("POST", f"/api/v1/{there}")
    assert (first.status_code, second.status_code) == (202, 202)
    assert [first.get_json(), second.get_json()] == [{"run_id": run.id} for run in runs()]


@pytest.mark.parametrize("said", [b"\0", b"{", b"now", b"[1]", b'"x"'])
def test_what_comes_as_a_body_is_an_object(crm, said):
    key = made(crm)["id"]
    for path in ("activation", "runs"):
        answer = crm.send("POST", f"/api/v1/automations/{key}/{path}", data=said, content_type="application/json")
        assert answer.status_code in (400, 422), path
    assert runs() == []


def test_the_same_call_again_starts_no_second_run(crm):
    there = f"automations/{made(crm)['id']}/runs"
    answers = [crm.post(there, {}, **{"Idempotency-Key": "one"}).get_json() for _ in range(3)]
    assert answers == [{"run_id": runs()[0].id}] * 3
    assert len(runs()) == 1


def test_without_a_segment_nobody_gets_anything(crm):
    key = made(crm, customer_segment_id=None)["id"]
    answer = crm.post(f"automations/{key}/runs", {})
    assert (answer.status_code, error(answer)["details"][0]["field"]) == (422, "customer_segment_id")
    assert runs() == []


def test_it_is_deleted_and_its_runs_stay(crm):
    key = made(crm)["id"]
    crm.post(f"automations/{key}/runs", {})
    assert crm.send("DELETE", f"/api/v1/automations/{key}").status_code == 204
    assert [(run.automation_id, run.name) for run in runs()] == [(None, "Open day")]
    assert crm.get(f"automations/{key}").status_code == 404
    assert crm.send("DELETE", f"/api/v1/automations/{key}").status_code == 404


def test_what_it_uses_is_not_deleted(crm):
    said = made(crm)
    users = [{"kind": "automation", "id": said["id"], "name": "Open day"}]
    for noun, key in (("segments", said["customer_segment_id"]), ("templates", said["message_template_id"])):
        answer = crm.send("DELETE", f"/api/v1/{noun}/{key}")
        assert (answer.status_code, answer.get_json()["used_by"]) == (409, users)


def test_what_an_active_one_sends_is_not_for_a_key_that_only_writes(make_system):
    automation = make_active()
    writer = make_system("read", "write")
    for change in ({"trigger": {"once": "now"}}, {"purpose": "transactional"}, {"timezone": "Asia/Tokyo"}):
        answer = patched(writer, automation.id, version=1, **change)
        assert (answer.status_code, error(answer)["code"]) == (403, "forbidden"), change
    assert writer.send("DELETE", f"/api/v1/automations/{automation.id}").status_code == 403
    assert patched(writer, automation.id, version=1, name="Mended").status_code == 200
    assert patched(make_system("write", "send"), automation.id, version=2, timezone="Asia/Tokyo").status_code == 200


def test_a_key_without_the_scope_does_not_send(make_system):
    key = make_automation().id
    writer = make_system("read", "write")
    assert writer.post(f"automations/{key}/activation", {}).status_code == 403
    assert writer.send("DELETE", f"/api/v1/automations/{key}/activation").status_code == 403
    assert writer.post(f"automations/{key}/runs", {}).status_code == 403
    assert keeping.find(key).is_active is False
