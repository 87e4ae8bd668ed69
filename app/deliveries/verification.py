"""Whether the domains that mail comes from are in order. Pages read what is kept here; only the job looks anything up.

What nobody answered leaves the last answer as it was. Only the provider's own no refuses anything.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from app import running
from app.clock import clock
from app.db import db
from app.deliveries import alarms, records
from app.deliveries.asking import Questions
from app.deliveries.finding import KINDS, WORST_FIRST, Finding, State, Unanswered, kept
from app.deliveries.providers import resend_domains, ses_domains
from app.deliveries.providers.addresses import in_ascii
from app.deliveries.providers.standing import Needs, Standing
from app.deliveries.sender_check import SenderCheck
from app.settings import senders

DAILY, HOURLY = timedelta(days=1), timedelta(hours=1)
AFRESH = {"waiting_since": func.now(), "not_before": func.now(), "attempts": 0, "error": None, "failed_at": None}
NOT_YET = Finding(state="unanswered", said="It has not been looked up yet.")


@dataclass(frozen=True)
class Known:
    """Of one domain. `checked_at` none: this provider was not asked yet; `trouble`: what broke the last look-up off."""

    domain: str
    checked_at: datetime | None
    is_due: bool
    findings: dict[str, Finding]
    trouble: str = ""

    @property
    def is_settled(self) -> bool:
        return all(one.is_settled for one in self.findings.values())

    @property
    def state(self) -> State:
        """The worst of them."""
        states = [one.state for one in self.findings.values()]
        return next((one for one in WORST_FIRST if one in states), "good")


def settle(now: datetime) -> None:
    """A row for each domain that mail comes from, none for others; what another provider said is asked anew."""
    wanted = sorted(_domains())
    gone = delete(SenderCheck).where(SenderCheck.domain.not_in(wanted)).returning(SenderCheck.domain)
    for domain in db.session.scalars(gone).all():
        alarms.sender_gone(domain)
    if wanted:
        new = insert(SenderCheck).values([{"domain": one, "waiting_since": now, "not_before": now} for one in wanted])
        db.session.execute(new.on_conflict_do_nothing(index_elements=[SenderCheck.domain]))
    theirs = SenderCheck.provider != running.config().mail_provider
    db.session.execute(update(SenderCheck).where(theirs, SenderCheck.not_before > now).values(AFRESH))


def again(domain: str, now: datetime) -> bool:
    """A person wants it looked up now. False: no mail comes from there."""
    settle(now)
    asked = update(SenderCheck).where(SenderCheck.domain == domain).values(AFRESH).returning(SenderCheck.domain)
    return db.session.execute(asked).first() is not None


def check(domain: str, now: datetime) -> None:
    """Everything is asked before the row is touched: no transaction stays open meanwhile."""
    answers = _looked_up(domain)
    row = db.session.get(SenderCheck, domain)
    if row is None:  # its last sender went meanwhile
        return
    before = _of(row).findings
    row.findings = {kind: _told(answer, before[kind], now) for kind, answer in answers.items()}
    row.provider, row.checked_at = running.config().mail_provider, now
    alarms.sender_stands(domain, refused=refusal(f"@{domain}"))


def next_look(domain: str, now: datetime) -> datetime:
    row = db.session.get(SenderCheck, domain)
    return now + (DAILY if row is None or _of(row).is_settled else HOURLY)


def everything() -> list[Known]:
    known = {domain: _unknown(domain) for domain in _domains()}
    known.update({row.domain: _of(row) for row in db.session.scalars(select(SenderCheck))})
    return [known[domain] for domain in sorted(known)]


def of(mailbox: str) -> Known:
    """Of an address, or a name and an address."""
    domain = domain_of(mailbox)
    row = db.session.get(SenderCheck, domain)
    return _of(row) if row else _unknown(domain)


def refusal(mailbox: str) -> str:
    """What the provider said, where it said no to this sender."""
    said = of(mailbox).findings["provider"]
    return said.said if said.state == "refused" else ""


def worries(mailbox: str) -> list[str]:
    """What is not as it should be, or not known. Where nothing leaves this machine, nothing is."""
    if running.config().sends_nothing:
        return []
    known = of(mailbox)
    if known.checked_at is None:
        return [f"Nobody has looked up {known.domain} yet, the domain that it comes from. Settings → Senders."]
    return [
        f"{KINDS[kind]} of {known.domain}: {one.unanswered or one.said} Settings → Senders."
        for kind, one in known.findings.items()
        if not one.is_settled and one.state != "refused"
    ]


def domain_of(mailbox: str) -> str:
    """Without a parser of addresses: a name with a comma in it is two to most of them."""
    _, at, domain = in_ascii(mailbox.rpartition("<")[2].strip(" >")).rpartition("@")
    return domain.lower() if at else ""


def _domains() -> set[str]:
    everyone = senders.everyone()
    mailboxes = [sender.email for sender in everyone]
    if not any(sender.is_default for sender in everyone):
        mailboxes.append(running.config().mail_from)
    return {domain for mailbox in mailboxes if (domain := domain_of(mailbox))}


def _unknown(domain: str) -> Known:
    return Known(domain, None, False, dict.fromkeys(KINDS, NOT_YET))


def _of(row: SenderCheck) -> Known:
    is_ours = row.provider == running.config().mail_provider
    found = msgspec.convert(row.findings, dict[str, Finding]) if is_ours else {}
    is_due = row.waiting_since is not None and row.not_before <= clock()
    findings = {kind: found.get(kind, NOT_YET) for kind in KINDS}
    return Known(row.domain, row.checked_at if is_ours else None, is_due, findings, row.error or "")


def _looked_up(domain: str) -> dict[str, Finding | str]:
    """A finding, or why there is none."""
    standing, ask = STANDINGS.get(running.config().mail_provider, _unasked)(domain), Questions()
    return {
        "provider": standing.finding or standing.unanswered,
        "spf": _or_why_not(lambda: records.spf(ask, standing.needs)),
        "dkim": _or_why_not(lambda: records.dkim(ask, standing.needs)),
        "dmarc": _or_why_not(lambda: records.dmarc(ask, domain)),
    }


def _or_why_not(ask: Callable[[], Finding]) -> Finding | str:
    try:
        return ask()
    except Unanswered as unanswered:
        return str(unanswered)


def _told(answer: Finding | str, before: Finding, now: datetime) -> dict[str, object]:
    told = kept(before, answer) if isinstance(answer, str) else msgspec.structs.replace(answer, answered_at=now)
    found: dict[str, object] = msgspec.to_builtins(told)
    return found


def _outbox(domain: str) -> Standing:
    said = "The local outbox: nothing leaves this machine, so there is nothing to verify."
    return Standing(Needs(domain), Finding(state="nothing", said=said))


def _mail_server(domain: str) -> Standing:
    said = "A mail server keeps no list of senders: it says of each mail whether it takes it."
    return Standing(Needs(domain, spf=_spf_of_server()), Finding(state="nothing", said=said))


def _spf_of_server() -> str:
    """It may hand mail on to another; then whoever runs it knows better."""
    server = running.config().mail_server
    host = server.host.rstrip(".") if server else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return f"v=spf1 a:{host} ~all" if "." in host else ""
    return f"v=spf1 ip{address.version}:{address} ~all" if address.is_global else ""


def _unasked(domain: str) -> Standing:
    said = "This provider is not asked from here: see its own pages."
    return Standing(Needs(domain), Finding(state="unanswered", said=said))


# How each provider is asked. Who is not among them is not asked.
STANDINGS: dict[str, Callable[[str], Standing]] = {
    "outbox": _outbox,
    "resend": resend_domains.standing,
    "smtp": _mail_server,
    "ses": ses_domains.standing,
}
