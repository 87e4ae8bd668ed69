"""A topic of SNS with a key of our own: it signs as Amazon does, and shows its certificate on the loopback."""

from __future__ import annotations

import base64
import http.server
import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.x509.oid import NameOID
from flask import Flask

from app.deliveries.delivery import Delivery
from app.receipts import sns
from tests.webhooks.telling import POSTED

TOPIC = "arn:aws:sns:eu-central-1:123456789012:mail"
HOST = "https://sns.eu-central-1.amazonaws.com"
CERTIFICATE = f"{HOST}/SimpleNotificationService-0123456789abcdef.pem"
SUBSCRIBE = f"{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=abc"
KEY = rsa.generate_private_key(65537, 2048)
_numbers = itertools.count(1)


def certificate(days: int = 1) -> bytes:
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")]), datetime.now(UTC)
    begun = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(KEY.public_key())
    dated = begun.serial_number(1).not_valid_before(now - timedelta(days=2)).not_valid_after(now + timedelta(days=days))
    return dated.sign(KEY, SHA256()).public_bytes(serialization.Encoding.PEM)


@dataclass
class Amazon:
    """What it was asked for, and what it answers."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    status: int = 200
    body: bytes = b""


@contextmanager
def amazon(app: Flask, *topics: str) -> Iterator[Amazon]:
    there = Amazon(body=certificate())

    class Door(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            there.asked.append(self.path)
            self.send_response(there.status)
            self.send_header("content-length", str(len(there.body)))
            self.end_headers()
            self.wfile.write(there.body)

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    there.url, before = f"http://127.0.0.1:{server.server_port}", app.extensions["config"]
    app.extensions["config"] = replace(before, ses_topic_arns=topics, sns_endpoint_url=there.url)
    sns.forget_certificates()
    try:
        yield there
    finally:
        app.extensions["config"] = before
        server.shutdown()
        server.server_close()


def message(said: Any, version: str = "2", **changes: Any) -> dict[str, Any]:
    """Signed as it stands; what is changed is changed before that."""
    fields = {
        "Type": "Notification",
        "MessageId": f"0000-{next(_numbers)}",
        "TopicArn": TOPIC,
        "Message": said if isinstance(said, str) else json.dumps(said),
        "Timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE,
        **changes,
    }
    names = sns.SIGNED.get(fields["Type"], ())
    text = "".join(f"{name}\n{fields[name]}\n" for name in names if name in fields).encode()
    signature = KEY.sign(text, padding.PKCS1v15(), SHA1() if version == "1" else SHA256())
    return {**fields, "Signature": base64.b64encode(signature).decode()}


def confirmation(**changes: Any) -> dict[str, Any]:
    said = {"Type": "SubscriptionConfirmation", "Token": "abc", "SubscribeURL": SUBSCRIBE}
    return message("You have chosen to subscribe.", **said | changes)


def event(kind: str, delivery: Delivery, named: str = "eventType", **part: Any) -> dict[str, Any]:
    mail = {
        "timestamp": POSTED.isoformat(),
        "messageId": f"re-{delivery.id}",
        "destination": [delivery.email],
        "tags": {"delivery_id": [str(delivery.id)], "run_id": [str(delivery.run_id)], "ses:caller": ["x"]},
    }
    name = {"DeliveryDelay": "deliveryDelay", "Rendering Failure": "failure"}.get(kind, kind.lower())
    return {named: kind, "mail": mail, name: {"timestamp": POSTED.isoformat(), **part}}


def post(app: Flask, said: Any) -> Any:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    with app.app_context():
        return app.test_client().post("/webhooks/ses", data=body, content_type="text/plain; charset=UTF-8")
