"""Who visits the shop: somebody whom the shop has signed in, a session that nobody has a name for, or both."""

from __future__ import annotations

from dataclasses import dataclass

from app.customers.who import Who


@dataclass(frozen=True, slots=True)
class Visitor:
    """`lead`: as the shop calls them, the lms_lead_id. Both: from now on the session is theirs."""

    lead: str | None = None
    session_id: str | None = None

    @property
    def who(self) -> Who:
        """Whoever has a name is named; of a session alone it waits for one."""
        return Who(lms_lead_id=self.lead) if self.lead else Who(anonymous_id=self.session_id)
