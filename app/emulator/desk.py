"""What becomes of a call: its fault if one is due, the limits, the key, the mails."""

from __future__ import annotations

import hashlib
import math
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

import msgspec

from app.emulator import answers, mails, shelf
from app.emulator.answers import Answer
from app.emulator.faults import Fault, Faults
from app.emulator.ledger import Ledger, Taken
from app.emulator.mails import Mail


class Settings(msgspec.Struct, kw_only=True):
    rate: int = 10  # calls a second; 0: no limit, and no word about one
    api_key: str = ""  # empty: any will do
    key_seconds: float = 24 * 3600  # how long a key is remembered
    seconds: float = 0  # that each call takes
    is_restricted: bool = False  # the key may send, and read nothing
    keeps_bodies: bool = False  # each mail as it was written: forty kilobytes each
    domains: tuple[str, ...] = ("campus.example",)
    domain_status: dict[str, str] = {}  # of those that are not “verified”
    webhook_url: str = ""
    webhook_secret: str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 — an example that everybody knows
    retry_scale: float = 1  # of the pauses between the tries of a webhook


@dataclass(frozen=True)
class Call:
    body: bytes
    authorization: str
    key: str
    is_permissive: bool
    is_single: bool = False


class Limiter:
    """So many calls in each second of the clock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._window, self._count = 0, 0

    def take(self, rate: int) -> tuple[bool, dict[str, str]]:
        now = time.time()
        with self._lock:
            if int(now) != self._window:
                self._window, self._count = int(now), 0
            self._count += 1
            left = rate - self._count
        reset = str(math.ceil(int(now) + 1 - now))
        limits = {"ratelimit-limit": str(rate), "ratelimit-remaining": str(max(0, left)), "ratelimit-reset": reset}
        return left >= 0, limits if left >= 0 else limits | {"retry-after": reset}


class Desk:
    def __init__(self, ledger: Ledger, settings: Settings, sleep: Callable[[float], object]) -> None:
        self.ledger, self.settings, self.faults = ledger, settings, Faults()
        self._sleep, self._limiter = sleep, Limiter()
        self._running: set[str] = set()
        self._told: dict[str, str] = {}  # of a mail: what was said of it last
        self._lock = threading.Lock()

    def answer(self, call: Call) -> Answer:
        at, body = time.time(), hashlib.blake2b(call.body, digest_size=16).hexdigest()
        is_within, limits = self._limiter.take(self.settings.rate) if self.settings.rate else (True, {})
        fault = self.faults.next(call.body) if is_within else None
        answer = self._judged(call, body, fault) if is_within else answers.error("rate_limit_exceeded")
        self.ledger.write(at, call.key, body, answer.status, fault.kind if fault else "", answer.accepted)
        return replace(answer, headers={**limits, **answer.headers})

    def look(self, path: str, authorization: str) -> Answer:
        """What a GET asks for."""
        is_within, limits = self._limiter.take(self.settings.rate) if self.settings.rate else (True, {})
        fault = self.faults.next(path.encode(), "domains") if is_within and path.startswith("/domains") else None
        answer = self._found(path, authorization) if is_within else answers.error("rate_limit_exceeded")
        if fault is not None:
            answer = fault.spoilt(answer) if fault.is_late else fault.instead()
        return replace(answer, headers={**limits, **answer.headers})

    def tell(self, ids: Iterable[str], event: str) -> None:
        self._told.update(dict.fromkeys(ids, event))

    def _found(self, path: str, authorization: str) -> Answer:
        if refused := self._stranger(authorization):
            return refused
        if self.settings.is_restricted:
            return answers.error("restricted_api_key")
        path, _, query = path.partition("?")
        if path.startswith("/domains"):
            return self._domains(path, dict(parse_qsl(query)))
        mail = self.ledger.mail(path.removeprefix("/emails/"))
        if mail is None:
            return answers.error("not_found", "Email not found")
        return answers.said(shelf.email(mail, self.ledger.body(mail["id"]), self._told.get(mail["id"], "sent")))

    def _domains(self, path: str, query: dict[str, str]) -> Answer:
        kept = [shelf.domain(name, self.settings.domain_status.get(name, "verified")) for name in self.settings.domains]
        if path.startswith("/domains/"):
            one = next((one for one in kept if one["id"] == path.removeprefix("/domains/")), None)
            return answers.said(shelf.whole(one)) if one else answers.error("not_found", "Domain not found")
        most = query.get("limit", "20")
        return answers.said(shelf.page(kept, query.get("after", ""), int(most) if most.isdecimal() else 20))

    def _judged(self, call: Call, body: str, fault: Fault | None) -> Answer:
        if fault is not None and not fault.is_late:
            return fault.instead()
        if refused := self._stranger(call.authorization) or self._key(call):
            return refused
        if not self._begins(call.key):
            return answers.error("concurrent_idempotent_requests")
        try:
            self._sleep(self.settings.seconds + (fault.seconds if fault and fault.kind == "slow" else 0))
            answer = self._done(call, body)
        finally:
            self._ends(call.key)
        return fault.spoilt(answer) if fault and answer.status == 200 else answer

    def _stranger(self, authorization: str) -> Answer | None:
        given = authorization.removeprefix("Bearer ").strip()
        if not given or given == authorization:
            return answers.error("missing_api_key")
        wanted = self.settings.api_key
        return answers.error("invalid_api_key") if wanted and given != wanted else None

    def _key(self, call: Call) -> Answer | None:
        return answers.error("invalid_idempotency_key") if len(call.key) > 256 else None

    def _done(self, call: Call, body: str) -> Answer:
        kept = self.ledger.kept(call.key, time.time() - self.settings.key_seconds) if call.key else None
        if kept and kept.body != body:
            return answers.error("invalid_idempotent_request")
        return Answer(200, kept.answer) if kept else self._take(call, body)

    def _take(self, call: Call, body: str) -> Answer:
        whole = b"[" + call.body + b"]" if call.is_single else call.body
        try:
            found = mails.read(whole)
        except mails.Unreadable as unreadable:
            return answers.error("validation_error", str(unreadable))
        errors = [{"index": place, "message": wrong} for place, (_, wrong) in enumerate(found) if wrong]
        if errors and not call.is_permissive:
            return answers.error("validation_error", str(errors[0]["message"]))
        taken = [_taken(mail, place) for place, (mail, wrong) in enumerate(found) if mail and not wrong]
        written: dict[str, object] = {"data": [{"id": one.id} for one in taken]}
        if call.is_permissive:
            written["errors"] = errors
        said = msgspec.json.encode({"id": taken[0].id} if call.is_single else written)
        bodies = mails.raw(whole) if self.settings.keeps_bodies else []
        kept = [(one.id, bytes(bodies[one.place])) for one in taken] if bodies else []
        self.ledger.take(call.key, time.time(), body, said, taken, kept)
        return Answer(200, said, accepted=len(taken))

    def _begins(self, key: str) -> bool:
        with self._lock:
            if key and key in self._running:
                return False
            self._running.add(key)
            return True

    def _ends(self, key: str) -> None:
        with self._lock:
            self._running.discard(key)


def _taken(mail: Mail, place: int) -> Taken:
    tags = msgspec.json.encode({tag.name: tag.value for tag in mail.tags or ()}).decode()
    return Taken(str(uuid.uuid4()), place, mail.sender, ",".join(mail.people), mail.subject, tags)
