"""`recommendations` in a mail: each person's own, in what goes out, in previews, tests and renderings."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import event

from app.content import publishing, recommended
from app.content.rendering import Frozen
from app.db import db
from app.deliveries import jobs, viewing
from tests.content.test_previews import drawn, frame, make_template
from tests.deliveries.making import delivery_to, make_run, make_version, outbox, sent
from tests.factories import make_customer, make_customers
from tests.recommendations.shopping import DAY, HOUR, count, make_product, make_view, sell

pytestmark = pytest.mark.usefixtures("app")
NOW = datetime.now(UTC)
BLOCK = """{% if recommendations %}<h2>For you</h2>{% for one in recommendations %}
<a href="{{ one.url }}">{{ one.name }}</a> {{ one.price | money(one.currency) }} {{ one.reason }}
{% endfor %}{% endif %}<a href="{{ urls.unsubscribe }}">No more</a>"""


def make_recommending(html: str = BLOCK):
    version = make_version(html)
    version.fields = publishing.fields(Frozen("", "", html, ""))
    db.session.commit()
    return version


@pytest.fixture
def shop(app):
    for product_id, category in (("tent", "camping"), ("novel", "books")):
        make_product(product_id, category)
    sell("tent", "tent", "novel", at=NOW - DAY)
    count(NOW)


def asked(statements: list[str]) -> int:
    return sum("best_sellers" in one for one in statements)


@pytest.fixture
def statements():
    told: list[str] = []

    def tell(_connection, _cursor, statement, *_rest):
        told.append(statement)

    event.listen(db.engine, "before_cursor_execute", tell)
    yield told
    event.remove(db.engine, "before_cursor_execute", tell)


def test_each_person_gets_their_own_and_a_batch_asks_once(shop, statements):
    maya, jonas = make_customers(2)
    make_view(jonas.id, "novel", NOW - HOUR)
    make_run(make_recommending())
    sent()
    mails = {one.to_email: one.html for one in outbox()}
    assert "Popular now" in mails[maya.email]
    assert "Best seller in books" not in mails[maya.email]
    assert mails[jonas.email].index("Novel</a> 10.00 EUR Best seller in books") < mails[jonas.email].index("Tent")
    assert asked(statements) == 1


def test_a_mail_that_does_not_name_them_asks_for_none(shop, statements):
    make_customer(email="maya@posteo.example")
    make_run()
    sent()
    assert len(outbox()) == 1
    assert asked(statements) == 0


def test_where_there_is_nothing_to_recommend_the_block_is_not_there():
    make_customer(email="maya@posteo.example")
    make_run(make_recommending())
    sent()
    [mail] = outbox()
    assert "For you" not in mail.html


def test_what_a_mail_was_told_counts_more(shop):
    maya = make_customer(email="maya@posteo.example")
    make_run(make_recommending())
    delivery_to(maya).facts = {"recommendations": [{"name": "A gift", "url": "https://shop.example/gift"}]}
    db.session.commit()
    sent()
    [mail] = outbox()
    assert "A gift" in mail.html
    assert "Tent" not in mail.html


def test_in_the_browser_the_mail_still_recommends(shop):
    maya = make_customer(email="maya@posteo.example")
    make_run(make_recommending())
    sent()
    assert "Tent</a>" in viewing.page(delivery_to(maya).id)


def test_a_version_knows_whether_it_names_them():
    def names(html: str) -> bool:
        return recommended.is_named(publishing.fields(Frozen("", "", html, "")))

    assert names("{% for one in recommendations %}{{ one.name }}{% endfor %}")
    assert names("{{ recommendations[0].name }}")
    assert names("{% if recommendations %}Look{% endif %}")
    assert names("{{ recommendations | length }}")
    assert not names("{{ customer.first_name }} {{ facts.recommendations }}")


WORDS = "{% for one in recommendations %}{{ one.name }}: {{ one.reason }}. {% endfor %}"
MESSAGE = f"<mjml><mj-body><mj-section><mj-column><mj-text>{WORDS}</mj-text></mj-column></mj-section></mj-body></mjml>"


def test_a_rendering_holds_what_is_recommended_to_its_person(shop, make_system):
    maya, template = make_customer(), make_template(message=MESSAGE)
    answer = make_system("read").send(
        "POST", f"/api/v1/templates/{template.id}/renderings", json={"customer_id": maya.id}
    )
    assert "Tent: Popular now." in answer.json["html"]


def test_a_preview_and_a_test_show_theirs_and_samples_where_there_are_none(app, client_of, marketer):
    make_customer()
    template, max_ = make_template(message=MESSAGE), client_of(marketer)
    assert "Sound for Film" in frame(max_, drawn(max_, template)).text
    make_product("tent", "camping")
    sell("tent", at=NOW - DAY)
    count(NOW)
    shown = frame(max_, drawn(max_, template)).text
    assert "Tent: Popular now." in shown
    assert "Sound for Film" not in shown
    max_.post(f"/templates/{template.id}/test-sends", data={"to": [str(marketer.id)]}, headers={"HX-Request": "true"})
    jobs.post_notices()
    [mail] = outbox()
    assert "Tent: Popular now." in mail.html


def test_a_subject_of_its_own_recommends_though_the_mail_does_not(shop):
    make_customer(email="maya@posteo.example")
    make_run().subject = "{{ recommendations[0].name | default('Nothing') }} for you"
    db.session.commit()
    sent()
    [mail] = outbox()
    assert mail.subject == "Tent for you"
