"""Amazon SES: one mail a call, in the words that `letter` writes. It knows mails by no key, so a doubt stays one.

Its answers are classed by the name of the error and by the status where there is none; `aws` knows what went wrong on
the way there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import msgspec

from app import running
from app.deliveries import pace
from app.deliveries.providers import letter
from app.deliveries.providers.addresses import cleaned
from app.deliveries.providers.letter import Letter
from app.deliveries.providers.provider import Busy, Closed, Mail, Outcome, Rejected, Unknown
from app.deliveries.providers.said import Said
from app.logs import log

name = "ses"
is_idempotent = False
batch_size = 1

A_MOMENT = timedelta(seconds=1)  # more than it takes in this one
AN_HOUR = timedelta(hours=1)  # its day is the last 24 hours: a little more may go out with each of them
TOO_MANY = ("TooManyRequestsException", "Throttling", "ThrottlingException", "RequestThrottled", "SlowDown")
QUOTA = "LimitExceededException"
FOR_A_PERSON = (
    "AccountSuspendedException",
    "SendingPausedException",
    "MailFromDomainNotVerifiedException",
    "NotFoundException",  # the configuration set
    "AccessDeniedException",
    "NotAuthorized",
    "ExpiredTokenException",
    "IncompleteSignature",
    "RequestExpired",
)
CLOSED = (301, 302, 303, 307, 308, 401, 402, 403, 404, 405, 407, 410, 451)  # the key, the account or the address
NO_ADDRESS = "The address is not one that could stand in a mail."
NO_LETTERS = "SES takes only plain letters in front of the @."


class Call(msgspec.Struct):
    letter: Letter
    tags: dict[str, str]


def pack(mails: Sequence[Mail]) -> bytes:
    (mail,) = mails
    return msgspec.msgpack.encode(Call(letter.written(mail, running.config().base_url), dict(mail.tags)))


def post(packed: bytes, _key: str, /) -> list[Outcome]:
    call = msgspec.msgpack.decode(packed, type=Call)
    if call.letter.wrong:
        raise Rejected(call.letter.wrong, is_of_all=True)
    if not letter.is_fit(call.letter.to):
        return [Outcome(refused=NO_ADDRESS)]
    if not call.letter.to.isascii():
        return [Outcome(refused=NO_LETTERS)]
    try:
        return [_sent(call)]
    except Busy as busy:  # the others need not be told one by one
        pace.heard(name, {"retry-after": str(math.ceil(busy.wait.total_seconds()))})
        raise


def get_ready() -> None:
    """Before others are forked from this process."""
    if _is_ours():
        _aws().get_ready(running.config().ses)


def ask() -> None:
    """How fast this account may send: asked seldom, by whoever comes first. Unanswered, it goes slowly."""
    if not _is_ours() or not pace.is_to_be_asked(name):
        return
    try:
        said = _aws().account(running.config().ses)
        _heard(said["SendQuota"]["MaxSendRate"])
        pace.note_quota(name, float(said["SendQuota"]["SentLast24Hours"]), float(said["SendQuota"]["Max24HourSend"]))
    except (Busy, Closed, Said, Unknown, KeyError, TypeError, ValueError, OverflowError) as error:
        log.warning("ses.pace_unknown", error=cleaned(f"{type(error).__name__}: {error}"))


def rest() -> None:
    """Nothing to send for the moment: no connection is held open."""
    if _is_ours():
        _aws().rest()


def _is_ours() -> bool:
    return running.config().mail_provider == name


def _aws() -> ModuleType:
    """AWS's library takes a third of a second to load: nobody pays for it who does not send by SES."""
    from app.deliveries.providers import aws

    return aws


def _heard(rate: float) -> None:
    """Remaining: it does not say, and must not be taken for none."""
    limit = str(max(1, int(rate)))
    pace.heard(name, {"ratelimit-limit": limit, "ratelimit-remaining": limit, "ratelimit-reset": "1"})


def _sent(call: Call) -> Outcome:
    try:
        answer = _aws().send(running.config().ses, _asked(call))
    except Said as said:
        return _no(said)
    if not isinstance(given := answer.get("MessageId"), str) or not given:
        raise Unknown("SES's answer cannot be read.")
    return Outcome(id=given)


def _asked(call: Call) -> dict[str, Any]:
    config, one = running.config(), call.letter
    asked: dict[str, Any] = {
        "FromEmailAddress": one.sender,
        "Destination": {"ToAddresses": [one.to]},
        "Content": {"Raw": {"Data": one.message}},
        "EmailTags": [{"Name": tag, "Value": value} for tag, value in call.tags.items()],
    }
    if config.ses.configuration_set:
        asked["ConfigurationSetName"] = config.ses.configuration_set
    return asked


def _no(said: Said) -> Outcome:
    """Raises what is true of all mails, and what is no answer of theirs."""
    sentence = f"SES said {said.status} {said.name}".rstrip() + f": {cleaned(said.message)}".rstrip(": ")
    if said.name == QUOTA or (_is_too_many(said) and "daily" in said.message.lower()):
        raise Closed(sentence, datetime.now(UTC) + AN_HOUR)
    if _is_too_many(said):
        raise Busy(sentence, A_MOMENT)
    if said.name in FOR_A_PERSON or said.status in CLOSED or _is_not_verified(said):
        raise Closed(sentence)
    if 400 <= said.status < 500 and said.name:  # without a name it was somebody between us and them
        return Outcome(refused=sentence)
    raise Unknown(sentence)


def _is_too_many(said: Said) -> bool:
    return said.name in TOO_MANY or said.status == 429


def _is_not_verified(said: Said) -> bool:
    """A sender; or anybody at all, as long as the account may only try things out."""
    return said.name == "MessageRejected" and "not verified" in said.message.lower()
