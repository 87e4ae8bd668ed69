"""A table of work that exists for the tests only; workers load it by WORK_MODULES (errands_at_work).

Each errand writes one line per effect, in the transaction that records it: two lines are one too many.
"""

from __future__ import annotations

import os
import signal
import time
from datetime import datetime

from sqlalchemy import BigInteger, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.claims import Claimable
from app.db import Base as Ours
from app.db import bigint_key, db
from app.pump import Work, pump
from app.queue import job


class Base(DeclarativeBase):
    """Apart from the product's tables, so that nobody looks for these in the migrations."""

    metadata = MetaData(naming_convention=Ours.metadata.naming_convention)
    type_annotation_map = Ours.registry.type_annotation_map


class Errand(Claimable, Base):
    __tablename__ = "errands"

    id: Mapped[int] = bigint_key()
    wish: Mapped[str]


class Effect(Base):
    __tablename__ = "errand_effects"

    id: Mapped[int] = bigint_key()
    errand_id: Mapped[int] = mapped_column(BigInteger)
    pid: Mapped[int]


ERRANDS = Work("Errands", Errand, "events", "tests.work.errands.run", batch=4, most=3)


@job("events")
def run() -> int:
    return pump(ERRANDS, do)


def do(key: int, _now: datetime) -> None:
    errand = db.session.get_one(Errand, key)
    word, _, argument = errand.wish.partition(" ")
    db.session.add(Effect(errand_id=key, pid=os.getpid()))
    db.session.flush()
    WISHES[word](errand, argument)


def _sleep(_errand: Errand, seconds: str) -> None:
    db.session.rollback()  # as work does that talks to others: no transaction meanwhile
    time.sleep(float(seconds))
    db.session.add(Effect(errand_id=_errand.id, pid=os.getpid()))


def _die(_errand: Errand, _argument: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _freeze_once(errand: Errand, _argument: str) -> None:
    """Stops like a machine that is paused; the second attempt goes through."""
    if errand.attempts == 1:
        os.kill(os.getpid(), signal.SIGSTOP)


def _fail(_errand: Errand, _argument: str) -> None:
    raise ValueError("secret@customer.example broke it")


WISHES = {
    "quick": lambda _errand, _argument: None,
    "sleep": _sleep,
    "die": _die,
    "freeze": _freeze_once,
    "fail": _fail,
}
