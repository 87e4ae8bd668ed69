"""A share that gets nothing: asked for in the form and by other systems, said on its page, and what came of it."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app.automations import limits, occasions, planning, rehearsal
from app.automations.definition import Definition, problems
from app.clock import clock
from app.db import db
from app.deliveries.run import Run
from tests.automations.happening import happens, mails
from tests.automations.making import HERE, HTMX, NOW, make_active, make_automation, page_of, the_only
from tests.factories import make_customers

FORM = {"name": "Mine", "purpose": "promotional", "topic": "promotional", "when": "cron", "cron": "0 10 * * 2"}
GOAL = {"event": "paid", "within": "5d"}
HALF = {"holdout_percent": 50}
ROWS = text(
    """
    INSERT INTO deliveries (run_id, customer_id, state, reason, accepted_at, reached_at)
    SELECT :run, n, CASE WHEN n > :held THEN 'accepted' ELSE 'skipped' END, CASE WHEN n <= :held THEN 'holdout' END,
           CASE WHEN n > :held THEN now() - interval '9 days' END,
           CASE WHEN n <= :held_reached OR n > :held AND n <= :held + :reached THEN now() END
      FROM generate_series(1, :held + :mailed) n
    """
)


@pytest.fixture
def browser(client_of, marketer):
    return client_of(marketer)


@pytest.fixture
def reader(client_of, viewer):
    return client_of(viewer)


def ran(mailed: tuple[int, int], held: tuple[int, int], **said):
    """Each: how many reached the goal, of how many."""
    automation = make_automation(**{"limits": {"holdout_percent": 10}, "goal": GOAL} | said)
    run = occasions.at(automation, NOW)
    db.session.execute(text("UPDATE runs SET state = 'finished', planned_for = now() - interval '9 days'"))
    counts = {"reached": mailed[0], "mailed": mailed[1], "held_reached": held[0], "held": held[1]}
    db.session.execute(ROWS, {"run": run.id, **counts})
    db.session.commit()
    return automation


def card(browser, automation) -> str:
    return " ".join(page_of(browser.get(f"{HERE}/{automation.id}/holdout", headers=HTMX)).split())


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ({"holdout_percent": "10"}, {"holdout_percent": 10}),
        ({"holdout_percent": "2,5"}, {"holdout_percent": 2.5}),
        ({"recheck_segment": "yes"}, {"recheck_segment": True}),
        ({"holdout_percent": "", "recheck_segment": ""}, {}),
    ],
)
def test_the_form_keeps_both_and_shows_them_again(browser, typed, kept):
    browser.post(HERE, data={**FORM, **typed})
    automation = the_only()
    assert automation.limits == kept
    page, form = (page_of(browser.get(f"{HERE}/{automation.id}{end}")) for end in ("", "/edit"))
    for said in limits.said(kept):
        assert said in page
        assert said in form.lower()
    if "holdout_percent" in kept:
        assert f'value="{kept["holdout_percent"]:g}"' in form


@pytest.mark.parametrize("typed", ["many", "0", "51", "-1", "nan"])
def test_nonsense_is_refused_beside_its_field(browser, typed):
    answer = browser.post(HERE, data={**FORM, "holdout_percent": typed})
    assert answer.status_code == 422
    assert 'id="holdout_percent-bad"' in page_of(answer)


def test_whoever_waits_for_transactional_mail_is_not_held_out(app):
    wanted = Definition("A", trigger={"once": "now"}, purpose="transactional", topic=None, limits=HALF)
    assert [(one.path, one.message) for one in problems(wanted, NOW)] == [
        ("limits.holdout_percent", "Transactional mail holds nobody out: each of them waits for theirs.")
    ]


def test_other_systems_set_and_read_both(make_system):
    crm, both = make_system("read", "write"), {"holdout_percent": 2.5, "recheck_segment": True}
    automation = make_automation()
    sent = crm.send("PATCH", f"/api/v1/automations/{automation.id}", json={"version": 1, "limits": both})
    assert sent.status_code == 200
    assert crm.get(f"automations/{automation.id}").get_json()["limits"] == both


def test_the_preflight_has_a_line_for_them_and_the_run_does_what_it_says(browser):
    make_customers(40)
    automation = make_automation(limits=HALF)
    before = planning.preflight(automation, NOW)
    page = page_of(browser.get(f"{HERE}/{automation.id}/preflight"))
    assert f'Held out, to compare with</span><span class="n">−{before["holdout"]}</span>' in page
    run = occasions.at(automation, NOW)
    planning.plan(run.id, NOW)
    assert [one.reason for one in mails()].count("holdout") == before["holdout"]
    assert before[None] + before["holdout"] == 40


def test_answers_to_events_are_held_out_and_so_says_their_preflight(app):
    people = make_customers(12)
    automation = make_active(trigger={"event": "login"}, segment_id=None, limits=HALF)
    for one in people:
        happens(one, "login", clock())
    held = [one.reason for one in mails()].count("holdout")
    assert 0 < held < 12
    assert rehearsal.preflight(automation, clock()) == {None: 12 - held, "holdout": held}


def test_both_rates_and_the_difference_in_words(reader):
    found = card(reader, ran((900, 9_000), (70, 1_000)))
    for said in (
        "10 % get nothing",
        "<dd>9,000</dd>",
        '900 <span class="sub tiny">10.0 %</span>',
        '70 <span class="sub tiny">7.0 %</span>',
        "With the mail, 3.0 more of a hundred people reach the goal than without it, which is 43 % more.",
        "the true difference lies between +1.1 and +4.6.",
        "About 270 people reached it because of the mail.",
        "enough data",
    ):
        assert said in found


def test_a_mail_that_does_harm_is_told_so(reader):
    found = card(reader, ran((270, 9_000), (70, 1_000)))
    assert "4.0 fewer of a hundred people reach the goal than without it, which is 57 % fewer." in found
    assert "because of the mail" not in found


def test_what_is_not_known_yet_says_how_many_more_people_it_takes(reader):
    found = card(reader, ran((405, 4_500), (35, 500)))
    assert "so far. In nineteen of twenty cases" in found.replace("</b>", "")
    assert "between −0.7 and +4.1. Not enough data yet: about 9,900 more people." in found
    assert "enough data</span>" not in found


@pytest.mark.parametrize(
    ("mailed", "held", "said"),
    [
        ((0, 0), (0, 0), "Nothing is known yet.</b> People count once their run is finished and 5 days after it"),
        ((3, 40), (0, 9), "Not enough data yet: about 730 more people.</b> Fewer than 100 of each say nothing."),
        ((0, 900), (0, 100), "Nobody has reached the goal yet."),
        ((90, 900), (10, 100), "With the mail, as many reach the goal as without it."),
        ((9, 900), (0, 100), "With the mail, 1.0 more of a hundred people reach the goal than without it, so far."),
    ],
)
def test_it_is_honest_about_little_and_about_nothing(reader, mailed, held, said):
    assert said in card(reader, ran(mailed, held))


def test_without_a_goal_it_says_that_nobody_can_know(reader, browser):
    automation = ran((1, 9), (1, 9), goal=None)
    assert "It has no goal, so nobody can say what its mail brings." in card(reader, automation)
    assert f"{HERE}/{automation.id}/edit" in card(browser, automation)
    assert f"{HERE}/{automation.id}/edit" not in card(reader, automation)


def test_its_page_asks_for_it_where_somebody_is_or_was_held_out(reader):
    automation, plain = ran((1, 9), (1, 9)), make_automation()
    here = f'hx-get="{HERE}/{automation.id}/holdout"'
    assert here in page_of(reader.get(f"{HERE}/{automation.id}"))
    assert "/holdout" not in page_of(reader.get(f"{HERE}/{plain.id}"))
    automation.limits = {}
    db.session.commit()
    assert here in page_of(reader.get(f"{HERE}/{automation.id}"))
    assert "10 % got nothing" in card(reader, automation)


def test_it_is_a_page_too_and_nobody_elses(reader, stranger):
    automation = ran((1, 9), (1, 9))
    page = page_of(reader.get(f"{HERE}/{automation.id}/holdout"))
    assert "<title>What “Invitation” brings" in page
    assert reader.get(f"{HERE}/4711/holdout").status_code == 404
    assert stranger.get(f"{HERE}/{automation.id}/holdout").status_code in (302, 303)
    assert "Nobody is held out" in card(reader, make_automation())


def test_a_run_says_whom_it_held_out(browser):
    make_customers(40)
    automation = make_automation(limits=HALF)
    run = occasions.at(automation, NOW)
    planning.plan(run.id, NOW)
    db.session.commit()
    page = page_of(browser.get(f"/runs/{db.session.query(Run).one().id}"))
    assert "Held out on purpose" in page
    assert "50 % of the people get nothing, to see what it brings" in page
