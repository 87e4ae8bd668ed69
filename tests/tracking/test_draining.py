"""From the door to the mail: each hit once, in whatever order and however often it comes."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, text, update

from app.clock import clock
from app.db import db
from app.deliveries.delivery import Delivery
from app.ops import tick
from app.queue import redis_connection
from app.tracking import jobs, judging, stream
from app.tracking.hit import Hit
from tests.tracking.hitting import LINKS, OUT, click, come_back, erased, make_mails, reasons, seen, times

NOBODY = str(UUID(int=7))


def count() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Hit)) or 0


def test_the_first_time_of_each_stands_on_the_mail(app):
    (mail,) = make_mails()
    hits = [seen(mail, after=500), seen(mail, after=300), seen(mail, after=9, agent="Mozilla/5.0"), click(mail, 1, 1)]
    assert come_back(*hits) == 4
    assert times(mail) == (300, None, 9, 1)
    assert come_back(click(mail, after=200), seen(mail, "view", after=100)) == 2
    assert times(mail) == (100, 200, 9, 1)


def test_whoever_follows_a_link_has_opened_the_mail(app):
    (mail,) = make_mails()
    come_back(click(mail, after=200))
    assert times(mail) == (200, 200, None, None)


def test_a_line_that_is_read_twice_is_one_hit(app):
    (mail,) = make_mails()
    hit = click(mail)
    assert [come_back(hit, hit), come_back(hit), count()] == [1, 0, 1]


def test_of_mails_that_nobody_knows_nothing_is_kept(app):
    known, waiting, gone = make_mails(3)
    db.session.execute(update(Delivery).where(Delivery.id == waiting.id).values(state="planned", accepted_at=None))
    erased(gone.customer_id)
    stranger = msgspec.structs.replace(seen(known), delivery_id=999_999)
    assert come_back(seen(waiting), seen(gone), stranger, seen(known)) == 1
    assert stream.is_waiting() is False


def test_nothing_comes_back_before_it_went_out_nor_from_the_future(app):
    (mail,) = make_mails()
    come_back(seen(mail, after=-50, agent="Mozilla/5.0"), seen(mail, after=10**8))
    opened, _, machine_opened, _ = times(mail)
    assert machine_opened == 0
    assert opened <= (clock() - OUT).total_seconds()


ODD = [
    b"",
    b"\xc1",
    *map(
        msgspec.msgpack.encode,
        (
            {"id": 1},
            [NOBODY, "open", 1.0, 2**63],
            [NOBODY, "click", 1.0, 1, 2**15],
            [NOBODY, "shrug", 1.0, 1],
            [NOBODY, "open", float("nan"), 1],
            [NOBODY, "open", 1e300, 1],
        ),
    ),
]


def test_what_nobody_can_read_steps_aside(app):
    (mail,) = make_mails()
    redis_connection().xadd(stream.STREAM, {"other": b"1"})
    for odd in ODD:
        redis_connection().xadd(stream.STREAM, {"hit": odd})
    assert come_back(seen(mail, agent="a\x00b" + "c" * 999)) == 1
    assert redis_connection().lrange(stream.ODD, 0, -1) == [b"", *ODD]
    assert not stream.is_waiting()
    assert db.session.scalar(select(Hit.agent)).startswith("abc")


def test_a_script_that_asks_all_day_fills_no_table(app, monkeypatch):
    (mail,) = make_mails()
    monkeypatch.setattr(judging, "MOST", 3)
    come_back(*(seen(mail, after=100 + n) for n in range(9)), click(mail, after=50))
    assert (count(), times(mail)) == (4, (50, 50, None, None))


def test_several_workers_at_once_count_nothing_twice(app, monkeypatch):
    monkeypatch.setattr(jobs, "AT_ONCE", 7)
    mails = make_mails(5)
    for n in range(200):
        stream.note(click(mails[n % 5], n % LINKS, after=100 + n * 20))
    stream.flush()

    def worker(_number: int) -> int:
        with app.app_context():
            return jobs.drain()

    with ThreadPoolExecutor(4) as pool:
        done = sum(pool.map(worker, range(4)))
    assert (done + jobs.drain(), count()) == (200, 200)


def test_two_portions_of_one_mail_at_once_see_each_other(app):
    """Three links here and two there, within seconds: only together they are a machine's."""
    (mail,) = make_mails()
    clicks = [click(mail, place, 3600 + place) for place in range(5)]

    def judged(some: list[stream.Seen]) -> None:
        with app.app_context():
            judging.judge({mail.id}, some, clock())
            db.session.execute(text("SELECT pg_sleep(0.05)"))
            db.session.commit()

    mail_id = mail.id  # read before the session forgets it
    assert mail_id
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(judged, (clicks[:3], clicks[3:])))
    assert set(reasons().values()) == {"all_links"}
    assert times(mail) == (None, None, None, 3600)


KINDS = st.sampled_from([("open", None), ("view", None), *(("click", place) for place in range(LINKS + 1))])
AGENTS = st.sampled_from(["Mozilla/5.0", "curl/8", "Mozilla/5.0 (Macintosh) Firefox/132.0"])
SEEN = st.tuples(KINDS, st.integers(0, 40), AGENTS, st.integers(0, 1))


@given(told=st.lists(SEEN, min_size=1, max_size=25), chance=st.integers(0, 2**32))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_order_in_which_hits_come_never_matters(app, told, chance):
    mails = db.session.scalars(select(Delivery).order_by(Delivery.id)).all() or make_mails(2)
    hits = [seen(mails[which], kind, after, agent, place=place) for (kind, place), after, agent, which in told]
    found = []
    for _ in range(2):
        random.Random(chance).shuffle(hits)
        left = list(hits)
        while left:
            size = random.Random(chance + len(left)).randint(1, 6)
            judging.judge({mail.id for mail in mails}, left[:size], clock())
            db.session.commit()
            left = left[size:]
        found.append((reasons(), [times(mail) for mail in mails]))
        db.session.execute(delete(Hit))
        db.session.commit()
        hits.reverse()
    assert found[0] == found[1]


def test_the_tick_rings_for_what_waits_in_redis(app):
    (mail,) = make_mails()
    assert "tracking.drain" not in tick.turn()
    stream.note(seen(mail))
    stream.flush()
    assert "tracking.drain" in tick.turn()


def test_a_mail_of_long_ago_is_judged_no_more(app):
    (mail,) = make_mails()
    db.session.execute(update(Delivery).values(accepted_at=clock() - judging.KEPT - timedelta(days=1)))
    db.session.commit()
    assert come_back(seen(mail)) == 0
