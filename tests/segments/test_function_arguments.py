"""What a function asks for: as data for a form, and as it is checked."""

from __future__ import annotations

from datetime import date

import pytest

from app.segments.functions import arguments as kinds
from app.segments.functions import registry
from app.segments.functions.arguments import Argument
from app.segments.functions.registry import segment_function
from app.spans import Duration

pytestmark = pytest.mark.usefixtures("app")

GOOD = {
    "random_percent": {"percent": 2.5, "salt": "spring"},
    "top_spenders": {"n": 100, "within": "30d"},
    "birthdays": {"days": 7},
}


def test_the_three_are_there_with_labels_and_words():
    three = [one for one in registry.everything() if one.name in GOOD]
    assert [one.label for one in three] == ["Birthdays", "Random percent", "Top spenders"]
    assert all(one.help and one.label for one in three)


def test_a_form_can_be_drawn_from_what_they_ask_for():
    drawn = {
        one.name: [(part.name, part.label, part.kind, part.is_needed) for part in one.arguments]
        for one in registry.everything()
        if one.name in GOOD
    }
    assert drawn == {
        "birthdays": [("days", "Days ahead", "integer", True)],
        "random_percent": [("percent", "Percent", "number", True), ("salt", "Salt", "text", False)],
        "top_spenders": [("n", "How many", "integer", True), ("within", "Within", "duration", False)],
    }


@pytest.mark.parametrize("name", GOOD)
def test_what_is_well_said_has_no_problem(name):
    assert registry.problems(name, GOOD[name]) == {}


def test_values_are_read_as_the_function_gets_them():
    assert registry.read("top_spenders", {"n": 5, "within": "2h"}) == {"n": 5, "within": Duration(2, "h")}
    assert registry.read("top_spenders", {"n": 5}) == {"n": 5, "within": None}
    assert registry.read("random_percent", {"percent": 5, "salt": None}) == {"percent": 5, "salt": ""}


@pytest.mark.parametrize(
    ("name", "said", "wrong"),
    [
        ("birthdays", {}, {"days": "It is needed."}),
        ("birthdays", {"days": None}, {"days": "It is needed."}),
        ("birthdays", {"days": -1}, {"days": "It must be a whole number from 0 to 366."}),
        ("birthdays", {"days": 367}, {"days": "It must be a whole number from 0 to 366."}),
        ("birthdays", {"days": True}, {"days": "It must be a whole number from 0 to 366."}),
        ("birthdays", {"days": "7"}, {"days": "It must be a whole number from 0 to 366."}),
        ("birthdays", {"days": 7.0}, {"days": "It must be a whole number from 0 to 366."}),
        ("birthdays", {"days": [7]}, {"days": "It must be a whole number from 0 to 366."}),
        ("birthdays", {"days": 1, "sign": "leo"}, {"sign": "birthdays asks for no such thing, but for days."}),
        ("birthdays", [7], {"arguments": "They are an object of names and values."}),
        ("random_percent", {"percent": 100.1}, {"percent": "It must be a number from 0 to 100."}),
        ("random_percent", {"percent": float("nan")}, {"percent": "It must be a number from 0 to 100."}),
        ("random_percent", {"percent": "a few"}, {"percent": "It must be a number from 0 to 100."}),
        ("random_percent", {"percent": 1, "salt": 7}, {"salt": "It must be a text of at most 200 characters."}),
        ("random_percent", {"percent": 1, "salt": "\0"}, {"salt": "It must be a text of at most 200 characters."}),
        ("random_percent", {"percent": 1, "salt": "x" * 201}, {"salt": "It must be a text of at most 200 characters."}),
        ("top_spenders", {"n": 0}, {"n": "It must be a whole number from 1 to 1,000,000."}),
        ("top_spenders", {"n": 1, "within": "soon"}, {"within": "It must be a duration like 15m, 48h or 7d."}),
        ("top_spenders", {"within": 5}, {"n": "It is needed.", "within": "It must be a duration like 15m, 48h or 7d."}),
    ],
)
def test_each_wrong_argument_is_named_with_a_sentence(name, said, wrong):
    assert registry.problems(name, said) == wrong
    with pytest.raises(ValueError, match=next(iter(wrong))):
        registry.read(name, said)


def test_a_function_that_nobody_knows_is_refused_naming_those_that_are():
    (said,) = registry.problems("robert'); DROP TABLE", {}).values()
    assert said.startswith("There is no function “robert'); DROP TABLE”. Known are birthdays, ")
    assert registry.problems(["birthdays"], {}).keys() == {"handler_function"}


@pytest.mark.parametrize(
    ("argument", "value", "read"),
    [
        (kinds.day("a", "A"), "2026-10-22", date(2026, 10, 22)),
        (kinds.day("a", "A"), "2026-02-30", "It must be a day like 2026-10-22."),
        (kinds.yes_or_no("a", "A"), True, True),
        (kinds.yes_or_no("a", "A"), None, False),
        (kinds.yes_or_no("a", "A"), "yes", "It must be true or false."),
        (kinds.choice("a", "A", [("s", "Small"), ("l", "Large")]), "l", "l"),
        (kinds.choice("a", "A", [("s", "Small"), ("l", "Large")]), "Large", "It must be one of: s, l."),
        (kinds.choice("a", "A", [("s", "Small")]), ["s"], "It must be one of: s."),
        (kinds.topic("a", "A"), "newsletter", "newsletter"),
        (kinds.integer("a", "A", least=3), 2, "It must be a whole number of at least 3."),
        (kinds.number("a", "A", most=3), 4, "It must be a number of at most 3."),
        (kinds.integer("a", "A"), 10**30, "It must be a whole number."),
    ],
)
def test_each_kind_is_read_strictly(argument, value, read):
    try:
        assert kinds.read(argument, {"a": value}) == read
    except ValueError as error:
        assert str(error) == read  # noqa: PT017 — the sentence is what is expected


def test_a_topic_offers_those_in_use():
    assert ("newsletter", "Newsletter") in kinds.topic("a", "A").offers()
    with pytest.raises(ValueError, match="It must be one of: "):
        kinds.read(kinds.topic("a", "A"), {"a": "horoscopes"})


def test_a_form_is_read_as_the_api_would_send_it():
    assert registry.from_form("top_spenders", {"n": " 12 ", "within": "", "other": "1"}) == {"n": 12}
    assert registry.from_form("random_percent", {"percent": "2.5", "salt": "a"}) == {"percent": 2.5, "salt": "a"}
    assert registry.from_form("random_percent", {"percent": "50"}) == {"percent": 50}
    sent = registry.from_form("birthdays", {"days": "a few"})
    assert registry.problems("birthdays", sent) == {"days": "It must be a whole number from 0 to 366."}


def test_a_segment_by_function_is_said_in_words():
    assert registry.said("top_spenders", {"n": 5, "within": "30d"}) == "Top spenders (How many 5, Within 30d)"
    assert registry.said("long_gone", {}) == "“long_gone”"


def test_a_function_that_takes_what_it_does_not_ask_for_is_refused_when_it_is_written():
    with pytest.raises(TypeError, match="its parameters are"):
        segment_function("crooked", label="Crooked", arguments=[kinds.integer("n", "N")])(lambda m: [])
    assert registry.named("crooked") is None


def test_an_argument_may_be_left_out_when_it_has_a_default():
    assert not Argument("a", "A", "text", default="x").is_needed
    assert kinds.read(Argument("a", "A", "text", default="x"), {}) == "x"
