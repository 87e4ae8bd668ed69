"""Where mail goes out by: a mail server of one's own, or Amazon's SES; as the environment says it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from app.environment import ConfigError, Limit, limit, web_address

PORTS = {"smtp": 587, "smtps": 465}
HOST = re.compile(r"([a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?|[0-9a-f:.]*:[0-9a-f:.]*")  # as urlsplit writes it
HERE = ("localhost", "127.0.0.1", "::1")
SMTP_LIKE = (
    "SMTP_URL must look like smtp://user:password@mail.example.com:587 (STARTTLS) or smtps://… (port 465);"
    " in a user or a password write @ : / ? # % as %40 %3A %2F %3F %23 %25."
)
REGIONS = ("SES_REGION", "AWS_REGION", "AWS_DEFAULT_REGION")  # the first that is set
REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d{1,2}")
CONFIGURATION_SET = re.compile(r"[A-Za-z0-9_-]{1,64}")
TOPIC = re.compile(r"arn:aws:sns:[a-z]{2,}(-[a-z]+)+-\d{1,2}:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?")


@dataclass(frozen=True)
class MailServer:
    """`security`: encrypted from the first byte (tls), by STARTTLS or not at all; `rate`: mails, None: no limit."""

    host: str
    port: int
    security: str
    user: str = ""
    password: str = field(default="", repr=False)
    rate: Limit | None = None


@dataclass(frozen=True)
class Ses:
    """`region`: None, where a profile of AWS's tools has it; whose account it is they know, too."""

    region: str | None = None
    configuration_set: str | None = None
    endpoint_url: str | None = None


def mail_server(env: Mapping[str, str]) -> MailServer | None:
    if not (written := env.get("SMTP_URL", "").strip()):
        if env.get("MAIL_PROVIDER") == "smtp":
            raise ConfigError("SMTP_URL is not set: MAIL_PROVIDER=smtp needs the address of a mail server.")
        return None
    url, port = _smtp_url(written)
    user, password = _login(url)
    security, rate = _smtp_options(url)
    if security == "none" and user and url.hostname not in HERE:
        raise ConfigError("SMTP_URL sends no password unencrypted: leave out either tls=none or the user.")
    return MailServer(url.hostname or "", port or PORTS[url.scheme], security, user, password, rate)


def _smtp_url(written: str) -> tuple[SplitResult, int | None]:
    """Never quoted in the sentence: there is a password in it."""
    try:
        url = urlsplit(written)
        port = url.port
    except ValueError:
        raise ConfigError(SMTP_LIKE) from None
    is_whole = url.scheme in PORTS and url.hostname and url.path in ("", "/") and not url.fragment and port != 0
    if not is_whole or not HOST.fullmatch(url.hostname or ""):
        raise ConfigError(SMTP_LIKE)
    return url, port


def _login(url: SplitResult) -> tuple[str, str]:
    user, password = unquote(url.username or ""), unquote(url.password or "")
    if bool(user) != bool(password):
        raise ConfigError("SMTP_URL must name a user and a password, or neither.")
    if not (user + password).isascii() or not (user + password).isprintable():
        raise ConfigError("SMTP_URL must have a user and a password of printable ASCII.")
    return user, password


def _smtp_options(url: SplitResult) -> tuple[str, Limit | None]:
    said = {name: values[-1] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
    if set(said) - {"tls", "rate"}:
        raise ConfigError("SMTP_URL knows two options: tls=none and rate=600/minute.")
    if said.get("tls", "none") != "none" or ("tls" in said and url.scheme == "smtps"):
        raise ConfigError("SMTP_URL takes tls=none only, and only with smtp://: everything else is encrypted anyway.")
    rate = limit({"SMTP_URL rate": said.get("rate", "")}, "SMTP_URL rate")
    return "tls" if url.scheme == "smtps" else said.get("tls", "starttls"), rate


def ses(env: Mapping[str, str]) -> Ses:
    """What AWS's own tools read from the environment they read themselves: here only what can be wrong in it."""
    chosen = env.get("SES_CONFIGURATION_SET", "").strip()
    if chosen and not CONFIGURATION_SET.fullmatch(chosen):
        raise ConfigError("SES_CONFIGURATION_SET must be a name of letters, digits, _ and -, as it stands in SES.")
    is_ours = env.get("MAIL_PROVIDER") == "ses"
    if is_ours and bool(env.get("AWS_ACCESS_KEY_ID")) != bool(env.get("AWS_SECRET_ACCESS_KEY")):
        raise ConfigError("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together: set both, or neither.")
    url = web_address(env, "SES_ENDPOINT_URL", "") if env.get("SES_ENDPOINT_URL") else None
    return Ses(_ses_region(env, is_ours), chosen or None, url)


def topic_arns(env: Mapping[str, str]) -> tuple[str, ...]:
    written = tuple(env.get("SES_TOPIC_ARN", "").split())
    if not all(TOPIC.fullmatch(one) for one in written):
        raise ConfigError(
            "SES_TOPIC_ARN must be a topic of SNS, like arn:aws:sns:eu-central-1:123456789012:mail, or several."
        )
    return written


def _ses_region(env: Mapping[str, str], is_ours: bool) -> str | None:
    named = next((one for one in REGIONS if env.get(one, "").strip()), None)
    if named is None and is_ours and not env.get("AWS_PROFILE"):
        raise ConfigError("SES_REGION is not set: MAIL_PROVIDER=ses needs the region of an account, like eu-central-1.")
    if named is None:
        return None
    if not REGION.fullmatch(region := env[named].strip()) and (is_ours or named == "SES_REGION"):
        raise ConfigError(f"{named} must be a region of AWS, like eu-central-1, not “{region}”.")
    return region
