"""Whom each staged row means and what it would change, in one statement; then the figures of the preview.

The rows are kept with their person, one after the other in order of persons, so that they are written in slices.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import text

from app.customers import identity
from app.customers.changes import CHANGES, FINAL, LOCKED
from app.customers.incoming import COLUMNS
from app.db import copy, db
from app.imports import consenting, file, people_of_lists, products, reader
from app.imports.detect import Dialect
from app.imports.staging import people_of, rows_of, says_consent
from app.imports.upload import Import

OUTCOMES = ("created", "updated", "unchanged")
Problem = tuple[str | None, str, str]  # column, code, reason
SAMPLES = 6
LONGEST_ROW = 10_000

FUTURE = "in_the_future"
SAID = {
    **{code: message for code, (_, message) in identity.SAID.items()},
    identity.AMBIGUOUS: "Several customers have this e-mail address",
    identity.UNKNOWN: "No customer has this customer_id",
    **people_of_lists.SAID,
    FUTURE: "The date lies more than a day ahead",
    "gone": "This customer was erased or merged after the preview",
}
COLUMN_OF = {
    **{code: field for code, (field, _) in identity.SAID.items()},
    **people_of_lists.COLUMN_OF,
    FUTURE: "created_date",
    "gone": None,
}

# What a row said is kept where it will be written or shown; of the many that change nothing only the outcome is.
# The windows of `people` leave the rows in the order of persons: sorting them once more would cost 2 s a million.
SAID_BY_ROW = (*COLUMNS, "attributes", "cleared", "prior_columns", "prior_attributes")
KEPT = f"""
    SELECT line, person, is_new, is_last, problem, outcome, writes,
           {", ".join(f"CASE WHEN is_kept THEN {name} END AS {name}" for name in SAID_BY_ROW)}
      FROM (SELECT *, writes OR outcome <> 'unchanged' OR problem IS NOT NULL AS is_kept FROM ({{people}}) p) p
"""
MOVES = """
    SELECT r.*, coalesce(own.id, merged.customer_id, lead.id, alias.customer_id, address.id) AS person,
           CASE WHEN r.customer_id IS NOT NULL AND coalesce(own.id, merged.customer_id) IS NULL THEN 'unknown_customer'
                WHEN r.created_date > :now + interval '1 day' THEN 'in_the_future' END AS problem,
           CASE WHEN seen.key IS NOT NULL OR row_number() OVER (PARTITION BY r.key ORDER BY r.line) > 1
                THEN 'unchanged' ELSE 'created' END AS outcome
      FROM {rows} r
      LEFT JOIN customers own           ON own.id = r.customer_id AND own.erased_at IS NULL
      LEFT JOIN customer_aliases merged ON merged.merged_id = r.customer_id
      LEFT JOIN customers lead          ON lead.lms_lead_id = r.lms_lead_id
      LEFT JOIN customer_aliases alias  ON alias.lms_lead_id = r.lms_lead_id
      LEFT JOIN (SELECT email_folded, min(id) AS id FROM customers
                  WHERE email_folded IN (SELECT email FROM {rows} WHERE lms_lead_id IS NULL) AND erased_at IS NULL
                  GROUP BY 1 HAVING count(*) = 1) address
             ON address.email_folded = r.email AND r.lms_lead_id IS NULL
      LEFT JOIN event_keys seen         ON seen.key = r.key
"""
# What a preview shows of changes: nobody is locked, nothing is written.
SHOWN = f"""
    WITH rows AS MATERIALIZED (SELECT * FROM <people> WHERE writes AND NOT is_new <only>),
    locked AS MATERIALIZED ({LOCKED}),
    final AS MATERIALIZED ({FINAL}),
    changes AS ({CHANGES})
