"""`flask automations …` and bin/refresh_automation.sh: a second clock that makes no second run."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.automations import keeping, schedule, system_cron
from app.db import db
from tests.automations.making import ADA, make_active, make_automation, runs, the_only

ROOT = Path(__file__).parents[2]
CALLED = 'bin/flask automations run {} --at "$(date -u +\\%Y-\\%m-\\%dT\\%H:\\%MZ)"'


@pytest.fixture
def flask(app):
    def run(*words):
        with app.app_context():
            done = app.test_cli_runner().invoke(args=["automations", *map(str, words)])
        db.session.expire_all()
        return done.exit_code, done.stdout.splitlines(), done.stderr

    return run


def test_the_list_says_what_acts_and_when_next_on_its_own_clock(flask):
    make_active("Morning", timezone="Asia/Tokyo")
    make_automation("Asleep")
    code, lines, _ = flask("list")
    assert code == 0
    assert lines[0].split() == ["1", "active", "2026-11-04", "10:00", "+0900", "Morning"]
    assert lines[1].split() == ["2", "-", "-", "Asleep"]


def test_a_run_by_hand_is_named_last(flask):
    automation = make_automation()
    assert flask("run", automation.id)[1][-1] == "run 1"
    assert flask("run", automation.id)[1][-1] == "run 2"
    assert {run.by_name for run in runs()} == {"Command line"}


def test_a_planned_time_runs_once_whoever_comes_first(flask):
    key = make_active().id
    assert flask("run", key, "--at", "2026-11-04T10:00Z")[1][-1] == "run 1"
    assert flask("run", key, "--at", "2026-11-04T10:00Z")[1][-1] == "run 1"
    for _ in schedule.fire_due(datetime(2026, 11, 4, 10, 0, 3, tzinfo=UTC)):
        db.session.commit()
    assert len(runs()) == 1
    for _ in schedule.fire_due(datetime(2026, 11, 5, 10, 0, 3, tzinfo=UTC)):
        db.session.commit()
    assert flask("run", key, "--at", "2026-11-05T10:00Z")[1][-1] == f"run {runs()[1].id}"
    assert len(runs()) == 2


def test_a_cron_that_comes_minutes_late_means_the_planned_time(flask):
    key = make_active(timezone="Asia/Tokyo").id
    assert flask("run", key, "--at", "2026-11-04T10:03")[1][-1] == "run 1"
    assert runs()[0].planned_for == datetime(2026, 11, 4, 1, tzinfo=UTC)
    assert flask("run", key, "--at", "2026-11-04T01:00Z")[1][-1] == "run 1"


@pytest.mark.parametrize("at", ["2026-11-04T09:59Z", "2026-11-04T10:06Z", "2026-11-04T11:00+02:00", "soon"])
def test_what_is_no_planned_time_sends_nothing(flask, at):
    code, _lines, said = flask("run", make_active().id, "--at", at)
    assert code == 1
    assert "planned time" in said
    assert runs() == []


def test_what_does_not_act_is_not_run_by_a_cron_that_was_not_told(flask):
    automation = make_active()
    keeping.deactivate(automation, ADA)
    db.session.commit()
    code, _lines, said = flask("run", automation.id, "--at", "2026-11-04T10:00Z")
    assert (code, "not active" in said) == (1, True)
    assert flask("run", make_automation("Empty", segment_id=None).id)[0] == 1
    assert flask("run", 4711)[0] == 1
    assert runs() == []


def test_the_crontab_has_each_active_one_on_the_clock_of_the_machine(flask, monkeypatch):
    monkeypatch.setattr(system_cron, "machine_zone", lambda: ZoneInfo("Europe/Paris"))
    make_active("UTC", cron="@daily", timezone="UTC")
    make_active("Berlin", cron="0 10 * * MON-FRI", timezone="Europe/Berlin")
    make_active("Once", trigger={"once": "2030-01-01T10:00:00+00:00"})
    make_automation("Asleep")
    _code, lines, _ = flask("crontab")
    assert lines == [
        lines[0],
        f"0 * * * * cd {ROOT} && {CALLED.format(1)} --if-due",
        f"0 10 * * 1,2,3,4,5 cd {ROOT} && {CALLED.format(2)}",
    ]
    assert lines[0].startswith("#")


def test_a_line_that_may_come_for_nothing_says_nothing_then(flask):
    key = make_active(timezone="America/New_York").id
    assert flask("run", key, "--at", "2026-11-03T14:00Z", "--if-due") == (0, [], "")
    assert flask("run", key, "--at", "2026-11-03T15:00Z", "--if-due")[1] == ["run 1"]
    assert flask("run", key, "--at", "2026-11-03T15:00Z", "--if-due")[1] == ["run 1"]
    keeping.deactivate(the_only(), ADA)
    db.session.commit()
    assert flask("run", key, "--at", "2026-11-04T15:00Z", "--if-due") == (0, [], "")
    assert len(runs()) == 1


def test_the_next_times_are_worked_out_anew(flask):
    automation = make_active(at=datetime.now(UTC))
    automation.next_at += timedelta(days=900)
    db.session.commit()
    assert flask("refresh")[1] == ["1 active, 1 moved"]
    assert the_only().next_at < datetime.now(UTC) + timedelta(days=2)
    assert flask("refresh")[1] == ["1 active, 0 moved"]


def test_the_script_sets_up_updates_and_removes_its_entries_and_leaves_others(tmp_path):
    """With a crontab and a bin/flask that only write down."""
    kept, said = tmp_path / "crontab.txt", tmp_path / "said"
    (tmp_path / "bin").mkdir()
    (tmp_path / "tools").mkdir()
    script = tmp_path / "bin" / "refresh_automation.sh"
    script.write_text((ROOT / "bin" / "refresh_automation.sh").read_text())
    _tool(tmp_path / "tools" / "crontab", f'[ "$1" = -l ] && cat {kept} || cat > {kept}')
    _tool(tmp_path / "bin" / "flask", f'[ "$2" = crontab ] && cat {said} || true')
    kept.write_text("5 4 * * * backup\n")
    env = {**os.environ, "PATH": f"{tmp_path / 'tools'}:{os.environ['PATH']}"}

    def refreshed(wanted: str) -> str:
        said.write_text(wanted)
        subprocess.run(["bash", str(script)], env=env, check=True, timeout=30)
        return kept.read_text()

    one = "# Written\n0 10 * * * cd /x && bin/flask automations run 1\n"
    first = refreshed(one)
    assert first.startswith("5 4 * * * backup\n# campus automations begin\n")
    assert "automations run 1\n# campus automations end\n" in first
    assert refreshed(one) == first
    assert "0 11 * * *" in refreshed(one.replace("10", "11"))
    assert refreshed("# Written\n") == "5 4 * * * backup\n"


def _tool(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
