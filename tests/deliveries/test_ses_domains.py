"""What SES says of a domain ends in one finding, whatever it answers; only its own no is a refusal."""

from __future__ import annotations

import pytest

from app.deliveries.finding import Record
from app.deliveries.providers import ses_domains
from app.deliveries.verification import STANDINGS
from tests.provider import moto_server
from tests.provider.ses_server import KNOWS, carries, serving

HERE = "campus.example"


@pytest.fixture
def server(app):
    with serving() as desk, carries(app, desk.url):
        yield desk


@pytest.mark.parametrize(
    ("known", "state"),
    [
        ({"VerifiedForSendingStatus": True, "VerificationStatus": "SUCCESS"}, "good"),
        ({"VerifiedForSendingStatus": False, "VerificationStatus": "PENDING"}, "pending"),
        ({"VerifiedForSendingStatus": False, "VerificationStatus": "TEMPORARY_FAILURE"}, "pending"),
        ({"VerifiedForSendingStatus": False, "VerificationStatus": "FAILED"}, "refused"),
        ({}, "pending"),
    ],
)
def test_what_it_says_of_a_domain(server, known, state):
    server.identities[HERE] = known
    found = STANDINGS["ses"](HERE)
    assert found.finding is not None
    assert found.finding.state == state


def test_its_keys_and_where_bounces_come_back(server):
    server.identities[HERE] = {
        "VerifiedForSendingStatus": True,
        "DkimAttributes": {"Tokens": ["one", "two"]},
        "MailFromAttributes": {"MailFromDomain": f"back.{HERE}"},
    }
    needs = ses_domains.standing(HERE).needs
    assert (needs.spf_at, needs.include) == (f"back.{HERE}", "include:amazonses.com")
    assert needs.keys[1] == Record(f"two._domainkey.{HERE}", "two.dkim.amazonses.com", "CNAME")


@pytest.mark.parametrize(
    ("code", "status", "state"),
    [
        ("NotFoundException", 404, "pending"),
        ("AccessDeniedException", 403, "unanswered"),
        ("TooManyRequestsException", 429, None),
        ("InternalFailure", 500, None),
        ("", None, None),
    ],
)
def test_without_an_answer_nothing_is_refused(server, code, status, state):
    server.says(code, "No.", status, path=KNOWS)
    found = ses_domains.standing(HERE)
    assert (found.finding and found.finding.state, bool(found.unanswered)) == (state, state is None)


def test_the_look_alike_of_others_knows_what_was_added_there(app):
    with moto_server.serving() as moto, carries(app, moto.url):
        before = ses_domains.standing(HERE).finding
        moto.verify(HERE)
        after = ses_domains.standing(HERE)
    assert before is not None
    assert before.state == "pending"
    assert after.finding is not None
    assert after.finding.state in ("good", "pending")
    assert not after.unanswered
