"""Recommend products: what sells best in each category, and what goes with what; counted anew in the background."""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE best_sellers (
      category   text    NOT NULL,
      place      integer NOT NULL,
      product_id text    NOT NULL,
      sold       bigint  NOT NULL,
      CONSTRAINT pk_best_sellers PRIMARY KEY (category, place)
    )
    """,
    """
    CREATE TABLE product_pairs (
      kind       text    NOT NULL CONSTRAINT ck_product_pairs_kind CHECK (kind IN ('viewed', 'bought')),
      product_id text    NOT NULL,
      place      integer NOT NULL,
      other_id   text    NOT NULL,
      times      bigint  NOT NULL,
      CONSTRAINT pk_product_pairs PRIMARY KEY (kind, product_id, place)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE product_pairs, best_sellers")
