"""Which domains Resend has verified, and the records that it wants for one: asked for, never changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote, urlencode

import msgspec
from urllib3 import HTTPConnectionPool

from app.deliveries.finding import Finding, Record, Unanswered, shown
from app.deliveries.providers.resend_reading import Withheld, asked, connected
from app.deliveries.providers.standing import Needs, Standing

name = "resend"
PAGES, A_PAGE = 10, 100
INCLUDE = "include:amazonses.com"  # it sends through SES
OF_THEIRS = "resend.dev"  # for trials: mail from there reaches the owner of the account, nobody else
VERIFIED = ("verified", "partially_verified", "partially_failed")  # the part that is not may be receiving
FOR_TRIALS = "It is Resend's own, for trials: only the owner of the account gets mail from it."


class _Capabilities(msgspec.Struct):
    sending: str = ""


class _Listed(msgspec.Struct):
    """A record that they ask for; `name` as their page shows it, without the domain that it is registered under."""

    record: str = ""
    name: str = ""
    type: str = ""
    value: str = ""


class _Domain(msgspec.Struct):
    id: str
    name: str
    status: str
    capabilities: _Capabilities | None = None
    records: list[_Listed] | None = None


class _Page(msgspec.Struct):
    data: list[_Domain]
    has_more: bool = False


def standing(domain: str) -> Standing:
    """Raises NotYet while as many calls as they allow are on their way."""
    usual = _usual(domain)
    pool = connected()
    try:
        listed = next((one for one in _listed(pool) if one.name.lower() == domain), None)
        return Standing(_needs(pool, listed, usual) if listed else usual, _said(listed, domain))
    except Withheld as withheld:
        return Standing(usual, Finding(state="unanswered", said=str(withheld)))
    except Unanswered as unanswered:
        return Standing(usual, unanswered=str(unanswered))
    finally:
        pool.close()


def _usual(domain: str) -> Needs:
    """What they ask of nearly everybody; the key itself only they can tell."""
    key = Record(f"resend._domainkey.{domain}", "")
    return Needs(f"send.{domain}", INCLUDE, f"v=spf1 {INCLUDE} ~all", (key,))


def _said(listed: _Domain | None, domain: str) -> Finding:
    if listed is None and domain == OF_THEIRS:
        return Finding(state="pending", said=FOR_TRIALS)
    if listed is None:
        said = f"Resend does not know {domain}: add it to your account there, and verify it."
        return Finding(state="refused", said=said)
    status = shown(listed.status)
    if listed.status == "failed" or (listed.capabilities and listed.capabilities.sending == "disabled"):
        return Finding(state="refused", said=f"Resend takes no mail from {domain}: it says “{status}”.")
    if listed.status in VERIFIED:
        return Finding(state="good", said="Resend has verified it.")
    return Finding(state="pending", said=f"Resend has not verified it yet: it says “{status}”.")


def _needs(pool: HTTPConnectionPool, listed: _Domain, usual: Needs) -> Needs:
    """Their own list of records, where they give one."""
    try:
        whole = asked(pool, f"/domains/{quote(listed.id, safe='')}", _Domain)
    except (Unanswered, Withheld):
        return usual
    listing = [(one, Record(_whole(one.name, listed.name.lower()), one.value, one.type)) for one in whole.records or ()]
    keys = tuple(record for one, record in listing if one.record == "DKIM" and one.type in ("TXT", "CNAME"))
    spf = next((record for one, record in listing if one.record == "SPF" and one.type == "TXT"), None)
    if spf is None:
        return replace(usual, keys=keys or usual.keys)
    include = next((word for word in spf.value.lower().split() if word.startswith("include:")), "")
    return Needs(spf.name, include, spf.value, keys or usual.keys)


def _whole(relative: str, domain: str) -> str:
    """Of news.example.com they write send.news and mean send.news.example.com."""
    written, labels = relative.lower().rstrip("."), domain.split(".")
    if written in ("", "@", domain):
        return domain
    for count in range(len(labels), 0, -1):
        if written.endswith(f".{'.'.join(labels[:count])}"):
            return ".".join([written, *labels[count:]])
    return f"{written}.{domain}"


def _listed(pool: HTTPConnectionPool) -> Iterator[_Domain]:
    """All of them, or Unanswered: what was not read to its end does not say who is missing."""
    after = ""
    for _ in range(PAGES):
        page = asked(pool, f"/domains?{urlencode({'limit': A_PAGE} | ({'after': after} if after else {}))}", _Page)
        yield from page.data
        if not page.has_more:
            return
        if not page.data or page.data[-1].id == after:
            break
        after = page.data[-1].id
    raise Unanswered("Resend's list of domains has no end.")
