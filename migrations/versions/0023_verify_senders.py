"""What the DNS and the provider say of the domains that mail comes from; each a row of work that comes round again."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE sender_checks (
          domain        text NOT NULL,
          provider      text,
          checked_at    timestamptz,
          findings      jsonb NOT NULL DEFAULT '{}',
          waiting_since timestamptz DEFAULT now(),
          not_before    timestamptz NOT NULL DEFAULT now(),
          attempts      integer NOT NULL DEFAULT 0,
          fence         bigint NOT NULL DEFAULT 0,
          lease_until   timestamptz,
          claimed_at    timestamptz,
          claimed_by    text,
          error         text,
          failed_at     timestamptz,
          CONSTRAINT pk_sender_checks PRIMARY KEY (domain)
        )
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE sender_checks")
