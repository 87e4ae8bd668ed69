"""/templates: found, begun, written, changed by two at once, checked, published, compared, archived, deleted."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import select

from app.audit.actor import COMMAND_LINE
from app.content import media, publishing, usage, writing
from app.content.template import MessageTemplate, TemplateVersion
from app.content.usage import User
from app.content.writing import Draft
from app.db import db
from tests.factories import NOW, make_customer

HERE = "/templates"
HTMX = {"HX-Request": "true"}
MAIL = """<mjml>
  <mj-body>
    <mj-section>
      <mj-column>
        <mj-text>Hello {{ customer.first_name | default("there") }}</mj-text>
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>
"""


@pytest.fixture
def browser(client_of, editor):
    return client_of(editor)


@pytest.fixture
def used():
    """Something that sends template 0 and up."""

    def find(ids):
        return [(one, User("automation", 1, "Open day, every November", "/automations/1")) for one in ids]

    usage.told_by(find)
    yield
    usage.FINDERS.remove(find)


def make_template(name="Open day", **said):
    draft = Draft(name, **{"subject": "Come and see", "message": MAIL, **said})
    template = writing.create(draft, NOW, COMMAND_LINE)
    db.session.commit()
    return template


def text_of(answer):
    return answer.get_data(as_text=True)


def the_only():
    db.session.expire_all()
    return db.session.scalars(select(MessageTemplate)).one()


def form_of(template, **said):
    parts = {"name": template.name, "subject": template.subject, "preheader": template.preheader}
    return {**parts, "message": template.message, "version": template.version, "template": template.id, **said}


# the list


def test_the_list_says_what_each_is_and_what_is_live(browser, used):
    make_template()
    make_template("Chat", type="whatsapp", message="Hi")
    make_template("Blocks", blocks=[{"kind": "heading", "text": "Hi", "size": "large", "align": "left"}])
    page = text_of(browser.get(HERE))
    for word in ("Open day", "WhatsApp", "Composed", "Code", "draft", "Come and see"):
        assert word in page
    assert page.count('<td class="num sub">1</td>') == 3


def test_nothing_there_leads_to_a_first_one_and_nothing_found_says_so(browser):
    assert "No templates yet" in text_of(browser.get(HERE))
    make_template()
    assert "No template matches “wram”" in text_of(browser.get(f"{HERE}?q=wram"))


def test_templates_are_searched_filtered_and_sorted(browser):
    first, second = make_template("Ärzte"), make_template("bakers", type="whatsapp")
    page = text_of(browser.get(f"{HERE}?q=arzte"))
    assert "Ärzte" in page
    assert "bakers" not in page
    assert "Ärzte" not in text_of(browser.get(f"{HERE}?filter=type:is:whatsapp"))
    assert "bakers" in text_of(browser.get(f"{HERE}?filter=made:is:code&filter=state:is:draft"))
    assert browser.get(f"{HERE}?filter=type:is:fax").status_code == 422
    assert browser.get(f"{HERE}?field=type&op=is&value=email").status_code == 302
    page = text_of(browser.get(f"{HERE}?sort=-name"))
    assert page.index(f"{HERE}/{first.id}") < page.index(f"{HERE}/{second.id}")


def test_htmx_gets_the_rows_alone(browser):
    make_template()
    fragment = text_of(browser.get(HERE, headers=HTMX))
    assert fragment.strip().startswith('<div id="results">')


# a new one


@pytest.mark.parametrize(("word", "type_", "is_composed"), [
    ("code", "email", False), ("blocks", "email", True), ("whatsapp", "whatsapp", False),
])  # fmt: skip
def test_a_template_begins_with_nothing(browser, word, type_, is_composed):
    answer = browser.post(HERE, data={"name": "Mine", "from": word})
    template = the_only()
    assert answer.headers["Location"] == f"{HERE}/{template.id}"
    assert (template.name, template.type, template.blocks is not None) == ("Mine", type_, is_composed)
    assert browser.get(f"{HERE}/{template.id}").status_code == 200


def test_a_template_begins_as_a_starter_which_stays_as_it_is(browser):
    starter = make_template("Welcome")
    starter.starter = "welcome"
    db.session.commit()
    assert f"{HERE}/{starter.id}/frame" in text_of(browser.get(f"{HERE}/new"))
    browser.post(HERE, data={"from": str(starter.id)})
    both = db.session.scalars(select(MessageTemplate).order_by(MessageTemplate.id)).all()
    assert [(one.name, one.starter, one.message) for one in both] == [
        ("Welcome", "welcome", MAIL),
        ("Welcome", None, MAIL),
    ]


def test_what_it_begins_with_must_be_there(browser):
    answer = browser.post(HERE, data={"from": "fax"})
    assert answer.status_code == 422
    assert "Choose what to start from" in text_of(answer)
    assert browser.post(HERE, data={"from": "code", "name": "x" * 300}).status_code == 422


# the editor


def test_it_is_saved_as_a_page_and_as_a_fragment(browser):
    template = make_template()
    there = f"{HERE}/{template.id}"
    answer = browser.post(there, data=form_of(template, subject="Another", message=MAIL.replace("\n", "\r\n")))
    assert answer.headers["Location"] == there
    assert (the_only().subject, the_only().message, the_only().version) == ("Another", MAIL, 2)
    answer = browser.post(there, data=form_of(the_only(), subject="Third"), headers=HTMX)
    assert 'id="version" form="template" value="3"' in text_of(answer)
    assert "is saved" in answer.headers["HX-Trigger"]


def test_who_saves_second_keeps_what_was_typed_and_hears_who_was_first(browser, client_of, marketer):
    template = make_template()
    there, mine = f"{HERE}/{template.id}", form_of(template, subject="Mine <b>")
    client_of(marketer).post(there, data=form_of(template, subject="Theirs"))
    answer = browser.post(there, data=mine)
    assert answer.status_code == 409
    page = text_of(answer)
    assert "Max saved this template" in page
    assert "Mine &lt;b&gt;" in page
    assert the_only().subject == "Theirs"
    late = browser.post(there, data=mine, headers=HTMX)
    assert late.status_code == 409
    assert "Max saved this template" in text_of(late)
    assert browser.post(there, data={**mine, "version": 2}).status_code == 303
    assert the_only().subject == "Mine <b>"


def test_what_may_not_be_kept_is_said_beside_it(browser):
    template = make_template()
    answer = browser.post(f"{HERE}/{template.id}", data=form_of(template, subject="a\r\nBcc: b", name=" "))
    assert answer.status_code == 422
    assert "It is needed." in text_of(answer)
    assert "line break" in text_of(answer)
    assert the_only().version == 1


def test_blocks_are_read_and_refused_with_a_reason(browser):
    template = make_template(blocks=[])
    there, good = f"{HERE}/{template.id}", [{"kind": "heading", "text": "Hi there", "size": "large", "align": "left"}]
    assert browser.post(there, data=form_of(template, blocks=json.dumps(good))).status_code == 303
    assert "Hi there" in the_only().message
    for wrong in ("[", "{}", '[{"kind": "fax"}]'):
        assert browser.post(there, data=form_of(the_only(), blocks=wrong)).status_code == 422
    assert the_only().version == 2


def test_the_message_of_a_composed_one_cannot_be_slipped_in(browser):
    template = make_template(blocks=[])
    browser.post(f"{HERE}/{template.id}", data=form_of(template, message="<mjml></mjml>"))
    assert the_only().message != "<mjml></mjml>"


def test_problems_are_named_with_line_and_fix(browser):
    template = make_template()
    wrong = MAIL.replace("<mj-text>", '<mj-text widht="3px">').replace("customer.first_name", "customer.frist_name")
    fragment = text_of(browser.post(f"{HERE}/check", data=form_of(template, message=wrong), headers=HTMX))
    assert "line 5" in fragment
    assert 'data-right="customer.first_name"' in fragment
    assert "data-fix" in fragment
    assert "None found" in text_of(browser.post(f"{HERE}/check", data=form_of(template), headers=HTMX))
    assert browser.post(f"{HERE}/check", data={"template": "99"}).status_code == 404
    assert the_only().version == 1


def test_a_composed_mail_has_problems_without_lines(browser):
    template = make_template(subject="{{ customer.nmae }}", blocks=[])
    fragment = text_of(browser.post(f"{HERE}/check", data=form_of(template, blocks="[]"), headers=HTMX))
    assert "nmae" in fragment
    assert "line 1" not in fragment


def test_the_vocabulary_names_elements_fields_and_filters(browser):
    said = browser.get(f"{HERE}/vocabulary").get_json()
    assert "width" in said["elements"]["mj-image"]["attributes"]
    assert "mj-text" in said["elements"]["mj-column"]["children"]
    assert {"path": "customer.first_name", "type": "text"} in said["fields"]
    assert "default" in [one["name"] for one in said["filters"]]


def test_blocks_to_put_in_come_from_the_composer_and_the_library(browser):
    medium = media.add("mjml", {"name": "Note", "body": "<mj-text>Hi</mj-text>"}, None, NOW, COMMAND_LINE)
    db.session.commit()
    assert "<mj-button" in text_of(browser.get(f"{HERE}/blocks/button"))
    saved = text_of(browser.get(f"{HERE}/blocks/{medium.id}"))
    assert "<mj-section" in saved
    assert "<mj-text>Hi</mj-text>" in saved
    for unknown in ("saved", "fax", "99"):
        assert browser.get(f"{HERE}/blocks/{unknown}").status_code == 404


def test_a_chat_is_shown_with_fields_and_never_sent(browser):
    make_customer("Tomás")
    template = make_template(type="whatsapp", message="Hi", subject="")
    assert "never sent" in text_of(browser.get(f"{HERE}/{template.id}"))
    said = form_of(template, message="Hi {{ customer.first_name }} <b>")
    bubble = text_of(browser.post(f"{HERE}/chat", data=said, headers=HTMX))
    assert "Hi Tomás &lt;b&gt;" in bubble


def test_a_frame_shows_the_mail_and_can_do_nothing(browser):
    template = make_template(message=MAIL.replace("Hello", "Hello <script>alert(1)</script>"))
    answer = browser.get(f"{HERE}/{template.id}/frame")
    assert answer.status_code == 200
    assert "sandbox" in answer.headers["Content-Security-Policy"]


# publishing and versions


def test_it_is_published_and_the_draft_goes_on(browser, used):
    template = make_template()
    asked = text_of(browser.get(f"{HERE}/{template.id}/publication/new", headers=HTMX))
    assert "Publish version 1?" in asked
    assert "Open day, every November" in asked
    answer = browser.post(f"{HERE}/{template.id}/publication")
    page = text_of(browser.get(answer.headers["Location"]))
    for word in ("Version 1 is live.", "version 1 is live", "draft of version 2"):
        assert word in page


def test_errors_stop_it_and_are_listed(browser):
    template = make_template(message=MAIL.replace("mj-text", "mj-txet"))
    asked = text_of(browser.get(f"{HERE}/{template.id}/publication/new"))
    assert "cannot be published yet" in asked
    assert "mj-txet" in asked
    answer = browser.post(f"{HERE}/{template.id}/publication")
    assert answer.status_code == 422
    assert "mj-txet" in text_of(answer)
    assert db.session.query(TemplateVersion).count() == 0


def test_versions_are_compared_and_put_back(browser):
    template = make_template()
    there = f"{HERE}/{template.id}"
    assert "Nothing is published yet" in text_of(browser.get(f"{there}/versions"))
    browser.post(f"{there}/publication")
    assert "Nothing differs" in text_of(browser.get(f"{there}/versions"))
    browser.post(there, data=form_of(the_only(), subject="Another", message=MAIL.replace("Hello", "Good day")))
    page = text_of(browser.get(f"{there}/versions?from=1&to=draft"))
    for word in ("Come and see", "Another", "Good day", "Hello"):
        assert word in page
    assert "no such version" in text_of(browser.get(f"{there}/versions?from=9&to=draft"))
    assert browser.post(f"{there}/versions/1/restoration", data={"version": 1}).status_code == 303
    assert the_only().subject == "Another"
    browser.post(f"{there}/versions/1/restoration", data={"version": 2})
    assert (the_only().subject, the_only().message) == ("Come and see", MAIL)
    assert browser.post(f"{there}/versions/9/restoration", data={"version": 3}).status_code == 404


# the whole of one


def test_it_is_copied_archived_and_brought_back(browser):
    template = make_template()
    there = f"{HERE}/{template.id}"
    browser.post(f"{there}/archive")
    assert "Open day" not in text_of(browser.get(HERE)).partition('id="results"')[2].partition("toasts")[0]
    assert "Open day" in text_of(browser.get(f"{HERE}?filter=archived:is:yes"))
    browser.post(f"{there}/restoration")
    assert the_only().archived_at is None
    browser.post(f"{there}/duplicates")
    assert "Open day (copy)" in text_of(browser.get(HERE))


def test_what_is_used_is_not_deleted(browser, used):
    template = make_template()
    there = f"{HERE}/{template.id}"
    assert "is used" in text_of(browser.get(f"{there}/deletion"))
    assert browser.post(f"{there}/deletion").status_code == 409
    assert the_only().id == template.id


def test_what_nobody_uses_is_deleted_after_a_question(browser):
    template = make_template()
    assert "Delete “Open day”?" in text_of(browser.get(f"{HERE}/{template.id}/deletion"))
    browser.post(f"{HERE}/{template.id}/deletion")
    assert db.session.query(MessageTemplate).count() == 0
    assert browser.get(f"{HERE}/{template.id}").status_code == 404


def test_a_viewer_reads_and_changes_nothing(client_of, viewer):
    template = make_template()
    vic, there = client_of(viewer), f"{HERE}/{template.id}"
    page = text_of(vic.get(there))
    assert "readonly" in page
    assert "Publish" not in page
    assert vic.get(f"{there}/versions").status_code == 200
    for path in (there, f"{there}/publication", f"{there}/duplicates", f"{there}/deletion", HERE, f"{HERE}/check"):
        assert vic.post(path).status_code == 403
    assert vic.get(f"{HERE}/new").status_code == 403


PERSONAL = MAIL.replace('customer.first_name | default("there")', "customer.first_name")


def test_fields_that_somebody_may_lack_are_listed_with_what_happens_then(browser):
    page_ = text_of(browser.get(f"{HERE}/{make_template(message=PERSONAL).id}"))
    assert 'name="policy:customer.first_name"' in page_
    assert "policy:" not in text_of(browser.get(f"{HERE}/{make_template().id}"))


def test_what_happens_then_is_kept_and_can_be_taken_back(browser):
    template = make_template(message=PERSONAL)
    said = {"version": 1, "policy:customer.first_name": "default", "instead:customer.first_name": " friend "}
    browser.post(f"{HERE}/{template.id}", data=said)
    db.session.refresh(template)
    assert template.policies == {"customer.first_name": {"default": "friend"}}
    assert 'value="friend"' in text_of(browser.get(f"{HERE}/{template.id}"))
    browser.post(f"{HERE}/{template.id}", data={"version": 2, "policy:customer.first_name": "skip"})
    db.session.refresh(template)
    assert template.policies == {"customer.first_name": {"skip": True}}
    browser.post(f"{HERE}/{template.id}", data={"version": 3, "policy:customer.first_name": ""})
    db.session.refresh(template)
    assert template.policies == {}


@pytest.mark.parametrize(
    "said",
    [
        {"policy:customer.first_name": "default", "instead:customer.first_name": "x" * 501},
        {f"policy:customer.attributes.{'x' * 501}": "skip"},
        {f"policy:customer.attributes.a{n}": "skip" for n in range(201)},
    ],
)
def test_what_stands_instead_has_its_limits(browser, said):
    template = make_template(message=PERSONAL)
    assert browser.post(f"{HERE}/{template.id}", data={"version": 1, **said}).status_code == 422
    db.session.refresh(template)
    assert template.policies == {}


def test_while_somebody_writes_the_form_of_missing_fields_follows_the_mail(browser):
    template = make_template()
    written = {"template": template.id, "message": PERSONAL}
    assert 'name="policy:customer.first_name"' in text_of(browser.post(f"{HERE}/check", data=written))
    known = written | {"policy:customer.first_name": "skip"}
    assert 'id="lacking"' not in text_of(browser.post(f"{HERE}/check", data=known))
    assert 'id="lacking"' in text_of(browser.post(f"{HERE}/check", data=known | {"message": MAIL}))


def test_the_small_picture_shows_what_is_live(browser):
    template = make_template()
    publishing.publish(template, NOW, COMMAND_LINE)
    writing.change(
        template, replace(writing.of(template), message=PERSONAL.replace("Hello", "Later")), 1, NOW, COMMAND_LINE
    )
    db.session.commit()
    said = text_of(browser.get(f"{HERE}/{template.id}/frame"))
    assert "Hello" in said
    assert "Later" not in said
