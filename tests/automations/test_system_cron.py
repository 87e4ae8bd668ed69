"""A line of the system's cron rings at every planned time of another zone, whatever both clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.automations import cron, system_cron
from app.automations.system_cron import Line

NOW = datetime(2026, 1, 1, tzinfo=UTC)
A_YEAR = NOW + timedelta(days=366)


def line(expression: str, zone: str, machine: str) -> Line:
    return system_cron.line(cron.read(expression), ZoneInfo(zone), ZoneInfo(machine), NOW)


def planned(expression: str, zone: str) -> list[datetime]:
    """Of a year, from whichever end the clock changes."""
    found, moment = [], NOW
    while moment < A_YEAR:
        some = cron.next_times(cron.read(expression), moment, ZoneInfo(zone), 400)
        found += some
        moment = some[-1]
    return [one for one in found if one < A_YEAR]


def rings(said: Line, machine: str, moment: datetime) -> bool:
    """As a plain cron: what the machine's clock shows at that minute."""
    minute, hour, *others = cron.read(said.expression).fields
    there = moment.astimezone(ZoneInfo(machine))
    return there.minute in minute.values and there.hour in hour.values and all(field.is_any for field in others)


@pytest.mark.parametrize(
    ("zone", "machine", "expression"),
    [
        ("Europe/Berlin", "Europe/Berlin", "0 10 * * 1-5"),
        ("Europe/Berlin", "Europe/Paris", "*/20 8-10 1 * *"),
        ("UTC", "Etc/UTC", "0 0 29 2 *"),
        ("Asia/Tokyo", "Asia/Seoul", "30 9 * * mon"),
    ],
)
def test_clocks_that_always_show_the_same_keep_the_expression(zone, machine, expression):
    assert line(expression, zone, machine) == Line(expression, is_exact=True)


@pytest.mark.parametrize(
    ("zone", "machine", "expression", "written"),
    [
        ("Asia/Tokyo", "UTC", "0 10 * * 1", "0 1 * * *"),
        ("Asia/Kolkata", "UTC", "0 10 * * 1", "30 4 * * *"),
        ("Europe/Berlin", "UTC", "0 10 * * *", "0 1,8,9 * * *"),
        ("Europe/Berlin", "UTC", "*/15 * * * *", "0,15,30,45 * * * *"),
        ("Asia/Tokyo", "Europe/Berlin", "0 10 * * 1", "0 * * * *"),
    ],
)
def test_clocks_that_differ_ring_whenever_it_could_be_due(zone, machine, expression, written):
    assert line(expression, zone, machine) == Line(written, is_exact=False)


@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
@pytest.mark.parametrize("machine", ["UTC", "Europe/Berlin", "America/St_Johns"])
@pytest.mark.parametrize("expression", ["30 1 * * *", "15 2 * * *", "0 10 1 * mon", "45 23 * * *"])
def test_no_planned_time_of_a_year_is_missed(zone, machine, expression):
    said = line(expression, zone, machine)
    assert not said.is_exact
    assert [one for one in planned(expression, zone) if not rings(said, machine, one)] == []


def test_the_zone_of_the_machine_is_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr(system_cron, "LOCALTIME", tmp_path / "localtime")
    assert system_cron.machine_zone() is UTC
    (tmp_path / "localtime").write_bytes(b"no clock")
    assert system_cron.machine_zone() is UTC
