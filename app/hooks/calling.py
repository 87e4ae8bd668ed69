"""One POST to somebody else's address: ten seconds in all, ten kilobytes of the answer, no redirect followed.

Receivers inside one's own network are usual, so private addresses are allowed; those where a cloud hands its machines
their keys are not, under whatever name. What the name means is looked up once, and that very address is called.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from threading import Timer
from urllib.parse import SplitResult, urlsplit

from app import running

SECONDS = 10.0
LARGEST = 10_000  # bytes of an answer
FORBIDDEN = tuple(
    map(ip_network, ("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "100.100.100.200/32", "0.0.0.0/8", "::/128"))
)
NAT64 = ip_network("64:ff9b::/96")  # an older address inside a newer one
NOT_THERE = "This address is not called: it belongs to the machines of a cloud, or to nobody."


@dataclass(frozen=True)
class Answer:
    """`status` None: there was none, and `said` tells why."""

    status: int | None
    said: str

    @property
    def is_heard(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def call(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Never raises because of what is at the other end."""
    try:
        return _called(urlsplit(url), body, headers)
    except TimeoutError:
        return Answer(None, f"It did not answer within {SECONDS:.0f} seconds.")
    except ssl.SSLCertVerificationError as error:
        return Answer(None, f"Its certificate does not hold: {error.verify_message}.")
    except _Forbidden:
        return Answer(None, NOT_THERE)
    except (OSError, http.client.HTTPException, UnicodeError, ValueError) as error:
        return Answer(None, f"It could not be reached ({type(error).__name__}).")


def is_forbidden(host: str) -> bool:
    """For an address that is written as a number; what a name means is looked at when it is called."""
    try:
        return _is_forbidden(ip_address(host))
    except ValueError:
        return False


class _Forbidden(Exception):
    pass


class _Watch(Timer):
    """Ends a connection whatever it is doing, once its time is over: an answer may come a byte at a time.

    It holds the connection by a handle of its own: TLS takes the first one over.
    """

    def __init__(self, plain: socket.socket, seconds: float) -> None:
        super().__init__(seconds, self._end)
        self.daemon, self.held, self.has_ended = True, plain.dup(), False

    def _end(self) -> None:
        self.has_ended = True
        with contextlib.suppress(OSError):
            self.held.shutdown(socket.SHUT_RDWR)


def _called(url: SplitResult, body: bytes, headers: Mapping[str, str]) -> Answer:
    began, is_secure, host = time.monotonic(), url.scheme == "https", url.hostname or ""
    port = url.port or (443 if is_secure else 80)
    plain = socket.create_connection((_address(host, port), port), timeout=SECONDS)
    connection = http.client.HTTPConnection(host, port)
    with contextlib.closing(connection), _limited(plain, SECONDS - (time.monotonic() - began)):
        connection.sock = plain
        if is_secure:
            connection.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=host)
        connection.request("POST", _path(url), body, {**_own_headers(url), **headers})
        answer = connection.getresponse()
        said = answer.read(LARGEST).decode(errors="replace").replace("\0", "")
    return Answer(answer.status, said)


@contextlib.contextmanager
def _limited(plain: socket.socket, seconds: float) -> Iterator[None]:
    watch = _Watch(plain, max(seconds, 0))
    watch.start()
    try:
        yield
    except (OSError, http.client.HTTPException):
        if watch.has_ended:
            raise TimeoutError from None
        raise
    finally:
        watch.cancel()
        watch.held.close()


def _path(url: SplitResult) -> str:
    return (url.path or "/") + (f"?{url.query}" if url.query else "")


def _own_headers(url: SplitResult) -> dict[str, str]:
    agent = f"campus/{running.config().release}"
    return {"Host": url.netloc, "User-Agent": agent, "Content-Type": "application/json"}


def _address(host: str, port: int) -> str:
    """The first that the name means; all that it means must be allowed."""
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not found or any(_is_forbidden(ip_address(one.partition("%")[0])) for one in found):
        raise _Forbidden
    return found[0]


def _is_forbidden(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        within = address.ipv4_mapped or (IPv4Address(int(address) & 0xFFFFFFFF) if address in NAT64 else None)
        address = within or address
    return address.is_multicast or any(address in net for net in FORBIDDEN if net.version == address.version)
