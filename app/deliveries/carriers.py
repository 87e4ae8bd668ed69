"""Which provider carries the mail of this installation."""

from __future__ import annotations

from datetime import timedelta

from app import running
from app.claims import NotYet
from app.deliveries.providers import Closed, Provider, outbox, resend, smtp

BUILT: dict[str, Provider] = {"outbox": outbox, "resend": resend, "smtp": smtp}


def carrier() -> Provider:
    """Raises Closed for one that may be named but is not there."""
    named = running.config().mail_provider
    if named not in BUILT:
        raise Closed(f"MAIL_PROVIDER={named} is not built in yet: use resend, smtp, or outbox, which sends nothing.")
    return BUILT[named]


def expected() -> Provider:
    """For work that waits until it is there."""
    try:
        return carrier()
    except Closed as closed:
        raise NotYet(str(closed), timedelta(minutes=1)) from None


def rest() -> None:
    """Nothing to send for the moment: whoever keeps a connection open for the next mail lets go of it."""
    smtp.rest()
