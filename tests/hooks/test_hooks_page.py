"""Settings → Outgoing webhooks: the secret once, the log, a test, another try; nobody but admins."""

from __future__ import annotations

import re

from sqlalchemy import select

from app.audit.entry import Entry
from app.db import db
from app.hooks import jobs
from app.hooks.hook import Hook
from tests.hooks.receiver import attempts, listening, make_hook, tell_test, worked

SAID = {"name": "LMS", "url": "https://lms.example/hooks", "kind": ["mail.clicked", "alert.raised"]}
HERE = "/settings/hooks"


def test_a_hook_is_added_and_its_secret_is_shown_this_once(client_of, admin):
    client = client_of(admin)
    page = client.post(HERE, data=SAID).get_data(as_text=True)
    hook = db.session.scalars(select(Hook)).one()
    assert re.search(r"whsec_[A-Za-z0-9+/=]{44}", page)[0] == hook.secret
    assert hook.kinds == ["mail.clicked", "alert.raised"]
    for path in (HERE, f"{HERE}/{hook.id}", f"{HERE}/{hook.id}/edit"):
        answer = client.get(path)
        assert (answer.status_code, hook.secret in answer.text, "LMS" in answer.text) == (200, False, True)
    earlier = hook.secret
    shown = client.post(f"{HERE}/{hook.id}/secrets").get_data(as_text=True)
    db.session.refresh(hook)
    assert hook.secret in shown
    assert earlier not in shown
    assert "whsec_" not in str([(one.before, one.after) for one in db.session.scalars(select(Entry))])


def test_bad_input_is_explained_with_what_was_typed(client_of, admin):
    client = client_of(admin)
    for url in ("", "ftp://lms.example/", "https://me:secret@lms.example/", "http://169.254.169.254/", "https://[x"):
        answer = client.post(HERE, data={"name": "My LMS", "url": url})
        assert answer.status_code == 422
        assert "My LMS" in answer.text
        assert "Choose at least one." in answer.text
    assert db.session.scalars(select(Hook)).all() == []


def test_a_test_is_sent_and_its_answer_stands_in_the_log(client_of, admin):
    client = client_of(admin)
    with listening(500, 200) as receiver:
        make_hook(receiver.url)
        assert client.post(f"{HERE}/1/tests").status_code == 303
        jobs.call()
        page = client.get(f"{HERE}/1", headers={"HX-Request": "true"}).text
        assert "<html" not in page
        assert "tried again" in page
        assert client.post(f"{HERE}/1/attempts/1/retry").status_code == 303
        jobs.call()
        assert "told" in client.get(f"{HERE}/1?filter=state:is:told&q={receiver.calls[0].id}").text
    assert len(receiver.calls) == 2
    assert attempts()[0].done_at is not None


def test_switched_off_it_is_told_nothing_and_what_waits_is_given_up(client_of, admin):
    client = client_of(admin)
    with listening() as receiver:
        tell_test(make_hook(receiver.url))
        client.post(f"{HERE}/1", data={**SAID, "url": receiver.url})
        worked()
        assert receiver.calls == []
        assert attempts()[0].given_up_at is not None
        client.post(f"{HERE}/1/tests")
        assert len(attempts()) == 1


def test_a_removed_hook_takes_its_log_along(client_of, admin):
    client = client_of(admin)
    tell_test(make_hook())
    assert "Keep it" in client.get(f"{HERE}/1/removal").text
    client.post(f"{HERE}/1/removal")
    assert attempts() == []
    assert client.get(f"{HERE}/1").status_code == 404


def test_a_marketer_does_not_see_them(client_of, marketer):
    make_hook()
    assert client_of(marketer).get(f"{HERE}/1").status_code == 403
