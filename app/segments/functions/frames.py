"""What a run says over its pipe: pieces with a kind and a length. Without its last piece an answer is none."""

from __future__ import annotations

import json
import operator
import struct
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

MOST = 5_000_000
CHUNK = 10_000
HEAD = struct.Struct("=cI")
IDS, FAILED, DONE = b"i", b"f", b"d"
NULL, NOBODY = -(2**63), -(2**63) + 1  # among ids: None, and what can be nobody's


class TooMany(Exception):
    pass


@dataclass(frozen=True)
class Heard:
    ids: list[Any]
    is_whole: bool
    failure: str | None


def say(write: Callable[[bytes], None], answer: Iterable[Any]) -> None:
    values, told = iter(answer), 0
    while chunk := list(islice(values, CHUNK)):
        told += len(chunk)
        if told > MOST:
            raise TooMany
        write(_frame(IDS, _packed(chunk)))
    write(_frame(DONE))


def failed(write: Callable[[bytes], None], said: str) -> None:
    write(_frame(FAILED, json.dumps(said).encode()))


def heard(stream: bytes) -> Heard:
    numbers, is_whole, failure = array("q"), False, None
    for kind, payload in _frames(stream):
        if kind == IDS:
            numbers.frombytes(payload)
        is_whole = is_whole or kind == DONE
        failure = json.loads(bytes(payload)) if kind == FAILED else failure
    return Heard(_unpacked(numbers), is_whole, failure)


def _frame(kind: bytes, payload: bytes = b"") -> bytes:
    return HEAD.pack(kind, len(payload)) + payload


def _frames(stream: bytes) -> Iterator[tuple[bytes, memoryview]]:
    at, whole = 0, memoryview(stream)
    while at + HEAD.size <= len(stream):
        kind, length = HEAD.unpack_from(stream, at)
        at += HEAD.size + length
        if at <= len(stream):
            yield kind, whole[at - length : at]


def _packed(chunk: Sequence[Any]) -> bytes:
    if set(map(type, chunk)) == {int}:
        try:
            return array("q", chunk).tobytes()
        except OverflowError:
            pass
    return array("q", map(_number, chunk)).tobytes()


def _number(value: Any) -> int:
    """Whatever counts as a whole number does, those of numpy too; a yes or no does not."""
    if value is None:
        return NULL
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        return NOBODY
    number = operator.index(value)
    return number if NOBODY < number < 2**63 else NOBODY


def _unpacked(numbers: array[int]) -> list[Any]:
    if not numbers or min(numbers) > NOBODY:
        return numbers.tolist()
    return [{NULL: None, NOBODY: ""}.get(number, number) for number in numbers]
