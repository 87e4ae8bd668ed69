"""Two customers become one: the mails of both are the survivor's, and no run loses one of them from its account."""

from __future__ import annotations

from sqlalchemy import text

from app.db import db
from app.deliveries import discounting
from app.deliveries.erasing import HELD, UNSEAL

FREE = """
    DELETE FROM run_addresses a USING deliveries o
     WHERE o.customer_id = :other AND o.state = 'planned' AND a.run_id = o.run_id AND a.delivery_id = o.id
"""
# Both were in the same run: what still waits for the other is not sent a second time to one and the same person.
SPARE = """
    UPDATE deliveries o SET state = 'skipped', reason = 'duplicate_address'
      FROM deliveries s
     WHERE o.customer_id = :other AND o.state = 'planned'
       AND s.customer_id = :survivor AND s.run_id = o.run_id AND s.occasion = o.occasion
       AND s.state <> 'skipped'
    RETURNING o.id
"""
MOVE = """
    UPDATE deliveries o
       SET customer_id = :survivor,
           occasion = CASE WHEN EXISTS (SELECT FROM deliveries s WHERE s.customer_id = :survivor
                                           AND s.run_id = o.run_id AND s.occasion = o.occasion)
                           THEN concat_ws('-', nullif(o.occasion, ''), 'of', :other) ELSE o.occasion END
     WHERE o.customer_id = :other
"""


def move(survivor_id: int, other_id: int) -> None:
    # What was sealed for the other and is not on its way is judged again: perhaps both would get it.
    held = [row.id for row in db.session.execute(text(HELD), {"ids": [other_id]}) if row.state == "sealed"]
    for statement in UNSEAL if held else ():
        db.session.execute(text(statement), {"batches": held})
    both = {"survivor": survivor_id, "other": other_id}
    db.session.execute(text(FREE), both)
    discounting.spared(db.session.scalars(text(SPARE), both).all())
    db.session.execute(text(MOVE), both)
