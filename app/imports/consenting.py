"""What a file says of consent: beside its rows while they are matched, stated with each slice that is written."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from app.consent import statements
from app.db import db
from app.imports import earlier
from app.imports.staging import people_of
from app.imports.upload import Import

# The rows as they are kept, and beside them: `says`, what all rows of a person say in the end, on the last of them;
# `moved`, what a row changes, from → to; `stays_out`, a yes that the person's own withdrawal stands against. The same
# file a second time (`at`) has said it all already, so nobody is written for that.
BESIDE = """
    WITH kept AS MATERIALIZED ({kept}),
    said AS (
      SELECT k.line, k.person, t.id AS topic_id, t.slug, CAST(one.value AS boolean) AS is_given,
             lag(CAST(one.value AS boolean)) OVER by_topic AS prior, lead(k.line) OVER by_topic IS NULL AS is_final,
             coalesce(lower(coalesce(r.email, k.prior_columns ->> 'email')), c.email_folded) AS address
        FROM kept k
        JOIN {rows} r ON r.line = k.line
        LEFT JOIN customers c ON c.id = k.person
       CROSS JOIN LATERAL jsonb_each_text(r.consents) one
        JOIN topics t ON t.slug = one.key
       WHERE k.problem IS NULL AND r.consents IS NOT NULL
      WINDOW by_topic AS (PARTITION BY k.person, t.id ORDER BY k.line)
    ),
    stood AS (
      SELECT s.*, p.is_given AS held, h.is_out,
             CASE WHEN h.is_out THEN false
                  WHEN s.prior IS NOT NULL THEN s.prior <> s.is_given
                  WHEN p.any_at IS NULL THEN true
                  ELSE p.is_given <> s.is_given AND (p.any_at < :at OR p.any_at = :at AND NOT s.is_given)
             END AS moves,
             k.id IS NULL AS is_news
        FROM said s
        LEFT JOIN customer_standings p ON p.customer_id = s.person AND p.topic_id = s.topic_id
        LEFT JOIN address_standings a ON a.email_folded = s.address AND a.topic_id = s.topic_id
        LEFT JOIN consents k ON k.customer_id = s.person AND k.topic_id = s.topic_id AND k.at = :at
                            AND k.source = 'import' AND k.is_given = s.is_given
       CROSS JOIN LATERAL (SELECT coalesce(NOT p.own_given, false) OR coalesce(NOT a.is_given, false) AS is_out) h
    ),
    rows_said AS (
      SELECT line, jsonb_object_agg(slug, jsonb_build_array(coalesce(prior, held), is_given)) AS moved
        FROM stood WHERE moves GROUP BY line
    ),
    people_said AS (
      SELECT person, jsonb_object_agg(slug, is_given) AS says, bool_or(is_news) AS is_news,
             bool_or(is_given AND is_out) AS stays_out
        FROM stood WHERE is_final GROUP BY person
    )
    SELECT k.line, k.person, k.is_new, k.is_last, k.problem,
           CASE WHEN k.outcome = 'unchanged' AND r.moved IS NOT NULL THEN 'updated' ELSE k.outcome END AS outcome,
           k.writes AS changes, k.writes OR coalesce(p.is_news, false) AS writes, {values},
           p.says, p.stays_out, r.moved
      FROM kept k
      LEFT JOIN rows_said r ON r.line = k.line
      LEFT JOIN people_said p ON p.person = k.person AND k.is_last AND k.problem IS NULL
     ORDER BY k.person, k.line
"""
FIGURES = """
    SELECT count(*) FILTER (WHERE stays_out)                AS kept_out,
           count(*) FILTER (WHERE stays_out AND NOT writes) AS held,
           count(*) FILTER (WHERE writes AND NOT changes)   AS proofs
      FROM {people}
"""
# Of a slice: whoever has a statement and nothing else is walked past, and not written.
NEXT = "next AS MATERIALIZED ({rows}),"
CHANGED = "SELECT * FROM next WHERE changes"
SLICE = {
    "walked": "next",
    "gone": """
                 UNION SELECT person FROM next
                  WHERE NOT changes AND NOT EXISTS (SELECT FROM customers WHERE id = person AND erased_at IS NULL)""",
}
SAID = """
    SELECT walked.person AS customer_id, t.id AS topic_id, CAST(one.value AS boolean) AS is_given, 'import' AS source,
           CAST(:way AS text) AS way, NULL AS shown, NULL AS reason, CAST(:at AS timestamptz) AS at,
           NULL AS caller_hash, CAST(:import_id AS bigint) AS import_id, CAST(NULL AS bigint) AS receipt_id
      FROM ({walked}) walked
     CROSS JOIN LATERAL jsonb_each_text(walked.says) one
      JOIN topics t ON t.slug = one.key
"""


def beside(kept: str, rows: str, values: str) -> str:
    return BESIDE.format(kept=kept, rows=rows, values=values)


def told(upload: Import) -> dict[str, Any]:
    return {"at": earlier.first_said(upload)}


def figures(upload: Import) -> dict[str, Any]:
    """`held` is counted on while statements are heard; of those that were heard before it is known already."""
    found = db.session.execute(text(FIGURES.format(people=people_of(upload)))).one()
    said_at = earlier.first_said(upload).isoformat()
    return {"kept_out": found.kept_out, "held": found.held, "proofs": found.proofs, "stated": 0, "said_at": said_at}


def hear(upload: Import, walked: str, said: dict[str, Any]) -> None:
    """Those of a slice, in the same transaction: nobody is here for a moment without what the file says of them."""
    values = said | {"way": upload.said, "at": upload.preview["said_at"], "import_id": upload.id}
    heard = statements.hear_all(SAID.format(walked=walked), values)
    counts = upload.preview
    upload.preview = counts | {"held": counts["held"] + heard.held, "stated": counts["stated"] + heard.stated}
