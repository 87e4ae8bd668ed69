"""What providers have to know of addresses: how the DNS spells them, and how to keep them out of a reason."""

from __future__ import annotations

import re
import unicodedata

ADDRESS = re.compile(r"[^\s<>\"'`,;:()]+@[^\s<>\"'`,;:()]+")
DOTS = re.compile("[.\u3002\uff0e\uff61]")
# Python's `idna` writes the first two as “ss” and “σ” and forgets the others: that may be somebody else's domain.
OTHERWISE_TODAY = frozenset("ßς\u200c\u200d")


def in_ascii(address: str) -> str:
    """A domain with letters of its own in the spelling of the DNS; what cannot be spelt so is theirs to refuse."""
    if address.isascii():
        return address
    person, _, domain = address.rpartition("@")
    try:
        return f"{person}@{'.'.join(map(_label, DOTS.split(domain)))}"
    except UnicodeError:
        return address


def _label(label: str) -> str:
    plain = unicodedata.normalize("NFC", label.lower())
    if OTHERWISE_TODAY.isdisjoint(plain):
        return label.encode("idna").decode()
    return "xn--" + plain.encode("punycode").decode()


def cleaned(message: str) -> str:
    """Fit to be kept as a reason: without anybody's address."""
    return " ".join(ADDRESS.sub("…", message[:1000]).split())[:200]
