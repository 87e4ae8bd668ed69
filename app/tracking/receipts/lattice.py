"""What the receipts of a mail make of it, whatever the order in which they come and however often.

Each kind marks a time on the mail, and the earliest stays; the state is the gravest that is marked. Both are sums that
do not know an order: least() of times, and the first line of a table.
"""

from __future__ import annotations

from app.deliveries.delivery import ACCEPTED

# The gravest first. A server may take a mail and send it back later, so a bounce counts more than a delivery.
GRAVEST = ("complained", "bounced", "delivered")
# That it could not be sent after all is written down beside the state: the provider had accepted it.
MARKS = {**{kind: f"{kind}_at" for kind in GRAVEST}, "failed": "failed_later_at"}
# These say no more than that the provider has it; which any receipt does.
UNMARKED = ("sent", "delivery_delayed")
EFFECTIVE = (*UNMARKED, *MARKS)
KINDS = (*EFFECTIVE, "ignored")
# Nobody knew yet what became of it: any receipt settles that.
OPEN = ("sealed", "uncertain")
HEARD = (*OPEN, *ACCEPTED)

_WHENS = " ".join(
    f"WHEN coalesce(d.{MARKS[kind]}, CAST(:{MARKS[kind]} AS timestamptz)) IS NOT NULL THEN '{kind}'" for kind in GRAVEST
)
_EARLIEST = ", ".join(f"{mark} = least(d.{mark}, CAST(:{mark} AS timestamptz))" for mark in MARKS.values())
_CHANGES = " OR ".join(f"CAST(:{mark} AS timestamptz) < coalesce(d.{mark}, 'infinity')" for mark in MARKS.values())
# Settled by a receipt, it was accepted when it left this machine: that is the same whichever receipt comes first.
SETTLE = f"""
    UPDATE deliveries d
       SET state = CASE {_WHENS} ELSE 'accepted' END,
           reason = NULL,
           provider_id = coalesce(d.provider_id, :provider_id),
           accepted_at = coalesce(d.accepted_at, (SELECT b.posted_at FROM batches b
                                                   WHERE b.run_id = d.run_id AND b.part = d.part), :at),
           {_EARLIEST}
     WHERE d.id = :id AND d.state = ANY (:heard) AND (d.state = ANY (:open) OR {_CHANGES})
"""
