"""That somebody got the mail of a Monday. The key decides, however many clocks ring."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model


class MondayMail(Model):
    __tablename__ = "monday_mails"

    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    monday: Mapped[date] = mapped_column(primary_key=True)
    written_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
