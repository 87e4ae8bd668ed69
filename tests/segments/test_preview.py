"""What stands beside rules while they are written: counted, sampled, compared, stopped; and never a 0 that is none."""

from __future__ import annotations

import json
import threading
import time
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import text

from app.db import db
from app.segments import preview, reading, superseding, vocabulary, written
from app.segments.audience import of_rules
from app.segments.examples import EXAMPLES
from app.segments.fields import KINDS
from app.segments.rules import Refused
from app.segments.segment import Segment
from app.segments.unavailable import Unavailable
from tests.factories import NOW, make_attribute, make_customer, make_event, make_move

TOKEN = "0123456789abcdef"


@pytest.fixture
def three(app):
    make_attribute("score", "numeric")
    people = [
        make_customer(name, email=f"{name}@posteo.example", lms_lead_id=name, attributes={"score": score})
        for name, score in (("Ana", 40), ("Ben", 60), ("Cem", 80))
    ]
    for one in people[:2]:
        make_event(one, "login", NOW)
    return people


@pytest.fixture
def saved(three) -> Segment:
    segment = Segment(name="Warm", type="rules", rules=at_least(60), size=2)
    db.session.add(segment)
    db.session.commit()
    return segment


def at_least(score: object) -> dict[str, object]:
    return {"attribute": "score", "op": "at_least", "value": score}


def ask(client, rules, path="", **more):
    sent = rules if isinstance(rules, str) else json.dumps(rules)
    data = {"rules": sent, "page": TOKEN, "number": "1", **more}
    return client.post(f"/segments/preview{path}", data=data, headers={"HX-Request": "true"})


def test_rules_are_counted_said_and_sampled(client_of, editor, three):
    said = ask(client_of(editor), {"all": [at_least(60)]}).text
    assert 'data-count="2"' in said
    assert "<mark>60</mark>" in said
    assert "Ben Lindqvist" in said
    assert "Ana" not in said
    assert "66.7 %" in said


def test_a_viewer_reads_the_words_and_writes_no_rules(client_of, viewer, three):
    client = client_of(viewer)
    assert client.get("/segments/help").status_code == 200
    assert ask(client, at_least(60)).status_code == 403
    assert client.get("/segments/vocabulary").status_code == 403


def test_without_script_the_same_is_a_whole_page(client_of, editor, three):
    answer = client_of(editor).post("/segments/preview", data={"rules": json.dumps(at_least(60))})
    assert "<title>What these rules mean" in answer.text
    assert 'data-count="2"' in answer.text


@pytest.mark.parametrize(
    ("rules", "path", "said"),
    [
        ("", "", "no condition yet"),
        ('{"all": [1,]}', "", "line 1, column"),
        ('{"event": NaN}', "", "no JSON"),
        ("[" * 100_000, "", "no JSON"),
        ({"all": []}, "all", "at least one rule"),
        ({"all": [at_least("many")]}, "all[0].value", "a number"),
        ({"any": [{"event": "login", "within": {"last": "7 days"}}]}, "any[0].within", "duration"),
        ({"colour": "red"}, "", "No condition is known by"),
    ],
)
def test_what_is_wrong_is_named_at_its_place(client_of, editor, three, rules, path, said):
    answer = ask(client_of(editor), rules)
    assert answer.status_code == 200
    assert f'data-problem="{path}"' in answer.text
    assert said in answer.text
    assert "data-count" not in answer.text


def test_what_cannot_be_computed_is_a_sentence_and_no_number(client_of, editor, three):
    said = ask(client_of(editor), {"segment": 4711}).text
    assert "There is no segment 4711 any more." in said
    assert "data-count" not in said


def test_a_segment_within_itself_is_a_sentence(client_of, editor, saved):
    said = ask(client_of(editor), {"segment": saved.id}, segment=str(saved.id)).text
    assert "contains itself" in said
    assert "data-count" not in said


