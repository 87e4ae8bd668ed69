"""What mails cost, and what came back for it; only where somebody said what a mail costs."""

from __future__ import annotations

from dataclasses import dataclass

from app.metrics.figures import Figures


@dataclass(frozen=True)
class Cost:
    """Minor units; `back`: how many times the cost came back in the same currency."""

    currency: str
    whole: int
    per_conversion: float | None
    back: float | None


def of(figures: Figures, a_mail: float, currency: str) -> Cost:
    """`a_mail`: minor units, mostly a fraction of one."""
    whole = figures.sent * a_mail
    revenue = figures.revenue.get(currency, 0)
    return Cost(
        currency=currency,
        whole=round(whole),
        per_conversion=whole / figures.converted if figures.converted else None,
        back=revenue / whole if whole else None,
    )
