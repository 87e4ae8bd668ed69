"""Mails that have gone out, and people and machines who follow what stands in them."""

from __future__ import annotations

import re
from html import unescape

import msgspec

from app.content import links
from app.content.template import Link, TemplateVersion
from app.customers.customer import Customer
from app.db import db
from app.deliveries.run import Run
from app.queue import redis_connection
from app.tracking import stream
from app.tracking.stream import STREAM, Seen
from tests.deliveries import making
from tests.deliveries.making import make_run, make_version, sent
from tests.factories import make_customer

BODY = """<html><body><a href="https://shop.example/a?x=1&amp;y=2#top">One</a>
<a href="mailto:us@shop.example">Write</a> <a href="tel:+49301234">Call</a> <a href="#down">Down</a>
<a href="{{ facts.product.url }}">Yours</a> <a href="{{ urls.unsubscribe }}">No more</a>
<a href="{{ urls.preferences }}">Choose</a> <a href="{{ urls.view }}">In the browser</a>
<a href="https://shop.example/b">Two</a></body></html>"""
FACTS = {"product": {"url": "https://shop.example/p?q=a b&r=ü+1#x"}}
HREF = re.compile(r'href="([^"]*)"')


def make_linked(html: str = BODY) -> TemplateVersion:
    """With the links that publishing finds in it."""
    version = make_version(html)
    found = [Link(version_id=version.id, place=one.place, href=one.href, label="") for one in links.find(html)]
    db.session.add_all(found)
    db.session.commit()
    return version


def make_mailed(html: str = BODY, **facts: object) -> tuple[Customer, Run]:
    """A mail in the outbox, to Maya."""
    maya = make_customer(email="maya@posteo.example")
    run = make_run(make_linked(html), **facts)
    making.delivery_to(maya).facts = FACTS
    db.session.commit()
    sent()
    return maya, run


def hrefs() -> list[str]:
    """Of the mail that went out last, as a browser reads them."""
    return [unescape(one) for one in HREF.findall(making.outbox()[-1].html)]


def path(url: str) -> str:
    return "/" + url.split("/", 3)[3]


def noted() -> list[Seen]:
    stream.flush()
    found = redis_connection().xrange(STREAM)
    return [msgspec.msgpack.decode(fields[b"hit"], type=Seen) for _, fields in found]
