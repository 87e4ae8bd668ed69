"""What the catalogue tells becomes launches, where somebody switched that on: new products, those back in stock, drops.

Nothing is written when products are: this looks a little back, again and again, and the key of a launch says that
it is known. When suddenly there are very many, none of them goes out by itself: a person has a look first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select, text

from app import wording
from app.alerts import keeping as alerts
from app.automations.keeping import NotReady
from app.automations.launch import Launch
from app.automations.launches import launching, wanted
from app.automations.launches.steps import BY, HELD_CAUSE
from app.automations.launches.wanted import Wanted
from app.db import db
from app.problem import Refused
from app.settings import launches as settings
from app.settings.launches import KINDS, Launches

CATALOGUE = "catalogue"
BACK = timedelta(days=1)  # what could not be looked at for longer is no news any more
HOUR = timedelta(hours=1)
MOST = 1_000  # a look; more than that is held all the same
HELD = "Look at them: each can be sent or dropped."
# Once a day for a product at the most, whatever happens to it: a stock that comes and goes is no news each time.
UNSAID = f"""
      p.name <> '' AND p.url ~ '^https?://' AND p.category <> '' AND length(p.category) <= {wanted.LONGEST}
      AND p.in_stock IS NOT FALSE
      AND NOT EXISTS (SELECT FROM launches l WHERE l.product_id = p.product_id AND l.source = '{CATALOGUE}'
                         AND l.received_at > {{at}} - interval '1 day')"""
# The newest by their ids: no index knows when a product came, and nobody waits for one that came before so many.
NEW = f"""
    SELECT p.id AS about, p.product_id, p.name, p.url, p.category, NULL::bigint AS old, NULL::bigint AS new
      FROM (SELECT * FROM products ORDER BY id DESC LIMIT 20000) p
     WHERE p.created_date > :since AND {UNSAID.format(at="p.created_date")}
     ORDER BY p.id LIMIT {MOST}"""
CHANGED = f"""
    SELECT c.id AS about, p.product_id, p.name, p.url, p.category,
           CASE WHEN c.name = 'price' THEN c.old::bigint END AS old,
           CASE WHEN c.name = 'price' THEN c.new::bigint END AS new
      FROM product_changes c JOIN products p ON p.id = c.product_id
     WHERE c.name = '{{name}}' AND c.at > :since AND {{test}} AND {UNSAID.format(at="c.at")}
     ORDER BY c.id LIMIT {MOST}"""
IS_BACK = "c.old = 'false'::jsonb AND c.new = 'true'::jsonb AND p.in_stock"
IS_DROP = """jsonb_typeof(c.old) = 'number' AND jsonb_typeof(c.new) = 'number' AND p.price <= c.new::bigint
       AND c.new::bigint <= c.old::bigint * (100 - :percent) / 100.0
       AND NOT EXISTS (SELECT FROM product_changes y
                        WHERE y.product_id = c.product_id AND y.at >= c.at AND y.name = 'currency'
                          AND y.old IS NOT NULL)"""
FOUND = {
    "new": NEW,
    "back": CHANGED.format(name="in_stock", test=IS_BACK),
    "drop": CHANGED.format(name="price", test=IS_DROP),
}


def look(now: datetime) -> Iterator[None]:
    """Each launch in a transaction of its own."""
    chosen = settings.read()
    found = _found(chosen, now)
    if found and _lately(now) + len(found) > chosen.most_an_hour:
        _hold(found, chosen, now)
        return
    for one in found:
        _launch(one, now)
        yield


def _found(chosen: Launches, now: datetime) -> list[Wanted]:
    """Of a product that is new and cheaper at once, the first is said."""
    found: dict[str, Wanted] = {}
    for kind in KINDS:
        for row in _rows(kind, chosen, now):
            found.setdefault(row.product_id, _wanted(kind, row))
    return list(found.values())


def _rows(kind: str, chosen: Launches, now: datetime) -> Sequence[Row[Any]]:
    since = chosen.switch(kind).since
    if since is None:
        return ()
    said = {"since": max(since, now - BACK)} | ({"percent": chosen.drop_percent} if kind == "drop" else {})
    return db.session.execute(text(FOUND[kind]), said).all()


def _wanted(kind: str, row: Row[Any]) -> Wanted:
    prices = {"old_price": row.old, "new_price": row.new, "savings": row.old - row.new} if kind == "drop" else {}
    return Wanted(
        interest=row.category,
        product_name=row.name[: wanted.LONGEST],
        product_link=row.url,
        product_id=row.product_id,
        key=f"{CATALOGUE}-{kind}-{row.about}",
        about=prices,
    )


def _lately(now: datetime) -> int:
    recent = Launch.source == CATALOGUE, Launch.received_at > now - HOUR
    return db.session.scalar(select(func.count()).select_from(Launch).where(*recent)) or 0


def _launch(one: Wanted, now: datetime) -> None:
    """One that cannot go out is held, and says why."""
    try:
        with db.session.begin_nested():
            launching.launch(one, CATALOGUE, now, BY)
    except launching.Another:
        return  # somebody looked at the same moment, and the product has another name by now
    except (NotReady, Refused) as unready:
        launching.receive(one, CATALOGUE, now, BY, launching.HELD)
        _sound("A launch of the catalogue could not go out", f"“{one.product_name}”: {unready}")


def _hold(found: Sequence[Wanted], chosen: Launches, now: datetime) -> None:
    held = [one for one in found if launching.receive(one, CATALOGUE, now, BY, launching.HELD)]
    if held:
        said = (
            f"More than {wording.said(chosen.most_an_hour, 'product')} came within an hour, so nothing went out. {HELD}"
        )
        _sound(f"{wording.said(len(held), 'launch', 'launches')} of the catalogue held", said)


def _sound(title: str, said: str) -> None:
    alerts.sound(HELD_CAUSE, title, said, "/launches?filter=step:is:held")
