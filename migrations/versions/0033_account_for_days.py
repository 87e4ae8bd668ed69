"""Which provider somebody reads their mail at, so that what became of mails can be told by it."""

from alembic import op

revision = "0033"
down_revision = "0026"
branch_labels = None
depends_on = None

MAILBOX = r"""
    CREATE FUNCTION mailbox(email text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
      SELECT CASE
        WHEN email IS NULL THEN 'others'
        WHEN email ~* '@(gmail|googlemail)\.com$' THEN 'gmail'
        WHEN email ~* '@((hotmail|outlook|live)\.(com?\.)?[a-z]{2,3}|msn\.com)$' THEN 'outlook'
        WHEN email ~* '@((yahoo)\.(com?\.)?[a-z]{2,3}|(ymail|rocketmail)\.com)$' THEN 'yahoo'
        WHEN email ~* '@(icloud|me|mac)\.com$' THEN 'icloud'
        ELSE 'others'
      END
    $$
"""


def upgrade() -> None:
    op.execute(MAILBOX)


def downgrade() -> None:
    op.execute("DROP FUNCTION mailbox(text)")
