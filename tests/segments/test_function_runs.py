"""A run of a function may only fail: it takes nobody else along, and says why."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest
from sqlalchemy import func, select

from app.customers.customer import Customer
from app.db import db
from app.segments import answers
from app.segments.functions import frames, registry, running
from app.segments.unavailable import Unavailable
from app.settings import team
from tests.factories import NOW, make_customer, make_customers

MODULE = "tests.segments.hostile"


@pytest.fixture(scope="module", autouse=True)
def _hostile():
    """The functions of hostile.py stand beside ours, and go again."""
    registry.everything()  # ours are there before, whichever test comes first
    before = dict(registry._known)
    os.environ["SEGMENT_FUNCTIONS"] = MODULE
    registry._look_around.cache_clear()
    running.stop()
    yield
    del os.environ["SEGMENT_FUNCTIONS"]
    running.stop()
    registry._known.clear()
    registry._known.update(before)
    sys.modules.pop(MODULE, None)
    registry._look_around.cache_clear()


@pytest.fixture(autouse=True)
def _app(app):
    """Every test is on a clean database."""


def refusal(name, seconds=5, **arguments):
    with pytest.raises(Unavailable) as refused:
        running.ids(name, arguments, seconds=seconds)
    return refused.value.said


def is_gone(pid):
    deadline = time.monotonic() + 5
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_alive(pid)


def is_alive(pid):
    """Dead and not yet buried, by whoever inherited it, is dead."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def beside_us():
    """The nursery, and all that it started."""
    return psutil.Process(running.own.nursery.process.pid).children(recursive=True)


def test_a_function_of_ones_own_is_one_file():
    maya, _ = make_customer("Maya"), make_customer("Jo")
    assert "By their first name" in [one.label for one in registry.everything()]
    assert running.ids("called", {"first_name": "Maya"}) == [maya.id]


def test_a_file_in_the_folder_is_found_by_itself(tmp_path, monkeypatch):
    source = '@segment_function("nobody", label="Nobody")\ndef nobody():\n    return []\n'
    (tmp_path / "nobody.py").write_text(f"from app.segments.functions.registry import segment_function\n\n\n{source}")
    (tmp_path / "broken.py").write_text("this is no Python")
    monkeypatch.setattr(registry.folder, "__path__", [*registry.folder.__path__, str(tmp_path)])
    registry._look_around.cache_clear()
    assert registry.named("nobody")
    assert registry.named("birthdays")
    registry._known.pop("nobody")


def test_it_is_given_the_moment_and_the_zone():
    assert running.ids("given", {}, now=NOW) == [int(NOW.timestamp()), len(team.zone().key)]


def test_odd_ids_are_handed_on_as_null_and_nobodys():
    assert running.ids("odd", {}) == [7, 7, None, "", "", "", "", "", "", -1]


def test_what_was_answered_becomes_people_each_once():
    maya, jo = make_customers(2)
    raw = [jo.id, maya.id, jo.id, None, "", 10**15]
    answer = answers.settled(raw)
    assert (sorted(answer.ids), answer.duplicates, answer.nulls, answer.strangers) == ([maya.id, jo.id], 1, 1, 2)


def test_a_million_ids_come_over():
    assert running.ids("many", {"n": 1_000_000}) == list(range(1, 1_000_001))
    assert sum(running.ids("series", {"n": 300_000})) == 300_000 * 300_001 // 2


def test_more_than_five_million_are_refused():
    assert "more than 5,000,000" in refusal("many", seconds=20, n=10**9)
    assert "more than 5,000,000" in refusal("series", seconds=30, n=5_000_001)


def test_a_null_of_a_select_is_none():
    assert running.ids("one", {}) == [None]


@pytest.mark.parametrize("name", ["sleeps", "spins", "dreams"])
def test_it_is_stopped_when_its_time_is_over(name):
    begun = time.monotonic()
    assert refusal(name, seconds=1) == "It took longer than 1 second and was stopped."
    assert time.monotonic() - begun < 4
    assert all(is_gone(one.pid) for one in beside_us())


@pytest.mark.parametrize("name", ["eats", "nibbles", "drowns"])
def test_it_is_stopped_when_it_needs_too_much_memory(name):
    assert refusal(name, seconds=60) == "It needed more than 1 GB of memory and was stopped."


def test_a_failure_says_its_kind_and_line_and_nothing_of_people():
    said = refusal("raises")
    assert said.startswith("It failed with LookupError in line ")
    assert said.endswith(" of hostile.py.")


