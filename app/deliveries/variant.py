"""One of several mails of a run, as it was frozen: a template's version under a subject that may be another."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model


class RunVariant(Model):
    """`place` counts from 0, `label` is what people call it; a run that has none is one mail for everybody."""

    __tablename__ = "run_variants"

    run_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    place: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    version_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("template_versions.id"))
    subject: Mapped[str]
    label: Mapped[str]

    __table_args__ = (Index("ix_run_variants_version_id", "version_id"),)
