"""Whom a run means, as the statement that found them: where they are asked about once more before their mail is sealed."""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE runs ADD COLUMN audience jsonb")


def downgrade() -> None:
    op.execute("ALTER TABLE runs DROP COLUMN audience")
