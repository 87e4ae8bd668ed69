"""The library on the screen: what comes in, what is found again, who uses it, and who may do what."""

from __future__ import annotations

import io
import re

import pytest

from app.audit.actor import COMMAND_LINE
from app.content import media
from app.content.medium import MediaFile, Medium
from app.content.template import MessageTemplate
from app.db import db
from tests.content.pictures_of import animation, png
from tests.factories import NOW

HTMX = {"HX-Request": "true"}


def sent(*files: tuple[str, bytes]) -> dict[str, object]:
    return {"files": [(io.BytesIO(content), name) for name, content in files]}


def make_medium(kind: str = "text", name: str = "Greeting", **facts: object) -> Medium:
    said = {"name": name, "body": "Hello **there**" if kind == "text" else "<mj-text>Hi</mj-text>", **facts}
    medium = media.add(kind, said, None, NOW, COMMAND_LINE)
    db.session.commit()
    return medium


def make_template(name: str, message: str = "", blocks: list[dict[str, object]] | None = None) -> MessageTemplate:
    template = MessageTemplate(name=name, type="email", message=message, blocks=blocks)
    db.session.add(template)
    db.session.commit()
    return template


def only() -> Medium:
    return db.session.query(Medium).one()


@pytest.fixture
def max_(client_of, marketer):
    return client_of(marketer)


def test_files_come_in_and_are_asked_what_they_show(max_):
    answer = max_.post("/media/files", data=sent(("spring-lake.png", png()), ("ball.gif", animation(3))))
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "Alternative text" in text
    assert sorted(one.name for one in db.session.query(Medium)) == ["ball", "spring lake"]


def test_the_same_picture_again_is_the_one_that_is_there(max_):
    max_.post("/media/files", data=sent(("one.png", png())))
    answer = max_.post("/media/files", data=sent(("two.png", png())))
    assert "is here already" in answer.get_data(as_text=True)
    assert only().name == "one"


def test_what_is_no_picture_is_refused_beside_those_that_are(max_):
    evil = b"<html><script>alert(1)</script>"
    answer = max_.post("/media/files", data=sent(("evil<b>.png", evil), ("good.png", png())), headers=HTMX)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "evil&lt;b&gt;.png" in text
    assert "was not taken" in text
    assert only().name == "good"


def test_nothing_chosen_is_said(max_):
    answer = max_.post("/media/files", data={})
    assert answer.status_code == 422
    assert "Choose one or more" in answer.get_data(as_text=True)


def test_more_than_twenty_at_once_are_not_taken(max_):
    answer = max_.post("/media/files", data=sent(*((f"{n}.png", b"x") for n in range(21))))
    assert "At most 20 at once" in answer.get_data(as_text=True)


def test_what_it_shows_is_said_right_there(max_):
    max_.post("/media/files", data=sent(("lake.png", png())))
    medium = only()
    words = {"alt": "A lake at noon", "name": "Lake", "tags": "Water, summer ,water", "version": 1}
    answer = max_.post(f"/media/{medium.id}/words", data=words, headers=HTMX)
    assert "Saved" in answer.get_data(as_text=True)
    db.session.refresh(medium)
    assert (medium.alt, medium.name, medium.tags, medium.version) == ("A lake at noon", "Lake", ["water", "summer"], 2)


def test_without_a_name_it_is_not_saved(max_):
    max_.post("/media/files", data=sent(("lake.png", png())))
    answer = max_.post(f"/media/{only().id}/words", data={"name": " ", "version": 1}, headers=HTMX)
    assert answer.status_code == 422
    assert "needs a name" in answer.get_data(as_text=True)


