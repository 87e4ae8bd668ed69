from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import null, select

from app import queue
from app.accounts.user import User
from app.audit import Entry
from app.clock import clock
from app.customers.attribute_indexes import AttributeIndex
from app.db import db
from app.ops import jobs
from app.ops.clockwork import RecurringRow
from app.queue import redis_connection
from tests.conftest import Client

PAGE = "/settings/queues"
SCORE = {"table": "attribute_indexes", "key": "score"}


@pytest.fixture
def ada(client_of: Callable[[User], Client], admin: User) -> Client:
    return client_of(admin)


@pytest.fixture
def failed(app: object) -> None:
    db.session.add(AttributeIndex(name="score", waiting_since=null(), failed_at=clock(), error="No room.", attempts=5))
    db.session.commit()


def score() -> AttributeIndex | None:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get(AttributeIndex, "score")


def verbs() -> list[tuple[str, str, str]]:
    rows = db.session.scalars(select(Entry).where(Entry.subject_type.in_(["attribute_indexes", "recurring"])))
    return [(row.actor_name, row.verb, row.subject_name) for row in rows]


def test_the_page_and_its_fragment_show_the_same(ada: Client, failed: None) -> None:
    page = ada.get(PAGE).get_data(as_text=True)
    fragment = ada.get(PAGE, headers={"HX-Request": "true"}).get_data(as_text=True)
    assert "<html" in page
    assert "<html" not in fragment
    for said in ("Attribute indexes: score", "No room.", "every 5s"):
        assert said in page
        assert said in fragment


def test_an_empty_house_says_so_in_sentences(ada: Client) -> None:
    page = ada.get(PAGE).get_data(as_text=True)
    for said in ("Nothing has failed", "Nothing is running at this moment.", "No scheduler is running", "no worker"):
        assert said in page


def test_without_redis_it_says_so_and_shows_the_rest(
    ada: Client, failed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = queue.connect("redis://127.0.0.1:9")
    monkeypatch.setattr("app.blueprints.settings.queues.redis_connection", lambda: nobody)
    page = ada.get(PAGE).get_data(as_text=True)
    assert "Redis does not answer." in page
    assert "No room." in page


def test_a_failed_row_is_tried_again(ada: Client, failed: None) -> None:
    assert ada.post(f"{PAGE}/retries", data=SCORE).status_code == 303
    row = score()
    assert row
    assert (row.failed_at, row.attempts) == (None, 0)
    assert row.waiting_since
    assert verbs() == [("Ada", "retried", "Attribute indexes: score")]
    assert redis_connection().exists("campus:rung:customers.build_indexes")


def test_discarding_asks_first(ada: Client, failed: None) -> None:
    page = ada.get(f"{PAGE}/discards/new", query_string=SCORE).get_data(as_text=True)
    assert "Discard “score”?" in page
    assert score()


def test_a_failed_row_is_discarded(ada: Client, failed: None) -> None:
    assert ada.post(f"{PAGE}/discards", data=SCORE).status_code == 303
    assert score() is None
    assert verbs() == [("Ada", "discarded", "Attribute indexes: score")]


@pytest.mark.parametrize("verb", ["retries", "discards"])
def test_a_row_that_has_not_failed_is_left_alone(ada: Client, verb: str) -> None:
    db.session.add(AttributeIndex(name="score"))
    db.session.commit()
    assert ada.post(f"{PAGE}/{verb}", data=SCORE).status_code == 303
    assert score()
    assert verbs() == []


@pytest.mark.parametrize("sent", [{}, {"table": "users", "key": "1"}, {"table": "recurring", "key": "x"}])
@pytest.mark.parametrize("verb", ["retries", "discards"])
def test_only_tables_of_work_are_touched(ada: Client, verb: str, sent: dict[str, str]) -> None:
    assert ada.post(f"{PAGE}/{verb}", data=sent).status_code == 404


def test_a_recurring_job_runs_now(ada: Client) -> None:
    jobs.settle_recurring()
    name = "Tidy the queues in Redis"
    assert ada.post(f"{PAGE}/runs", data={"name": name}).status_code == 303
    assert verbs() == [("Ada", "started", name)]
    assert db.session.get_one(RecurringRow, name).not_before <= clock()
    assert ada.post(f"{PAGE}/runs", data={"name": "Nothing of the kind"}).status_code == 404


@pytest.mark.parametrize("path", ["", "/discards/new"])
def test_only_an_admin_sees_it(client_of: Callable[[User], Client], marketer: User, path: str) -> None:
    assert client_of(marketer).get(PAGE + path).status_code == 403


@pytest.mark.parametrize("verb", ["retries", "discards", "runs"])
def test_only_an_admin_acts(client_of: Callable[[User], Client], marketer: User, failed: None, verb: str) -> None:
    assert client_of(marketer).post(f"{PAGE}/{verb}", data=SCORE).status_code == 403
    assert score()


def test_a_stranger_is_sent_to_the_door(stranger: Client) -> None:
    assert stranger.get(PAGE).status_code == 302
