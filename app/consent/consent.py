"""A statement of or about a person: a proof that is added to and never changed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, bigint_key, now_column

OWN = ("page", "form")  # the person's own word: nobody else's lifts it
SOURCES = (*OWN, "import", "api", "hand")


class Consent(Model):
    __tablename__ = "consents"

    id: Mapped[int] = bigint_key()
    customer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("customers.id"))
    topic_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("topics.id"))
    is_given: Mapped[bool]
    source: Mapped[str]
    way: Mapped[str]  # “one-click”, “preference page”, “LMS (API)”, “import 7”, the name of who did it by hand
    shown: Mapped[str] = mapped_column(server_default=text("''"))  # the exact words that the person saw
    reason: Mapped[str] = mapped_column(server_default=text("''"))
    at: Mapped[datetime]
    recorded_at: Mapped[datetime] = now_column()
    email_folded: Mapped[str] = mapped_column(server_default=text("''"))  # the address of that moment
    caller_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    import_id: Mapped[int | None] = mapped_column(BigInteger)
    receipt_id: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (
        CheckConstraint("source IN ('page', 'form', 'import', 'api', 'hand')", name="source"),
        Index("ix_consents_customer_id_at", "customer_id", "at"),
        Index("ix_consents_topic_id", "topic_id"),
        Index("ix_consents_import_id", "import_id", postgresql_where=text("import_id IS NOT NULL")),
    )