def test_a_file_is_handed_out_to_anybody_for_a_year_and_can_do_nothing(max_, stranger):
    max_.post("/media/files", data=sent(("lake.png", png())))
    there = f"/media/files/{only().content_hash}"
    answer = stranger.get(there)
    assert answer.data == db.session.query(MediaFile).one().content
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "Set-Cookie" not in answer.headers
    again = stranger.get(there, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    head = stranger.head(there)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == answer.headers["Content-Length"]


@pytest.mark.parametrize("wrong", ["x", "%00", "..%2f..%2fetc%2fpasswd", "a" * 5000])
def test_a_wrong_address_of_a_file_is_not_found(stranger, wrong):
    assert stranger.get(f"/media/files/{wrong}").status_code == 404


def test_the_library_is_searched_filtered_and_sorted(max_):
    make_medium(name="Autumn greeting", tags="autumn")
    make_medium("mjml", "Zebra footer", body="<mj-text>Stripes</mj-text>")
    make_medium(name="Spring", tags="spring")

    def names(query: str) -> list[str]:
        return re.findall(r'class="what cut" title="([^"]+)"', max_.get(f"/media{query}").get_data(as_text=True))

    assert names("?q=autumn") == ["Autumn greeting"]
    assert names("?q=stripes") == ["Zebra footer"]
    assert names("?filter=kind:is:mjml") == ["Zebra footer"]
    assert names("?filter=tag:is:spring") == ["Spring"]
    assert names("?sort=name") == ["Autumn greeting", "Spring", "Zebra footer"]
    assert names("?filter=alt:is:missing") == []
    assert "Nothing matches" in max_.get("/media?q=wram").get_data(as_text=True)


def test_a_list_answers_page_and_fragment(max_):
    assert "<html" in max_.get("/media").get_data(as_text=True)
    assert "<html" not in max_.get("/media", headers=HTMX).get_data(as_text=True)


def test_a_video_is_a_picture_with_a_play_mark_that_leads_to_it(max_):
    film = {"kind": "video", "name": "Tour", "url": "https://v.example/1", "alt": "A tour"}
    answer = max_.post("/media", data=film | {"poster": (io.BytesIO(png(640, 360)), "p.png")})
    assert answer.status_code == 303
    medium = only()
    assert (medium.kind, medium.url, medium.width) == ("video", "https://v.example/1", 640)
    assert db.session.get(MediaFile, medium.content_hash).mime == "image/jpeg"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"url": "javascript:alert(1)"}, "address of the video"),
        ({"url": "https://"}, "address of the video"),
        ({"name": ""}, "needs a name"),
        ({"poster": None}, "needs a picture"),
        ({"poster": (io.BytesIO(b"<svg>"), "p.png")}, "SVG"),
    ],
)
def test_a_video_needs_an_address_and_a_picture(max_, changes, said):
    film = {"kind": "video", "name": "Tour", "url": "https://v.example/1", "poster": (io.BytesIO(png()), "p.png")}
    whole = {name: value for name, value in (film | changes).items() if value is not None}
    answer = max_.post("/media", data=whole, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert said in answer.get_data(as_text=True)


def test_a_block_tells_who_uses_it_and_when_they_take_the_change(max_):
    block = make_medium("mjml", "Promise")
    make_template("Welcome", blocks=[{"kind": "saved", "media": block.id}])
    make_template("Other", blocks=[{"kind": "saved", "media": block.id + 1}])
    page = max_.get(f"/media/{block.id}").get_data(as_text=True)
    assert "Welcome" in page
    assert "Other" not in page
    assert "next publish" in max_.get(f"/media/{block.id}/edit").get_data(as_text=True)
    changed = {"name": "Promise", "body": "<mj-text>Anew</mj-text>", "version": block.version}
    answer = max_.post(f"/media/{block.id}", data=changed, follow_redirects=True)
    assert "“Welcome”: taken at the next publish." in answer.get_data(as_text=True)


def test_what_somebody_else_saved_is_not_overwritten_unseen(max_):
    text = make_medium()
    assert max_.post(f"/media/{text.id}", data={"name": "Mine", "body": "A", "version": 1}).status_code == 303
    answer = max_.post(f"/media/{text.id}", data={"name": "Theirs", "body": "B", "version": 1})
    assert answer.status_code == 409
    assert "Theirs" in answer.get_data(as_text=True)
    db.session.refresh(text)
    assert text.name == "Mine"


def test_what_is_used_is_not_deleted(max_):
    max_.post("/media/files", data=sent(("lake.png", png())))
    medium = only()
    template = make_template("Letter", f'<mj-image src="https://x.example/media/files/{medium.content_hash}" />')
    answer = max_.post(f"/media/{medium.id}/deletion")
    assert answer.status_code == 409
    assert "Letter" in answer.get_data(as_text=True)
    db.session.delete(template)
    db.session.commit()
    assert max_.post(f"/media/{medium.id}/deletion").status_code == 303
    assert db.session.query(Medium).count() == 0
    assert db.session.query(MediaFile).count() == 1, "mails that went out go on showing it"


def test_pictures_are_picked_by_search_with_what_they_fill_in(max_):
    max_.post("/media/files", data=sent(("lake.png", png()), ("hill.png", png(50, 50))))
    make_medium()
    lake = db.session.query(Medium).filter_by(name="lake").one()
    text = max_.get("/media/pick?q=lake", headers=HTMX).get_data(as_text=True)
    assert f'data-src="/media/files/{lake.content_hash}"' in text
    assert text.count("data-picks") == 1
    assert max_.get("/media/pick", headers=HTMX).get_data(as_text=True).count("data-picks") == 2


def test_a_block_is_shown_in_a_frame_where_nothing_runs(max_):
    block = make_medium("mjml", body="<mj-text>Hi <script>alert(1)</script></mj-text>")
    for answer in (
        max_.get(f"/media/{block.id}/frame"),
        max_.post("/media/frame", data={"kind": "text", "body": "Hello **there**"}),
    ):
        policy = answer.headers["Content-Security-Policy"]
        assert "sandbox" in policy.split("; ")
        assert "default-src 'none'" in policy
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "<strong>there</strong>" in answer.get_data(as_text=True)


def test_broken_mjml_is_not_kept_and_its_line_is_named(max_):
    wrong = {"kind": "mjml", "name": "Broken", "body": "<mj-text>fine</mj-text>\n<mj-txt>not</mj-txt>"}
    answer = max_.post("/media", data=wrong)
    assert answer.status_code == 422
    assert "Line 2" in answer.get_data(as_text=True)
    assert db.session.query(Medium).count() == 0


@pytest.mark.parametrize("path", ["/media", "/media/pick", "/media/{id}", "/media/{id}/frame"])
def test_a_viewer_may_look(client_of, viewer, path):
    medium = make_medium()
    assert client_of(viewer).get(path.format(id=medium.id)).status_code == 200


@pytest.mark.parametrize("path", ["/media", "/media/files", "/media/frame", "/media/{id}", "/media/{id}/deletion"])
def test_a_viewer_may_not_change_anything(client_of, viewer, path):
    medium = make_medium()
    assert client_of(viewer).post(path.format(id=medium.id)).status_code == 403
