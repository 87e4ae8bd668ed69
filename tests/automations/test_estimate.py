"""How long a run would take is said by what is known, and where the number comes from stands beside it."""

from __future__ import annotations

import pytest

from app.automations import estimate
from app.deliveries import carriers, pace
from app.deliveries.providers import resend
from tests.provider.mail_server import carries


@pytest.fixture
def by_resend(app, monkeypatch):
    monkeypatch.setattr(carriers, "carrier", lambda: resend)


def heard(limit: int) -> None:
    pace.heard("resend", {"ratelimit-limit": str(limit), "ratelimit-remaining": "1", "ratelimit-reset": "60"})


def test_what_stays_here_takes_as_long_as_this_machine_needs(app):
    found = estimate.of(5_000)
    assert (found.seconds, found.per_second, found.said) == (5, 1_000, estimate.BY_MACHINE)


def test_a_provider_that_has_said_nothing_is_guessed(by_resend):
    found = estimate.of(12_000)
    assert (found.seconds, found.per_second, found.said) == (60, 200, estimate.BY_GUESS)


def test_what_the_provider_allowed_last_is_the_pace(by_resend):
    heard(30)
    found = estimate.of(95)
    assert (found.seconds, found.said) == (pytest.approx(2), estimate.BY_PROVIDER)
    assert found.per_second == pytest.approx(47.5)


def test_a_mail_server_takes_one_after_the_other_or_what_its_limit_says(app):
    with carries(app, "smtp://localhost:25?tls=none"):
        found = estimate.of(4_000)
        assert (found.seconds, found.per_second, found.said) == (100, 40, estimate.BY_MACHINE)
    with carries(app, "smtp://localhost:25?tls=none&rate=600/minute"):
        found = estimate.of(95)
        assert (found.seconds, found.said) == (pytest.approx(10), estimate.BY_LIMIT)


def test_no_provider_is_faster_than_the_machine(by_resend):
    heard(6_000)
    assert estimate.of(1_000).said == estimate.BY_MACHINE
