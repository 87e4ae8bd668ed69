"""Each behaviour and the question that finds who is called by it."""

from __future__ import annotations

from app.automations.behaviours import abandoned_cart, back_in_stock, browse, price_drop
from app.automations.behaviours.frame import Asked, Frame
from app.automations.behaviours.settings import ABANDONED_CART, BACK_IN_STOCK, BROWSE, PRICE_DROP

MOST_PRODUCTS = 12  # in one mail; the others call for the next
QUESTIONS = {
    ABANDONED_CART: abandoned_cart.asked,
    BROWSE: browse.asked,
    PRICE_DROP: price_drop.asked,
    BACK_IN_STOCK: back_in_stock.asked,
}
NEW = """
    found AS MATERIALIZED (
      SELECT * FROM (
        SELECT asked.*, row_number() OVER (PARTITION BY asked.customer_id ORDER BY asked.place) AS shown
          FROM (
        {asked}
          ) asked
         WHERE NOT EXISTS (SELECT FROM behaviour_claims c
                            WHERE c.automation_id = :automation AND c.customer_id = asked.customer_id
                              AND c.about = asked.about)
      ) called
       WHERE called.shown <= {most}
    )
"""
# What is kept of a person: the cart, or their products, the first of them first.
FACTS = """
    jsonb_build_object('behaviour', CAST(:behaviour AS text))
    || CASE WHEN bool_and(f.product_id IS NULL) THEN jsonb_build_object('cart', (array_agg(f.told))[1])
            ELSE jsonb_build_object('products', jsonb_agg(f.told ORDER BY f.place)) END
"""


def new(frame: Frame) -> Asked:
    """`found`, to stand behind WITH: who is called for what they were not called for before."""
    asked = QUESTIONS[frame.behaviour.kind](frame)
    return Asked(NEW.format(asked=asked.sql, most=MOST_PRODUCTS), {**asked.said, "behaviour": frame.behaviour.kind})
