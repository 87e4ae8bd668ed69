"""What was counted already: sums by the day of the mail, and the changes that are still to be added to them.

Triggers on mails, conversions and credits write the changes, in the transaction of each: both are seen or neither.
So the sums and the changes together are exact at every moment, and nobody ever waits for a counter.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Index, SmallInteger, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, bigint_key

ZERO = text("0")


class RollUp(Model):
    """One row: the zone that its days begin in; while it is counted anew, until which run that is done."""

    __tablename__ = "roll_up"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    zone: Mapped[str]
    counted_until: Mapped[int | None] = mapped_column(BigInteger)


class Moments:
    """How many mails were opened and clicked for the first time; `any_`: by a machine as well."""

    opened: Mapped[int] = mapped_column(server_default=ZERO)
    clicked: Mapped[int] = mapped_column(server_default=ZERO)
    any_opened: Mapped[int] = mapped_column(server_default=ZERO)
    any_clicked: Mapped[int] = mapped_column(server_default=ZERO)


class Counts(Moments):
    sent: Mapped[int] = mapped_column(server_default=ZERO)
    delivered: Mapped[int] = mapped_column(server_default=ZERO)
    bounced: Mapped[int] = mapped_column(server_default=ZERO)
    complained: Mapped[int] = mapped_column(server_default=ZERO)
    failed: Mapped[int] = mapped_column(server_default=ZERO)
    converted: Mapped[int] = mapped_column(server_default=ZERO)
    unsubscribed: Mapped[int] = mapped_column(server_default=ZERO)


class Worth:
    """Minor units, net of refunds; what is worth nothing has no currency: ''."""

    amount: Mapped[int] = mapped_column(BigInteger)
    conversions: Mapped[int]


class Clicks:
    """`people`: in how many mails the link was followed; `any_`: by a machine as well."""

    clicks: Mapped[int] = mapped_column(server_default=ZERO)
    people: Mapped[int] = mapped_column(server_default=ZERO)
    any_clicks: Mapped[int] = mapped_column(server_default=ZERO)
    any_people: Mapped[int] = mapped_column(server_default=ZERO)


class Delta:
    """`quarter`: of an hour, in which the mail was accepted; part of one hour and one day in every zone."""

    id: Mapped[int] = bigint_key()
    run_id: Mapped[int] = mapped_column(BigInteger)
    quarter: Mapped[datetime]


class MailDelta(Delta, Counts, Model):
    __tablename__ = "mail_deltas"

    mailbox: Mapped[str]


class MomentDelta(Delta, Moments, Model):
    __tablename__ = "moment_deltas"

    happened: Mapped[datetime]


class CreditDelta(Delta, Worth, Model):
    __tablename__ = "credit_deltas"

    rule: Mapped[str]
    currency: Mapped[str]


class Link:
    """`place`: of the link in its mail; -1 is the `variant` of a run that has none."""

    variant: Mapped[int] = mapped_column(SmallInteger)
    place: Mapped[int] = mapped_column(SmallInteger)


class ClickDelta(Delta, Link, Clicks, Model):
    __tablename__ = "click_deltas"


class ForgottenClicks(Delta, Link, Clicks, Model):
    """Of hits that were deleted: what they were counted as stays counted."""

    __tablename__ = "forgotten_clicks"

    __table_args__ = (Index("ix_forgotten_clicks_run_id", "run_id"),)


class Day:
    day: Mapped[date] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class MailDay(Day, Counts, Model):
    __tablename__ = "mail_days"

    __table_args__ = (Index("ix_mail_days_run_id_day", "run_id", "day"),)


class MailboxDay(Day, Counts, Model):
    """Apart from those above, which are five times fewer."""

    __tablename__ = "mailbox_days"

    mailbox: Mapped[str] = mapped_column(Text, primary_key=True)

    __table_args__ = (Index("ix_mailbox_days_run_id_day", "run_id", "day"),)


class MailHour(Day, Counts, Model):
    __tablename__ = "mail_hours"

    hour: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)

    __table_args__ = (Index("ix_mail_hours_run_id_day", "run_id", "day"),)


class MomentDay(Day, Moments, Model):
    """`weekday` (Monday is 0) and `hour` are those of the first open or click, `day` that of the mail."""

    __tablename__ = "moment_days"

    weekday: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    hour: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)

    __table_args__ = (Index("ix_moment_days_run_id_day", "run_id", "day"),)


class MomentTotal(Moments, Model):
    """The same of all runs together: a tenth of the rows."""

    __tablename__ = "moment_totals"

    day: Mapped[date] = mapped_column(primary_key=True)
    weekday: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    hour: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)


class CreditDay(Day, Worth, Model):
    __tablename__ = "credit_days"

    rule: Mapped[str] = mapped_column(Text, primary_key=True)
    currency: Mapped[str] = mapped_column(Text, primary_key=True)

    __table_args__ = (Index("ix_credit_days_run_id_day", "run_id", "day"),)


class LinkDay(Day, Clicks, Model):
    __tablename__ = "link_days"

    variant: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    place: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)

    __table_args__ = (Index("ix_link_days_run_id_day", "run_id", "day"),)