def test_what_it_prints_is_heard_by_nobody(capfd):
    assert running.ids("prints", {}) == [1]
    assert "maya" not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("nothing", "It answered NoneType, not a list of ids."),
        ("a word", "It answered str, not a list of ids."),
        ("a number", "It answered int, not a list of ids."),
        ("two columns", "It selects more than one column; it must select the ids alone."),
        ("nonsense", "It failed with ProgrammingError."),
        ("unheard of", "It failed with KeyError in line"),
    ],
)
def test_what_is_no_list_of_ids_is_refused(what, said):
    assert said in refusal("says", what=what)


@pytest.mark.parametrize("name", ["writes", "deletes"])
def test_it_can_change_nothing(name):
    make_customer()
    assert "may only read" in refusal(name) or name == "deletes"
    assert db.session.scalar(select(func.count()).select_from(Customer)) == 1


@pytest.mark.parametrize("code", [0, 1, 17])
def test_who_ends_without_an_answer_is_not_believed(code):
    assert refusal("vanishes", code=code) == "It ended without an answer."


def test_an_exit_is_a_failure():
    assert "SystemExit" in refusal("quits")


@pytest.mark.parametrize("apart", [False, True])
def test_whoever_it_leaves_behind_is_ended(apart):
    (pid,) = running.ids("breeds", {"apart": apart})
    assert is_gone(pid)


def test_half_of_it_is_not_left_behind():
    (pid,) = running.ids("splits", {})
    assert is_gone(pid)


def test_a_function_that_was_taken_away_says_so():
    assert refusal("long_gone") == "The function “long_gone” is not there any more."


def test_wrong_arguments_stop_it_before_it_begins():
    assert refusal("called") == "first_name: It is needed."


def test_no_more_than_a_few_run_at_once(app):
    said = []

    def ask(seconds):
        with app.app_context():
            said.append(refusal("sleeps", seconds=seconds))

    assert running.ids("many", {"n": 1}) == [1]
    threads = [threading.Thread(target=ask, args=(seconds,)) for seconds in (3, 3, 1)]
    for one in threads:
        one.start()
        time.sleep(0.2)
    for one in threads:
        one.join()
    assert said[0] == running.BUSY
    assert [one[:16] for one in said[1:]] == ["It took longer t"] * 2
    assert running.ids("many", {"n": 3}) == [1, 2, 3]


def test_two_at_once_do_not_mix_their_answers(app):
    found = {}

    def ask(n):
        with app.app_context():
            found[n] = running.ids("many", {"n": n})

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(1, 9)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert found == {n: list(range(1, n + 1)) for n in range(1, 9)}


def test_a_dead_nursery_is_replaced():
    assert running.ids("many", {"n": 1}) == [1]
    running.own.nursery.process.kill()
    time.sleep(0.2)
    assert running.ids("many", {"n": 1}) == [1]


def test_a_nursery_that_dies_meanwhile_takes_its_children_along(app):
    said = []

    def ask():
        with app.app_context():
            said.append(refusal("sleeps", seconds=4))

    assert running.ids("many", {"n": 1}) == [1]
    thread = threading.Thread(target=ask)
    thread.start()
    while not (children := beside_us()):
        time.sleep(0.05)
    time.sleep(0.3)
    running.own.nursery.process.kill()
    thread.join(10)
    assert said == ["It ended without an answer."]
    assert all(is_gone(one.pid) for one in children)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_begins_its_own_nursery():
    assert running.ids("many", {"n": 1}) == [1]
    ours = running.own.nursery.process.pid
    pid = os.fork()
    if pid == 0:
        os._exit(0 if running.own.nursery is None else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert running.ids("many", {"n": 1}) == [1]
    assert running.own.nursery.process.pid == ours


RUNS_AND_DIES = """
import os, sys
from app.db import apart
from app.segments.functions import running
with apart(os.environ["DATABASE_URL"], "test").app_context():
    running.ids("many", {"n": 1})
    print(running.own.nursery.process.pid, flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_nursery_ends_with_who_began_it(environment, how):
    parent = subprocess.Popen(
        [sys.executable, "-c", RUNS_AND_DIES],
        cwd=running.ROOT,
        env={**os.environ, "DATABASE_URL": environment["DATABASE_URL"]},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    nursery = next(int(line) for line in parent.stdout if line.strip().isdigit())
    assert is_alive(nursery)
    parent.send_signal(how)
    parent.wait()
    assert is_gone(nursery)


def test_an_answer_cut_short_is_none():
    told = []
    frames.say(told.append, range(25_000))
    whole = b"".join(told)
    assert frames.heard(whole).ids == list(range(25_000))
    assert not any(frames.heard(whole[:cut]).is_whole for cut in range(0, len(whole), 997))


def test_a_request_is_one_line():
    request = running._request("called", {"first_name": "a\nb\u2028"}, 5, NOW)
    assert request.count(b"\n") == 1
    assert json.loads(request)["arguments"] == {"first_name": "a\nb\u2028"}
