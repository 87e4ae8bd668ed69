"""Versions of one mail in an automation: whoever gets which, what a run froze of each, and a subject of its own."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE automations ADD COLUMN subject text,
                                ADD COLUMN variants jsonb NOT NULL DEFAULT '[]'::jsonb
        """
    )
    op.execute("ALTER TABLE runs ADD COLUMN subject text")
    op.execute(
        """
        CREATE TABLE run_variants (
          run_id     bigint   NOT NULL CONSTRAINT fk_run_variants_run_id REFERENCES runs (id) ON DELETE CASCADE,
          place      smallint NOT NULL,
          version_id bigint   NOT NULL CONSTRAINT fk_run_variants_version_id REFERENCES template_versions (id),
          subject    text     NOT NULL,
          label      text     NOT NULL,
          CONSTRAINT pk_run_variants PRIMARY KEY (run_id, place)
        )
        """
    )
    op.execute("CREATE INDEX ix_run_variants_version_id ON run_variants (version_id)")
    op.execute("ALTER TABLE deliveries ADD COLUMN variant smallint")


def downgrade() -> None:
    op.execute("ALTER TABLE deliveries DROP COLUMN variant")
    op.execute("DROP TABLE run_variants")
    op.execute("ALTER TABLE runs DROP COLUMN subject")
    op.execute("ALTER TABLE automations DROP COLUMN variants, DROP COLUMN subject")
