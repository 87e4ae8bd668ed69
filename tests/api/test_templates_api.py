"""Templates as other systems keep, publish and draw them."""

from __future__ import annotations

import pytest

from app.content import usage
from app.content.template import MessageTemplate
from app.content.usage import User
from app.db import db
from tests.factories import make_customer

MAIL = """<mjml><mj-body><mj-section><mj-column>
<mj-text>Hi {{ customer.first_name }} {{ facts.discount_code }}</mj-text>
</mj-column></mj-section></mj-body></mjml>"""
SAID = {"name": "Open day", "type": "email", "subject": "{{ customer.first_name }}, come", "message": MAIL}


@pytest.fixture
def crm(make_system):
    return make_system("read", "write")


def made(crm, **said):
    answer = crm.post("templates", {**SAID, **said})
    assert answer.status_code == 201, answer.get_json()
    return answer.get_json()


def patched(crm, template_id, **said):
    return crm.send("PATCH", f"/api/v1/templates/{template_id}", json=said)


def error(answer):
    return answer.get_json()["error"]


def test_a_template_is_kept_and_read_back(crm):
    said = made(crm, templating_type="mjml")
    assert (said["version"], said["published"], said["is_composed"], said["message"]) == (1, None, False, MAIL)
    assert crm.get(f"templates/{said['id']}").get_json() == said
    assert [one["id"] for one in crm.get("templates").get_json()["data"]] == [said["id"]]


def test_pages_of_templates(crm):
    ids = [made(crm, name=f"Mail {number}")["id"] for number in range(3)]
    first = crm.get("templates?limit=2").get_json()
    assert first["has_more"] is True
    rest = crm.get(f"templates?limit=2&cursor={first['next_cursor']}").get_json()
    assert [one["id"] for one in first["data"] + rest["data"]] == ids


@pytest.mark.parametrize(("wrong", "field"), [
    ({"name": ""}, "name"), ({"type": "fax"}, "type"), ({"templating_type": "html"}, "templating_type"),
    ({"colour": "red"}, "colour"), ({"subject": "a\nb"}, "subject"), ({"subject": "x" * 600}, "subject"),
])  # fmt: skip
def test_bad_input_is_named(crm, wrong, field):
    answer = crm.post("templates", {**SAID, **wrong})
    assert answer.status_code == 422
    assert error(answer)["details"][0]["field"] == field
    assert db.session.query(MessageTemplate).count() == 0


def test_the_same_call_twice_makes_one(crm):
    first, second = (crm.post("templates", SAID, **{"Idempotency-Key": "a"}) for _ in range(2))
    assert first.get_json() == second.get_json()
    assert db.session.query(MessageTemplate).count() == 1


def test_a_change_needs_the_version_that_was_read(crm):
    template_id = made(crm)["id"]
    assert patched(crm, template_id, subject="New").status_code == 409
    answer = patched(crm, template_id, version=1, subject="New")
    assert (answer.status_code, answer.get_json()["subject"], answer.get_json()["version"]) == (200, "New", 2)
    late = patched(crm, template_id, version=1, subject="Late")
    assert (late.status_code, error(late)["details"]) == (409, [{"version": 2}])
    assert patched(crm, template_id, version=2, type="whatsapp").status_code == 422


def test_a_message_makes_code_of_a_composed_one(crm):
    template_id = made(crm)["id"]
    db.session.get(MessageTemplate, template_id).blocks = []
    db.session.commit()
    said = patched(crm, template_id, version=1, name="Renamed").get_json()
    assert said["is_composed"] is True
    said = patched(crm, template_id, version=2, message=MAIL).get_json()
    assert (said["is_composed"], said["message"]) == (False, MAIL)


def test_publishing_answers_the_version_or_the_lines(crm):
    template_id = made(crm)["id"]
    answer = crm.send("POST", f"/api/v1/templates/{template_id}/publication")
    assert (answer.status_code, answer.get_json()) == (200, {"version": 1})
    assert crm.get(f"templates/{template_id}").get_json()["published"] == 1
    patched(
        crm,
        template_id,
        version=crm.get(f"templates/{template_id}").get_json()["version"],
        message=MAIL.replace("mj-text", "mj-txet"),
    )
    refused = crm.send("POST", f"/api/v1/templates/{template_id}/publication")
    assert refused.status_code == 422
    assert error(refused)["details"][0]["line"] == 2
    assert "mj-txet" in error(refused)["details"][0]["message"]


def test_the_same_publication_twice_is_one_version(crm):
    template_id = made(crm)["id"]
    for _ in range(2):
        answer = crm.post(f"templates/{template_id}/publication", {}, **{"Idempotency-Key": "a"})
        assert answer.get_json() == {"version": 1}


def test_a_mail_is_drawn_for_a_customer(crm):
    maya = make_customer("Maya")
    template_id = made(crm)["id"]
    answer = crm.post(
        f"templates/{template_id}/renderings", {"customer_id": maya.id, "facts": {"discount_code": "SPRING"}}
    )
    said = answer.get_json()
    assert said["subject"] == "Maya, come"
    assert "Hi Maya SPRING" in said["text"]
    assert "SPRING" in said["html"]
    assert said["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    less = crm.post(f"templates/{template_id}/renderings", {"customer_id": maya.id}).get_json()
    assert "facts.discount_code" in less["missing"]


def test_a_mail_is_drawn_for_nobody_else(crm):
    template_id = made(crm, message="<mjml>")["id"]
    there = f"templates/{template_id}/renderings"
    assert error(crm.post(there, {}))["code"] == "missing"
    assert error(crm.post(there, {"lms_lead_id": "nobody"}))["code"] == "unknown_customer"
    assert error(crm.post(there, {"customer_id": make_customer("Maya").id}))["code"] == "broken"


def test_one_that_is_used_is_not_deleted(crm):
    template_id = made(crm)["id"]
    find = usage.told_by(lambda ids: [(one, User("automation", 7, "Every November")) for one in ids])
    answer = crm.send("DELETE", f"/api/v1/templates/{template_id}")
    usage.FINDERS.remove(find)
    assert answer.status_code == 409
    assert answer.get_json()["used_by"] == [{"kind": "automation", "id": 7, "name": "Every November"}]
    assert crm.send("DELETE", f"/api/v1/templates/{template_id}").status_code == 204
    assert crm.get(f"templates/{template_id}").status_code == 404


def test_scopes_open_what_they_name(make_system):
    reader, writer = make_system("read"), make_system("write")
    assert reader.post("templates", SAID).status_code == 403
    template_id = made(writer)["id"]
    assert writer.get("templates").status_code == 403
    assert reader.post(f"templates/{template_id}/publication", {}).status_code == 403
    assert reader.get(f"templates/{template_id}").status_code == 200
