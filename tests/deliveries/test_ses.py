"""SES against a server that talks as it does: whatever it answers ends in an outcome, or in the one word that fits."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from rq.timeouts import JobTimeoutException
from urllib3 import HTTPConnectionPool

from app.deliveries import pace
from app.deliveries.carriers import ask, carrier, get_ready, rest
from app.deliveries.providers import Busy, Closed, Mail, Outcome, Rejected, Unknown, aws, ses
from tests.provider.mail_server import make_certificate
from tests.provider.ses_server import SENDS, TELLS, carries, serving

ADA = "ada@people.example"


@pytest.fixture
def server():
    with serving() as desk:
        yield desk


@pytest.fixture
def sends(app, server):
    with carries(app, server.url):
        yield
        rest()


def mail(number=1, **changes):
    said = {
        "key": f"delivery-{number}",
        "to": f"p{number}@people.example",
        "sender": "Campus, Munich <mail@campus.example>",
        "subject": "Grüße",
        "html": "<p>Hello\n.\n</p>",
        "text": "Hello\n.\n..",
        "headers": {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
        "tags": {"delivery_id": str(number), "run_id": "7"},
    }
    return Mail(**{**said, **changes})


def post(number=1, **changes):
    (outcome,) = ses.post(ses.pack([mail(number, **changes)]), "a key")
    return outcome


def held():
    """For how long all others wait, too."""
    try:
        pace.take("ses", timedelta(0))
    except pace.NotYet as not_yet:
        return not_yet.wait.total_seconds()
    return 0


def test_it_is_the_carrier_when_the_environment_says_so(sends):
    assert carrier() is ses


def test_a_mail_is_taken_as_it_was_meant(sends, server):
    assert post() == Outcome(id="0102-000001")
    (taken,) = server.mails
    assert (taken.to, taken.call["FromEmailAddress"]) == ("p1@people.example", "mail@campus.example")
    assert taken.call["EmailTags"] == [{"Name": "delivery_id", "Value": "1"}, {"Name": "run_id", "Value": "7"}]
    assert "ConfigurationSetName" not in taken.call
    assert (taken.mail["Subject"], taken.mail["List-Unsubscribe-Post"]) == ("Grüße", "List-Unsubscribe=One-Click")
    assert (taken.mail["X-Campus-Delivery-Id"], taken.mail["X-Campus-Run-Id"]) == ("1", "7")
    assert (taken.mail["From"].addresses[0].display_name, taken.mail["To"]) == ("Campus, Munich", "p1@people.example")
    text, html = (part.get_payload(decode=True).decode() for part in taken.mail.iter_parts())
    assert (text, html) == ("Hello\r\n.\r\n..", "<p>Hello\r\n.\r\n</p>")


def test_it_is_signed_for_the_region_and_says_who_calls(sends, server):
    post()
    headers = {name.lower(): value for name, value in server.mails[0].headers.items()}
    assert "AKIATEST/" in headers["authorization"]
    assert "/eu-central-1/ses/aws4_request" in headers["authorization"]
    assert "campus/" in headers["user-agent"]


def test_a_configuration_set_is_named(app, server):
    with carries(app, server.url, configuration_set="campus"):
        assert post().id
        rest()
    assert server.mails[0].call["ConfigurationSetName"] == "campus"


@pytest.mark.parametrize(
    ("code", "message", "status"),
    [
        ("BadRequestException", f"Illegal address <{ADA}>", 400),
        ("BadRequestException", "Domain contains illegal character", 400),
        ("MessageRejected", "Invalid content", 400),
        ("RequestEntityTooLargeException", "Too large", 413),
    ],
)
def test_a_mail_that_it_does_not_want_is_refused_alone(sends, server, code, message, status):
    server.says(code, message, status)
    found = post(to=ADA)
    assert found.refused == f"SES said {status} {code}: {message.replace(ADA, '…')}"
    assert ADA not in found.refused
    assert (post(2).id, held()) == ("0102-000001", 0)


@pytest.mark.parametrize(
    ("code", "message", "status"),
    [
        ("TooManyRequestsException", "Maximum sending rate exceeded.", 429),
        ("", "", 429),
        ("Throttling", "Rate exceeded", 400),
        ("ThrottlingException", "Rate exceeded", 400),
    ],
)
def test_too_many_in_a_second_wait_for_the_next_one(sends, server, code, message, status):
    server.says(code, message, status)
    with pytest.raises(Busy, match=f"SES said {status}") as busy:
        post()
    assert (busy.value.wait, busy.value.lasts) == (timedelta(seconds=1), None)
    assert 0 < held() <= 1.6, "and so do all others"
    assert (server.counts[SENDS], server.mails) == (1, [])


@pytest.mark.parametrize(
    ("code", "message", "status"),
    [
        ("LimitExceededException", "Daily message quota exceeded.", 400),
        ("TooManyRequestsException", "Daily message quota exceeded.", 429),
        ("Throttling", "Daily message quota exceeded.", 400),
    ],
)
def test_a_day_that_is_used_up_opens_by_itself(sends, server, code, message, status):
    server.says(code, message, status)
    with pytest.raises(Closed, match="Daily") as closed:
        post()
    opens_in = closed.value.opens_at - datetime.now(UTC)
    assert timedelta(minutes=59) < opens_in <= timedelta(hours=1)


@pytest.mark.parametrize(
    ("code", "message", "status"),
    [
        ("SendingPausedException", "Sending is paused", 400),
        ("AccountSuspendedException", "Suspended", 400),
        ("MailFromDomainNotVerifiedException", "Not verified", 400),
        ("MessageRejected", "Email address is not verified. These failed the check: mail@campus.example", 400),
        ("NotFoundException", "Configuration set campus does not exist", 404),
        ("AccessDeniedException", "not authorized to perform: ses:SendRawEmail", 403),
        ("AccessDeniedException", "not authorized to perform: ses:SendRawEmail", 400),
        ("ExpiredTokenException", "The security token is expired", 403),
        ("ExpiredTokenException", "The security token is expired", 400),
        ("UnrecognizedClientException", "The security token is invalid", 403),
        ("SignatureDoesNotMatch", "Signature", 403),
        ("", "", 401),
        ("", "", 404),
        ("", "", 301),
    ],
)
def test_what_a_person_must_see_to_closes_the_account(sends, server, code, message, status):
    server.says(code, message, status)
    with pytest.raises(Closed, match=f"SES said {status}") as closed:
        post()
    assert closed.value.opens_at is None
    assert "campus.example" not in str(closed.value)
    assert (server.counts[SENDS], server.mails) == (1, [])


@pytest.mark.parametrize(
    "how",
    [
        {"status": 500},
        {"status": 500, "code": "InternalFailure"},
        {"status": 502, "body": b"<html>Bad gateway</html>"},
        {"status": 503, "code": "ServiceUnavailable"},
        {"status": 504, "body": b""},
        {"status": 400, "body": b"<html>Who are you?</html>"},
        {"status": 408},
        {"status": 200, "body": b""},
        {"status": 200, "body": b"{}"},
        {"status": 200, "body": b"[]"},
        {"status": 200, "body": b"null"},
        {"status": 200, "body": b'{"MessageId": ""}'},
        {"status": 200, "body": b'{"MessageId": {"a": 1}}'},
        {"status": 200, "body": b"\xff\xfe{"},
        {"status": 200, "cut": 8},
        {"status": 200, "cut": 0},
        {"status": None},
        {"status": None, "takes": True},
    ],
)
def test_what_is_no_word_of_theirs_is_a_doubt_and_never_tried_again(sends, server, how):
    server.says(**how)
    with pytest.raises(Unknown):
        post()
    assert server.counts[SENDS] == 1
    assert post(2).id, "it goes on"


def test_one_who_thinks_for_too_long_may_have_it(sends, server, monkeypatch):
    monkeypatch.setattr(aws, "TAKING", 0.3)
    server.says(status=200, after=10)
    with pytest.raises(Unknown, match="did not come"):
        post()
    assert server.counts[SENDS] == 1


def test_a_slow_answer_is_waited_for(sends, server):
    server.says(status=200, after=1)
    assert post().id


def test_nobody_there_is_no_doubt_and_all_others_wait_too(app):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with carries(app, url), pytest.raises(Busy, match="EndpointConnectionError") as busy:
        post()
    assert (busy.value.wait, busy.value.lasts) == (timedelta(seconds=5), None)
    assert 2 < held() <= 5.6


def test_one_who_never_shakes_hands_has_nothing(app, monkeypatch):
    monkeypatch.setattr(aws, "OPENING", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"https://127.0.0.1:{mute.getsockname()[1]}"
        with carries(app, url), pytest.raises(Busy, match="could not be reached"):
            post()


def test_a_connection_that_ends_before_the_mail_was_on_it_has_nothing(app):
    with socket.create_server(("127.0.0.1", 0)) as other:

        def hang_up():
            talk, _ = other.accept()
            talk.close()

        threading.Thread(target=hang_up, daemon=True).start()
        with carries(app, f"https://127.0.0.1:{other.getsockname()[1]}"), pytest.raises(Busy):
            post()


def test_only_a_certificate_that_is_trusted_gets_mail(app, tmp_path, monkeypatch):
    made = make_certificate(tmp_path)
    with serving(made.context()) as server:
        with carries(app, server.url), pytest.raises(Closed, match="not to be trusted"):
            post()
        monkeypatch.setenv("AWS_CA_BUNDLE", str(made.certificate))
        with carries(app, server.url):
            assert post().id
            rest()


def test_without_credentials_it_is_said_and_looked_again(app, server, monkeypatch):
    with carries(app, server.url):
        with monkeypatch.context() as away:
            away.delenv("AWS_ACCESS_KEY_ID")
            away.delenv("AWS_SECRET_ACCESS_KEY")
            with pytest.raises(Closed, match="finds no credentials") as closed:
                post()
        assert timedelta(minutes=4) < closed.value.opens_at - datetime.now(UTC) <= timedelta(minutes=5)
        assert post().id, "they have come meanwhile"
        rest()


def test_a_profile_that_is_not_there_is_for_a_person(app, server, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with carries(app, server.url), pytest.raises(Closed, match="nobody") as closed:
        post()
    assert closed.value.opens_at is None


def test_what_an_alarm_cut_off_stays_an_alarm(sends, server, monkeypatch):
    def alarm(*_, **__):
        raise JobTimeoutException

    with monkeypatch.context() as patched:
        patched.setattr(HTTPConnectionPool, "_make_request", alarm)
        with pytest.raises(JobTimeoutException):
            post()
    assert post(2).id
    assert server.got == {"p2@people.example": 1}


def test_a_body_that_cannot_be_watched_may_be_out(sends, monkeypatch):
    """Should their library ever hand over one of another kind."""
    watch = aws._watch
    monkeypatch.setattr(aws, "_watch", lambda request, **_: watch(SimpleNamespace(body=str(request.body))))
    monkeypatch.setattr(HTTPConnectionPool, "_make_request", _no_network)
    with pytest.raises(Unknown):
        post()


def _no_network(*_, **__):
    raise OSError("away")


def test_one_connection_carries_many_mails_until_it_is_let_go(sends, server):
    for number in range(20):
        post(number)
    assert (server.counts["talks"], len(server.mails)) == (1, 20)
    rest()
    rest()
    post()
    assert server.counts["talks"] == 2


def test_a_fork_opens_a_connection_of_its_own(sends, server):
    post(1)
    if not (child := os.fork()):
        code = 1
        try:
            post(2)
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert post(3).id
    assert server.counts["talks"] == 2
    assert set(server.got.values()) == {1}


def test_letters_in_front_of_the_at_are_too_much_for_it(sends, server):
    assert post(to="mäx@people.example") == Outcome(refused=ses.NO_LETTERS)
    assert post(to="max@bücher.example").id
    assert [one.to for one in server.mails] == ["max@xn--bcher-kva.example"]


@pytest.mark.parametrize("to", ["ada", f"{ADA}, eve@evil.example", f"{ADA}>", "a b@c.example", ""])
def test_an_address_that_says_more_than_an_address_is_not_said(sends, server, to):
    assert post(to=to) == Outcome(refused=ses.NO_ADDRESS)
    assert server.counts[SENDS] == 0


def test_a_sender_that_is_none_is_wrong_in_all_of_them(sends, server):
    with pytest.raises(Rejected, match="sender") as rejected:
        post(sender="Campus <mail@campus.example>\r\nBcc: <eve@evil.example>")
    assert rejected.value.is_of_all
    assert server.counts[SENDS] == 0


def test_the_account_says_how_fast_it_may_go_and_is_asked_once(sends, server):
    server.rate = 14.0
    for _ in range(3):
        ask()
    assert pace.rate("ses") == pytest.approx(14 * pace.SHARE)
    assert (server.counts[TELLS], held()) == (1, 0)


@pytest.mark.parametrize(
    "how",
    [
        {"status": 403, "code": "AccessDeniedException"},
        {"status": 500},
        {"status": 200, "body": b"{}"},
        {"status": 200, "body": b'{"SendQuota": null}'},
        {"status": 200, "body": b'{"SendQuota": {"MaxSendRate": "NaN"}}'},
        {"status": None},
    ],
)
def test_an_account_that_does_not_say_goes_slowly(sends, server, how):
    server.says(**how, path=TELLS)
    ask()
    assert (pace.rate("ses"), server.counts[TELLS]) == (None, 1)
    assert post().id


def test_who_forks_others_has_it_read_before_and_their_credentials_are_their_own(sends, server, monkeypatch):
    get_ready()
    assert aws._clients(os.getpid()) == {}
    assert aws._session()._credentials is None
    assert post().id
    assert "AKIATEST/" in server.mails[0].headers["Authorization"]


def test_nobody_else_asks_or_loads_the_library(app, environment):
    look = "import sys; from app.deliveries import carriers; print('botocore' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
    ask()
    rest()


def test_a_hanging_account_is_left_soon(sends, server, monkeypatch):
    monkeypatch.setattr(aws, "TELLING", 0.3)
    server.says(status=200, after=30, path=TELLS)
    began = time.monotonic()
    ask()
    assert time.monotonic() - began < 20
