"""What a set of rows makes of its customers: laid over what is there, and value by value what would change.

Pieces of statements, for whoever writes (upsert, an import) and whoever only shows it (a preview).
`rows` holds one row per person in the columns of identity.PEOPLE, `locked` the customers who are there already.
"""

from __future__ import annotations

from app.customers.identity import BEFORE
from app.customers.incoming import COLUMNS

OTHERS = [name for name in COLUMNS if name != "created_date"]


def _new(name: str) -> str:
    if name == "lms_lead_id":
        return "coalesce(c.lms_lead_id, p.lms_lead_id, p.prior_columns ->> 'lms_lead_id')"
    return f"CASE WHEN '{name}' = ANY (p.cleared) THEN NULL ELSE coalesce(p.{name}, {BEFORE[name]}) END"


# A person who is gone meanwhile is in neither.
LOCKED = """
      SELECT c.* FROM customers c
       WHERE c.id IN (SELECT person FROM rows WHERE NOT is_new) AND c.erased_at IS NULL
       ORDER BY c.id
"""
FINAL = f"""
      SELECT p.person, p.is_new, {", ".join(f"{_new(name)} AS {name}" for name in OTHERS)},
             coalesce({_new("created_date")}, c.created_date, :now)   AS created_date,
             p.prior_attributes || p.attributes                       AS patch,
             coalesce(c.attributes, '{{}}')                           AS held,
             jsonb_strip_nulls(coalesce(c.attributes, '{{}}') || p.prior_attributes || p.attributes) AS attributes
        FROM rows p
        LEFT JOIN locked c ON c.id = p.person
       WHERE p.is_new OR c.id IS NOT NULL
"""
CHANGES = f"""
      SELECT f.person, change.name, change.is_column, change.old, change.new
        FROM final f
        JOIN locked c ON c.id = f.person
       CROSS JOIN LATERAL (
         SELECT v.name, true AS is_column, v.old, v.new
           FROM (VALUES {", ".join(f"('{name}', to_jsonb(c.{name}), to_jsonb(f.{name}))" for name in COLUMNS)})
             AS v(name, old, new)
         UNION ALL
         SELECT said.key, false, f.held -> said.key, nullif(said.value, 'null')
           FROM jsonb_each(f.patch) said
       ) change
       WHERE change.old IS DISTINCT FROM change.new
"""
