"""Settings → Attributes: declared types bind, released ones do not, and it says who holds another kind."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from app.audit import Entry
from app.customers import attribute_holders, attribute_types
from app.customers.attributes import AttributeType
from app.db import db
from tests.factories import make_attribute, make_customer

NASTY = 'a/b "c" <i>?&= 100%'
PAGE = "/settings/attributes"


@pytest.fixture
def browser(client_of, admin):
    return client_of(admin)


def said(answer) -> str:
    return answer.get_data(as_text=True)


def held(name: str = "score") -> tuple[str, bool] | None:
    db.session.expire_all()
    kind = db.session.get(AttributeType, name)
    return (kind.field_type, kind.is_declared) if kind else None


def entries() -> list[tuple]:
    found = db.session.scalars(select(Entry).where(Entry.subject_type == "attribute").order_by(Entry.id))
    return [(entry.verb, entry.subject_id, entry.before, entry.after) for entry in found]


def test_it_lists_the_names_with_their_types(browser):
    make_attribute("score", "numeric")
    attribute_types.observe({NASTY: "string"})
    db.session.commit()
    page = said(browser.get(PAGE))
    assert "score" in page
    assert "only observed" in page
    assert "<i>" not in page
    fragment = said(browser.get(f"{PAGE}?q=SCO", headers={"HX-Request": "true"}))
    assert "score" in fragment
    assert "a/b" not in fragment
    assert "score" not in said(browser.get(f"{PAGE}?filter=declared:is:no")).partition('id="results"')[2]
    assert "score" in said(browser.get(f"{PAGE}?filter=type:is:numeric")).partition('id="results"')[2]
    assert browser.get(f"{PAGE}?filter=type:is:dragon").status_code == 422


def test_many_names_come_page_by_page(browser):
    attribute_types.observe({f"n{number:03}": "string" for number in range(120)})
    db.session.commit()
    assert "n049" in said(browser.get(PAGE))
    assert "n050" not in said(browser.get(PAGE))
    third = said(browser.get(f"{PAGE}?cursor=100"))
    assert "n119" in third
    assert "101–120" in third
    assert "n119" in said(browser.get(f"{PAGE}?sort=-name"))
    for cursor in ("x", "-1", "9" * 30):
        assert browser.get(f"{PAGE}?cursor={cursor}").status_code == 200


def test_only_an_admin_may(client_of, marketer):
    client = client_of(marketer)
    for path in ("", "/new", "/edit?name=score"):
        assert client.get(PAGE + path).status_code == 403
    for path in ("", "/edit", "/release"):
        assert client.post(PAGE + path).status_code == 403


@pytest.mark.parametrize("name", ["score", NASTY, "größe"])
def test_a_name_is_declared_before_it_comes(browser, name):
    answer = browser.post(PAGE, data={"name": name, "field_type": "numeric"})
    assert answer.status_code == 303
    assert held(name) == ("numeric", True)
    assert entries() == [("declared", name, None, {"field_type": "numeric", "is_declared": True})]
    assert browser.get(f"{PAGE}/edit", query_string={"name": name}).status_code == 200


@pytest.mark.parametrize(
    ("name", "kind", "field"),
    [
        ("", "numeric", "name"),
        ("x" * 101, "numeric", "name"),
        ("email", "string", "name"),
        ("score", "numeric", "name"),
        ("level", "dragon", "field_type"),
    ],
)
def test_nonsense_is_refused_and_stays_in_the_form(browser, name, kind, field):
    make_attribute("score", "numeric")
    answer = browser.post(PAGE, data={"name": name, "field_type": kind})
    assert answer.status_code == 422
    assert f'id="{field}-bad"' in said(answer)


def test_a_type_is_changed_and_released(browser):
    attribute_types.observe({"score": "string"})
    db.session.commit()
    sent = {"name": "score", "field_type": "numeric", "was": "string False"}
    assert browser.post(f"{PAGE}/edit", data=sent).status_code == 303
    assert held() == ("numeric", True)
    assert attribute_types.declared() == {"score": "numeric"}
    assert browser.post(f"{PAGE}/release", data={"name": "score"}).status_code == 303
    assert held() == ("numeric", False)
    assert [verb for verb, *_ in entries()] == ["declared", "released"]


def test_two_who_change_it_at_once_do_not_overwrite_each_other(browser):
    make_attribute("score", "string")
    sent = {"name": "score", "field_type": "numeric", "was": "string True"}
    assert browser.post(f"{PAGE}/edit", data=sent).status_code == 303
    late = browser.post(f"{PAGE}/edit", data=sent | {"field_type": "date"})
    assert late.status_code == 422
    assert "Somebody else changed" in said(late)
    assert held() == ("numeric", True)


def test_what_is_not_there_or_no_type_is_refused(browser):
    make_attribute("score", "string")
    assert browser.get(f"{PAGE}/edit?name=nothing").status_code == 404
    assert browser.get(f"{PAGE}/edit?name=a%00b").status_code == 404
    assert browser.post(f"{PAGE}/release", data={"name": "nothing"}).status_code == 404
    answer = browser.post(f"{PAGE}/edit", data={"name": "score", "field_type": "dragon", "was": "string True"})
    assert answer.status_code == 422


def test_who_holds_another_kind_is_counted(browser):
    make_attribute("score", "numeric")
    for value in (7, 8.5, "seven", "2026-10-22", "2026-10-22T08:00:00+00:00", True, ["a"]):
        make_customer(attributes={"score": value})
    make_customer(attributes={"other": 1})
    counted = attribute_holders.count("score")
    assert counted == {
        "everybody": 7,
        "numeric": 5,
        "string": 4,
        "boolean": 6,
        "array": 6,
        "date": 6,
        "timestamp": 6,
    }
    page = " ".join(said(browser.get(f"{PAGE}/edit?name=score")).split())
    assert "7 customers hold it" in page
    assert "5 customers hold another kind now" in page


def test_where_counting_takes_too_long_nothing_is_counted(browser, monkeypatch):
    make_attribute("score", "numeric")
    monkeypatch.setattr(attribute_holders, "COUNT", attribute_holders.text("SELECT pg_sleep(5), :name"))
    assert "too many customers to count" in said(browser.get(f"{PAGE}/edit?name=score"))


def test_two_who_declare_other_types_at_once_agree_on_one(app):
    refused: list[dict[str, str]] = []
    together = threading.Barrier(2)

    def declare(kind: str) -> None:
        with app.app_context():
            together.wait()
            refused.append(attribute_types.declare({"score": kind, "level": kind}))
            db.session.commit()
            db.session.remove()

    threads = [threading.Thread(target=declare, args=(kind,)) for kind in ("numeric", "date")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winner, is_declared = held()
    assert is_declared
    assert sorted(refused, key=len) == [{}, {"score": winner, "level": winner}]
