"""Which provider carries the mail of this installation."""

from __future__ import annotations

from datetime import timedelta

from app import running
from app.claims import NotYet
from app.deliveries.providers import Closed, Provider, outbox, resend, ses, smtp

BUILT: dict[str, Provider] = {"outbox": outbox, "resend": resend, "smtp": smtp, "ses": ses}


def carrier() -> Provider:
    """Raises Closed for one that may be named but is not there."""
    named = running.config().mail_provider
    if named not in BUILT:
        raise Closed(f"MAIL_PROVIDER={named} is not built in: use resend, smtp, ses, or outbox, which sends nothing.")
    return BUILT[named]


def expected() -> Provider:
    """For work that waits until it is there."""
    try:
        return carrier()
    except Closed as closed:
        raise NotYet(str(closed), timedelta(minutes=1)) from None


def get_ready() -> None:
    """For a process that others are forked from: what takes long to load is there when they are born."""
    ses.get_ready()


def ask() -> None:
    """Before there is anything on its way: whoever does not say with each answer how fast it may go is asked."""
    ses.ask()


def rest() -> None:
    """Nothing to send for the moment: whoever keeps a connection open for the next mail lets go of it."""
    smtp.rest()
    ses.rest()
