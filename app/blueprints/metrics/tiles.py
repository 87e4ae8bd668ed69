"""The key figures of a page: each with what it is a share of, what it was before, and the people behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.metrics.figures import Figures
from app.money import said as money
from app.wording import percent


@dataclass(frozen=True)
class Tile:
    """`what` names the people behind it, `of` what it is a share of. `tone` of the change: good, bad or neither."""

    label: str
    shown: str
    of: str
    change: str
    tone: str
    was: str
    what: str


def of(now: Figures, before: Figures) -> list[Tile]:
    sent, of_sent = f"{now.sent:,}", f"of {now.sent:,} sent"
    arrived = f"of {now.arrived:,} that arrived"
    return [
        Tile("Sent", sent, "accepted by the provider", _grown(now.sent, before.sent), "", f"{before.sent:,}", "sent"),
        _share("Delivered", now.delivered, of_sent, now.delivered_rate, before.delivered_rate, "delivered", 1),
        _share("Opened", now.opened, arrived, now.opened_rate, before.opened_rate, "opened", 1),
        _share("Clicked", now.clicked, arrived, now.clicked_rate, before.clicked_rate, "clicked", 1),
        _share("Converted", now.converted, arrived, now.converted_rate, before.converted_rate, "converted", 1),
        _revenue(now.revenue, before.revenue),
        _share("Unsubscribed", now.unsubscribed, arrived, now.unsubscribed_rate, before.unsubscribed_rate,
               "unsubscribed", -1),
        _share("Bounced", now.bounced, of_sent, now.bounced_rate, before.bounced_rate, "bounced", -1),
    ]  # fmt: skip


def few(now: Figures, before: Figures) -> list[Tile]:
    """For who only looks in: without what is almost always the same."""
    return [tile for tile in of(now, before) if tile.label not in ("Delivered", "Converted")]


def _share(label: str, count: int, of: str, now: float | None, before: float | None, what: str, good: int) -> Tile:
    points = None if now is None or before is None else (now - before) * 100
    said = "" if points is None else f"{points:+.2f} pt".replace("-", "−")
    return Tile(label, percent(now), f"{count:,} {of}", said, _tone(points, good), percent(before), what)


def _tone(points: float | None, good: int) -> str:
    """A hundredth of a point is noise."""
    if points is None or abs(points) < 0.01:
        return ""
    return "good" if points * good > 0 else "bad"


def _revenue(now: Mapping[str, int], before: Mapping[str, int]) -> Tile:
    """In the currency that brought most; the others are named below it. Currencies are never added up."""
    if not now and not before:
        return Tile("Revenue from mail", "–", "no order has been credited to a mail", "", "", "–", "converted")
    order = sorted({*now, *before}, key=lambda one: (-now.get(one, 0), -before.get(one, 0), one))
    main, rest = order[0], order[1:]
    others = ", ".join(money(now[one], one) for one in rest if now.get(one))
    grown = _grown(now.get(main, 0), before.get(main, 0))
    tone = "" if not grown else "good" if now.get(main, 0) > before.get(main, 0) else "bad"
    shown, was = (money(held.get(main, 0), main, is_round=True) for held in (now, before))
    return Tile("Revenue from mail", shown, f"and {others}" if others else "less what was refunded", grown, tone, was,
                "converted")  # fmt: skip


def _grown(now: int, before: int) -> str:
    return f"{(now - before) / before * 100:+.1f} %".replace("-", "−") if before else ""
