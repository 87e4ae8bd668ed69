"""When somebody who asked for mail was last sent the link, and how often; where “since the last run” begins."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE signups ADD COLUMN mailed_at timestamptz, ADD COLUMN mails integer NOT NULL DEFAULT 0")
    op.execute("CREATE INDEX ix_signups_mailed_at ON signups (mailed_at)")
    op.execute("ALTER TABLE runs ADD COLUMN since timestamptz")


def downgrade() -> None:
    op.execute("ALTER TABLE runs DROP COLUMN since")
    op.execute("DROP INDEX ix_signups_mailed_at")
    op.execute("ALTER TABLE signups DROP COLUMN mails, DROP COLUMN mailed_at")
