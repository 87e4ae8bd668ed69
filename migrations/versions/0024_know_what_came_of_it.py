"""What a person did with a mail: the first time that somebody, and no machine, opened it, clicked, or did what it is for."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

TIMES = ("opened_at", "clicked_at", "converted_at")


def upgrade() -> None:
    op.execute("ALTER TABLE deliveries " + ", ".join(f"ADD COLUMN {time} timestamptz" for time in TIMES))


def downgrade() -> None:
    op.execute("ALTER TABLE deliveries " + ", ".join(f"DROP COLUMN {time}" for time in TIMES))
