"""What came back of each mail: every hit as it came, with the verdict whether a person made it, and on the mail itself
the first time of each thing."""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

TIMES = (
    "delivered_at", "bounced_at", "complained_at", "unsubscribed_at",
    "machine_opened_at", "machine_clicked_at", "reached_at",
)  # fmt: skip
HITS = (
    # Its id is made where the hit comes in: a line that is read twice is one row.
    """
    CREATE TABLE delivery_events (
      id          uuid        NOT NULL CONSTRAINT pk_delivery_events PRIMARY KEY,
      kind        text        NOT NULL CONSTRAINT ck_delivery_events_kind CHECK (kind IN ('open', 'click', 'view')),
      at          timestamptz NOT NULL,
      delivery_id bigint      NOT NULL,
      run_id      bigint      NOT NULL,
      customer_id bigint      NOT NULL,
      place       smallint,
      is_human    boolean     NOT NULL,
      reason      text        NOT NULL,
      method      text        NOT NULL DEFAULT 'GET',
      agent       text        NOT NULL DEFAULT ''
    )
    """,
    "CREATE INDEX ix_delivery_events_delivery_id ON delivery_events (delivery_id)",
    "CREATE INDEX ix_delivery_events_customer_id_at ON delivery_events (customer_id, at)",
    "CREATE INDEX ix_delivery_events_at ON delivery_events USING brin (at)",
)


def upgrade() -> None:
    op.execute("ALTER TABLE deliveries " + ", ".join(f"ADD COLUMN {time} timestamptz" for time in TIMES))
    # BRIN lets accepting stay cheap; an index on what the provider calls a mail would not: receipts bring our own tag.
    op.execute("CREATE INDEX ix_deliveries_accepted_at ON deliveries USING brin (accepted_at)")
    for statement in HITS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE delivery_events")
    op.execute("DROP INDEX ix_deliveries_accepted_at")
    op.execute("ALTER TABLE deliveries " + ", ".join(f"DROP COLUMN {time}" for time in TIMES))
