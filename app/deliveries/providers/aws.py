"""A line to AWS by its own library: one client for a process, its connections kept from mail to mail, nothing ever
tried again by itself. Nothing has left this machine until the first byte of a call's body was asked for.
"""

from __future__ import annotations

import io
import os
import ssl
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from botocore import exceptions as wrong
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config
from botocore.session import Session
from rq.timeouts import JobTimeoutException

from app import running
from app.deliveries.providers.provider import Busy, Closed, Rejected, Unknown
from app.deliveries.providers.said import Said
from app.outgoing import Ses

# Seconds; all of them together fit into the time of a job.
OPENING, TAKING, TELLING = 3.0, 25.0, 5.0
AWAY = timedelta(seconds=5)
SOON = timedelta(minutes=5)  # a machine that is given its credentials may have to wait for them after it has started
NOT_SET_UP = (
    wrong.ConfigParseError,
    wrong.InvalidRegionError,
    wrong.NoRegionError,
    wrong.PartialCredentialsError,
    wrong.ProfileNotFound,
    wrong.UnknownEndpointError,
)
NO_CREDENTIALS = "AWS's library finds no credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile or a role."
NOBODY = "nobody"

has_left: ContextVar[bool] = ContextVar("has_left", default=False)


class Body(io.BytesIO):
    """Of a call; read once, whole, when the connection stands and its head is out."""

    def read(self, _size: int | None = -1, /) -> bytes:
        has_left.set(True)
        return super().read()


def send(settings: Ses, mail: dict[str, Any]) -> dict[str, Any]:
    """Raises Said for an answer that is no yes, else what a provider may raise."""
    return _called(settings, TAKING, "send_email", mail)


def account(settings: Ses) -> dict[str, Any]:
    return _called(settings, TELLING, "get_account", {})


def identity(settings: Ses, domain: str) -> dict[str, Any]:
    return _called(settings, TELLING, "get_email_identity", {"EmailIdentity": domain})


def get_ready(settings: Ses) -> None:
    """What is the same for all processes; nobody's credentials, and no connection."""
    with suppress(wrong.BotoCoreError):
        _watched(settings, TAKING, aws_access_key_id=NOBODY, aws_secret_access_key=NOBODY).close()


def rest() -> None:
    for client in _clients(os.getpid()).values():
        client.close()


def _called(settings: Ses, patience: float, verb: str, asked: dict[str, Any]) -> dict[str, Any]:
    has_left.set(False)
    try:
        answer: dict[str, Any] = getattr(_client(settings, patience), verb)(**asked)
    except wrong.ClientError as error:
        raise _said(error.response) from None
    except wrong.ParamValidationError:
        raise Rejected("AWS's library finds something in this mail that SES would not understand.") from None
    except Exception as error:  # what cannot be read ends in any of them
        raise _why_not(error) from None
    return answer


def _said(answer: dict[str, Any]) -> Said:
    """Where it has no name the library writes the status in its place."""
    status = int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    named, message = (str(answer["Error"].get(one) or "") for one in ("Code", "Message"))
    return Said(status, "" if named.isdecimal() else named, message)


def _why_not(error: Exception) -> Exception:
    cause = error.kwargs.get("error", error) if isinstance(error, wrong.BotoCoreError) else error
    if isinstance(cause, JobTimeoutException):  # the alarm rang in there, and they took it for an error of the network
        return cause
    if has_left.get():
        return Unknown(f"SES's answer did not come, or cannot be read ({type(error).__name__}).")
    if not isinstance(error, wrong.BotoCoreError):
        return error
    return _never_sent(error, cause)


def _never_sent(error: Exception, cause: Exception) -> Busy | Closed:
    if isinstance(error, wrong.NoCredentialsError):
        return Closed(NO_CREDENTIALS, datetime.now(UTC) + SOON)
    if isinstance(error, NOT_SET_UP):
        return Closed(f"AWS's library is not set up as it has to be: {error}")
    if _is_untrusted(cause):
        return Closed("The certificate of SES is not to be trusted; AWS_CA_BUNDLE names a file with that of a proxy.")
    return Busy(f"SES could not be reached ({type(error).__name__}).", AWAY)


def _is_untrusted(cause: Exception) -> bool:
    return any(isinstance(one, ssl.SSLCertVerificationError) for one in (cause, *cause.args))


def _client(settings: Ses, patience: float) -> Any:
    clients = _clients(os.getpid())
    if (settings, patience) not in clients:
        clients[settings, patience] = _made(settings, patience)
    return clients[settings, patience]


@cache
def _clients(_process: int) -> dict[tuple[Ses, float], Any]:
    """By process, for a fork is born with the connections of its parent."""
    return {}


@cache
def _session() -> Session:
    """Their description of SES takes a tenth of a second to read: who forks others reads it before."""
    return Session()


def _made(settings: Ses, patience: float) -> Any:
    if _session().get_credentials() is None:  # or the client would never look for them again
        raise wrong.NoCredentialsError
    return _watched(settings, patience)


def _watched(settings: Ses, patience: float, **credentials: str) -> Any:
    config = Config(
        connect_timeout=OPENING,
        read_timeout=patience,
        retries={"total_max_attempts": 1, "mode": "standard"},
        max_pool_connections=8,
        user_agent_extra=f"campus/{running.config().release}",
    )
    where = {"region_name": settings.region, "endpoint_url": settings.endpoint_url}
    client = _session().create_client("sesv2", config=config, **where, **credentials)
    client.meta.events.register("before-send", _watch)
    return client


def _watch(request: AWSPreparedRequest, **_: Any) -> None:
    """What cannot be watched may be out from here on."""
    if isinstance(request.body, bytes):
        request.body = Body(request.body)
    else:
        has_left.set(True)
