"""What became of the mails sent in a range, whenever it happened; so all rates of a page have one denominator.

Opens, clicks, conversions, complaints and unsubscriptions are shares of what *arrived*: sent and not bounced, as far
as anybody said. Bounces are a share of what was sent, failures of what was tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

NAMES = (
    "sent", "delivered", "bounced", "complained", "failed", "opened", "clicked", "converted", "unsubscribed",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figures:
    """`revenue`: minor units by currency, net of refunds, by the rule that was asked for."""

    sent: int = 0
    delivered: int = 0
    bounced: int = 0
    complained: int = 0
    failed: int = 0
    opened: int = 0
    clicked: int = 0
    converted: int = 0
    unsubscribed: int = 0
    revenue: Mapping[str, int] = field(default_factory=dict)

    @property
    def arrived(self) -> int:
        return self.sent - self.bounced

    @property
    def delivered_rate(self) -> float | None:
        return _share(self.delivered, self.sent)

    @property
    def bounced_rate(self) -> float | None:
        return _share(self.bounced, self.sent)

    @property
    def failed_rate(self) -> float | None:
        return _share(self.failed, self.sent + self.failed)

    @property
    def opened_rate(self) -> float | None:
        return _share(self.opened, self.arrived)

    @property
    def clicked_rate(self) -> float | None:
        return _share(self.clicked, self.arrived)

    @property
    def converted_rate(self) -> float | None:
        return _share(self.converted, self.arrived)

    @property
    def complained_rate(self) -> float | None:
        return _share(self.complained, self.arrived)

    @property
    def unsubscribed_rate(self) -> float | None:
        return _share(self.unsubscribed, self.arrived)

    def __add__(self, other: Figures) -> Figures:
        counts = {name: getattr(self, name) + getattr(other, name) for name in NAMES}
        return Figures(**counts, revenue=_added(self.revenue, other.revenue))


def _share(count: int, of: int) -> float | None:
    """None: there is nothing to take a share of."""
    return count / of if of > 0 else None


def _added(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {currency: one.get(currency, 0) + other.get(currency, 0) for currency in sorted({*one, *other})}
