"""What shall go wrong, in the order in which it was asked for."""

from __future__ import annotations

import threading
from dataclasses import replace

import msgspec

from app.emulator import answers
from app.emulator.answers import ERRORS, Answer

# Those that take the mails and then fail to say so, unless the fault says otherwise.
TAKES = ("slow", "cut", "truncated", "empty", "garbled", "missing")
KINDS = (*ERRORS, *TAKES, "html", "hang", "reset")


class Fault(msgspec.Struct, kw_only=True):
    """`times` none: until the faults are cleared. `after`: so many calls go well before it."""

    kind: str
    times: int | None = 1
    after: int = 0
    seconds: float = 0  # of hang and slow
    wait: int = 1  # what retry-after says
    status: int = 0  # another status for the error of this name
    takes: bool | None = None  # the mails, before it goes wrong
    only: str = ""  # calls in which this occurs, like the address of one poison mail
    of: str = "mails"  # or domains: what is asked of them

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")

    @property
    def is_late(self) -> bool:
        """It happens on the way back: the mails are taken."""
        return self.kind in TAKES if self.takes is None else self.takes

    def instead(self) -> Answer:
        """Of any answer."""
        if self.kind == "html":
            return Answer(self.status or 502, answers.PAGE, content_type="text/html")
        if self.kind in ERRORS:
            headers = {"retry-after": str(self.wait)} if "exceeded" in self.kind else {}
            return answers.error(self.kind, status=self.status, headers=headers)
        return Answer(500, b"", wire="reset" if self.kind == "reset" else "silent", seconds=self.seconds)

    def spoilt(self, answer: Answer) -> Answer:
        """What is left of a good answer."""
        match self.kind:
            case "slow":
                return answer
            case "cut" | "truncated":
                return replace(answer, wire=self.kind)
            case "empty":
                return replace(answer, body=b"")
            case "garbled":
                return replace(answer, body=answer.body[:-7] + b"\xff\xfe")
            case "missing":
                return replace(answer, body=_without_one(answer.body))
        return replace(self.instead(), accepted=answer.accepted)


class Faults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def add(self, faults: list[Fault]) -> None:
        with self._lock:
            self._waiting += faults

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def waiting(self) -> list[Fault]:
        with self._lock:
            return list(self._waiting)

    def next(self, body: bytes, of: str = "mails") -> Fault | None:
        """The first that is not held back by its `after`; each call counts for all that are."""
        with self._lock:
            ours = [one for one in self._waiting if one.of == of]
            due = next((one for one in ours if one.after <= 0 and one.only.encode() in body), None)
            for one in ours:
                one.after = max(0, one.after - 1)
            if due is not None and due.times is not None:
                due.times -= 1
                self._waiting = [one for one in self._waiting if one.times != 0]
            return due


def _without_one(body: bytes) -> bytes:
    answer = msgspec.json.decode(body)
    return msgspec.json.encode({**answer, "data": answer["data"][:-1]})
