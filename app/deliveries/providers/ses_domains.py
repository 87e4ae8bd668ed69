"""Which domains SES has verified, and the records that it wants for one: asked for, never changed.

An account may also know single addresses of a domain, so a domain that it does not know is no refusal.
"""

from __future__ import annotations

from typing import Any

from app import running
from app.deliveries import pace
from app.deliveries.finding import Finding, Record, Unanswered, shown
from app.deliveries.providers.addresses import cleaned
from app.deliveries.providers.provider import Busy, Closed, Rejected, Unknown
from app.deliveries.providers.said import Said
from app.deliveries.providers.standing import Needs, Standing

name = "ses"
INCLUDE = "include:amazonses.com"
NO_RIGHT = ("AccessDeniedException", "AccessDenied", "NotAuthorized")
UNKNOWN = "SES knows no domain {}: add it there and verify it, unless a single address of it is verified."
WITHHELD = "These credentials may only send, so SES does not say: its console does, or the right ses:GetEmailIdentity."
NOT_YET = "SES has not verified it yet: it says “{}”."


def standing(domain: str) -> Standing:
    """Raises NotYet while as many calls as it allows are on their way."""
    try:
        known = _asked(domain)
    except Unanswered as unanswered:
        return Standing(_usual(domain), unanswered=str(unanswered))
    except Said as said:
        return _no(domain, said)
    return Standing(_needs(domain, known), _said(domain, known))


def _asked(domain: str) -> dict[str, Any]:
    """AWS's library takes a third of a second to load: nobody pays for it who does not send by SES."""
    from app.deliveries.providers import aws

    pace.take(name, pace.URGENT)
    try:
        return aws.identity(running.config().ses, domain)
    except (Busy, Closed, Rejected, Unknown) as error:
        raise Unanswered(cleaned(str(error))) from None


def _no(domain: str, said: Said) -> Standing:
    usual = _usual(domain)
    if said.name == "NotFoundException":
        return Standing(usual, Finding(state="pending", said=UNKNOWN.format(domain)))
    if said.name in NO_RIGHT:
        return Standing(usual, Finding(state="unanswered", said=WITHHELD))
    return Standing(usual, unanswered=f"SES said {said.status} {said.name}".rstrip() + f": {cleaned(said.message)}")


def _said(domain: str, known: dict[str, Any]) -> Finding:
    if known.get("VerifiedForSendingStatus") is True:
        return Finding(state="good", said="SES has verified it.")
    status = shown(str(known.get("VerificationStatus") or "not verified").lower().replace("_", " "))
    if status == "failed":
        return Finding(state="refused", said=f"SES takes no mail from {domain}: it could not verify it.")
    return Finding(state="pending", said=NOT_YET.format(status))


def _needs(domain: str, known: dict[str, Any]) -> Needs:
    """A subdomain for bounces, and keys, where the account has them."""
    back = (known.get("MailFromAttributes") or {}).get("MailFromDomain") or domain
    tokens = (known.get("DkimAttributes") or {}).get("Tokens") or ()
    keys = tuple(Record(f"{one}._domainkey.{domain}", f"{one}.dkim.amazonses.com", "CNAME") for one in tokens)
    return Needs(str(back), INCLUDE, f"v=spf1 {INCLUDE} ~all", keys)


def _usual(domain: str) -> Needs:
    return Needs(domain, INCLUDE, f"v=spf1 {INCLUDE} ~all")
