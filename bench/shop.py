"""Orders, carts and a segment for the databases of the demo, which has none: made once, by sets, of known shares."""

from __future__ import annotations

from bench.databases import Database

# Who ordered in the demo's events ordered in the shop, at the same moment and for the same sum; a tenth was given
# back whole, a tenth in part, a twentieth was cancelled. One or two things each, of five categories.
SEED = (
    "TRUNCATE orders, carts, products, product_changes RESTART IDENTITY",
    """
    INSERT INTO products (product_id, name, category, price, currency)
    SELECT 'p' || n, 'Product ' || n, (ARRAY['stationery', 'books', 'clothing', 'courses', 'tickets'])[n % 5 + 1],
           n * 100, 'EUR'
      FROM generate_series(1, 200) n
    """,
    """
    INSERT INTO orders (order_id, customer_id, total, currency, status, refunded_total, items, occurred_at)
    SELECT 'o' || o.id, o.customer_id, o.total, 'EUR',
           CASE WHEN o.id % 20 = 0 THEN 'cancelled' WHEN o.id % 10 IN (1, 2) THEN 'refunded' ELSE 'paid' END,
           CASE o.id % 10 WHEN 1 THEN o.total WHEN 2 THEN o.total / 2 ELSE 0 END,
           jsonb_build_array(
             jsonb_build_object('product_id', 'p' || o.id % 200 + 1, 'quantity', 1, 'price', o.total / 2),
             jsonb_build_object('product_id', 'p' || o.id % 77 + 1, 'quantity', 1, 'price', o.total - o.total / 2)),
           o.occurred_at
      FROM (SELECT row_number() OVER (ORDER BY occurred_at, id) AS id, customer_id, occurred_at,
                   coalesce((properties ->> 'total')::bigint, 4200) AS total
              FROM events WHERE name = 'order_completed') o
    """,
    """
    INSERT INTO carts (customer_id, items, occurred_at)
    SELECT DISTINCT ON (customer_id) customer_id,
           CASE WHEN customer_id % 4 = 0 THEN '[]'::jsonb
                ELSE '[{"product_id": "p7", "quantity": 1, "price": 700}]'::jsonb END, occurred_at
      FROM events WHERE name = 'cart_updated' AND customer_id % 2 = 0
     ORDER BY customer_id, occurred_at DESC
    """,
    """
    INSERT INTO customer_segments (id, name, type)
    VALUES (1000001, 'A tenth', 'manual') ON CONFLICT (id) DO NOTHING
    """,
    """
    INSERT INTO customer_segment_customer_list (customer_segment_id, customer_id, source)
    SELECT 1000001, id, 'bench' FROM customers WHERE id % 10 = 3 ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO customer_segments (id, name, type, rules)
    VALUES (1000002, 'Busy', 'rules', '{"event": "login", "times": {"at_least": 5}, "within": {"last": "90d"}}')
    ON CONFLICT (id) DO NOTHING
    """,
    "ANALYZE orders, carts, products, customer_segment_customer_list",
)


def ensure(database: Database) -> None:
    with database.connect() as connection:
        found = connection.execute("SELECT EXISTS (SELECT FROM customer_segments WHERE id = 1000002)").fetchone()
        if found and not found[0]:
            print(f"Filling the shop of {database.name}.", flush=True)
            with connection.transaction():  # all of it or nothing: half of it would be taken for the whole
                for statement in SEED:
                    connection.execute(statement)
