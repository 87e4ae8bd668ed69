"""Questions to the DNS about one domain: short, few, and all of them together at an end in time."""

from __future__ import annotations

import time

import dns.exception
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver

from app import running
from app.deliveries.finding import Unanswered

ONE, ALL = 3.0, 10.0  # seconds for a question, and for those about a domain
UDP = 1232  # bytes that come unharmed through any network; what is longer is fetched by TCP
OFF = "DNS_SERVERS=none: nothing is looked up."
NAMELESS = "This machine names no DNS server."
SILENT = "The DNS did not answer in time."
FAILING = "The DNS had no answer that could be used ({})."


class Questions:
    def __init__(self) -> None:
        self._ends = time.monotonic() + ALL

    def texts(self, name: str) -> list[str]:
        """The TXT records there, each in one piece; none where nothing has this name. Raises Unanswered."""
        left = min(ONE, self._ends - time.monotonic())
        try:
            return _asked(_resolver(), name, left)
        except dns.resolver.NoResolverConfiguration:
            raise Unanswered(NAMELESS) from None
        except dns.exception.Timeout:
            raise Unanswered(SILENT) from None
        except (dns.exception.DNSException, OSError) as error:
            raise Unanswered(FAILING.format(type(error).__name__)) from None


def _asked(resolver: dns.resolver.Resolver, name: str, seconds: float) -> list[str]:
    """The whole name, from the root: no search path of this machine may answer for another domain.

    In an order of ours: name servers take turns, and what is kept would seem to change.
    """
    whole = dns.name.from_text(f"{name}.")
    try:
        answer = resolver.resolve(whole, dns.rdatatype.TXT, lifetime=seconds, search=False, raise_on_no_answer=False)
    except dns.resolver.NXDOMAIN:
        return []
    return sorted(b"".join(record.strings).decode("ascii", "replace") for record in answer)


def _resolver() -> dns.resolver.Resolver:
    servers = running.config().dns_servers
    if servers is None:
        raise Unanswered(OFF)
    resolver = dns.resolver.Resolver(configure=not servers)
    if servers:
        resolver.nameservers = [dns.nameserver.Do53Nameserver(one.address, one.port) for one in servers]
    resolver.timeout = ONE / 2
    resolver.use_edns(0, 0, UDP)
    return resolver
