"""A mail server: one mail a call. It knows mails by no key, so what may be out is never handed over again.

Until the last line of a mail is sent nothing has happened, whatever goes wrong; from there on only an answer tells.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import timedelta

import msgspec

from app import running
from app.deliveries import pace
from app.deliveries.providers import letter, line
from app.deliveries.providers.letter import Letter
from app.deliveries.providers.line import AWAY, CLOSING, LATER, Answer, Lacking, Line
from app.deliveries.providers.provider import Busy, Closed, Mail, Outcome, Rejected
from app.outgoing import MailServer

name = "smtp"
is_idempotent = False
batch_size = 1

GREYLISTED = timedelta(minutes=5)  # most of those who send everybody away once want to see them again after this
GIVEN_UP = timedelta(days=1)  # a mailbox that is full or away for so long
NOT_SIGNED_IN = (530, 534, 535, 538)
NO_ADDRESS = "The address is not one that could stand in a mail."
NO_LETTERS = "The mail server takes only plain letters in front of the @."


def pack(mails: Sequence[Mail]) -> bytes:
    (mail,) = mails
    return msgspec.msgpack.encode(letter.written(mail, running.config().base_url))


def post(packed: bytes, _key: str, /) -> list[Outcome]:
    one = msgspec.msgpack.decode(packed, type=Letter)
    if one.wrong:
        raise Rejected(one.wrong, is_of_all=True)
    if not letter.is_fit(one.to):
        return [Outcome(refused=NO_ADDRESS)]
    try:
        return [_sent(one)]
    except Busy as busy:
        if busy.lasts is None:  # it is the server that has no time: the others need not be told one by one
            pace.heard(name, {"retry-after": str(math.ceil(busy.wait.total_seconds()))})
        raise


def rest() -> None:
    """Nothing to send for the moment: no connection is held open."""
    if (server := running.config().mail_server) is not None:
        line.rest(server)


def _sent(one: Letter) -> Outcome:
    try:
        _converse(one)
    except Answer as answer:
        return _no(answer, one)
    except Lacking:
        return Outcome(refused=NO_LETTERS)
    except OSError as error:
        raise Busy(f"The mail server hung up ({type(error).__name__}).", AWAY) from None
    return Outcome(id=one.id)


def _converse(one: Letter) -> None:
    needs, first = "", f"MAIL FROM:<{one.sender}>"
    if not one.to.isascii():
        needs, first = "smtputf8", f"{first} BODY=8BITMIME SMTPUTF8"
    with line.talk(_server(), letter.host(running.config().base_url), first, needs) as talk:
        _hand_over(talk, one)


def _hand_over(talk: Line, one: Letter) -> None:
    try:
        talk.ask(f"RCPT TO:<{one.to}>")
        talk.ask("DATA", 3)
        talk.hand_over(one.message)
    except OSError as error:  # it may be this mail that it cannot bear
        said = f"The mail server hung up before it had the mail ({type(error).__name__})."
        raise Busy(said, LATER, lasts=GIVEN_UP) from None


def _server() -> MailServer:
    server = running.config().mail_server
    assert server is not None, "MAIL_PROVIDER=smtp starts with an SMTP_URL only"
    return server


def _no(answer: Answer, one: Letter) -> Outcome:
    said = _without(one.to, str(answer))
    if answer.code in NOT_SIGNED_IN:
        raise Closed(said)
    if answer.code // 100 != 5:
        raise _later(answer, said)
    if answer.step == "MAIL":
        raise Rejected(said, is_of_all=True)
    return Outcome(refused=said)


def _later(answer: Answer, said: str) -> Busy:
    if answer.step == "MAIL":
        return Busy(said, AWAY if answer.code == CLOSING else LATER)
    if _is_of_the_server(answer):
        return Busy(said, LATER)
    return Busy(said, GREYLISTED, lasts=GIVEN_UP)


def _is_of_the_server(answer: Answer) -> bool:
    """Full or overloaded itself, and not one mailbox: 4.2.2 comes as 452, too."""
    return answer.said.startswith("4.3.") or (answer.code == 452 and not answer.said.startswith("4.2."))


def _without(address: str, said: str) -> str:
    """Some servers name only what stands in front of the @."""
    person = re.escape(address.rpartition("@")[0])
    return re.sub(rf"(?<!\w){person}(?!\w)", "…", said, flags=re.IGNORECASE)
