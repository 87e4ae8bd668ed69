"""Migrations run under the old code: a lock is waited for briefly, and one upgrade runs at a time."""

import re

from alembic import context
from flask import current_app
from sqlalchemy import text

from app.segments.wall import views

db = current_app.extensions["migrate"].db
PARTITION = re.compile(r"^events_\d{4}_\d{2}")


def is_ours(thing, name, kind, reflected, compare_to):  # noqa: ARG001
    table = name if kind == "table" else getattr(getattr(thing, "table", None), "name", None)
    is_partition = bool(table and PARTITION.match(table))
    is_made_on_demand = kind == "index" and bool(name) and name.startswith("ix_customers_attribute_")
    return not (is_partition or is_made_on_demand)


def run() -> None:
    with db.engine.connect() as connection:
        # The lock belongs to the session, so that steps outside a transaction (big indexes) hold it too.
        connection.execute(text("SELECT pg_advisory_lock(hashtext('migrations'))"))
        connection.execute(text("SET lock_timeout = '5s'"))
        connection.execute(text("SET statement_timeout = '30min'"))
        connection.commit()
        views.step_aside(connection)
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            include_object=is_ours,
            compare_type=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        if context.get_context().get_current_revision() == context.get_head_revision():
            views.make(connection)
        connection.execute(text("SELECT pg_advisory_unlock(hashtext('migrations'))"))
        connection.commit()


run()
