"""What belongs to the team rather than to its customers. Adds only what is missing; a later noun adds its part here."""

from __future__ import annotations

from collections.abc import Callable

from app.demo import goods, keys, looks, media, team, templates, trail
from app.demo.plan import Plan

# The trail last: it tells what the others did.
PARTS: tuple[Callable[[Plan], None], ...] = (
    looks.furnish,
    team.furnish,
    keys.furnish,
    media.furnish,
    goods.furnish,
    templates.furnish,
    trail.furnish,
)


def product(plan: Plan) -> None:
    for part in PARTS:
        part(plan)
