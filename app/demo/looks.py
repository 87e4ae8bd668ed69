"""How the team looks and where its days begin: brand, zone, senders."""

from __future__ import annotations

from sqlalchemy import select

from app.db import db
from app.demo.plan import Plan
from app.settings import brand, team
from app.settings.brand import Brand
from app.settings.sender import Sender
from app.settings.setting import Setting
from app.settings.team import Team

BRAND = Brand(
    name="Campus",
    legal_name="Campus Learning GmbH",
    postal_address="Campus Learning GmbH\nLindenstraße 12\n10969 Berlin\nGermany",
    website="https://campus.example",
)
SENDERS = (
    ("Campus", "hello@campus.example", None),
    ("Campus Shop", "shop@campus.example", "orders@campus.example"),
)


def furnish(_plan: Plan) -> None:
    for name, value in ((brand.NAME, BRAND), (team.NAME, Team(timezone="Europe/Berlin"))):
        if not db.session.get(Setting, name):
            db.session.add(Setting(name=name, value=_plainly(value)))
    if not db.session.scalar(select(Sender.id).limit(1)):
        for number, (said, email, reply_to) in enumerate(SENDERS):
            db.session.add(Sender(name=said, email=email, reply_to=reply_to, is_default=number == 0))
    db.session.flush()


def _plainly(value: Brand | Team) -> dict[str, object]:
    import msgspec

    plain: dict[str, object] = msgspec.to_builtins(value)
    return plain