def test_words_of_people_stay_words(client_of, editor, three):
    make_customer("<b>Eve</b>", email="eve@posteo.example", attributes={"score": 99})
    said = ask(client_of(editor), {"all": [at_least(99), {"none": [{"event": "<i>x</i>"}]}]}).text
    assert "<b>Eve" not in said
    assert "<i>x" not in said
    assert "&lt;b&gt;Eve" in said


def test_an_edit_names_who_joins_and_who_leaves(client_of, editor, saved, three):
    said = ask(client_of(editor), {"event": "login"}, segment=str(saved.id)).text
    assert "+1 join" in said
    assert "−1 leave" in said
    assert "was 2 when last counted" in said
    found = preview.of({"event": "login"}, NOW, saved)
    assert [one.first_name for one in found.difference.joiners] == ["Ana"]
    assert [one.first_name for one in found.difference.leavers] == ["Cem"]
    assert found.joining == {three[0].id}


def test_a_saved_segment_that_cannot_be_computed_leaves_the_difference_unknown(client_of, editor, saved):
    saved.rules = {"segment": 4711}
    db.session.commit()
    said = ask(client_of(editor), at_least(60), segment=str(saved.id)).text
    assert 'data-count="2"' in said
    assert "Who joins and who leaves is not known" in said


def test_another_sample_is_of_the_same_people(client_of, editor, three):
    said = ask(client_of(editor), at_least(60), "/sample").text
    assert "Ben Lindqvist" in said
    assert "Cem Lindqvist" in said
    assert "There is no segment 4711" in ask(client_of(editor), {"segment": 4711}, "/sample").text


def test_each_condition_alone_is_counted_and_what_is_not_understood_is_not(client_of, editor, three):
    conditions = [at_least(60), {"event": "login"}, {"event": ""}, {"segment": 4711}, 7]
    answer = client_of(editor).post("/segments/preview/hits", data={"conditions": json.dumps(conditions)})
    assert answer.get_json() == {"hits": [2, 2, None, None, None], "cap": 10_000}
    assert client_of(editor).post("/segments/preview/hits", data={"conditions": "{"}).get_json()["hits"] == []


def test_more_than_ten_thousand_are_not_counted_to_the_end(app, monkeypatch, three):
    monkeypatch.setattr(preview, "CAP", 1)
    assert preview.hits([{"field": "id", "op": "exists"}], NOW) == [2]


def test_a_condition_that_takes_too_long_is_left_alone_and_the_others_go_on(app, monkeypatch, three):
    slow = "SELECT c.id AS customer_id FROM customers c WHERE pg_sleep(30) IS NOT NULL"
    real = preview.audience.of_rules

    def of_rules(raw, now, own_id=None):
        found = real(raw, now, own_id)
        return type(found)(slow) if raw == {"event": "slow"} else found

    monkeypatch.setattr(preview.audience, "of_rules", of_rules)
    monkeypatch.setattr(preview, "EACH", 0.2)
    begun = time.monotonic()
    assert preview.hits([{"event": "slow"}, {"event": "login"}], NOW) == [None, 2]
    assert time.monotonic() - begun < 2


def test_all_of_it_shares_the_seconds(app, three):
    budget = preview.Budget(0.01)
    time.sleep(0.02)
    with pytest.raises(Unavailable, match="longer than 5 seconds"):
        budget.most()


