"""/metrics: is it working? What came of the mails that were sent in some days, of all campaigns or of one."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, abort, request

from app import htmx, wording
from app.access import may
from app.automations import keeping as automations
from app.blueprints.metrics import asked, shop, tiles, viewing
from app.blueprints.settings.conversions import RULES
from app.metrics import cost
from app.metrics.cost import Cost
from app.metrics.figures import Figures
from app.settings import conversions
from app.settings.conversions import Conversions

door = Blueprint("metrics", __name__, url_prefix="/metrics")
# By domain; whoever runs their own mail is among the others.
MAILBOXES = {"gmail": "Gmail", "outlook": "Outlook", "yahoo": "Yahoo", "icloud": "iCloud", "others": "Others"}


@door.get("")
@may("read")
def index() -> Response:
    now = datetime.now(UTC)
    wanted = asked.read(request.args, now, wording.zone())
    setting = conversions.read()
    view = viewing.of(wanted.scope, wanted.sort)
    return htmx.answer(
        "metrics/index.html",
        asked=wanted,
        scope=wanted.scope,
        view=view,
        tiles=tiles.of(view.total, view.before),
        shop=shop.of(wanted.scope, now) if wanted.scope.is_everything else None,
        campaign=_campaign(wanted.scope.automation_id),
        cost=_cost(view.total, setting),
        rule=RULES[setting.rule][1],
        MAILBOXES=MAILBOXES,
    )


def _cost(total: Figures, setting: Conversions) -> Cost | None:
    return None if setting.cost is None else cost.of(total, setting.cost, setting.currency)


def _campaign(automation_id: int | None) -> str:
    if automation_id is None:
        return ""
    found = automations.find(automation_id) or abort(404)
    return found.name
