"""What a batch is held for and when it was meant to go out; when a run may post next; how much a day has had."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE batches ADD COLUMN held_for text, ADD COLUMN meant_for timestamptz")
    op.execute("ALTER TABLE runs ADD COLUMN next_post_at timestamptz")
    op.execute("CREATE TABLE warm_days (day date CONSTRAINT pk_warm_days PRIMARY KEY, mails integer NOT NULL)")


def downgrade() -> None:
    op.execute("DROP TABLE warm_days")
    op.execute("ALTER TABLE runs DROP COLUMN next_post_at")
    op.execute("ALTER TABLE batches DROP COLUMN meant_for, DROP COLUMN held_for")