def test_a_later_question_of_the_same_page_stops_the_former_ones_only(app, config):
    url = config.database_url.replace("postgresql+psycopg://", "postgresql://", 1)
    ended: dict[str, str] = {}

    def sleep(tag: str) -> None:
        with psycopg.connect(url, application_name=tag) as connection:
            try:
                connection.execute("SELECT pg_sleep(4)")
                ended[tag] = "slept"
            except psycopg.errors.QueryCanceled:
                ended[tag] = "stopped"

    tags = [f"preview:{TOKEN}:1", f"preview:{TOKEN}:3", f"preview:{TOKEN[::-1]}:1", "preview:x:1", "web"]
    sleepers = [threading.Thread(target=sleep, args=(tag,)) for tag in tags]
    for one in sleepers:
        one.start()
    sleeping = text("SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(4)' AND state = 'active'")
    while db.session.scalar(sleeping) < len(tags):
        db.session.rollback()
        time.sleep(0.02)
    db.session.rollback()
    assert superseding.begin(TOKEN, 2) == 1
    assert db.session.scalar(text("SHOW application_name")) == f"preview:{TOKEN}:2"
    db.session.rollback()
    assert db.session.scalar(text("SHOW application_name")) != f"preview:{TOKEN}:2"
    for one in sleepers:
        one.join()
    assert ended == {tags[0]: "stopped"} | dict.fromkeys(tags[1:], "slept")


@pytest.mark.parametrize(("token", "number"), [("", 1), ("x' OR true --", 1), (TOKEN, -1), (TOKEN, 10**12)])
def test_a_token_that_is_none_stops_nobody(app, token, number):
    assert superseding.begin(token, number) == 0
    assert not db.session.scalar(text("SHOW application_name")).startswith("preview:")


def test_the_sql_to_read_has_its_values_in_their_places_and_says_the_same(app, three):
    found = of_rules({"all": [at_least(60), {"field": "first_name", "op": "not_equals", "value": "O'Hara :p0"}]}, NOW)
    sql = reading.of(found)
    assert "'O''Hara :p0'" in sql
    with db.engine.connect() as connection:
        ids = connection.exec_driver_sql(sql.replace("%", "%%")).scalars().all()
    assert sorted(ids) == sorted(one.id for one in three[1:])


def test_rules_are_written_a_condition_a_line_and_read_again():
    raw = {"all": [{"event": "a: b", "within": {"last": "7d"}}, {"any": [{"segment": 1}]}, {"none": []}]}
    assert written.of(raw) == (
        '{"all": [\n  {"event": "a: b", "within": {"last": "7d"}},\n  {"any": [\n    {"segment": 1}\n  ]},'
        '\n  {"none": []}\n]}'
    )
    assert written.read(written.of(raw)) == raw
    with pytest.raises(Refused):
        written.read("x" * (written.LONGEST + 1))


@pytest.mark.parametrize("example", [*(one.rules for one in EXAMPLES), *(one.example for one in KINDS.values())])
def test_every_example_is_understood(app, example):
    assert preview.words(example)


def test_the_vocabulary_names_what_occurs_here(client_of, editor, saved, three):
    make_move(three[0], "applied", "lead", NOW - timedelta(days=1))
    db.session.execute(text('UPDATE customers SET attributes = attributes || \'{"interest": ["Data", "art"]}\''))
    db.session.commit()
    names = client_of(editor).get("/segments/vocabulary").get_json()["names"]
    assert names["events"] == ["login"]
    assert names["stages"]["sales"] == ["applied", "lead"]
    assert names["interests"] == ["art", "data"]
    assert names["attributes"]["score"] == "numeric"
    assert names["segments"] == [[saved.id, "Warm"]]
    assert ["newsletter", "Newsletter"] in names["topics"] or "newsletter" in dict(names["topics"])
    assert client_of(editor).get(f"/segments/vocabulary?without={saved.id}").get_json()["names"]["segments"] == []


def test_every_kind_and_comparison_stands_on_the_page_of_words(client_of, viewer):
    page = client_of(viewer).get("/segments/help").text
    assert all(f'id="kind-{name}"' in page for name in KINDS)
    assert all(f"<code>{name}</code>" in page for name in ("not_within_last", "contains_all", "between"))


def test_every_part_of_the_grammar_has_an_explanation():
    assert {part.kind for kind in KINDS.values() for part in kind.inputs} <= set(vocabulary.TAKES)
