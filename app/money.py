"""Minor units as people and spreadsheets write them: 4180 and EUR are 41.80 EUR, a yen has no smaller part."""

from __future__ import annotations

WHOLE = frozenset(("CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"))
THOUSANDTHS = frozenset(("BHD", "JOD", "KWD", "OMR", "TND"))


def said(minor: float, currency: str | None, *, is_round: bool = False) -> str:
    places = 0 if is_round else places_of(currency)
    return f"{minor / 10 ** places_of(currency):,.{places}f} {currency or ''}".strip()


def plain(minor: float, currency: str | None) -> str:
    """For spreadsheets: 41.80"""
    places = places_of(currency)
    return f"{minor / 10**places:.{places}f}"


def places_of(currency: str | None) -> int:
    return 0 if currency in WHOLE else 3 if currency in THOUSANDTHS else 2
