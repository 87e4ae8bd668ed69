"""What a template may name. `facts` and attributes are open: what they hold differs from mail to mail."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

Path = tuple[str | int, ...]

KNOWN = {
    "customer": (
        "first_name", "last_name", "email", "mobile", "timezone", "lms_lead_id", "created_date", "id", "attributes",
    ),
    "brand": ("name", "legal_name", "postal_address", "website", "logo_url", "accent"),
    "urls": ("unsubscribe", "preferences", "view"),
}  # fmt: skip
ROOTS = (*KNOWN, "facts", "recommendations")
LOOP = ("index", "first", "last")
FULL = [*ROOTS, *(f"{root}.{name}" for root, names in KNOWN.items() for name in names)]
LONGEST = 200


def said(path: Path) -> str:
    """As in facts.cart.items[0].name"""
    return "".join(_step(step) for step in path).removeprefix(".")


def trouble(path: Path) -> str | None:
    """Why this may not be named."""
    if hidden := next((step for step in path if _is_hidden(step)), None):
        return f"“{hidden}” may not be named: names that begin with an underscore are not for templates"
    if any(isinstance(step, str) and len(step) > LONGEST for step in path):
        return f"a name is longer than {LONGEST} characters"
    root = str(path[0])
    if root not in ROOTS:
        return unknown(root)
    if root in KNOWN:
        return _closed(root, path)
    if root == "recommendations" and len(path) > 1 and not isinstance(path[1], int):
        return "“recommendations” is a list: write {% for item in recommendations %} and name what each item has"
    return None


def unknown(name: str, others: Iterable[str] = ()) -> str:
    near = [full for full in FULL if full.endswith(f".{name}")]
    near = near or get_close_matches(name, [*FULL, *others], 1, 0.7)
    return f"“{name}” is not known here" + (f"; did you mean “{near[0]}”?" if near else "")


def _closed(root: str, path: Path) -> str | None:
    known = KNOWN[root]
    if len(path) == 1:
        return f"“{root}” is not a field: name what is in it, as in {root}.{known[0]}"
    name = str(path[1])
    if name not in known:
        return _did_you_mean(root, name, known)
    if (root, name) == ("customer", "attributes"):
        return "name an attribute, as in customer.attributes.score" if len(path) == 2 else None
    return f"“{root}.{name}” has nothing inside" if len(path) > 2 else None


def _did_you_mean(root: str, name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, known, 1, 0.6)
    if near:
        return f"“{root}.{name}” is not known; did you mean “{root}.{near[0]}”?"
    if root == "customer":
        return f"“customer.{name}” is not known; did you mean “customer.attributes.{name}”?"
    return f"“{root}.{name}” is not known: {root} has {', '.join(known)}"


def _is_hidden(step: str | int) -> bool:
    return isinstance(step, str) and step.startswith("_")


def _step(step: str | int) -> str:
    return f"[{step}]" if isinstance(step, int) else f".{step}"
