"""A name server of ours on the loopback, by UDP and by TCP: it says what a test lets it say, or behaves badly."""

from __future__ import annotations

import contextlib
import dataclasses
import socketserver
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.rdtypes.ANY.TXT import TXT
from flask import Flask

from app.config import NameServer

PIECE = 255  # bytes of a string; what is longer comes in several


class Names:
    """`texts`: TXT records by name; `aliases`: to another name; `faults`: how it behaves when asked for a name."""

    def __init__(self) -> None:
        self.texts: dict[str, list[str | bytes]] = {}
        self.aliases: dict[str, str] = {}
        self.faults: dict[str, str] = {}
        self.asked: list[str] = []
        self.by_tcp: list[str] = []
        self.port = 0
        self.stop: Callable[[], None] = lambda: None

    def answer(self, wire: bytes, is_tcp: bool) -> bytes:
        """Nothing: it stays silent."""
        query = dns.message.from_wire(wire)
        name = query.question[0].name.to_text(omit_final_dot=True).lower()
        (self.by_tcp if is_tcp else self.asked).append(name)
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        fault = self.faults.get(name, self.faults.get("*", ""))
        if fault == "silent":
            return b""
        if fault == "rubbish":
            return wire[:2] + b"\xff" * 40
        if fault == "servfail":
            response.set_rcode(dns.rcode.SERVFAIL)
            return response.to_wire()
        self._fill(response, name)
        if fault == "another":  # as if to another question: somebody who guesses
            response.id = (response.id + 1) % 65536
        whole = response.to_wire(max_size=65535)
        if fault == "huge":
            return whole
        return whole if is_tcp or len(whole) <= max(query.payload, 512) else _cut(response)

    def _fill(self, response: Any, name: str) -> None:
        asked = response.question[0].name
        if (alias := self.aliases.get(name)) is not None:
            response.answer.append(dns.rrset.from_text(asked, 60, "IN", "CNAME", f"{alias}."))
            asked, name = response.answer[0][0].target, alias
        if name in self.texts:
            response.answer.append(dns.rrset.from_rdata(asked, 60, *map(_txt, self.texts[name])))
        elif not any(known.endswith(f".{name}") for known in self.texts):
            response.set_rcode(dns.rcode.NXDOMAIN)


def _txt(text: str | bytes) -> TXT:
    whole = text.encode() if isinstance(text, str) else text
    pieces = [whole[at : at + PIECE] for at in range(0, max(1, len(whole)), PIECE)]
    return TXT(dns.rdataclass.IN, dns.rdatatype.TXT, pieces)


def _cut(response: Any) -> bytes:
    response.answer.clear()
    response.flags |= dns.flags.TC
    return response.to_wire()


def _pair(by_udp: Any, by_tcp: Any) -> tuple[socketserver.ThreadingUDPServer, socketserver.ThreadingTCPServer]:
    """On one port: a free one of the one kind may be taken in the other."""
    for _ in range(50):
        udp = socketserver.ThreadingUDPServer(("127.0.0.1", 0), by_udp)
        try:
            return udp, socketserver.ThreadingTCPServer(udp.server_address, by_tcp)
        except OSError:
            udp.server_close()
    raise AssertionError("no port is free both by UDP and by TCP")


@contextlib.contextmanager
def name_server() -> Iterator[Names]:
    names = Names()

    class ByUdp(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            said = names.answer(self.request[0], is_tcp=False)
            if said:
                self.request[1].sendto(said, self.client_address)

    class ByTcp(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            (length,) = struct.unpack("!H", self.rfile.read(2))
            said = names.answer(self.rfile.read(length), is_tcp=True)
            self.wfile.write(struct.pack("!H", len(said)) + said)

    udp, tcp = _pair(ByUdp, ByTcp)
    names.port = udp.server_address[1]
    for server in (udp, tcp):
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def stop() -> None:
        for server in (udp, tcp):
            server.shutdown()
            server.server_close()

    names.stop = stop
    try:
        yield names
    finally:
        names.stop()


@contextlib.contextmanager
def asking(app: Flask, names: Names, **changes: Any) -> Iterator[None]:
    """The application with it for its DNS."""
    before = app.extensions["config"]
    servers = (NameServer("127.0.0.1", names.port),)
    app.extensions["config"] = dataclasses.replace(before, dns_servers=servers, **changes)
    try:
        yield
    finally:
        app.extensions["config"] = before


@contextlib.contextmanager
def took_at_most(seconds: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds
