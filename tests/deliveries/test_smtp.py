"""SMTP against a real mail server: whatever it answers ends in an outcome, or in the one word that fits."""

from __future__ import annotations

import os
import socket
import threading
import time
from datetime import timedelta

import pytest

from app import queue
from app.deliveries import pace
from app.deliveries.carriers import carrier, rest
from app.deliveries.providers import Busy, Closed, Outcome, Rejected, Unknown, line, smtp
from tests.provider import mails
from tests.provider.mail_server import (
    HANGS_UP,
    PASSWORD,
    USER,
    carries,
    knows_the_password,
    make_certificate,
    serving,
)

ADA = "ada@people.example"
MINE = f"{USER}:{PASSWORD.replace(' ', '%20')}@"


@pytest.fixture
def server():
    with serving() as desk:
        yield desk


@pytest.fixture
def sends(app, server):
    with carries(app, server.url):
        yield
        rest()


@pytest.fixture
def trusts(monkeypatch):
    """This machine, in whomever a test names."""
    line._trust.cache_clear()
    yield lambda made: monkeypatch.setenv("SSL_CERT_FILE", str(made.certificate))
    line._trust.cache_clear()


@pytest.fixture
def certificate(tmp_path, trusts):
    made = make_certificate(tmp_path)
    trusts(made)
    return made


def mail(number=1, **changes):
    """With lines that SMTP would take for the end."""
    return mails.mail(number, **{"html": "<p>Hello\n.\n</p>", "text": "Hello\n.\n..", **changes})


def post(number=1, **changes):
    (outcome,) = smtp.post(smtp.pack([mail(number, **changes)]), "a key")
    return outcome


def held():
    """For how long all others wait, too."""
    try:
        pace.take("smtp", timedelta(0))
    except pace.NotYet as not_yet:
        return not_yet.wait.total_seconds()
    return 0


def test_it_is_the_carrier_when_the_environment_says_so(sends):
    assert carrier() is smtp


def test_a_mail_is_taken_as_it_was_meant(sends, server):
    assert post() == Outcome(id="delivery-1@[127.0.0.1]")
    (taken,) = server.mails
    assert (taken.sender, taken.to, taken.options) == ("mail@campus.example", "p1@people.example", [])
    assert (taken.mail["Subject"], taken.mail["List-Unsubscribe-Post"]) == ("Grüße", "List-Unsubscribe=One-Click")
    text, html = (part.get_payload(decode=True).decode() for part in taken.mail.iter_parts())
    assert (text, html) == ("Hello\r\n.\r\n..", "<p>Hello\r\n.\r\n</p>")


def test_a_refused_address_says_why_without_naming_it(sends, server):
    server.says("RCPT", f"550 5.1.1 <{ADA}>: user Ada unknown", only=ADA)
    assert post(to=ADA) == Outcome(refused="The mail server said 550 5.1.1 <…>: user … unknown")
    assert post(2).id
    assert server.counts["talks"] == 1, "it goes on where it was"


@pytest.mark.parametrize("step", ["BODY", "DATA", "END"])
def test_a_refused_mail_says_why(sends, server, step):
    server.says(step, "554 5.7.1 It looks like spam")
    assert post() == Outcome(refused="The mail server said 554 5.7.1 It looks like spam")
    assert post(2).id


@pytest.mark.parametrize(
    ("step", "answer", "wait", "is_of_all"),
    [
        ("MAIL", "421 4.3.2 Shutting down", 5, True),
        ("MAIL", "450 4.7.1 Try later", 60, True),
        ("MAIL", "451 4.7.500 Server busy", 60, True),
        ("MAIL", "452 4.3.1 Disk full", 60, True),
        ("MAIL", HANGS_UP, 5, True),
        ("MAIL", "nonsense", 5, True),
        ("RCPT", "nonsense", 60, False),
        ("RCPT", "450 4.2.0 Greylisted", 300, False),
        ("RCPT", "451 4.7.1 Greylisted", 300, False),
        ("RCPT", "452 4.2.2 Mailbox full", 300, False),
        ("RCPT", "452 4.5.3 Too many", 60, True),
        ("RCPT", "452 Disk full", 60, True),
        ("RCPT", "450 4.3.0 Disk full", 60, True),
        ("RCPT", "421 Not you", 300, False),
        ("RCPT", HANGS_UP, 60, False),
        ("BODY", "451 Not now", 300, False),
        ("BODY", HANGS_UP, 60, False),
        ("DATA", "451 4.7.1 Let me think", 300, False),
        ("DATA", "452 4.3.1 Disk full", 60, True),
    ],
)
def test_what_it_does_not_take_now_it_is_asked_again_later(sends, server, step, answer, wait, is_of_all):
    server.says(step, answer)
    with pytest.raises(Busy) as busy:
        post()
    assert busy.value.wait == timedelta(seconds=wait)
    assert (busy.value.lasts is None) is is_of_all
    assert abs(held() - (wait if is_of_all else 0)) < 2
    assert server.mails == []
    assert post().id
    assert len(server.mails) == 1


@pytest.mark.parametrize("number", [501, 550, 553, 554])
def test_a_sender_that_it_does_not_let_through_is_wrong_in_all_of_them(sends, server, number):
    server.says("MAIL", f"{number} 5.7.1 Not from you")
    with pytest.raises(Rejected, match="Not from you") as rejected:
        post()
    assert rejected.value.is_of_all


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
def test_one_who_is_not_signed_in_is_told_to_see_to_it(sends, server, step):
    server.says(step, "530 5.7.0 Authentication required")
    with pytest.raises(Closed, match="530"):
        post()


@pytest.mark.parametrize("answer", [HANGS_UP, "nonsense", "25", "350 Well"])
def test_once_the_end_is_sent_only_an_answer_tells(sends, server, answer):
    server.says("END", answer)
    with pytest.raises(Unknown):
        post()
    assert len(server.mails) == 1
    assert post(2).id


def test_a_server_that_thinks_for_too_long_may_have_it(sends, server, monkeypatch):
    monkeypatch.setattr(line, "TAKING", 0.2)
    server.says("END", 5.0)
    with pytest.raises(Unknown, match="did not come"):
        post()


def test_a_server_that_is_slow_before_has_nothing(sends, server, monkeypatch):
    monkeypatch.setattr(line, "ASKING", 0.3)
    server.says("RCPT", 5.0)
    with pytest.raises(Busy, match="hung up"):
        post()
    server.says("MAIL", 5.0)
    with pytest.raises(Busy):
        post()
    assert server.mails == []


def test_each_stretch_has_its_time_however_many_answers_it_has(sends, server, monkeypatch):
    monkeypatch.setattr(line, "ASKING", 0.6)
    for step in ("MAIL", "RCPT", "BODY"):
        server.says(step, 0.4)
    began = time.monotonic()
    with pytest.raises(Busy):
        post()
    assert time.monotonic() - began < 1.1


def test_a_slow_server_is_waited_for(sends, server):
    for step in ("MAIL", "RCPT", "DATA", "END"):
        server.says(step, 0.2)
    assert post().id


def test_nobody_there_is_no_doubt_and_all_others_wait_too(app):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"smtp://127.0.0.1:{free.getsockname()[1]}?tls=none"
    with carries(app, url), pytest.raises(Busy, match="ConnectionRefusedError") as busy:
        post()
    assert busy.value.wait == timedelta(seconds=5)
    assert 4 < held() <= 5


def test_one_who_says_nothing_at_all_is_left(app, monkeypatch):
    monkeypatch.setattr(line, "OPENING", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"smtp://127.0.0.1:{mute.getsockname()[1]}?tls=none"
        with carries(app, url), pytest.raises(Busy):
            post()


@pytest.mark.parametrize(
    ("greeting", "raised"),
    [
        (b"421 4.7.0 Too many connections\r\n", Busy),
        (b"450 Later\r\n", Busy),
        (b"554 No mail here\r\n", Closed),
        (b"SSH-2.0-OpenSSH\r\n", Closed),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", Closed),
        (b"220", Busy),
        (b"", Busy),
    ],
)
def test_a_greeting_says_whether_there_is_anybody(app, greeting, raised):
    with socket.create_server(("127.0.0.1", 0)) as other:

        def greet():
            talk, _ = other.accept()
            talk.sendall(greeting)
            talk.close()

        threading.Thread(target=greet, daemon=True).start()
        with carries(app, f"smtp://127.0.0.1:{other.getsockname()[1]}?tls=none"), pytest.raises(raised):
            post()


def test_only_the_right_password_signs_in(app):
    how = {"authenticator": knows_the_password, "auth_require_tls": False, "auth_required": True}
    with serving(**how) as server:
        with carries(app, server.url.replace("//", f"//{MINE}")):
            assert post().id
            rest()
        for wrong in ("campus:wrong@", ""):
            with carries(app, server.url.replace("//", f"//{wrong}")), pytest.raises(Closed, match=r"53[05]"):
                post()
        assert len(server.mails) == 1


def test_a_server_without_a_sign_in_is_not_what_was_asked_for(app, server):
    with carries(app, server.url.replace("//", f"//{MINE}")), pytest.raises(Closed, match="SMTP_URL asks for"):
        post()


def test_starttls_is_insisted_on_and_its_certificate_looked_at(app, certificate):
    with serving(tls_context=certificate.context(), require_starttls=True, authenticator=knows_the_password) as server:
        with carries(app, f"smtp://{MINE}localhost:{server.port}"):
            assert post().id
            assert post(2).id
            rest()
        with carries(app, f"smtp://127.0.0.1:{server.port}"), pytest.raises(Closed, match="not to be trusted"):
            post()
        assert [one.to for one in server.mails] == ["p1@people.example", "p2@people.example"]


def test_a_server_without_starttls_gets_nothing(app, server, certificate):
    with carries(app, f"smtp://localhost:{server.port}"), pytest.raises(Closed, match="STARTTLS"):
        post()
    assert server.counts["MAIL"] == 0


def test_encrypted_from_the_first_byte(app, certificate):
    with serving(certificate.context(), auth_require_tls=False, authenticator=knows_the_password) as server:
        with carries(app, f"smtps://{MINE}localhost:{server.port}"):
            assert post().id
            rest()
        with carries(app, f"smtps://127.0.0.1:{server.port}"), pytest.raises(Closed, match="not to be trusted"):
            post()


@pytest.mark.parametrize(("days", "is_trusted", "said"), [(-1, True, "expired"), (1, False, "self-signed")])
def test_a_certificate_that_is_over_or_signed_by_nobody_is_none(app, tmp_path, trusts, days, is_trusted, said):
    made = make_certificate(tmp_path, days)
    if is_trusted:
        trusts(made)
    with serving(made.context()) as server, carries(app, f"smtps://localhost:{server.port}"):
        post_raises(Closed, said)


def test_one_connection_carries_many_mails_and_is_ended_politely(sends, server):
    for number in range(20):
        post(number)
    assert (server.counts["talks"], server.counts["QUIT"], len(server.mails)) == (1, 0, 20)
    rest()
    rest()
    assert (server.counts["talks"], server.counts["QUIT"]) == (1, 1)


def test_a_connection_that_the_server_ended_is_replaced(sends, server):
    post(1)
    server.says("MAIL", "421 4.7.0 As many as I take on one connection")
    assert post(2).id
    server.says("MAIL", HANGS_UP)
    assert post(3).id
    assert (server.counts["talks"], len(server.mails)) == (3, 3)


def test_a_connection_that_was_silent_for_long_is_not_trusted(sends, server, monkeypatch):
    post(1)
    monkeypatch.setattr(line, "KEPT", 0.0)
    post(2)
    assert server.counts["talks"] == 2


def test_what_an_alarm_cut_off_is_never_used_again(sends, server, monkeypatch):
    class Alarm(Exception):
        pass

    def alarm(*_):
        raise Alarm

    with monkeypatch.context() as patched:
        patched.setattr(line.Line, "getreply", alarm)
        post_raises(Alarm)
    post(2)
    with monkeypatch.context() as patched:
        patched.setattr(line.Line, "hand_over", alarm)
        post_raises(Alarm)
    post(3)
    assert server.counts["talks"] >= 2
    assert server.got["p2@people.example"] == server.got["p3@people.example"] == 1


def post_raises(error, said=None):
    with pytest.raises(error, match=said):
        post()


def test_two_threads_never_share_a_connection(app, server):
    with carries(app, server.url):

        def work(first):
            with app.app_context():
                for number in range(first, first + 10):
                    post(number)

        threads = [threading.Thread(target=work, args=(n * 10,)) for n in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert set(server.got.values()) == {1}
        assert (len(server.mails), server.counts["talks"] <= 2) == (20, True)
        rest()


def test_a_fork_opens_a_connection_of_its_own(sends, server):
    post(1)
    if not (child := os.fork()):
        code = 1
        try:
            post(2)
            rest()
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert post(3).id
    assert (server.counts["talks"], server.counts["QUIT"]) == (2, 1)
    assert sorted(server.got) == [f"p{n}@people.example" for n in (1, 2, 3)]


def test_letters_in_front_of_the_at_need_a_server_that_knows_them(app, server):
    with carries(app, server.url):
        assert post(to="mäx@bücher.example").id
        rest()
    (taken,) = server.mails
    assert (taken.to, set(taken.options)) == ("mäx@xn--bcher-kva.example", {"BODY=8BITMIME", "SMTPUTF8"})
    assert taken.mail["To"].addresses[0].addr_spec == "mäx@xn--bcher-kva.example"
    with serving(enable_SMTPUTF8=False) as old, carries(app, old.url):
        assert post(to="mäx@people.example") == Outcome(refused=smtp.NO_LETTERS)
        assert post(to="max@bücher.example").id
        assert post(subject="学校", sender="Grüße <mail@campus.example>").id
        rest()
    assert [one.to for one in old.mails] == ["max@xn--bcher-kva.example", "p1@people.example"]


@pytest.mark.parametrize("to", ["ada", f"{ADA}>\r\nRCPT TO:<eve@evil.example", f"{ADA}> SIZE=1", "a b@c.example", ""])
def test_an_address_that_says_more_than_an_address_is_not_said(sends, server, to):
    assert post(to=to) == Outcome(refused=smtp.NO_ADDRESS)
    assert server.counts["MAIL"] == 0


def test_a_sender_that_is_none_is_wrong_in_all_of_them(sends, server):
    with pytest.raises(Rejected, match="sender") as rejected:
        post(sender="Campus <mail@campus.example>\r\nBcc: <eve@evil.example>")
    assert rejected.value.is_of_all
    assert server.counts["MAIL"] == 0


def test_the_limit_of_the_environment_is_kept(app, server):
    with carries(app, f"{server.url}&rate=120/minute"):
        pace.take("smtp")
        with pytest.raises(pace.NotYet) as not_yet:
            pace.take("smtp", timedelta(0))
        assert 0.3 < not_yet.value.wait.total_seconds() < 0.6
    queue.redis_connection().flushdb()
    with carries(app, server.url):
        began = time.monotonic()
        for _ in range(50):
            pace.take("smtp")
        assert time.monotonic() - began < 2
