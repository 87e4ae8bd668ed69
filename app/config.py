"""What the environment says, typed. A wrong value stops the start with one sentence (ConfigError)."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from app import outgoing
from app.environment import ConfigError, Limit, limit, web_address
from app.outgoing import MailServer, Ses

MAIL_PROVIDERS = ("outbox", "resend", "smtp", "ses")
ALLOWED = re.compile(r"([^\s@,;]+@)?[^\s@,;]+")  # an address or a domain

ORIGIN = re.compile(r"https?://[^/\s?#@]+", re.IGNORECASE)


@dataclass(frozen=True)
class NameServer:
    """Of the DNS."""

    address: str
    port: int = 53


@dataclass(frozen=True)
class Config:
    database_url: str
    redis_url: str
    secret_keys: tuple[str, ...]
    base_url: str = "http://127.0.0.1:8000"
    replica_database_url: str | None = None
    sql_wall_database_url: str | None = None  # the restricted login of SQL segments
    mail_provider: str = "outbox"
    mail_from: str = "Campus <mail@campus.example>"
    mail_reply_to: str | None = None
    mail_allow: frozenset[str] = frozenset()  # addresses or domains; empty: everybody
    resend_api_key: str | None = field(default=None, repr=False)
    resend_api_url: str = "https://api.resend.com"
    resend_webhook_secrets: tuple[bytes, ...] = field(default=(), repr=False)
    mail_server: MailServer | None = None
    ses: Ses = field(default_factory=Ses)
    ses_topic_arns: tuple[str, ...] = ()  # of SNS: whose receipts are taken
    sns_endpoint_url: str | None = None  # for trials: instead of Amazon's, where certificates come from
    dns_servers: tuple[NameServer, ...] | None = ()  # empty: the machine's own; None: nobody is asked
    log_format: str = "json"
    release: str = "dev"
    funnel_webhook_secrets: tuple[bytes, ...] = ()
    track_jwt_secrets: tuple[str, ...] = field(default=(), repr=False)  # of the shop; the tokens of all are taken
    track_origins: tuple[str, ...] = ()  # of the shop's pages, which call us from browsers; “*”: any
    demo_shop: bool = False  # of bin/dev, to try out what a shop tells
    limits: Mapping[str, Limit | None] = field(default_factory=dict)  # by what is limited; None: nobody said

    @property
    def is_secure(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def sends_nothing(self) -> bool:
        return self.mail_provider == "outbox"

    @property
    def has_demo_shop(self) -> bool:
        """Anybody may be anybody there: only where no mail leaves this machine."""
        return self.demo_shop and self.sends_nothing


def from_environment(env: Mapping[str, str]) -> Config:
    return Config(
        database_url=_database_url(env, "DATABASE_URL"),
        redis_url=_redis_url(env),
        secret_keys=_secret_keys(env),
        base_url=_base_url(env),
        replica_database_url=_optional_url(env, "REPLICA_DATABASE_URL"),
        sql_wall_database_url=_optional_url(env, "SQL_WALL_DATABASE_URL"),
        mail_provider=_one_of(env, "MAIL_PROVIDER", MAIL_PROVIDERS),
        mail_from=env.get("MAIL_FROM") or Config.mail_from,
        mail_reply_to=env.get("MAIL_REPLY_TO") or None,
        mail_allow=_mail_allow(env),
        resend_api_key=_resend_api_key(env),
        resend_api_url=web_address(env, "RESEND_API_URL", Config.resend_api_url),
        resend_webhook_secrets=_webhook_secrets(env, "RESEND_WEBHOOK_SECRET"),
        mail_server=outgoing.mail_server(env),
        ses=outgoing.ses(env),
        ses_topic_arns=outgoing.topic_arns(env),
        sns_endpoint_url=web_address(env, "SNS_ENDPOINT_URL", "") if env.get("SNS_ENDPOINT_URL") else None,
        dns_servers=_dns_servers(env),
        log_format=_one_of(env, "LOG_FORMAT", ("json", "plain")),
        release=env.get("RELEASE") or Config.release,
        funnel_webhook_secrets=_webhook_secrets(env, "FUNNEL_WEBHOOK_SECRET"),
        track_jwt_secrets=_track_jwt_secrets(env),
        track_origins=_track_origins(env),
        demo_shop=env.get("DEMO_SHOP") == "1",
        limits={"api": limit(env, "RATE_LIMIT_API"), "track": limit(env, "RATE_LIMIT_TRACK")},
    )


def _required(env: Mapping[str, str], name: str, what: str) -> str:
    value = env.get(name, "").strip()
    if not value:
        raise ConfigError(
            f"{name} is not set: give the address of {what}, or use bin/dev, which starts one of its own."
        )
    return value


def _database_url(env: Mapping[str, str], name: str) -> str:
    url = _required(env, name, "a PostgreSQL server")
    scheme, _, rest = url.partition("://")
    if scheme not in {"postgresql", "postgres", "postgresql+psycopg"} or not rest:
        raise ConfigError(f"{name} must look like postgresql://user:password@host/database.")
    return f"postgresql+psycopg://{rest}"


def _optional_url(env: Mapping[str, str], name: str) -> str | None:
    return _database_url(env, name) if env.get(name, "").strip() else None


def _redis_url(env: Mapping[str, str]) -> str:
    url = _required(env, "REDIS_URL", "a Redis server")
    if urlsplit(url).scheme not in {"redis", "rediss", "unix"}:
        raise ConfigError("REDIS_URL must look like redis://host:6379/0, rediss://… or unix:///path.")
    return url


def _secret_keys(env: Mapping[str, str]) -> tuple[str, ...]:
    keys = tuple(env.get("SECRET_KEY", "").split())
    if not keys:
        raise ConfigError("SECRET_KEY is not set: give a long random text; it signs sessions and links.")
    if any(len(key) < 16 for key in keys):
        raise ConfigError("SECRET_KEY is too short: each of its values needs at least 16 characters.")
    return keys


def _webhook_secrets(env: Mapping[str, str], name: str) -> tuple[bytes, ...]:
    written = env.get(name, "").split()
    if len(written) > 2:
        raise ConfigError(f"{name} takes one value, or two separated by a space while you rotate.")
    return tuple(_webhook_secret(name, one) for one in written)


def _webhook_secret(name: str, written: str) -> bytes:
    try:
        secret = base64.b64decode(written.removeprefix("whsec_").encode(), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) < 16 or not written.startswith("whsec_"):
        raise ConfigError(f"{name} must be whsec_ followed by at least 16 bytes in base64.")
    return secret


def _track_jwt_secrets(env: Mapping[str, str]) -> tuple[str, ...]:
    secrets = tuple(env.get("TRACK_JWT_SECRET", "").split())
    if any(len(one) < 16 for one in secrets):
        raise ConfigError(
            "TRACK_JWT_SECRET is too short: who guesses it is anybody. It takes at least 16 characters without a space;"
            " a space stands between two secrets while you rotate."
        )
    return secrets


def _track_origins(env: Mapping[str, str]) -> tuple[str, ...]:
    origins = tuple(env.get("TRACK_ORIGINS", "").replace(",", " ").split())
    if not all(one == "*" or ORIGIN.fullmatch(one) for one in origins):
        raise ConfigError("TRACK_ORIGINS must be origins with commas between, like https://shop.example.com.")
    return tuple(one.lower() for one in origins)


def _mail_allow(env: Mapping[str, str]) -> frozenset[str]:
    """Set to something that names nobody, it must not mean everybody."""
    written = env.get("MAIL_ALLOW", "").strip().lower()
    allowed = [one.strip().removeprefix("@") for one in written.split(",")]
    if written and not all(ALLOWED.fullmatch(one) for one in allowed):
        raise ConfigError(
            "MAIL_ALLOW must be addresses or domains with commas between, like campus.example, a@b.example."
        )
    return frozenset(one for one in allowed if one)


def _resend_api_key(env: Mapping[str, str]) -> str | None:
    key = env.get("RESEND_API_KEY", "").strip()
    if not key and env.get("MAIL_PROVIDER") == "resend":
        raise ConfigError("RESEND_API_KEY is not set: MAIL_PROVIDER=resend needs a key of your account at Resend.")
    if not (key.isascii() and (key.isprintable() and " " not in key)):
        raise ConfigError("RESEND_API_KEY must be one word, like re_123…, as Resend showed it once.")
    return key or None


def _dns_servers(env: Mapping[str, str]) -> tuple[NameServer, ...] | None:
    written = env.get("DNS_SERVERS", "").strip()
    if written == "none":
        return None
    try:
        return tuple(map(_dns_server, written.replace(",", " ").split()))
    except ValueError:
        raise ConfigError(
            "DNS_SERVERS must be none, or numeric addresses with commas between, like 9.9.9.9, 127.0.0.1:5353."
        ) from None


def _dns_server(written: str) -> NameServer:
    is_bare = written.count(":") > 1 and not written.startswith("[")
    url = urlsplit(f"//[{written}]" if is_bare else f"//{written}")
    if url.port == 0 or url.path or url.query or url.username is not None:
        raise ValueError(written)
    return NameServer(str(ipaddress.ip_address(url.hostname or "")), url.port or NameServer.port)


def _base_url(env: Mapping[str, str]) -> str:
    return web_address(env, "BASE_URL", f"http://127.0.0.1:{_port(env)}")


def _port(env: Mapping[str, str]) -> int:
    text = env.get("PORT") or "8000"
    if not (text.isdecimal() and 0 < int(text) < 65536):
        raise ConfigError(f"PORT must be a number from 1 to 65535, not “{text}”.")
    return int(text)


def _one_of(env: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    value = env.get(name) or allowed[0]
    if value not in allowed:
        raise ConfigError(f"{name} must be one of {', '.join(allowed)}, not “{value}”.")
    return value
