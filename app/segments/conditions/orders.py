"""{"orders": "spent"|"count", "op": "at_least", "value": n, "category": c?, "within"?}: what they bought and kept."""

from __future__ import annotations

from typing import Any

from app.segments import words
from app.segments.frame import Frame
from app.segments.meaning import Meaning, Said, bounds, one
from app.segments.sets import Ids, Part
from app.segments.words import Words

KEPT = "(o.status = 'paid' OR (o.status = 'refunded' AND o.refunded_total < o.total))"
TOTALS = {"spent": "sum(o.total - o.refunded_total)", "count": "count(*)"}
# Of one category: what its lines cost; a refund does not say which line it was for, so it takes its share of each.
LINES = """
  CROSS JOIN jsonb_array_elements(o.items) line
  JOIN products p ON p.product_id = line ->> 'product_id' AND p.category = {category}"""
OF_CATEGORY = {
    "spent": "round(sum(coalesce((line ->> 'price')::numeric, 0) * coalesce((line ->> 'quantity')::numeric, 1)"
    " * (o.total - o.refunded_total) / greatest(o.total, 1)))",
    "count": "count(DISTINCT o.id)",
}
SIGNS = {"at_least": ">=", "at_most": "<=", "equals": "=", "not_equals": "<>"}


def part(said: Said, frame: Frame) -> Part:
    """Whoever bought nothing is at 0: where 0 fits, they are everyone but those whose sum does not."""
    fits = _fits(0, said)
    test = _test(said, frame)
    having = f"NOT ({test})" if fits else test
    some = Ids(f"SELECT o.customer_id {_source(said, frame)} GROUP BY o.customer_id HAVING {having}", is_once=True)
    return some.negated if fits else some


def _source(said: Said, frame: Frame) -> str:
    lines = LINES.format(category=frame.bind(said["category"])) if "category" in said else ""
    within = bounds("o.occurred_at", said.get("within"), frame)
    return f"FROM orders o{lines} WHERE o.customer_id IS NOT NULL AND {KEPT}{within}"


def _total(said: Said) -> str:
    return (OF_CATEGORY if "category" in said else TOTALS)[said["orders"]]


def _test(said: Said, frame: Frame) -> str:
    def put(value: Any) -> str:
        return f"CAST({frame.bind(str(value))} AS numeric)"

    total, value = _total(said), said["value"]
    if said["op"] == "between":
        return f"{total} BETWEEN {put(value[0])} AND {put(value[1])}"
    return f"{total} {SIGNS[said['op']]} {put(value)}"


def _fits(total: float, said: Said) -> bool:
    op, value = said["op"], said["value"]
    if op == "between":
        return bool(value[0] <= total <= value[1])
    return bool(
        {"at_least": total >= value, "at_most": total <= value, "equals": total == value, "not_equals": total != value}[
            op
        ]
    )


def sentence(said: Said) -> Words:
    what = "spending" if said["orders"] == "spent" else "number of orders"
    category = words.phrase(" in {}", said["category"]) if "category" in said else []
    compared = words.compared(what, said["op"], said["value"])
    return [words.Bit("whose "), *compared, *category, *words.within(said.get("within"))]


def told(said: Said, frame: Frame, customer_id: int) -> str:
    sql = f"SELECT coalesce({_total(said)}, 0) {_source(said, frame)} AND o.customer_id = :id"
    return f"{one(sql, frame, id=customer_id)[0]:,.0f}"


MEANING = Meaning(part, sentence, told)
