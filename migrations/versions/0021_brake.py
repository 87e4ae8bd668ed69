"""What the brakes judge a run by, and the first people of a run, who go ahead of the others."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

STATES = "'open', 'sealed', 'posting', 'done', 'uncertain'"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE runs ADD COLUMN judged_from jsonb, ADD COLUMN judge_after timestamptz,"
        " ADD COLUMN canary_out_at timestamptz, ADD COLUMN canary_until timestamptz"
    )
    _allow(f"{STATES}, 'held'")


def downgrade() -> None:
    op.execute("UPDATE batches SET state = 'open', waiting_since = now() WHERE state = 'held'")
    _allow(STATES)
    op.execute(
        "ALTER TABLE runs DROP COLUMN canary_until, DROP COLUMN canary_out_at,"
        " DROP COLUMN judge_after, DROP COLUMN judged_from"
    )


def _allow(states: str) -> None:
    op.execute("ALTER TABLE batches DROP CONSTRAINT ck_batches_state")
    op.execute(f"ALTER TABLE batches ADD CONSTRAINT ck_batches_state CHECK (state IN ({states}))")
