"""A version drawn for a whole segment: what is found, how it is put down and taken up again, and who may look."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import text

from app.clock import clock
from app.content.template import MessageTemplate, TemplateVersion
from app.db import db
from app.ops import jobs, render_checks
from app.ops.render_check import RenderCheck
from app.ops.render_report import HEAVY, Report
from app.segments.segment import Segment
from tests.factories import make_customer, make_customers

EVERYBODY = {"all": [{"field": "created_date", "op": "exists"}]}


def make_version(html: str, subject: str = "Hi", policies: dict[str, object] | None = None) -> TemplateVersion:
    template = MessageTemplate(name="Letter", type="email", published=1)
    db.session.add(template)
    db.session.flush()
    version = TemplateVersion(
        template_id=template.id, number=1, subject=subject, preheader="", message="", html=html, text="Hello",
        policies=policies or {}, fields=[], weight=len(html), by_name="Max",
    )  # fmt: skip
    db.session.add(version)
    db.session.commit()
    return version


def make_segment() -> Segment:
    segment = Segment(name="Everybody", type="rules", rules=EVERYBODY)
    db.session.add(segment)
    db.session.commit()
    return segment


def make_check(version: TemplateVersion) -> RenderCheck:
    check = RenderCheck(version_id=version.id, segment_id=make_segment().id, by_name="Max")
    db.session.add(check)
    db.session.commit()
    return check


def checked(version: TemplateVersion) -> Report:
    check = make_check(version)
    jobs.check_renderings()
    db.session.refresh(check)
    assert check.finished_at, check.error
    assert check.waiting_since is None
    return Report.read(check.report)


def found(report: Report, kind: str) -> dict[str, int]:
    return {name: one.count for name, one in report.found[kind].items()}


def test_everybody_is_drawn_and_nothing_is_wrong(app):
    make_customers(3)
    report = checked(make_version("<p>Hello {{ customer.first_name }}</p>"))
    assert report.drawn == 3
    assert report.is_clean


def test_missing_fields_are_counted_with_who_lacks_them(app):
    make_customers(2)
    nameless = make_customer(first_name=None, email="a@posteo.example")
    report = checked(make_version("<p>Hello {{ customer.first_name }}</p>"))
    assert found(report, "missing") == {"customer.first_name": 1}
    assert report.found["missing"]["customer.first_name"].who == [nameless.id]
    assert [one.customer_id for one in report.worst] == [nameless.id]


def test_who_is_skipped_is_counted_and_is_no_fault(app):
    make_customers(2)
    make_customer(first_name=None)
    version = make_version("<p>{{ customer.first_name }}</p>", policies={"customer.first_name": {"skip": True}})
    report = checked(version)
    assert found(report, "skipped") == {"customer.first_name": 1}
    assert report.worst == []


def test_empty_loops_and_heavy_mails_are_named(app):
    make_customer()
    body = "<p>" + "x" * HEAVY + "</p>{% for one in facts.event.properties.items %}{{ one.name }}{% endfor %}"
    report = checked(make_version(body))
    assert found(report, "heavy") == {"weight": 1}
    assert found(report, "empty") == {"facts.event.properties.items": 1}
    assert report.largest > HEAVY
    assert "KB; nothing in" in report.worst[0].why


def test_the_worst_five_come_first(app):
    make_customers(8, first_name="There")
    worst = [make_customer(first_name=None, last_name=None) for _ in range(6)]
    report = checked(make_version("<p>{{ customer.first_name }} {{ customer.last_name }}</p>"))
    assert [one.customer_id for one in report.worst] == [one.id for one in worst[:5]]


def test_it_is_put_down_after_a_slice_and_taken_up_where_it_stood(app, monkeypatch):
    monkeypatch.setattr(render_checks, "SLICE", 4)
    make_customers(10)
    check = make_check(make_version("<p>{{ customer.attributes.course }}</p>"))
    steps = render_checks.go_on(check.id, clock())
    for _ in range(3):
        next(steps)
        db.session.commit()
    steps.close()
    db.session.refresh(check)
    assert (check.planned, check.done) == (10, 8)
    jobs.check_renderings()
    db.session.refresh(check)
    assert (check.done, found(Report.read(check.report), "missing")) == (10, {"customer.attributes.course": 10})


def test_a_cancelled_check_stops_at_the_next_slice(app, monkeypatch):
    monkeypatch.setattr(render_checks, "SLICE", 2)
    make_customers(10)
    check = make_check(make_version("<p>Hi</p>"))
    steps = render_checks.go_on(check.id, clock())
    next(steps)
    render_checks.cancel(check, clock())
    db.session.commit()
    for _ in steps:
        db.session.commit()
    assert check.done == 2
    assert not check.is_at_work


def test_a_segment_that_cannot_be_computed_ends_it_with_its_reason(app):
    version = make_version("<p>Hi</p>")
    check = make_check(version)
    db.session.execute(text("UPDATE customer_segments SET rules = '{\"wrong\": 1}'"))
    db.session.commit()
    jobs.check_renderings()
    db.session.refresh(check)
    assert check.failed_at
    assert check.error


def test_ten_thousand_people_take_seconds(app, record_property):
    db.session.execute(
        text(
            "INSERT INTO customers (first_name, last_name, email, created_date)"
            " SELECT 'P' || n, 'Row', n || '@posteo.example', now() FROM generate_series(1, 10000) n"
        )
    )
    db.session.commit()
    links = "".join(
        f'<a href="https://x.example/{n}?to={{{{ customer.email }}}}">go</a><p>{"word " * 200}</p>' for n in range(28)
    )
    begun = time.monotonic()
    report = checked(make_version(f"<p>Hello {{{{ customer.first_name }}}}</p>{links}"))
    took = time.monotonic() - begun
    record_property("people a second", round(report.drawn / took))
    assert report.drawn == 10_000
    assert took < 60


def test_a_marketer_begins_a_check_and_reads_what_it_found(app, client_of, marketer):
    nameless = make_customer(first_name=None, last_name="Nobody")
    version, segment = make_version("<p>Hello {{ customer.first_name }}</p>"), make_segment()
    client = client_of(marketer)
    page = client.get(f"/templates/{version.template_id}/check").get_data(as_text=True)
    assert "Everybody" in page
    answer = client.post(f"/templates/{version.template_id}/checks", data={"segment": segment.id})
    there = answer.headers["Location"]
    assert "No worker has taken it yet" in client.get(there).get_data(as_text=True)
    jobs.check_renderings()
    page = client.get(there).get_data(as_text=True)
    assert "customer.first_name" in page
    assert "Nobody" in page
    mail = client.get(f"{there}/people/{nameless.id}")
    assert mail.get_data(as_text=True) == "<p>Hello </p>"
    assert "sandbox" in mail.headers["Content-Security-Policy"]


def test_without_a_segment_or_a_version_it_is_not_begun(app, client_of, marketer):
    version = make_version("<p>Hi</p>")
    client = client_of(marketer)
    assert client.post(f"/templates/{version.template_id}/checks", data={"segment": "x"}).status_code == 422
    db.session.execute(text("UPDATE message_templates SET published = NULL"))
    db.session.commit()
    answer = client.post(f"/templates/{version.template_id}/checks", data={"segment": make_segment().id})
    assert answer.status_code == 422
    assert "Publish it first" in answer.get_data(as_text=True)


def test_a_check_is_cancelled_from_its_page(app, client_of, marketer):
    check = make_check(version := make_version("<p>Hi</p>"))
    client = client_of(marketer)
    there = f"/templates/{version.template_id}/checks/{check.id}"
    assert client.post(f"{there}/cancellation").status_code == 303
    assert "It was cancelled" in client.get(there).get_data(as_text=True)


@pytest.mark.parametrize("path", ["/checks/{check}", "/checks/{check}/people/1", "/checks/{check}/cancellation"])
def test_a_check_of_another_template_is_not_found(app, client_of, marketer, path):
    check = make_check(make_version("<p>Hi</p>"))
    client, there = client_of(marketer), f"/templates/999{path.format(check=check.id)}"
    answer = client.post(there) if path.endswith("cancellation") else client.get(there)
    assert answer.status_code == 404


def test_a_viewer_reads_and_begins_nothing(app, client_of, viewer):
    version = make_version("<p>Hi</p>")
    client = client_of(viewer)
    assert client.get(f"/templates/{version.template_id}/check").status_code == 200
    assert client.post(f"/templates/{version.template_id}/checks").status_code == 403
