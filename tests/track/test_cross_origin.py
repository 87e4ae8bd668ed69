"""Pages of other origins: those that are named may call, the others hear nothing."""

from __future__ import annotations

import pytest

from tests.track.visiting import SHOP

MUG = {"product_id": "mug", "session_id": "s-1"}
SAID = ("Access-Control-Allow-Origin", "Access-Control-Allow-Credentials")


def allowed(answer) -> tuple[str | None, ...]:
    return tuple(answer.headers.get(name) for name in SAID)


def preflight(page, origin: str):
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    return page("/track/view", method="OPTIONS", headers=asked)


def test_an_origin_that_is_named_may_call_with_credentials(app, page):
    asked, answer = preflight(page, SHOP), page("/track/view", MUG)
    assert (asked.status_code, allowed(asked), allowed(answer)) == (200, (SHOP, "true"), (SHOP, "true"))
    assert "POST" in asked.headers["Access-Control-Allow-Methods"]
    assert asked.headers["Access-Control-Allow-Headers"] == "Authorization, Content-Type"
    assert "Origin" in answer.vary


@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"{SHOP}.evil.example", "http://shop.example", ""])
def test_others_hear_nothing(app, page, origin):
    assert allowed(preflight(page, origin)) == (None, None)
    assert allowed(page("/track/view", MUG, headers={"Origin": origin})) == (None, None)


def test_without_origins_only_our_own_pages_may_call(app, page, configured):
    configured(track_origins=())
    assert allowed(page("/track/view", MUG)) == (None, None)


def test_where_any_may_call_only_those_that_are_named_may_bring_credentials(app, page, configured):
    configured(track_origins=("*", SHOP))
    assert allowed(page("/track/view", MUG)) == (SHOP, "true")
    assert allowed(page("/track/view", MUG, headers={"Origin": "https://a.example"})) == ("*", None)
    assert allowed(page("/track/view", MUG, headers={})) == (None, None)


@pytest.mark.parametrize(("path", "method", "status"), [("/track/view", "GET", 405), ("/track/nothing", "POST", 404)])
def test_refusals_can_be_read_too(app, page, path, method, status):
    answer = page(path, MUG, method=method)
    assert (answer.status_code, answer.mimetype, allowed(answer)) == (status, "application/json", (SHOP, "true"))


def test_the_links_of_mails_stay_as_they_are(app, page):
    answer = page("/track/open/x.gif", method="GET")
    assert (answer.mimetype, allowed(answer)) == ("image/gif", (None, None))


def test_the_script_is_small_and_kept_and_read_by_every_site(app, page):
    answer = page("/track.js", method="GET", headers={"Origin": "https://any.example"})
    assert (answer.status_code, answer.mimetype, len(answer.data) < 5 * 1024) == (200, "text/javascript", True)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert "Set-Cookie" not in answer.headers
    again = page("/track.js", method="GET", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
