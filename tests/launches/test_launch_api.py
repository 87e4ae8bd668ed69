"""POST /api/v1/product-launches: asked twice it is one launch; what is wrong with it is named."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from app.db import db
from app.deliveries.run import Run
from app.receipts.idempotency_key import IdempotencyKey
from tests.launches.making import BODY, launches, make_starter, now


@pytest.fixture(autouse=True)
def starter(app):
    return make_starter()


@pytest.fixture
def shop(make_system):
    return make_system("ingest")


def runs_there():
    return db.session.scalar(select(func.count()).select_from(Run))


def refused(shop, **said):
    answer = shop.post("product-launches", {**BODY, **said})
    assert answer.status_code == 422, answer.get_json()
    return {one["field"] for one in answer.get_json()["error"]["details"]}


def test_the_same_key_is_the_same_launch(shop):
    answers = [shop.post("product-launches", BODY, **{"Idempotency-Key": "k-1"}).get_json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert (len(launches()), runs_there()) == (1, 1)


def test_an_idempotency_key_is_good_for_a_day_and_the_key_of_a_launch_for_ever(shop):
    shop.post("product-launches", BODY, **{"Idempotency-Key": "k-1"})
    first = shop.post("product-launches", {**BODY, "key": "spring"}, **{"Idempotency-Key": "k-2"}).get_json()
    db.session.execute(update(IdempotencyKey).values(created_date=now() - timedelta(days=2)))
    db.session.commit()
    other = {**BODY, "interest": "films"}
    assert shop.post("product-launches", other, **{"Idempotency-Key": "k-1"}).status_code == 202
    again = shop.post("product-launches", {**BODY, "key": "spring"}, **{"Idempotency-Key": "k-2"}).get_json()
    assert (again, runs_there()) == (first, 3)
    assert launches()[2].interest == "films"


def test_a_key_in_the_body_is_the_same_for_every_system(shop, make_system):
    first = shop.post("product-launches", {**BODY, "key": "spring"}).get_json()
    other = make_system("send")
    assert other.post("product-launches", {**BODY, "key": "spring", "line_up": "later"}).get_json() == first
    assert len(launches()) == 1


@pytest.mark.parametrize(
    "other", [{"interest": "films"}, {"product_name": "Wacken"}, {"product_link": "https://w.example"}]
)
def test_the_key_of_another_launch_is_refused(shop, other):
    shop.post("product-launches", {**BODY, "key": "spring"})
    answer = shop.post("product-launches", {**BODY, "key": "spring", **other})
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "key_reused")
    assert runs_there() == 1


def test_every_further_key_is_a_fact(shop):
    said = {
        "key": "spring",
        "product_id": "P-1",
        "line_up": ["Ada", {"name": "Bo", "stage": 2}],
        "venue": {"at": [1.5]},
    }
    later = (now() + timedelta(days=1)).isoformat()
    assert shop.post("product-launches", {**BODY, **said, "at": later}).status_code == 202
    facts = launches()[0].facts
    assert {name: facts[name] for name in said} == said
    assert (facts["at"], launches()[0].scheduled_for.isoformat()) == (later, later)


@pytest.mark.parametrize("at", ["Indio, California", 7, ["Indio"], {"place": "Indio"}])
def test_an_at_that_is_no_time_is_a_fact(shop, at):
    assert shop.post("product-launches", {**BODY, "at": at}).status_code == 202
    assert (launches()[0].facts["at"], launches()[0].scheduled_for) == (at, None)


def test_without_a_key_two_calls_are_two_launches(shop):
    answers = [shop.post("product-launches", BODY).get_json()["run_id"] for _ in range(2)]
    assert len(set(answers)) == 2


def test_another_body_under_the_same_key_is_refused(shop):
    shop.post("product-launches", BODY, **{"Idempotency-Key": "k-1"})
    answer = shop.post("product-launches", {**BODY, "interest": "films"}, **{"Idempotency-Key": "k-1"})
    assert answer.status_code == 409


def test_a_key_that_may_only_read_launches_nothing(make_system):
    assert make_system("read", "write").post("product-launches", BODY).status_code == 403
    assert launches() == []


@pytest.mark.parametrize("name", ["interest", "product_name", "product_link"])
def test_what_is_missing_is_named(shop, name):
    answer = shop.post("product-launches", {one: value for one, value in BODY.items() if one != name})
    assert (answer.status_code, answer.get_json()["error"]["details"][0]["field"]) == (422, name)


@pytest.mark.parametrize("name", ["interest", "product_name"])
@pytest.mark.parametrize("value", ["", "  ", "x" * 201, 7, None, "a\0b"])
def test_a_word_that_cannot_be_kept_is_refused(shop, name, value):
    assert refused(shop, **{name: value}) == {name}


@pytest.mark.parametrize(
    "link", ["", "coachella.com", "ftp://x.example", "javascript:alert(1)", "https://", "http://a b"]
)
def test_a_link_leads_to_a_page(shop, link):
    assert refused(shop, product_link=link) == {"product_link"}


def deep(levels):
    return [deep(levels - 1)] if levels else "x"


@pytest.mark.parametrize(
    "value", ["x" * 2_001, 10**30, "a\0b", ["x" * 2_001], {"a": [10**30]}, [{"a\0": 1}], deep(11), deep(300)]
)
def test_a_fact_is_small_however_deep(shop, value):
    assert refused(shop, line_up=value) == {"line_up"}


def test_facts_together_are_small(shop):
    assert refused(shop, **{f"fact_{n}": "x" for n in range(51)}) == {""}
    assert refused(shop, **{f"fact_{n}": "x" * 1_900 for n in range(6)}) == {""}
    assert refused(shop, product="Coachella") == {"product"}


def test_a_time_comes_within_a_year(shop):
    for at in ("2999-01-01T00:00:00Z", "2026-12-01T10:00:00"):
        assert refused(shop, at=at) == {"at"}


def test_a_mail_that_is_not_there_is_refused(shop):
    assert refused(shop, message_template_id=999) == {"message_template_id"}


def test_a_list_is_no_launch(shop):
    assert shop.send("POST", "/api/v1/product-launches", json=[BODY]).status_code == 422


def test_the_document_and_its_page_know_it(shop, stranger):
    document = shop.get("openapi.json").get_json()
    assert "202" in document["paths"]["/product-launches"]["post"]["responses"]
    assert "two calls are two launches" in stranger.get("/api/docs").get_data(as_text=True)
