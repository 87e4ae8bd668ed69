"""Calls of the funnel, signed by a sender that knows nothing of us but the address and the secret; then their pages."""

from __future__ import annotations

import urllib.request
from datetime import UTC, datetime

import pytest

from tests.browser.conftest import SCREENS
from tests.browser.test_every_page import look
from tests.webhooks.signing import headers, written

pytestmark = pytest.mark.browser

MOVE = {"lms_lead_id": "L-1", "funnel_type": "sales", "from_stage": "lead", "to_stage": "applied"}


def send(address: str, secret: str, id: str, said) -> None:
    body = written(said)
    sent = {**headers(body, id, secret=secret), "Content-Type": "application/json"}
    request = urllib.request.Request(f"{address}/webhooks/funnel", body, sent)
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(("width", "theme"), SCREENS)
def test_the_calls_and_one_of_them_are_sound(visit, environment, width, theme):
    visitor = visit(width, theme)
    move = {**MOVE, "occurred_at": datetime.now(UTC).isoformat()}
    send(visitor.address, environment["FUNNEL_WEBHOOK_SECRET"], f"msg_2aZ9{width}{theme}", move)
    mixed = {"funnel_events": [move, {**move, "to_stage": ""}, {**move, "funnel_type": "retention"}]}
    send(visitor.address, environment["FUNNEL_WEBHOOK_SECRET"], f"msg_7Qk4{width}{theme}", mixed)
    page = visitor.page
    visitor.sign_in()
    screen = f"{width}-{theme}"
    faults = look(visitor, "settings-webhook-calls", "/settings/webhook", screen)
    page.click(f"text=msg_7Qk4{width}{theme}")
    page.wait_for_selector("h1:has-text('msg_7Qk4')")
    assert faults + look(visitor, "settings-webhook-call", page.url.removeprefix(visitor.address), screen) == []
