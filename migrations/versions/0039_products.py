"""List products: searched, sorted and filtered by index; found in carts and orders; and brought by files."""

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE imports DROP CONSTRAINT ck_imports_kind",
    "ALTER TABLE imports ADD CONSTRAINT ck_imports_kind"
    " CHECK (kind IN ('customers', 'funnel_events', 'segment_list', 'products'))",
    """
    ALTER TABLE products
      ADD COLUMN import_id   bigint,
      ADD COLUMN sort_name   text   NOT NULL GENERATED ALWAYS AS (fold(coalesce(name, product_id))) STORED,
      ADD COLUMN sort_price  bigint NOT NULL GENERATED ALWAYS AS (coalesce(price, -1)) STORED,
      ADD COLUMN sort_stock  bigint NOT NULL GENERATED ALWAYS AS (
        coalesce(stock, CASE WHEN in_stock THEN 1 WHEN NOT in_stock THEN 0 ELSE -1 END)) STORED,
      ADD COLUMN search_text text   NOT NULL GENERATED ALWAYS AS (
        fold(' ' || product_id || ' ' || coalesce(name, '') || ' ' || coalesce(category, ''))) STORED
    """,
    "CREATE INDEX ix_products_sort_name_id ON products (sort_name, id)",
    "CREATE INDEX ix_products_sort_price_id ON products (sort_price, id)",
    "CREATE INDEX ix_products_sort_stock_id ON products (sort_stock, id)",
    "CREATE INDEX ix_products_updated_date_id ON products (updated_date, id)",
    "CREATE INDEX ix_products_search_text ON products USING gin (search_text gin_trgm_ops)",
    "CREATE INDEX ix_products_import_id_id ON products (import_id, id) WHERE import_id IS NOT NULL",
    # An import remembers every field that it changes, so that it can be undone.
    "ALTER TABLE product_changes ADD COLUMN import_id bigint",
    "CREATE INDEX ix_product_changes_import_id_product_id ON product_changes (import_id, product_id)"
    " WHERE import_id IS NOT NULL",
    # Which carts and orders hold a product.
    "CREATE INDEX ix_carts_items ON carts USING gin (items jsonb_path_ops)",
    "CREATE INDEX ix_orders_items ON orders USING gin (items jsonb_path_ops)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP INDEX ix_orders_items")
    op.execute("DROP INDEX ix_carts_items")
    op.execute("ALTER TABLE product_changes DROP COLUMN import_id")
    op.execute(
        "ALTER TABLE products DROP COLUMN search_text, DROP COLUMN sort_stock, DROP COLUMN sort_price,"
        " DROP COLUMN sort_name, DROP COLUMN import_id"
    )
    op.execute("DROP INDEX ix_products_updated_date_id")
    op.execute("DELETE FROM imports WHERE kind = 'products'")
    op.execute("ALTER TABLE imports DROP CONSTRAINT ck_imports_kind")
    op.execute(
        "ALTER TABLE imports ADD CONSTRAINT ck_imports_kind"
        " CHECK (kind IN ('customers', 'funnel_events', 'segment_list'))"
    )
