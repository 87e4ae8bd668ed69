"""/track: a link leads where it led when the mail was drawn, and nowhere else; the pixel is a picture, always."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from app import create_app, signing
from app.audit.actor import COMMAND_LINE
from app.consent import links as reader_links
from app.content import knowledge
from app.content.template import TemplateVersion
from app.db import db
from app.deliveries import refs, targets
from app.deliveries.message import Writer
from app.queue import redis_connection
from app.settings import tracking
from app.settings.tracking import Tracking
from tests.consent.links_of import ask, seen
from tests.deliveries import making
from tests.tracking.following import FACTS, hrefs, make_mailed, noted, path


@pytest.fixture
def mailed(app):
    return make_mailed()


@pytest.fixture
def without_database(app, config) -> Iterator[Flask]:
    """The same product, whose database is away."""
    other = create_app(replace(config, database_url="postgresql+psycopg://x:x@127.0.0.1:9/x"), "tests")
    yield other
    with other.app_context():
        db.engine.dispose()


def followed(app, url, method="GET", **how):
    return ask(app, method, path(url), **how)


def pixel() -> str:
    return making.outbox()[-1].html.split('<img src="')[1].split('"')[0]


def test_a_link_leads_to_its_own_target_and_says_which_mail_it_was(app, mailed):
    maya, _ = mailed
    answer = followed(app, hrefs()[0], headers={"User-Agent": "Mail\x01 \u00e9" + "x" * 400})
    mail = making.delivery_to(maya)
    assert (answer.status_code, answer.headers["Location"]) == (
        302, f"https://shop.example/a?x=1&y=2&ref={refs.of(mail.id)}#top",
    )  # fmt: skip
    assert (answer.headers["Cache-Control"], "Set-Cookie" in answer.headers) == ("no-store", False)
    (hit,) = noted()
    assert (hit.kind, hit.delivery_id, hit.place, hit.method) == ("click", mail.id, 0, "GET")
    assert (len(hit.agent), hit.agent.isprintable()) == (300, True)


def test_what_is_no_page_of_somebody_else_stays_as_it_is(app, mailed):
    found = hrefs()
    assert found[1:4] == ["mailto:us@shop.example", "tel:+49301234", "#down"]
    assert [urlsplit(one).path for one in found[5:8]] == ["/unsubscribe", "/preferences", "/view"]
    assert making.outbox()[-1].headers["List-Unsubscribe"] == f"<{found[5]}>"
    assert "/track/" not in making.outbox()[-1].text


def test_a_mail_that_is_drawn_again_is_the_same_to_the_byte(app, mailed):
    maya, run = mailed
    mail = making.delivery_to(maya)
    drawn = [Writer.of(run).write(mail.id, knowledge.people([maya.id])[0], FACTS) for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert drawn[0].html == making.outbox()[-1].html


def test_a_link_of_ones_own_carries_its_target_under_a_seal(app, mailed):
    maya, _ = mailed
    url = hrefs()[4]
    answer = followed(app, url)
    ref = refs.of(making.delivery_to(maya).id)
    assert answer.headers["Location"] == f"https://shop.example/p?q=a%20b&r=%C3%BC+1&ref={ref}#x"
    assert [(hit.kind, hit.place) for hit in noted()] == [("click", 4)]


def test_the_link_that_no_person_sees_is_followed_by_machines_and_leads_nowhere(app, mailed):
    html = making.outbox()[-1].html
    assert html.count('style="display:none" aria-hidden="true" tabindex="-1"></a><img src="') == 1
    answer = followed(app, hrefs()[9])
    assert (answer.status_code, "Location" in answer.headers) == (200, False)
    assert [(hit.kind, hit.place) for hit in noted()] == [("click", 9)]


def test_the_pixel_is_a_picture_whoever_asks_and_only_ours_is_an_open(app, mailed):
    token = path(pixel())
    for method in ("GET", "HEAD"):
        answer = ask(app, method, token)
        assert (answer.status_code, answer.mimetype, answer.headers["Cache-Control"]) == (200, "image/gif", "no-store")
        assert answer.headers["Content-Length"] == "43"
    assert [(hit.kind, hit.method) for hit in noted()] == [("open", "GET"), ("open", "HEAD")]
    for forged in ("/track/open/x.gif", token.replace("open/", "open/A"), "/track/open/%00%ff.gif"):
        assert ask(app, "GET", forged).data == ask(app, "GET", token).data
    assert len(noted()) == 2 + 3


def test_whatever_is_wrong_with_a_link_the_answer_is_the_same(app, mailed):
    maya, _ = mailed
    still, moving = path(hrefs()[0]), path(hrefs()[4])
    token = still.split("/")[3]
    other = "QUFB" + token[4:]
    wrong = [
        f"/track/click/{token[:-2]}/0",
        f"/track/click/{other}/0",
        f"/track/click/{reader_links.unsubscribe(maya.id, None, 1)}/0",
        f"/track/click/{refs.of(1)}/0",
        f"/track/click/{signing.token('track', 'nonsense')}/0",
        *(f"/track/click/{token}/{n}" for n in ("10", "4", "1", "-1", "00", "99999", "x", "", "0/0", "\u0660")),
        f"/track/click/{token}",
        "/track/click/x",
        moving.replace("shop.example", "evil.example"),
        moving.replace("/4?", "/0?"),
        moving.replace("&seal=", "&seal=A"),
        moving.split("&seal=")[0],
        moving.replace(token, other),
        f"/track/click/{token}/0?to=https://evil.example/",
        f"/track/click/{token}/0?to=&seal=",
    ]
    answers = {repr(seen(ask(app, "GET", one))) for one in wrong}
    assert len(answers) == 1
    assert ask(app, "GET", wrong[0]).status_code == 404
    assert noted() == []


def test_a_seal_is_for_one_mail_one_link_and_pages_of_the_web(app, mailed):
    token = path(hrefs()[0]).split("/")[3]
    sealed = signing.seal("track moving", f"{token}/4?javascript:alert(1)")
    assert ask(app, "GET", f"/track/click/{token}/4?to=javascript:alert(1)&seal={sealed}").status_code == 404


def test_head_is_told_where_it_leads(app, mailed):
    answer = followed(app, hrefs()[0], "HEAD")
    assert (answer.status_code, answer.headers["Location"].startswith("https://shop.example/a?")) == (302, True)
    assert [hit.method for hit in noted()] == ["HEAD"]


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        ("https://s.example", "https://s.example?ref=R&u=m%20%26"),
        ("https://s.example/?", "https://s.example/?ref=R&u=m%20%26"),
        ("https://s.example/?a=%C3%BC+b;c&&d#/x?y=1", "https://s.example/?a=%C3%BC+b;c&&d&u=m%20%26&ref=R#/x?y=1"),
        ("https://s.example/?ref=old&a=1&r%65f=2", "https://s.example/?a=1&u=m%20%26&ref=R"),
        ("https://s.example/?u=mine&refer=1", "https://s.example/?u=mine&refer=1&ref=R"),
        ("https://s.example/ü?ü=1", "https://s.example/ü?ü=1&u=m%20%26&ref=R"),
    ],
)
def test_an_address_keeps_what_it_says_and_gets_what_it_lacks(target, wanted):
    found = targets.tagged(target, {"ref": "R"}, {"u": "m &"})
    assert parse_qs(urlsplit(found).query, keep_blank_values=True) == parse_qs(
        urlsplit(wanted).query, keep_blank_values=True
    )
    assert sorted(found) == sorted(wanted)


def test_a_link_with_letters_of_its_own_goes_out_as_browsers_write_it(app):
    make_mailed('<a href="https://bücher.example/grün?x=ä">x</a>')
    said = followed(app, hrefs()[0]).headers["Location"]
    assert said.startswith("https://xn--bcher-kva.example/gr%C3%BCn?x=%C3%A4&ref=")


def test_web_analytics_hear_where_a_visit_comes_from_if_the_team_wishes_it(app):
    tracking.save(Tracking(utm=True, utm_source="campus"), 0, COMMAND_LINE)
    make_mailed('<a href="https://s.example/?utm_medium=mine">x</a>', name="Open day & more" + "ü" * 200)
    query = parse_qs(urlsplit(followed(app, hrefs()[0]).headers["Location"]).query)
    assert (query["utm_source"], query["utm_medium"]) == (["campus"], ["mine"])
    assert query["utm_campaign"][0].startswith("Open day & more")


@pytest.mark.parametrize(
    ("rules", "is_pixel", "is_led"),
    [
        (Tracking(opens=False), False, True),
        (Tracking(clicks=False), True, False),
        (Tracking(opens=False, clicks=False), False, False),
    ],
)
def test_what_is_switched_off_is_not_in_the_mail(app, rules, is_pixel, is_led):
    tracking.save(rules, 0, COMMAND_LINE)
    make_mailed()
    html = making.outbox()[-1].html
    assert ("/track/open/" in html, "/track/click/" in html) == (is_pixel, is_led)


def test_transactional_mail_is_tracked_only_if_the_team_wishes_it(app):
    make_mailed(purpose="transactional", topic=None)
    assert "/track/" not in making.outbox()[-1].html
    tracking.save(Tracking(transactional=True), 0, COMMAND_LINE)
    make_mailed(key="again", purpose="transactional", topic=None)
    assert "/track/click/" in making.outbox()[-1].html


def test_a_version_whose_links_nobody_knows_keeps_them(app):
    _, run = make_mailed()
    db.session.query(TemplateVersion).filter_by(id=run.version_id).update(
        {"html": "<a href='https://new.example/'>x</a>"}
    )
    db.session.commit()
    making.make_run(db.session.get(TemplateVersion, run.version_id), key="later")
    making.sent()
    assert hrefs()[0].startswith("/track") is False
    assert "https://new.example/" in making.outbox()[-1].html


def test_after_a_restore_no_link_leads_to_a_page_of_another_version(app, mailed):
    url = hrefs()[0]
    targets.kept.cache_clear()
    db.session.execute(text("UPDATE links SET href = 'https://other.example/' WHERE place = 0"))
    db.session.commit()
    redis_connection().flushdb()
    assert followed(app, url).status_code == 404


def test_without_redis_links_lead_on_and_the_pixel_is_there(app, config, mailed):
    link, picture = path(hrefs()[0]), path(pixel())
    targets.kept.cache_clear()
    away = create_app(replace(config, redis_url="redis://127.0.0.1:9/0"), "tests")
    assert ask_of(away, link).status_code == 302
    assert ask_of(away, picture).mimetype == "image/gif"
    with away.app_context():
        db.engine.dispose()


def test_without_the_database_links_lead_on_as_long_as_redis_knows_them(app, mailed, without_database):
    link, moving = path(hrefs()[0]), path(hrefs()[4])
    targets.kept.cache_clear()
    assert ask_of(without_database, link).headers["Location"].startswith("https://shop.example/a?")
    redis_connection().flushdb()
    assert ask_of(without_database, link).status_code == 302, "this process knows it"
    targets.kept.cache_clear()
    assert ask_of(without_database, moving).status_code == 302
    answer = ask_of(without_database, link)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "One moment" in answer.get_data(as_text=True)
    assert ask_of(without_database, link + "x").status_code == 404


def ask_of(other: Flask, there: str) -> TestResponse:
    with other.app_context():
        return other.test_client().get(there)
