"""What a mail of a call must look like; a batch is refused as a whole, or permissively mail by mail."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

MOST = 100
ADDRESS = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+\.[^\s@<>\"]+")
NAMED = re.compile(r"[^<>]*<([^<>]+)>")
TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
NOTHING = (b'""', b"null")
FORM = "The email address needs to follow the `email@example.com` or `Name <email@example.com>` format."


class Tag(msgspec.Struct):
    name: str
    value: str


class Mail(msgspec.Struct, kw_only=True):
    """The bodies are not read, only looked at: they are most of the bytes."""

    sender: str = msgspec.field(name="from", default="")
    to: str | list[str] = msgspec.field(default_factory=list)
    subject: str = ""
    html: msgspec.Raw = msgspec.Raw(b'""')
    text: msgspec.Raw = msgspec.Raw(b'""')
    reply_to: str | list[str] | None = None
    headers: dict[str, str] | None = None
    tags: list[Tag] | None = None
    attachments: msgspec.Raw | None = None
    scheduled_at: msgspec.Raw | None = None

    @property
    def people(self) -> list[str]:
        return [self.to] if isinstance(self.to, str) else self.to


class Unreadable(Exception):
    """The call is no list of mails."""


def read(body: bytes) -> list[tuple[Mail | None, str]]:
    """Each with what is wrong with it, or nothing."""
    try:
        found: list[Mail | str] = list(msgspec.json.decode(body, type=list[Mail]))
    except (msgspec.DecodeError, UnicodeDecodeError):
        found = [_one(one) for one in raw(body)]
    if not 0 < len(found) <= MOST:
        raise Unreadable(f"The batch must hold 1 to {MOST} mails.")
    return [(None, one) if isinstance(one, str) else (one, wrong(one)) for one in found]


def wrong(mail: Mail) -> str:
    """Nothing, where nothing is."""
    return next((words for is_wrong, words in _faults(mail) if is_wrong), "")


def _faults(mail: Mail) -> Iterator[tuple[bool, str]]:
    for name, value in (("from", mail.sender), ("to", mail.to), ("subject", mail.subject)):
        yield not value, f"Missing `{name}` field."
    yield not _is_address(mail.sender), f"Invalid `from` field. {FORM}"
    yield len(mail.people) > 50 or not all(map(_is_address, mail.people)), f"Invalid `to` field. {FORM}"
    yield all(bytes(part) in NOTHING for part in (mail.html, mail.text)), "Missing `html` or `text` field."
    yield bool(mail.attachments or mail.scheduled_at), "A batch takes no `attachments` and no `scheduled_at`."
    is_told = all(TAG.fullmatch(tag.name) and TAG.fullmatch(tag.value) for tag in mail.tags or ())
    yield not is_told, "Tags should only contain ASCII letters, numbers, underscores, or dashes."


def raw(body: bytes) -> list[msgspec.Raw]:
    """Each as it was written."""
    try:
        return msgspec.json.decode(body, type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreadable(str(error)) from None


def _one(raw: msgspec.Raw) -> Mail | str:
    try:
        return msgspec.json.decode(raw, type=Mail)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return str(error)


def _is_address(written: str) -> bool:
    named = NAMED.fullmatch(written)
    address = named[1] if named else written
    return bool(address.isascii() and ADDRESS.fullmatch(address))
