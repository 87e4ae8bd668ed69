"""A lot for each person, drawn without dice: a hash of a word and the person, the same whenever it is asked.

Two words draw two lots that say nothing of each other.
"""

from __future__ import annotations

MOST = 2**32  # each is below


def drawn(word: str) -> str:
    """Of a `customer_id`, as SQL; `word` is a placeholder.

    SHA-256, not hashint8: what it says of a person outlives every version of PostgreSQL.
    """
    said = f"convert_to(CAST({word} AS text) || '-' || customer_id, 'UTF8')"
    return f"CAST('x' || left(encode(sha256({said}), 'hex'), 8) AS bit(32))::bigint"
