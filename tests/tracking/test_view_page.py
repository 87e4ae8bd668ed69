"""/view: the mail once more, in a browser, for whoever holds its link."""

from __future__ import annotations

from app.consent import links
from app.db import db
from tests.consent.links_of import ask, said, seen
from tests.deliveries import making
from tests.tracking.following import hrefs, make_mailed, noted, path


def test_it_shows_the_mail_without_the_pixel_and_is_told_apart(app):
    maya, _ = make_mailed()
    answer = ask(app, "GET", path(hrefs()[7]))
    assert said(answer) == making.outbox()[-1].html.replace(
        making.outbox()[-1].html.split("Two</a>")[1], "</body></html>"
    )
    assert (answer.headers["X-Robots-Tag"], answer.headers["Cache-Control"]) == ("noindex", "no-store")
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert [(hit.kind, hit.delivery_id) for hit in noted()] == [("view", making.delivery_to(maya).id)]


def test_of_somebody_who_was_erased_nothing_is_shown(app):
    maya, _ = make_mailed()
    there = path(hrefs()[7])
    making.delivery_to(maya).email = None
    db.session.commit()
    assert "no longer kept" in said(ask(app, "GET", there))
    assert noted() == []


def test_a_wrong_link_is_a_404_like_every_other(app):
    maya, _ = make_mailed()
    mail = making.delivery_to(maya)
    wrong = ("x", links.unsubscribe(maya.id), links.view(mail.id)[:-1], links.preferences(maya.id, mail.id))
    assert len({repr(seen(ask(app, "GET", f"/view?token={one}"))) for one in wrong}) == 1
    assert ask(app, "GET", "/view").status_code == 404
    assert ask(app, "GET", f"/view?token={links.view(999_999)}").status_code == 200
