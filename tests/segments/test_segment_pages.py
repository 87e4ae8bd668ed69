"""/segments: found, changed by two at once, archived, deleted, looked at, and who may."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app.db import db
from app.segments import keeping, listed
from app.segments.definition import Definition
from app.segments.keeping import Gone
from app.segments.segment import Segment, SegmentSize
from tests.factories import make_attribute, make_customer, make_customers
from tests.segments.making import (
    ADA,
    HERE,
    HTMX,
    MAYA_ONLY,
    NOW,
    make_rules,
    make_segment,
    page_of,
    put,
    the_only,
    verbs,
)


@pytest.fixture
def browser(client_of, editor):
    return client_of(editor)


# the list


def test_the_list_says_name_kind_size_and_by_how_many_it_is_used(browser):
    inner = make_rules()
    make_rules("Built on it", {"any": [{"segment": inner.id}, {"all": [{"segment": inner.id}]}]})
    inner.size, inner.sized_at = 1234, NOW
    db.session.commit()
    page = page_of(browser.get(HERE))
    for word in ("All Mayas", "Built on it", "1,234", "Rules", "not counted"):
        assert word in page
    row = page.split("All Mayas</a>")[1].partition("</tr>")[0]
    assert '<td class="num sub">1</td>' in row


def test_nothing_there_shows_the_four_kinds_and_nothing_found_says_so(browser):
    page = page_of(browser.get(HERE))
    assert "No segments yet" in page
    assert page.count("/segments/new?type=") == 4
    make_segment()
    page = page_of(browser.get(f"{HERE}?q=wram"))
    assert "No segment matches “wram”" in page
    assert "No segments yet" not in page


def test_segments_are_searched_filtered_and_sorted(browser):
    small, large, unknown = make_segment("Ärzte"), make_rules("bakers"), make_rules("Cooks")
    small.size, large.size = 3, 300
    db.session.commit()
    page = page_of(browser.get(f"{HERE}?q=arzte"))
    assert "Ärzte" in page
    assert "bakers" not in page
    page = page_of(browser.get(f"{HERE}?filter=type:is:rules"))
    assert "Ärzte" not in page
    assert browser.get(f"{HERE}?filter=type:is:nothing").status_code == 422
    assert browser.get(f"{HERE}?field=type&op=is&value=sql").status_code == 302
    for sort, names in (("-size", ["bakers", "Ärzte", "Cooks"]), ("name", ["bakers", "Cooks"])):
        page = page_of(browser.get(f"{HERE}?sort={sort}"))
        assert [page.index(f">{name}</a>") for name in names] == sorted(page.index(f">{name}</a>") for name in names)
    assert unknown.size is None


def test_fifty_a_page_and_a_way_to_the_rest(browser):
    for number in range(60):
        keeping.create(Definition(f"Segment {number:02}", "manual"), NOW + timedelta(minutes=number), ADA)
    db.session.commit()
    for sort in ("name", "-size", "-changed"):
        page = page_of(browser.get(f"{HERE}?sort={sort}"))
        assert "1–50" in page
        more = page.split('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
        assert "51–60" in page_of(browser.get(more))


def test_htmx_gets_the_fragment_of_the_same_url(browser):
    make_segment()
    fragment = page_of(browser.get(HERE, headers=HTMX))
    assert "<html" not in fragment
    assert 'id="results"' in fragment


def test_the_search_over_everything_finds_segments_and_marks_archived_ones(browser):
    segment = make_segment()
    keeping.archive(segment, NOW, ADA)
    db.session.commit()
    found = page_of(browser.get("/search?q=warm"))
    assert f'href="/segments/{segment.id}"' in found
    assert "List, archived" in found


# changed


def test_a_change_makes_a_version_that_says_what_changed(browser):
    make_customer()
    segment = make_rules()
    data = {"name": "Only Toms", "version": "1", "rules": json.dumps(MAYA_ONLY).replace("Maya", "Tom")}
    assert browser.post(f"{HERE}/{segment.id}", data=data).status_code == 303
    assert (the_only().version, the_only().size) == (2, 0)
    page = page_of(browser.get(f"{HERE}/{segment.id}"))
    assert "name: Only Toms" in page
    assert "name: All Mayas" in page
    assert "version 2" in page


def test_who_saves_second_keeps_their_words_and_sees_who_was_first(browser, client_of, marketer):
    segment, other = make_segment(), client_of(marketer)
    assert other.post(f"{HERE}/{segment.id}", data={"name": "Theirs", "version": "1"}).status_code == 303
    answer = browser.post(f"{HERE}/{segment.id}", data={"name": "Mine", "version": "1"})
    page = page_of(answer)
    assert answer.status_code == 409
    assert "Max saved this segment after you opened it" in page
    assert 'value="Mine"' in page
    assert "name: Theirs" in page
    assert the_only().name == "Theirs"
    assert 'name="version" value="2"' in page
    assert browser.post(f"{HERE}/{segment.id}", data={"name": "Mine", "version": "2"}).status_code == 303


def test_a_circle_is_refused(browser):
    inner = make_rules()
    outer = make_rules("Outer", {"segment": inner.id})
    data = {"name": "x", "version": "1", "rules": json.dumps({"segment": outer.id})}
    answer = browser.post(f"{HERE}/{inner.id}", data=data)
    assert answer.status_code == 422
    assert "circle" in page_of(answer)


def test_a_copy_of_a_list_has_its_people(browser):
    segment, (first, second) = make_segment(), make_customers(2)
    put(segment, first, second)
    answer = browser.post(f"{HERE}/{segment.id}/duplicates")
    assert answer.status_code == 303
    copy = db.session.scalars(select(Segment).where(Segment.id != segment.id)).one()
    assert copy.name == "Warm applicants (copy)"
    assert listed.count(copy) == 2


def test_an_archived_segment_leaves_the_list_and_comes_back(browser):
    segment = make_segment()
    assert browser.post(f"{HERE}/{segment.id}/archive").status_code == 303
    assert "Warm applicants</a>" not in page_of(browser.get(HERE))
    found = page_of(browser.get(f"{HERE}?filter=archived:is:yes"))
    assert "Warm applicants</a>" in found
    assert "archived" in found
    assert browser.get(f"{HERE}/{segment.id}").status_code == 200
    browser.post(f"{HERE}/{segment.id}/restoration")
    assert "Warm applicants</a>" in page_of(browser.get(HERE))
    assert verbs() == ["created", "archived", "restored"]


def test_what_is_used_is_not_deleted_and_its_users_are_named(browser):
    inner = make_rules()
    outer = make_rules("Built on it", {"segment": inner.id})
    for answer in (browser.get(f"{HERE}/{inner.id}/deletion"), browser.post(f"{HERE}/{inner.id}/deletion")):
        assert f'href="/segments/{outer.id}"' in page_of(answer)
        assert "Built on it" in page_of(answer)
    assert answer.status_code == 409
    assert browser.post(f"{HERE}/{outer.id}/deletion").status_code == 303
    assert browser.post(f"{HERE}/{inner.id}/deletion").status_code == 303
    assert browser.get(f"{HERE}/{inner.id}").status_code == 404


def test_who_saves_what_was_deleted_meanwhile_is_told_that_it_is_gone(browser, monkeypatch):
    segment = make_segment()
    segment_id = segment.id
    db.session.expunge(segment)
    db.session.execute(text("DELETE FROM customer_segments"))
    db.session.commit()
    with pytest.raises(Gone):
        keeping.delete(segment, ADA)
    monkeypatch.setattr(keeping, "find", lambda _: Segment(id=segment_id, name="x", type="manual", version=1))
    answer = browser.post(f"{HERE}/{segment_id}", data={"name": "Mine", "version": "1"})
    assert answer.status_code == 404


def test_a_function_that_is_gone_can_be_replaced(browser):
    segment = make_segment("Old", "function", handler_function="long_gone", arguments={"n": 3})
    page = page_of(browser.get(f"{HERE}/{segment.id}/edit"))
    assert "“long_gone” is not there any more" in page
    assert '<option value="random_percent">' in page
    data = {"name": "Old", "version": "1", "handler_function": "random_percent", "arguments.percent": "5"}
    assert browser.post(f"{HERE}/{segment.id}", data=data).status_code == 303
    assert the_only().handler_function == "random_percent"


# looked at


def test_its_size_is_counted_kept_and_drawn(browser):
    make_customers(12, first_name="Maya")
    segment = make_rules()
    page = page_of(browser.get(f"{HERE}/{segment.id}/size", headers=HTMX))
    assert '<div class="huge">12</div>' in page
    assert "10 of 12, at random" in page
    assert the_only().size == 12
    db.session.add(SegmentSize(segment_id=segment.id, at=NOW, size=3))
    db.session.commit()
    assert "<polyline" in page_of(browser.get(f"{HERE}/{segment.id}"))


def test_what_cannot_be_computed_is_said_and_is_never_zero(browser):
    segment = make_segment("Broken", "sql", selection_sql="SELECT id FROM nowhere")
    for path in ("size", "customers", "customers/export"):
        page = page_of(browser.get(f"{HERE}/{segment.id}/{path}"))
        assert "There is no “nowhere”" in page
        assert '<div class="huge">' not in page
    assert browser.get(f"{HERE}/{segment.id}/customers").status_code == 422
    assert the_only().size is None
    assert "cannot be counted" in page_of(browser.get(HERE))


def test_rules_that_are_no_longer_understood_are_said(browser):
    make_attribute("score", "numeric")
    segment = make_rules(rules={"attribute": "score", "op": "at_least", "value": 3})
    db.session.execute(text("UPDATE customer_segments SET rules = '{\"wish\": 1}'"))
    db.session.commit()
    assert "not understood any more" in page_of(browser.get(f"{HERE}/{segment.id}"))
    assert browser.get(f"{HERE}/{segment.id}/edit").status_code == 200


def test_its_customers_are_searched_paged_and_exported(browser):
    make_customers(60, first_name="Maya")
    make_customer("Tom", lms_lead_id="T-1", email="=tom@mail.example")
    segment = make_rules()
    here = f"{HERE}/{segment.id}/customers"
    page = page_of(browser.get(here))
    assert "1–50" in page
    assert "Tom" not in page
    more = page.split('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    assert "51–60" in page_of(browser.get(more))
    one = page_of(browser.get(f"{here}?q=L-7", headers=HTMX))
    assert "p7@posteo.example" in one
    assert "<html" not in one
    assert browser.get(f"{here}?field=email&op=is&value=p7@posteo.example").headers["Location"].startswith(here)
    assert browser.get(f"{here}?filter=wish:is:x").status_code == 422
    file = page_of(browser.get(f"{here}/export?filter=lms_lead_id:is:L-7"))
    assert file.count("\r\n") == 2
    assert "p7@posteo.example" in file
    assert verbs()[-1] == "exported"


def test_names_are_words_and_no_html(browser):
    segment = make_segment("<script>alert(1)</script>", description="<b>x</b>")
    put(segment, make_customer("<i>Maya</i>"))
    make_rules("<u>Outer</u>", {"segment": segment.id})
    for path in ("", f"/{segment.id}", f"/{segment.id}/edit", f"/{segment.id}/size", f"/{segment.id}/customers",
                 f"/{segment.id}/why", f"/{segment.id}/deletion", f"/{segment.id}/people/new"):  # fmt: skip
        page = page_of(browser.get(HERE + path))
        for tag in ("<script>alert", "<b>x", "<i>Maya", "<u>Outer"):
            assert tag not in page


# who may


def test_a_viewer_looks_and_changes_nothing(client_of, viewer):
    segment, maya = make_segment(), make_customer()
    browser = client_of(viewer)
    for path in ("", f"/{segment.id}", f"/{segment.id}/size", f"/{segment.id}/customers", f"/{segment.id}/why",
                 f"/{segment.id}/customers/export"):  # fmt: skip
        assert browser.get(HERE + path).status_code == 200
    assert "/edit" not in page_of(browser.get(f"{HERE}/{segment.id}"))
    for path in ("/new", f"/{segment.id}/edit", f"/{segment.id}/deletion", f"/{segment.id}/people/new"):
        assert browser.get(HERE + path).status_code == 403
    for path in ("", f"/{segment.id}", f"/{segment.id}/archive", f"/{segment.id}/duplicates", f"/{segment.id}/deletion",
                 f"/{segment.id}/people", f"/{segment.id}/people/removal", "/sql/rows", "/sql/format"):  # fmt: skip
        assert browser.post(HERE + path, data={"customer_id": maya.id}).status_code == 403
    assert browser.post(f"/customers/{maya.id}/segments").status_code == 403
    assert verbs() == ["created", "exported"]


def test_a_stranger_is_sent_to_the_door(stranger):
    assert stranger.get(HERE).status_code == 302
    assert stranger.get(HERE, headers=HTMX).status_code == 401


@pytest.mark.parametrize("number", ["0", "99", "99999999999999999999"])
def test_what_is_not_there_is_not_found(browser, number):
    for path in ("", "/edit", "/size", "/customers", "/why", "/deletion", "/people/new"):
        assert browser.get(f"{HERE}/{number}{path}").status_code == 404
