"""Everything that was ever said by or about one person, page by page, the newest first."""

from __future__ import annotations

from sqlalchemy import select

from app.consent.consent import Consent
from app.listing import DAMAGED, BadAsk
from app.paging import BadCursor, Order, Page, page

NEWEST_FIRST = Order("-at", Consent.at, Consent.id)


def of(customer_id: int, cursor: str | None) -> Page[Consent]:
    try:
        return page(select(Consent).where(Consent.customer_id == customer_id), NEWEST_FIRST, cursor)
    except BadCursor as error:
        raise BadAsk(DAMAGED) from error
