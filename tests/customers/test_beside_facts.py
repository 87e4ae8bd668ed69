"""Customers and what they do come in at the same time, in whatever order: nobody waits in a circle."""

from __future__ import annotations

import threading

from app.customers.incoming import Incoming, Source
from app.customers.upsert import upsert_many
from app.customers.who import Who
from app.db import db
from tests.events import coming_in
from tests.factories import NOW, make_customers

PEOPLE, TIMES = 150, 8


def test_changing_people_and_bringing_their_moves_at_once(app):
    make_customers(PEOPLE)
    failed: list[Exception] = []

    def change(turn: int) -> None:
        people = [Incoming(n, None, {"lms_lead_id": f"L-{n}"}, {"turn": turn}) for n in range(PEOPLE)]
        upsert_many(people, Source("LMS (API)"), NOW)
        db.session.commit()

    def move(_turn: int) -> None:
        backwards = range(PEOPLE - 1, -1, -1)
        coming_in.store(*(coming_in.move(Who(lms_lead_id=f"L-{n}"), "applied") for n in backwards))

    def many_times(do) -> None:
        with app.app_context():
            for turn in range(TIMES):
                try:
                    do(turn)
                except Exception as error:
                    db.session.rollback()
                    failed.append(error)
            db.session.remove()

    threads = [threading.Thread(target=many_times, args=(do,)) for do in (change, move, move)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
