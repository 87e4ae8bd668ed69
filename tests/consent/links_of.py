"""Readers of our mail, and what the public doors answer them."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from threading import Barrier
from typing import Any

from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.consent import forgotten, links, preferences
from app.consent.consent import Consent
from app.customers.customer import Customer
from app.db import db
from app.settings import topics

OFFERS = "promotional"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
NEVER_THE_SAME = {"X-Request-Id", "Server-Timing", "Date"}


def ask(app: Flask, method: str, path: str, **how: Any) -> TestResponse:
    """A program without memory, in a context of its own as in production."""
    with app.app_context():
        answer = app.test_client(use_cookies=False).open(path, method=method, **how)
    db.session.rollback()
    db.session.expire_all()
    return answer


def at_once(app: Flask, path: str, sent: dict[str, Any], times: int = 16) -> set[int]:
    """Many of one person at the same moment; the statuses of their answers."""
    forgotten.key()  # made beforehand: whoever makes it makes the others wait, and they would come in turn
    db.session.commit()
    start = Barrier(times)

    def send(_n: int) -> int:
        with app.app_context():
            client = app.test_client(use_cookies=False)
            start.wait(20)
            return client.post(path, data=sent).status_code

    with ThreadPoolExecutor(times) as pool:
        statuses = set(pool.map(send, range(times)))
    db.session.rollback()
    return statuses


def topic_id(slug: str = OFFERS) -> int:
    return topics.id_of(slug) or 0


def unsubscribe(customer: Customer, slug: str | None = OFFERS) -> str:
    return f"/unsubscribe?token={links.unsubscribe(customer.id, topic_id(slug) if slug else None, 7)}"


def page(customer: Customer) -> str:
    return f"/preferences?token={links.preferences(customer.id)}"


def gets(customer: Customer) -> set[str]:
    return {slug for slug, is_on in preferences.as_said(customer.id).items() if is_on}


def proofs() -> int:
    return db.session.scalar(select(func.count()).select_from(Consent)) or 0


def said(answer: TestResponse) -> str:
    return answer.get_data(as_text=True)


def seen(answer: TestResponse) -> tuple[int, bytes, list[tuple[str, str]]]:
    """All that whoever asks can tell two answers apart by."""
    return answer.status_code, answer.data, sorted((k, v) for k, v in answer.headers if k not in NEVER_THE_SAME)


def hidden(answer: TestResponse, name: str) -> list[str]:
    return [unescape(one) for one in re.findall(rf'type="hidden" name="{name}" value="([^"]*)"', said(answer))]
