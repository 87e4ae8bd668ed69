"""A wrong value in the environment stops the start with one clear sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.config import NameServer, from_environment
from app.environment import ConfigError, Limit
from app.outgoing import MailServer, Ses

GOOD = {
    "DATABASE_URL": "postgresql://u:p@localhost/campus",
    "REDIS_URL": "redis://localhost:6379/0",
    "SECRET_KEY": "0123456789abcdef fedcba9876543210",
}


def test_a_complete_environment_is_read():
    config = from_environment(GOOD)
    assert config.database_url == "postgresql+psycopg://u:p@localhost/campus"
    assert config.secret_keys == ("0123456789abcdef", "fedcba9876543210")
    assert config.sends_nothing
    assert not config.is_secure
    assert from_environment({**GOOD, "BASE_URL": "https://m.example.com/"}).base_url == "https://m.example.com"


def test_a_webhook_may_have_two_secrets_while_they_are_rotated():
    first, second = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_" + "A" * 32
    assert from_environment(GOOD).funnel_webhook_secrets == ()
    config = from_environment({**GOOD, "FUNNEL_WEBHOOK_SECRET": f"{first} {second}"})
    assert [len(secret) for secret in config.funnel_webhook_secrets] == [24, 24]


@pytest.mark.parametrize(
    ("written", "servers"),
    [
        ("", ()),
        ("none", None),
        ("9.9.9.9", (NameServer("9.9.9.9"),)),
        ("127.0.0.1:5353, 9.9.9.9", (NameServer("127.0.0.1", 5353), NameServer("9.9.9.9"))),
        ("::1 [2620:fe::fe]:54", (NameServer("::1"), NameServer("2620:fe::fe", 54))),
    ],
)
def test_the_dns_is_asked_where_it_says(written, servers):
    assert from_environment({**GOOD, "DNS_SERVERS": written}).dns_servers == servers


@pytest.mark.parametrize(
    "written", ["dns.example", "9.9.9", "9.9.9.9:0", "9.9.9.9:x", "9.9.9.9/8", "a@9.9.9.9", "none,"]
)
def test_a_dns_server_that_is_no_address_is_refused(written):
    with pytest.raises(ConfigError, match="DNS_SERVERS"):
        from_environment({**GOOD, "DNS_SERVERS": written})


def test_sql_segments_may_have_a_login_of_their_own():
    assert from_environment(GOOD).sql_wall_database_url is None
    assert from_environment({**GOOD, "SQL_WALL_DATABASE_URL": " "}).sql_wall_database_url is None
    config = from_environment({**GOOD, "SQL_WALL_DATABASE_URL": "postgres://wall:p@localhost/campus"})
    assert config.sql_wall_database_url == "postgresql+psycopg://wall:p@localhost/campus"
    with pytest.raises(ConfigError, match="SQL_WALL_DATABASE_URL must look like"):
        from_environment({**GOOD, "SQL_WALL_DATABASE_URL": "mysql://wall@localhost/campus"})


def test_a_limit_is_so_many_calls_in_so_much_time():
    assert from_environment(GOOD).limits == {"api": None, "track": None}
    said = from_environment({**GOOD, "RATE_LIMIT_API": "600/minute", "RATE_LIMIT_TRACK": " 5/second "}).limits
    assert said == {"api": Limit(600, 60), "track": Limit(5, 1)}


def test_mail_may_be_kept_to_addresses_and_domains():
    assert from_environment(GOOD).mail_allow == frozenset()
    assert from_environment({**GOOD, "MAIL_ALLOW": " "}).mail_allow == frozenset()
    said = from_environment({**GOOD, "MAIL_ALLOW": "Max@Campus.example, @staging.example,B.EXAMPLE"}).mail_allow
    assert said == {"max@campus.example", "staging.example", "b.example"}


def test_resend_needs_a_key_and_may_stand_elsewhere():
    assert from_environment(GOOD).resend_api_url == "https://api.resend.com"
    resend = {**GOOD, "MAIL_PROVIDER": "resend"}
    with pytest.raises(ConfigError, match="RESEND_API_KEY is not set"):
        from_environment(resend)
    config = from_environment({**resend, "RESEND_API_KEY": "re_secret", "RESEND_API_URL": "http://127.0.0.1:8025/"})
    assert (config.resend_api_key, config.resend_api_url) == ("re_secret", "http://127.0.0.1:8025")
    assert "re_secret" not in repr(config)


def test_a_mail_server_is_one_address():
    assert from_environment(GOOD).mail_server is None
    with pytest.raises(ConfigError, match="SMTP_URL is not set"):
        from_environment({**GOOD, "MAIL_PROVIDER": "smtp"})
    config = from_environment({**GOOD, "SMTP_URL": "smtp://me%40x.example:p%23w%2F@Mail.X.example?rate=30/minute"})
    assert config.mail_server == MailServer("mail.x.example", 587, "starttls", "me@x.example", "p#w/", Limit(30, 60))
    assert "p#w" not in repr(config)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("smtps://mail.x.example", MailServer("mail.x.example", 465, "tls")),
        ("smtps://mail.x.example:2465/", MailServer("mail.x.example", 2465, "tls")),
        ("smtp://localhost:25?tls=none", MailServer("localhost", 25, "none")),
        ("smtp://u:p@127.0.0.1:25?tls=none", MailServer("127.0.0.1", 25, "none", "u", "p")),
        ("smtp://[::1]:25?tls=none", MailServer("::1", 25, "none")),
        ("smtp://10.0.0.7:25?tls=none&rate=5/second", MailServer("10.0.0.7", 25, "none", rate=Limit(5, 1))),
    ],
)
def test_a_mail_server_is_encrypted_unless_somebody_says_otherwise(written, found):
    assert from_environment({**GOOD, "SMTP_URL": written}).mail_server == found


@pytest.mark.parametrize("password", ["p#ss", "p/ss", "p?ss", "12/34"])
def test_a_password_that_is_not_escaped_is_explained_and_not_quoted(password):
    with pytest.raises(ConfigError, match=r"write @ : / \? # %") as wrong:
        from_environment({**GOOD, "SMTP_URL": f"smtp://user:{password}@mail.x.example"})
    assert password not in str(wrong.value)


def test_ses_needs_a_region_and_finds_it_where_others_do():
    assert from_environment({**GOOD, "AWS_REGION": "anything at all"}).ses.region == "anything at all"
    ours = {**GOOD, "MAIL_PROVIDER": "ses"}
    with pytest.raises(ConfigError, match="SES_REGION is not set"):
        from_environment(ours)
    assert from_environment({**ours, "AWS_PROFILE": "mail"}).ses == Ses()
    assert from_environment({**ours, "AWS_DEFAULT_REGION": "us-gov-west-1"}).ses.region == "us-gov-west-1"
    both = {**ours, "SES_REGION": "eu-central-1", "AWS_REGION": "eu-west-1", "SES_CONFIGURATION_SET": "campus"}
    assert from_environment(both).ses == Ses("eu-central-1", "campus")
    elsewhere = {**both, "SES_ENDPOINT_URL": "http://127.0.0.1:5000/"}
    assert from_environment(elsewhere).ses.endpoint_url == "http://127.0.0.1:5000"


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"AWS_REGION": "Frankfurt"}, "AWS_REGION must be"),
        ({"SES_REGION": "eu-central-1.evil.example"}, "SES_REGION must be"),
        ({"SES_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "A"}, "belong together"),
        ({"SES_REGION": "eu-central-1", "AWS_SECRET_ACCESS_KEY": "a secret"}, "belong together"),
    ],
)
def test_what_is_wrong_for_ses_is_said(said, named):
    with pytest.raises(ConfigError, match=named) as wrong:
        from_environment({**GOOD, "MAIL_PROVIDER": "ses", **said})
    assert "a secret" not in str(wrong.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "mysql://x/y"),
        ("REDIS_URL", "localhost"),
        ("REDIS_URL", ""),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", " "),
        ("BASE_URL", "example.com"),
        ("PORT", "eighty"),
        ("PORT", "70000"),
        ("MAIL_PROVIDER", "pigeon"),
        ("MAIL_ALLOW", ","),
        ("MAIL_ALLOW", "a@b.example;c.example"),
        ("MAIL_ALLOW", "max at campus.example"),
        ("RESEND_API_KEY", "re_1 re_2"),
        ("RESEND_API_KEY", "re_ü"),
        ("RESEND_API_URL", "api.resend.com"),
        ("RESEND_WEBHOOK_SECRET", "secret"),
        ("SMTP_URL", "mail.x.example"),
        ("SMTP_URL", "mail.x.example:587"),
        ("SMTP_URL", "http://mail.x.example"),
        ("SMTP_URL", "smtp://"),
        ("SMTP_URL", "smtp://u:p@"),
        ("SMTP_URL", "smtp://mail.x.example:many"),
        ("SMTP_URL", "smtp://mail.x.example:0"),
        ("SMTP_URL", "smtp://mail.x.example:70000"),
        ("SMTP_URL", "smtp://mail..x.example"),
        ("SMTP_URL", "smtp://mail x.example"),
        ("SMTP_URL", "smtp://[::1"),
        ("SMTP_URL", "smtp://bücher.example"),
        ("SMTP_URL", "smtp://mail.x.example/box"),
        ("SMTP_URL", "smtp://mail.x.example#box"),
        ("SMTP_URL", "smtp://u@mail.x.example"),
        ("SMTP_URL", "smtp://:p@mail.x.example"),
        ("SMTP_URL", "smtp://u:p%C3%BC@mail.x.example"),
        ("SMTP_URL", "smtp://u:p%0d%0aQUIT@mail.x.example"),
        ("SMTP_URL", "smtp://u:p@mail.x.example?tls=none"),
        ("SMTP_URL", "smtp://mail.x.example?tls=off"),
        ("SMTP_URL", "smtps://mail.x.example?tls=none"),
        ("SMTP_URL", "smtp://mail.x.example?rate=30"),
        ("SMTP_URL", "smtp://mail.x.example?rate=0/minute"),
        ("SMTP_URL", "smtp://mail.x.example?speed=1"),
        ("SES_REGION", "Frankfurt"),
        ("SES_TOPIC_ARN", "mail"),
        ("SES_TOPIC_ARN", "arn:aws:sqs:eu-central-1:123456789012:mail"),
        ("SNS_ENDPOINT_URL", "sns"),
        ("SES_CONFIGURATION_SET", "a set"),
        ("SES_ENDPOINT_URL", "127.0.0.1:5000"),
        ("REPLICA_DATABASE_URL", "x"),
        ("RATE_LIMIT_API", "600"),
        ("RATE_LIMIT_API", "0/minute"),
        ("RATE_LIMIT_API", "600/fortnight"),
        ("RATE_LIMIT_API", "600 per minute"),
        ("RATE_LIMIT_TRACK", "-1/second"),
        ("RATE_LIMIT_TRACK", "none"),
        ("FUNNEL_WEBHOOK_SECRET", "secret"),
        ("FUNNEL_WEBHOOK_SECRET", "whsec_"),
        ("FUNNEL_WEBHOOK_SECRET", "whsec_c2hvcnQ="),
        ("FUNNEL_WEBHOOK_SECRET", "whsec_not base64!"),
        ("FUNNEL_WEBHOOK_SECRET", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        ("FUNNEL_WEBHOOK_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw nonsense"),
        ("FUNNEL_WEBHOOK_SECRET", "whsec_ünïcode"),
        ("FUNNEL_WEBHOOK_SECRET", " ".join(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] * 3)),
    ],
)
def test_a_wrong_value_is_named(name, value):
    with pytest.raises(ConfigError, match=rf"^{name} .*\.$"):
        from_environment({**GOOD, name: value})


@pytest.mark.parametrize("command", [["-c", "import wsgi"], ["worker.py"]])
def test_the_start_stops_with_one_sentence(command):
    env = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    root = Path(__file__).parent.parent
    started = subprocess.run(
        [sys.executable, *command], cwd=root, env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert started.returncode == 1
    assert started.stderr.strip().startswith("campus: DATABASE_URL is not set")
    assert len(started.stderr.strip().splitlines()) == 1
