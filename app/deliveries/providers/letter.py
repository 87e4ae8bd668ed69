"""A mail as it goes over the wire: its headers in ASCII, its text and its HTML side by side in lines that any server
takes. Written by hand: the library's own classes take five times as long and leave a sender with a comma in pieces.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import quote, urlsplit

import msgspec

from app.content.headers import one_line
from app.deliveries.providers.addresses import in_ascii
from app.deliveries.providers.provider import Mail

NAMED = re.compile(r"\s*([^<>]*?)\s*<([^<>]*)>\s*")
FIT = re.compile(r"[^\s<>,;:\"()\\\[\]@\x00-\x1f\x7f]+@[^\s<>,;:\"()\\\[\]@\x00-\x1f\x7f]+")
LONGEST = 900  # characters of a header: a line may have 998
A_WORD = 39  # bytes: in base64 and with the name of its header before it the line has less than 76 characters
PLAIN = "".join(map(chr, range(0x21, 0x7F)))
BEYOND_ASCII = bytes(range(0x80, 0x100))
BORDER = "=_campus"  # neither of the two encodings ever writes “=_”
SENDER = "The sender has no address that could stand in a mail."
REPLY_TO = "The address for answers is not one."


class Letter(msgspec.Struct):
    """`wrong`: why it cannot be sent, whoever it is for."""

    id: str
    sender: str
    to: str
    message: bytes
    wrong: str = ""


def written(mail: Mail, base_url: str) -> Letter:
    _, sender = _parted(mail.sender)
    message_id = f"{mail.key}@{host(base_url)}"
    lines = "\r\n".join(_headers(mail, message_id))
    # A person's name in front of the @ stays as it is: only a server that takes UTF-8 gets to see it.
    message = lines.encode("utf-8", "replace") + b"\r\n" + _body(mail)
    return Letter(message_id, sender, in_ascii(mail.to), message, _wrong(mail, sender))


def is_fit(address: str) -> bool:
    return FIT.fullmatch(address) is not None


def host(base_url: str) -> str:
    """Of this installation, as mail writes it."""
    named = urlsplit(base_url).hostname or "localhost"
    if ":" in named:
        return f"[IPv6:{named}]"
    return f"[{named}]" if named.replace(".", "").isdecimal() else in_ascii(f"@{named}")[1:]


def _wrong(mail: Mail, sender: str) -> str:
    if not (sender.isascii() and is_fit(sender)):
        return SENDER
    return REPLY_TO if mail.reply_to and not is_fit(_parted(mail.reply_to)[1]) else ""


def _headers(mail: Mail, message_id: str) -> Iterator[str]:
    yield f"Message-ID: <{message_id}>"
    yield f"Date: {format_datetime(datetime.now(UTC))}"
    yield f"From: {_mailbox(mail.sender)}"
    yield f"To: <{one_line(in_ascii(mail.to), LONGEST)}>"
    if mail.reply_to:
        yield f"Reply-To: {_mailbox(mail.reply_to)}"
    yield f"Subject: {_words(mail.subject)}"
    for name, value in mail.headers.items():
        yield f"{_name(name)}: {_value(value)}"
    for name, value in mail.tags.items():
        yield f"X-Campus-{_name(name.replace('_', '-')).title()}: {_words(value)}"
    yield "MIME-Version: 1.0"


def _parted(mailbox: str) -> tuple[str, str]:
    """A name, perhaps none, and an address."""
    found = NAMED.fullmatch(mailbox)
    name, address = found.groups() if found else ("", mailbox.strip())
    is_quoted = len(name) > 1 and name[0] == name[-1] == '"'
    return name[1:-1] if is_quoted else name, in_ascii(address)


def _mailbox(mailbox: str) -> str:
    name, address = (one_line(one, LONGEST) for one in _parted(mailbox))
    if not name:
        return f"<{address}>"
    quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{quoted if _is_plain(name) else _words(name)} <{address}>"


def _name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9-]", "", name)


def _value(value: str) -> str:
    """Words, or words and something in angle brackets that is for machines."""
    line = one_line(value, LONGEST)
    found = NAMED.fullmatch(line)
    if line.isascii() or not found:
        return line if line.isascii() else _words(line)
    said, machine = found.groups()
    return f"{_words(said)} <{quote(machine, safe=PLAIN)}>".strip()


def _words(text: str) -> str:
    """As they are where they are plain, else each part of them in base64, folded."""
    line = one_line(text, LONGEST)
    if _is_plain(line):
        return line
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(word).decode()}?=" for word in _cut(line))


def _cut(line: str) -> Iterator[bytes]:
    """Between two letters, never inside one."""
    word = b""
    for letter in map(str.encode, line):
        if len(word) + len(letter) > A_WORD:
            yield word
            word = b""
        word += letter
    yield word


def _is_plain(line: str) -> bool:
    return line.isascii() and "=?" not in line


def _body(mail: Mail) -> bytes:
    parts = [_part(kind, said) for kind, said in (("plain", mail.text), ("html", mail.html)) if said]
    if len(parts) < 2:
        return (parts[0] if parts else _part("plain", "")) + b"\r\n"
    border = f"--{BORDER}".encode()
    head = f'Content-Type: multipart/alternative; boundary="{BORDER}"\r\n\r\n'.encode()
    return head + b"".join(border + b"\r\n" + part + b"\r\n" for part in parts) + border + b"--\r\n"


def _part(kind: str, said: str) -> bytes:
    lines = said.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n").encode("utf-8", "replace")
    encoding, body = _encoded(lines)
    head = f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + body


def _encoded(lines: bytes) -> tuple[str, bytes]:
    """The shorter of the two: quoted, each byte beyond ASCII is three."""
    beyond = len(lines) - len(lines.translate(None, BEYOND_ASCII))
    if beyond * 6 > len(lines):
        return "base64", base64.encodebytes(lines).replace(b"\n", b"\r\n")
    return "quoted-printable", binascii.b2a_qp(lines)
