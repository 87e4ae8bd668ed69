"""Create the first two tables of work: recurring jobs, and the indexes that attributes ask for."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# The same in every table of work (app/claims.py).
CLAIMABLE = """
          waiting_since timestamptz DEFAULT now(),
          not_before    timestamptz NOT NULL DEFAULT now(),
          attempts      integer     NOT NULL DEFAULT 0,
          fence         bigint      NOT NULL DEFAULT 0,
          lease_until   timestamptz,
          claimed_at    timestamptz,
          claimed_by    text,
          error         text,
          failed_at     timestamptz
"""


def upgrade() -> None:
    op.execute(
        f"""
        CREATE TABLE recurring (
          name             text CONSTRAINT pk_recurring PRIMARY KEY,
          queue            text     NOT NULL,
          every            interval NOT NULL CONSTRAINT ck_recurring_every CHECK (every > interval '0'),
          last_finished_at timestamptz,
          took_ms          integer,
          {CLAIMABLE}
        )
        """
    )
    op.execute(
        f"""
        CREATE TABLE attribute_indexes (
          name     text CONSTRAINT pk_attribute_indexes PRIMARY KEY,
          asked_at timestamptz NOT NULL DEFAULT now(),
          ready_at timestamptz,
          {CLAIMABLE}
        )
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE attribute_indexes, recurring")
