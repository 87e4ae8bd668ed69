"""Whom each row of a set means, exactly as if the rows came one at a time, in one statement for three or a million.

A customer's id or a known lead id (also one that a merge left) means that customer. A new lead id adopts the only
customer of its address without a lead id, else it is a new customer. An address alone means the one customer who has
it, nobody when several have it, and a new customer when none has.

Rows of one set meet each other, too. Among those that are not known yet, an address A has `fits` customers, `free` of
them without a lead id. Rows of A in order: the first new lead id takes the free one (or the one that an earlier row
made), each further one is somebody new; an address alone means the same person until a second one has appeared.
Addresses are those from before the set: one that a row changes counts from the next set on.
"""

from __future__ import annotations

from app.customers.incoming import COLUMNS

# The columns of a set of rows, and how PostgreSQL reads them from JSON.
ROW = (
    "line bigint, customer_id bigint, lms_lead_id text, email text, first_name text, last_name text, mobile text,"
    " timezone text, created_date timestamptz, attributes jsonb, cleared text[]"
)

AMBIGUOUS = "ambiguous"
UNKNOWN = "unknown_customer"
TAKEN = "lead_id_taken"
NOT_CREATED = "not_created"

SAID = {
    AMBIGUOUS: ("email", "Several customers have this e-mail address; name one by lms_lead_id or customer_id."),
    UNKNOWN: ("customer_id", "No customer has this id."),
    TAKEN: ("lms_lead_id", "This lead id belongs to another customer, or the customer has another one."),
    NOT_CREATED: ("lms_lead_id", "Nobody known fits, and new customers were not wanted."),
}

# A column of a row, laid over what earlier rows of the same person said, laid over what the database holds.
BEFORE = {
    name: f"CASE WHEN p.prior_columns ? '{name}' THEN (p.prior_columns ->> '{name}')::{kind} ELSE c.{name} END"
    for name, kind in ((name, "timestamptz" if name == "created_date" else "text") for name in COLUMNS)
}
PATCH = ", ".join(f"'{name}', {name}" for name in COLUMNS)


def _differs(name: str, before: str) -> str:
    if name == "lms_lead_id":  # it is given once and never changes
        return f"(p.lms_lead_id IS NOT NULL AND {before}.lms_lead_id IS NULL)"
    is_said = f"(p.{name} IS NOT NULL OR '{name}' = ANY (p.cleared))"
    return f"(p.{name} IS DISTINCT FROM {before}.{name} AND {is_said})"


def _changes(before: str) -> str:
    """Columns first, then attributes: mostly a file holds all of them, and equal is quicker than merged and equal."""
    return f"""({" OR ".join(_differs(name, before) for name in COLUMNS)}
                  OR ({before}.attributes <> p.attributes
                      AND jsonb_strip_nulls({before}.attributes || p.attributes) <> {before}.attributes))"""