"""


def shown(upload: Import, only: str = "") -> str:
    return SHOWN.replace("<people>", people_of(upload)).replace("<only>", only)


def match(upload: Import, now: datetime) -> Iterator[None]:
    if upload.kind == "customers":
        _match_customers(upload)
    elif upload.kind == people_of_lists.KIND:
        _keep(upload, people_of_lists.matched(upload), "line", **people_of_lists.told(upload))
    elif upload.kind == products.KIND:
        leave_out(upload, (yield from products.match(upload)))
    else:
        _match_moves(upload, now)
    yield
    _refuse_unmatched(upload)
    upload.preview = upload.preview | _figures(upload, now)
    db.session.execute(text(f"DROP TABLE IF EXISTS {rows_of(upload)}"))
    yield


def _match_customers(upload: Import) -> None:
    creates = "true" if upload.options.get("create", True) else "false"
    with_ids = any(column["field"] == "customer_id" for column in upload.columns)
    people = identity.people(rows_of(upload), creates, with_ids)
    kept = KEPT.format(people=people)
    if says_consent(upload):
        kept = consenting.beside(kept, rows_of(upload), ", ".join(SAID_BY_ROW))
        _keep(upload, kept, "person", **consenting.told(upload))
    else:
        _keep(upload, kept, "person")


def _match_moves(upload: Import, now: datetime) -> None:
    moves = MOVES.format(rows=rows_of(upload))
    _keep(
        upload,
        f"SELECT *, outcome = 'created' AND problem IS NULL AS writes FROM ({moves}) moves ORDER BY line",
        "line",
        now=now,
    )


def _keep(upload: Import, query: str, order: str, **said: Any) -> None:
    table = people_of(upload)
    # Sorts and joins of a million rows stay in memory; rows that nobody could estimate are never looped over.
    for setting in ("work_mem = '192MB'", "maintenance_work_mem = '192MB'", "enable_nestloop = off"):
        db.session.execute(text(f"SET LOCAL {setting}"))
    db.session.execute(text(f"ANALYZE {rows_of(upload)}"))
    db.session.execute(text(f"DROP TABLE IF EXISTS {table}"))
    db.session.execute(text(f"CREATE TABLE {table} AS {query}"), said)
    db.session.execute(text(f"CREATE INDEX ON {table} ({order}) WHERE writes"))
    db.session.execute(text(f"ANALYZE {table}"))


def _refuse_unmatched(upload: Import) -> None:
    found = db.session.execute(text(f"SELECT line, problem FROM {people_of(upload)} WHERE problem IS NOT NULL"))
    refuse(upload, {row.line: row.problem for row in found})


def refuse(upload: Import, problems: dict[int, str]) -> None:
    leave_out(upload, {line: (COLUMN_OF[code], code, SAID[code]) for line, code in problems.items()})


def leave_out(upload: Import, problems: Mapping[int, Problem]) -> None:
    """Their rows are read from the file once more, so that they can be mended and sent again as they were."""
    if not problems:
        return
    # The rows are fetched before the COPY begins: nothing else can be asked on its connection.
    lost = list(_lost(upload, problems))
    copy("import_rejects", ("import_id", "line", "column_name", "code", "reason", "row"), lost)
    upload.rejected += len(lost)


def _lost(upload: Import, problems: Mapping[int, Problem]) -> Iterator[tuple[Any, ...]]:
    last = max(problems)
    for row in reader.rows(file.chunks(upload.id), Dialect.from_json(upload.dialect)):
        if row.line in problems:
            yield (upload.id, row.line, *problems[row.line], reader.as_text(row)[:LONGEST_ROW])
        if row.line >= last:
            return


def _figures(upload: Import, now: datetime) -> dict[str, Any]:
    table = people_of(upload)
    counted = db.session.execute(
        text(f"SELECT outcome, count(*) AS rows FROM {table} WHERE problem IS NULL GROUP BY outcome")
    ).all()
    figures: dict[str, Any] = dict.fromkeys(OUTCOMES, 0) | {row.outcome: row.rows for row in counted}
    figures["rejected"] = upload.rejected
    figures["writes"] = db.session.scalar(text(f"SELECT count(*) FROM {table} WHERE writes"))
    if upload.kind == "customers":
        figures["values"] = _values(upload, now)
        if says_consent(upload):
            figures |= consenting.figures(upload)
        # New people of whom only the address is known: somebody else may create them before this import does.
        figures["addressed"] = db.session.scalar(
            text(f"SELECT count(*) FROM {table} WHERE is_new AND lms_lead_id IS NULL")
        )
    elif upload.kind == products.KIND:
        figures["values"] = products.values(upload)
    elif upload.kind == "funnel_events":
        figures["waiting"] = db.session.scalar(text(f"SELECT count(*) FROM {table} WHERE writes AND person IS NULL"))
    return figures


def _values(upload: Import, now: datetime) -> int:
    return int(db.session.scalar(text(f"{shown(upload)} SELECT count(*) FROM changes"), {"now": now}) or 0)
