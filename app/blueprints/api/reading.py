"""From a body to items: each is read for itself, so that a bad one is named and the others are kept."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from typing import TypeVar

import msgspec
from flask import request

from app.blueprints.api.refusals import Refusal
from app.tally import Reject

MOST = 1_000
NUL = b"\\u0000"
ESCAPED = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|u[dD][89a-fA-F]..|.)", re.DOTALL)
LONE = len(rb"\ud800")
AT = re.compile(r" - at `\$\.?(?P<field>[^`]*)`$")
QUOTED = re.compile(r"`(?P<field>[^`]*)`")

Shape = TypeVar("Shape", bound=msgspec.Struct)
Whole = TypeVar("Whole")


def body() -> bytes:
    if request.mimetype != "application/json":
        raise Refusal(415, "unsupported_media_type", "Send JSON: Content-Type: application/json.")
    return sent()


def sent() -> bytes:
    """A body without a length is cut at the limit without a word: cut, it is too large and not malformed."""
    said = request.get_data(cache=False)
    if request.content_length is None and len(said) >= (request.max_content_length or 0):
        raise Refusal(413, "too_large", "A body has at most 5 MB.")
    return said


def if_any() -> bytes:
    """Where there is nothing to say a body may be missing; one that came is an object."""
    said = sent()
    return one(said) if said else said


def one(said: bytes) -> bytes:
    """A body that is one object, as JSON that can be kept."""
    try:
        parts(said, dict[str, msgspec.Raw])
    except msgspec.ValidationError:
        _must_be_json(said)
        raise Refusal(422, "wrong_shape", "Send one object.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _no_json() from None
    return said


def items(said: bytes, plural: str) -> list[msgspec.Raw]:
    """One object, or a list of them under the plural."""
    try:
        whole = parts(said, dict[str, msgspec.Raw])
    except msgspec.ValidationError:
        _must_be_json(said)
        raise Refusal(422, "wrong_shape", f'Send one object, or {{"{plural}": […]}}.') from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _no_json() from None
    if plural not in whole:
        return [msgspec.Raw(said)]
    if len(whole) > 1:
        others = ", ".join(sorted(name[:60] for name in whole if name != plural))
        raise Refusal(422, "unknown_key", f"Beside “{plural}” nothing else is understood: {others}.")
    return _listed(whole[plural], plural)


def parts(said: bytes, shape: type[Whole]) -> Whole:
    """Half of a surrogate pair is nothing that can be kept: read as NUL, it refuses its item and no other."""
    try:
        return msgspec.json.decode(said, type=shape)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        mended = ESCAPED.sub(lambda found: NUL if len(found[0]) == LONE else found[0], said)
        if mended == said:
            raise
        return msgspec.json.decode(mended, type=shape)


def _must_be_json(said: bytes) -> None:
    """Of another shape, or no JSON further on?"""
    try:
        msgspec.json.decode(said)
    except (ValueError, RecursionError):
        raise _no_json() from None


def _no_json() -> Refusal:
    return Refusal(400, "invalid_json", "The body is not JSON in UTF-8.")


def _listed(said: msgspec.Raw, plural: str) -> list[msgspec.Raw]:
    try:
        found = msgspec.json.decode(said, type=list[msgspec.Raw])
    except (ValueError, RecursionError):
        raise Refusal(422, "wrong_shape", f"“{plural}” must be a list of objects.") from None
    if len(found) > MOST:
        raise Refusal(413, "too_many_items", f"At most {MOST:,} items at once; these are {len(found):,}.")
    return found


def shaped(raw: Sequence[msgspec.Raw], shape: type[Shape]) -> tuple[list[tuple[int, Shape]], list[Reject]]:
    """All at once where all are good, which takes half the time; else each for itself."""
    whole = b"[" + b",".join(map(bytes, raw)) + b"]"
    if NUL not in whole:
        with contextlib.suppress(ValueError, RecursionError):
            return list(enumerate(msgspec.json.decode(whole, type=list[shape]))), []  # type: ignore[valid-type]
    return _one_by_one(raw, shape)


def _one_by_one(raw: Sequence[msgspec.Raw], shape: type[Shape]) -> tuple[list[tuple[int, Shape]], list[Reject]]:
    good, rejects = [], []
    decoder = msgspec.json.Decoder(shape)
    for index, item in enumerate(raw):
        try:
            if NUL in bytes(item):
                _refuse_nul(item)
            good.append((index, decoder.decode(item)))
        except (ValueError, RecursionError) as error:
            rejects.append(refused(index, error))
    return good, rejects


class _Nul(ValueError):
    """PostgreSQL keeps none."""


def _refuse_nul(item: msgspec.Raw) -> None:
    """An escaped backslash before u0000 is text."""
    if NUL not in bytes(item).replace(b"\\\\", b""):
        return
    whole = msgspec.json.decode(item)
    parts = whole.items() if isinstance(whole, dict) else ()
    raise _Nul(next((name for name, value in parts if NUL in msgspec.json.encode(value)), ""))


def refused(index: int, error: Exception) -> Reject:
    if isinstance(error, msgspec.ValidationError):
        said = str(error)
        message, found = AT.sub("", said), AT.search(said)
        field = found["field"] if found else ""
        if "unknown field" in said or "missing required field" in said:
            name = QUOTED.search(message)
            field = ".".join(part for part in (field, name["field"][:100] if name else "") if part)
            code = "unknown_key" if "unknown field" in said else "missing"
            return Reject(index, code, field, "This key is not known." if code == "unknown_key" else "It is needed.")
        if "without a timezone" in said or "timezone component" in said:
            return Reject(index, "wrong_type", field, "A time needs its offset, like 2026-10-22T10:04:00+02:00.")
        return Reject(index, "wrong_type", field, f"{message}.")
    if isinstance(error, msgspec.DecodeError | UnicodeDecodeError | RecursionError):
        return Reject(index, "invalid_json", "", "It is no JSON object that can be read.")
    return Reject(index, "bad_value", str(error)[:100], "It holds a character that cannot be kept.")
