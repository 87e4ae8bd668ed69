"""Why did somebody get a mail, or not: asked on the customer's page, on a run's, and of one mail."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app import htmx
from app.access import may
from app.automations import directory as automations
from app.automations import keeping
from app.automations.automation import Automation
from app.blueprints.merges import number
from app.customers import directory as customers
from app.customers.customer import Customer
from app.deliveries import directory, runs
from app.deliveries.delivery import Delivery
from app.deliveries.run import Run
from app.metrics import explain
from app.metrics.explain import Explanation

door = Blueprint("why", __name__)
LATELY = 8


@door.get("/customers/<int:customer_id>/why")
@may("read")
def show(customer_id: int) -> Response:
    """`?automation=`, `?run=` or `?delivery=`; without any of them the question is asked first."""
    customer = customers.find(customer_id) or abort(404)
    asked = _asked(customer)
    return htmx.answer(
        "why/show.html",
        "why/_show.html",
        customer=customer,
        asked=asked,
        explanation=_explained(asked, customer) if asked else None,
        automations=automations.choices(),
        lately=directory.latest(LATELY),
    )


@door.get("/runs/<int:run_id>/why")
@may("read")
def of_run(run_id: int) -> ResponseReturnValue:
    """Whom it is about is written by hand: whoever alone is meant is answered at once."""
    run, q = runs.find(run_id) or abort(404), request.args.get("q", "")[:320]
    people = customers.sought(q)
    if len(people) == 1:
        return redirect(url_for("why.show", customer_id=people[0].id, run=run.id))
    return htmx.answer("why/of_run.html", "why/_of_run.html", run=run, q=q, people=people)


Asked = Automation | Run | Delivery


def _asked(customer: Customer) -> Asked | None:
    finders: dict[str, Any] = {"automation": keeping.find, "run": runs.find, "delivery": directory.find_delivery}
    for name, find in finders.items():
        if request.args.get(name):
            found = find(number(request.args[name]) or 0) or abort(404)
            if isinstance(found, Delivery) and found.customer_id != customer.id:
                abort(404)
            return found  # type: ignore[no-any-return]
    return None


def _explained(asked: Asked, customer: Customer) -> Explanation:
    now = datetime.now(UTC)
    if isinstance(asked, Automation):
        return explain.of_automation(asked, customer, now)
    if isinstance(asked, Run):
        return explain.of_run(asked, customer, now)
    return explain.of_delivery(asked, customer, now)
