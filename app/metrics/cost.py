"""What mails cost, and what came back for it; only where somebody said what a mail costs."""

from __future__ import annotations

from dataclasses import dataclass

from app.metrics.figures import Figures

MINOR = 100  # the price of one mail is given in hundredths of a minor unit: it is a fraction of a cent


@dataclass(frozen=True)
class Price:
    """Of one mail: `hundredths` of a minor unit of the currency."""

    hundredths: int
    currency: str


@dataclass(frozen=True)
class Cost:
    """Minor units; `back`: how many times the cost came back in the same currency."""

    currency: str
    whole: int
    per_conversion: float | None
    back: float | None


def of(figures: Figures, price: Price) -> Cost:
    whole = figures.sent * price.hundredths / MINOR
    revenue = figures.revenue.get(price.currency, 0)
    return Cost(
        currency=price.currency,
        whole=round(whole),
        per_conversion=whole / figures.converted if figures.converted else None,
        back=revenue / whole if whole else None,
    )
