"""Messages of Amazon SNS: each signed with a key whose certificate Amazon shows at an address that the message names.

Nothing is fetched for a topic that is not ours, and nothing from anywhere but SNS itself, of the topic's own region.
"""

from __future__ import annotations

import base64
import binascii
import re
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from urllib3 import PoolManager, Timeout
from urllib3.exceptions import HTTPError

from app import running
from app.receipts.signatures import Refused

NOTIFICATION, CONFIRMATION = "Notification", "SubscriptionConfirmation"
_ANSWERED = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
SIGNED = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    CONFIRMATION: _ANSWERED,
    "UnsubscribeConfirmation": _ANSWERED,
}
HASHES = {"1": SHA1, "2": SHA256}
PEM = re.compile(r"/SimpleNotificationService-[A-Za-z0-9]{1,64}\.pem")
ROOT = re.compile("/")
ID = re.compile(r"[A-Za-z0-9-]{1,100}")
OLDEST, AHEAD = timedelta(days=30), timedelta(hours=1)  # it tries for 23 days at most
TIMEOUT = Timeout(connect=3, read=5)
LARGEST = 20_000  # bytes of a certificate, or of the answer to a confirmation
MOST_KEYS, MOST_FETCHES = 16, 20  # of certificates; of calls a minute that strangers could make us do

Fields = Mapping[str, str]


class Unreachable(Exception):
    """Amazon did not answer us: whoever sent this shall come again."""


@dataclass(frozen=True)
class Message:
    fields: Fields
    body: bytes

    @property
    def id(self) -> str:
        return self.fields["MessageId"]

    @property
    def is_confirmation(self) -> bool:
        return self.fields["Type"] == CONFIRMATION


def read(body: bytes, topics: Sequence[str], now: datetime) -> Message:
    """Raises Refused, or Unreachable where the certificate could not be fetched."""
    fields = _fields(body)
    if fields.get("Type") not in SIGNED or fields.get("TopicArn") not in topics:
        raise Refused("It is no message of a topic that is known here.")
    if not ID.fullmatch(fields.get("MessageId", "")) or not _is_recent(fields.get("Timestamp", ""), now):
        raise Refused("The id or the time is missing, malformed or too old.")
    _check(fields, now)
    return Message(fields, body)


def confirm(message: Message) -> None:
    """Tells SNS that we want to hear of the topic, once whoever asks for it has been proved to be SNS."""
    _fetched(_at_amazon(message.fields, "SubscribeURL", ROOT))


def _fields(body: bytes) -> Fields:
    try:
        whole = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Refused("It is no message of SNS.") from None
    found = whole if isinstance(whole, dict) else {}
    return {name: value for name, value in found.items() if isinstance(value, str)}


def _is_recent(written: str, now: datetime) -> bool:
    try:
        at = datetime.fromisoformat(written)
        return now - OLDEST < (at if at.tzinfo else at.replace(tzinfo=UTC)) < now + AHEAD
    except (ValueError, OverflowError):
        return False


def _check(fields: Fields, now: datetime) -> None:
    algorithm = HASHES.get(fields.get("SignatureVersion", ""))
    if algorithm is None:
        raise Refused("The version of the signature is unknown.")
    signature = _signature(fields.get("Signature", ""))
    url = _at_amazon(fields, "SigningCertURL", PEM)
    try:
        _certificates.key(url, now).verify(signature, _said(fields), padding.PKCS1v15(), algorithm())
    except InvalidSignature:
        raise Refused("The signature does not belong to this message.") from None


def _said(fields: Fields) -> bytes:
    lines = [f"{name}\n{fields[name]}\n" for name in SIGNED[fields["Type"]] if name in fields]
    return "".join(lines).encode("utf-8", "replace")


def _signature(written: str) -> bytes:
    try:
        return base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError):
        raise Refused("The signature is malformed.") from None


def _at_amazon(fields: Fields, name: str, path: re.Pattern[str]) -> str:
    """The address that stands there, if it is one of SNS in the region of the topic."""
    try:
        url = urlsplit(fields.get(name, ""))
        is_plain = url.port is None and url.username is None and not url.fragment
    except ValueError:
        raise Refused(f"{name} is malformed.") from None
    region = fields["TopicArn"].split(":")[3]
    is_ours = url.scheme == "https" and is_plain and url.netloc == f"sns.{region}.amazonaws.com"
    if not (is_ours and path.fullmatch(url.path)):
        raise Refused(f"{name} does not lead to SNS.")
    return url.geturl()


def _fetched(url: str) -> bytes:
    trial = running.config().sns_endpoint_url
    there = url.replace(f"https://{urlsplit(url).netloc}", trial, 1) if trial else url
    try:
        answer = _pool.request("GET", there, redirect=False, preload_content=False)
        said: bytes = answer.read(LARGEST + 1)
    except HTTPError as error:
        raise Unreachable(f"SNS did not answer ({type(error).__name__}).") from None
    if answer.status >= 500:
        raise Unreachable(f"SNS said {answer.status}.")
    if answer.status != 200 or len(said) > LARGEST:
        raise Refused(f"SNS said {answer.status} to what the message names.")
    return said


class _Certificates:
    """Kept for as long as the process lives: a new key comes under a new address."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, x509.Certificate] = {}
        self._fetches: list[float] = []

    def key(self, url: str, now: datetime) -> rsa.RSAPublicKey:
        found = self._kept.get(url) or self._fetch(url)
        key = found.public_key()
        if not isinstance(key, rsa.RSAPublicKey) or not found.not_valid_before_utc < now < found.not_valid_after_utc:
            raise Refused("The certificate is not valid.")
        return key

    def _fetch(self, url: str) -> x509.Certificate:
        self._may_fetch()
        try:
            found = x509.load_pem_x509_certificate(_fetched(url))
        except ValueError:
            raise Refused("The certificate cannot be read.") from None
        with self._lock:
            while len(self._kept) >= MOST_KEYS:
                self._kept.pop(next(iter(self._kept)))
            self._kept[url] = found
        return found

    def _may_fetch(self) -> None:
        with self._lock:
            self._fetches = [at for at in self._fetches if at > time.monotonic() - 60]
            if len(self._fetches) >= MOST_FETCHES:
                raise Unreachable("Too many certificates were asked for.")
            self._fetches.append(time.monotonic())

    def forget(self) -> None:
        with self._lock:
            self._kept.clear()
            self._fetches.clear()


_pool = PoolManager(maxsize=2, timeout=TIMEOUT, retries=False)
_certificates = _Certificates()
forget_certificates = _certificates.forget
