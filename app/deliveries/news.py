"""What became of mails, told to the systems that asked for it: each fact of each mail once, in its own transaction."""

from __future__ import annotations

from collections.abc import Collection

from app.hooks import telling

MOMENTS = ("delivered", "clicked", "unsubscribed", "bounced", "complained", "converted")
KINDS = {f"mail.{name}": f"{name}_at" for name in MOMENTS}
# Whoever was erased, or held out of the mail, is nobody's news.
FACTS = f"""
    SELECT said.kind, said.kind || ':' || d.id AS key, said.at, d.customer_id,
           jsonb_build_object('delivery_id', d.id, 'run_id', d.run_id, 'automation_id', r.automation_id,
                              'name', r.name, 'customer_id', d.customer_id, 'lms_lead_id', c.lms_lead_id) AS data
      FROM deliveries d
      JOIN runs r ON r.id = d.run_id
      JOIN customers c ON c.id = d.customer_id AND c.erased_at IS NULL
     CROSS JOIN LATERAL (VALUES {", ".join(f"('{kind}', d.{at})" for kind, at in KINDS.items())}) said(kind, at)
     WHERE d.id = ANY (CAST(:ids AS bigint[])) AND said.at IS NOT NULL AND d.accepted_at IS NOT NULL
"""


def tell(delivery_ids: Collection[int]) -> None:
    """Whatever has been written on these mails just now. Never commits."""
    telling.tell(list(KINDS), FACTS, {"ids": list(delivery_ids)})