# {incoming} is a table or a query with the columns of ROW; {creates} is true or false. What is asked of one step about
# another stands in a column (is_fresh, makes): of a column the planner expects half, of a condition next to nothing,
# and then it loops over a thousand rows a thousand times (470 ms instead of 40).
PEOPLE = f"""
    WITH named AS (
      SELECT i.*, lower(i.email) AS address,
             coalesce(own.id, merged.customer_id, lead.id, alias.customer_id) AS known,
             i.customer_id IS NULL AND lead.id IS NULL AND alias.customer_id IS NULL AS is_fresh,
             CASE WHEN i.customer_id IS NULL THEN NULL
                  WHEN coalesce(own.id, merged.customer_id) IS NULL THEN '{UNKNOWN}'
                  WHEN i.lms_lead_id IS NOT NULL
                       AND coalesce(lead.id, alias.customer_id, own.id, merged.customer_id)
                           <> coalesce(own.id, merged.customer_id) THEN '{TAKEN}'
                  WHEN own.lms_lead_id <> i.lms_lead_id AND alias.customer_id IS DISTINCT FROM own.id THEN '{TAKEN}'
             END AS problem
        FROM {{incoming}} i
        LEFT JOIN customers own           ON {{own}} AND own.erased_at IS NULL
        LEFT JOIN customer_aliases merged ON merged.merged_id = i.customer_id
        LEFT JOIN customers lead          ON lead.lms_lead_id = i.lms_lead_id
        LEFT JOIN customer_aliases alias  ON alias.lms_lead_id = i.lms_lead_id
    ),
    fresh AS (
      SELECT line, lms_lead_id COLLATE "C" AS lead,
             CASE WHEN lms_lead_id IS NULL THEN address
                  ELSE first_value(address) OVER by_lead END COLLATE "C" AS address,
             lms_lead_id IS NOT NULL AND row_number() OVER by_lead = 1   AS begins
        FROM named
       WHERE is_fresh
      WINDOW by_lead AS (PARTITION BY lms_lead_id COLLATE "C" ORDER BY line)
    ),
    addresses AS (
      SELECT email_folded COLLATE "C" AS address, count(*) AS fits, min(id) AS fitting,
             count(*) FILTER (WHERE lms_lead_id IS NULL) AS free, min(id) FILTER (WHERE lms_lead_id IS NULL) AS free_id
        FROM customers
       WHERE email_folded IN (SELECT address FROM fresh WHERE address IS NOT NULL) AND erased_at IS NULL
       GROUP BY 1
    ),
    placed AS (
      SELECT f.*, coalesce(a.fits, 0) AS fits, coalesce(a.free, 0) AS free, a.fitting, a.free_id,
             sum(f.begins::int) OVER (PARTITION BY f.address ORDER BY f.line) AS leads
        FROM fresh f
        LEFT JOIN addresses a ON a.address = f.address
    ),
    ranked AS (
      SELECT p.*, CASE WHEN lead IS NOT NULL THEN first_value(leads) OVER (PARTITION BY lead ORDER BY line) END AS place
        FROM placed p
    ),
    decided AS (
      SELECT line,
             CASE WHEN lead IS NULL AND leads > CASE WHEN fits = 0 OR (fits = 1 AND free = 1) THEN 1
                                                     WHEN fits = 1 THEN 0 ELSE -1 END THEN '{AMBIGUOUS}' END AS problem,
             CASE WHEN lead IS NULL THEN fitting
                  WHEN address IS NOT NULL AND place = 1 AND free = 1 THEN free_id END                     AS person,
             CASE WHEN lead IS NULL OR (address IS NOT NULL AND place = 1 AND fits = 0) THEN 'e:' || address
                  ELSE 'l:' || lead END                                                                    AS maker
        FROM ranked
    ),
    judged AS (SELECT *, person IS NULL AND problem IS NULL AS makes FROM decided),
    makers AS (
      SELECT maker, nextval('customers_id_seq') AS person
        FROM (SELECT maker FROM judged WHERE makes AND {{creates}}
               GROUP BY maker ORDER BY min(line)) first_named
    ),
    settled AS (
      SELECT n.line, coalesce(n.known, j.person, m.person) AS person, m.person IS NOT NULL AS is_new,
             coalesce(n.problem, j.problem,
                      CASE WHEN coalesce(n.known, j.person, m.person) IS NULL THEN '{NOT_CREATED}' END) AS problem,
             n.lms_lead_id, n.email, n.first_name, n.last_name, n.mobile, n.timezone, n.created_date,
             n.attributes, n.cleared
        FROM named n
        LEFT JOIN judged j ON j.line = n.line
        LEFT JOIN makers m ON m.maker = j.maker AND j.makes
    ),
    piled AS (
      SELECT s.*,
             row_number() OVER by_person = 1          AS is_first,
             lead(line) OVER by_person IS NULL        AS is_last,
             jsonb_merged(jsonb_strip_nulls(jsonb_build_object({PATCH}))
                          || coalesce((SELECT jsonb_object_agg(name, NULL) FROM unnest(cleared) name), '{{{{}}}}'))
               OVER before_it                         AS prior_columns,
             jsonb_merged(attributes) OVER before_it  AS prior_attributes
        FROM settled s
      WINDOW by_person AS (PARTITION BY person, problem ORDER BY line),
             before_it AS (PARTITION BY person, problem ORDER BY line ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ),
    compared AS (
      SELECT p.*,
             CASE WHEN p.problem IS NOT NULL THEN NULL
                  WHEN p.is_new AND p.is_first THEN 'created'
                  WHEN p.is_first AND {_changes("c")} THEN 'updated'
                  WHEN NOT p.is_first AND {_changes("b")} THEN 'updated'
                  ELSE 'unchanged' END AS outcome
        FROM piled p
        LEFT JOIN customers c ON c.id = p.person
       CROSS JOIN LATERAL (SELECT {", ".join(f"{BEFORE[name]} AS {name}" for name in COLUMNS)},
                                  CASE WHEN p.prior_attributes = '{{{{}}}}' THEN coalesce(c.attributes, '{{{{}}}}')
                                       ELSE jsonb_strip_nulls(coalesce(c.attributes, '{{{{}}}}') || p.prior_attributes)
                                  END AS attributes) b
    )
    SELECT *, is_last AND bool_or(outcome <> 'unchanged') OVER (PARTITION BY person, problem) AS writes
      FROM compared
"""


def people(incoming: str, creates: str = "true", with_ids: bool = True) -> str:
    """Without ids among the rows nobody is looked up by id: a second a million."""
    own = "own.id = i.customer_id" if with_ids else "false"
    return PEOPLE.format(incoming=incoming, creates=creates, own=own)
