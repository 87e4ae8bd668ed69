"""The doors of imports: the journey of a file, who may take it, and what is said when something is in the way."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text, update

from app.audit import Entry
from app.customers.customer import Customer
from app.db import db
from app.events.funnel_event import FunnelEvent
from app.imports import file, jobs
from app.imports.upload import Import, ImportChunk
from tests.factories import make_customer

PEOPLE = "lms_lead_id,email,first_name,score:numeric\nL-1,maya@posteo.example,Maya,82\nL-2,tom@x.example,Tom,sixty\n"
MOVES = "lms_lead_id,funnel_type,from_stage,to_stage,created_date\nL-1,sales,enquired,applied,2026-03-06T10:00:00Z\n"
FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def browser(client_of, marketer):
    return client_of(marketer)


def said(answer) -> str:
    return answer.get_data(as_text=True)


def send(browser, content: str | bytes = PEOPLE, kind: str = "customers", name: str = "lms.csv", **headers: str):
    body = content.encode() if isinstance(content, str) else content
    data = {"kind": kind, "file": (io.BytesIO(body), name)}
    return browser.post("/imports", data=data, content_type="multipart/form-data", headers=headers)


def the_import() -> Import:
    db.session.rollback()
    return db.session.scalars(select(Import).order_by(Import.id.desc())).first()


def chosen(upload: Import, **other: str) -> dict[str, str]:
    """The form as it stands on the page: what was guessed."""
    form = {"keep_empty": "1"}
    for n, column in enumerate(upload.columns):
        form |= {f"field-{n}": column["field"], f"name-{n}": column["name"] or "", f"type-{n}": column["type"] or ""}
    return form | other


def checked(browser, content: str = PEOPLE, kind: str = "customers", **other: str) -> Import:
    """At its preview."""
    send(browser, content, kind)
    upload = the_import()
    answer = browser.post(f"/imports/{upload.id}/columns", data=chosen(upload, **other))
    assert answer.status_code == 303, said(answer)
    jobs.carry_on()
    return the_import()


def imported(browser, content: str = PEOPLE, kind: str = "customers") -> Import:
    upload = checked(browser, content, kind)
    browser.post(f"/imports/{upload.id}/confirm")
    jobs.carry_on()
    return the_import()


def long(size: int) -> dict[str, str]:
    """What a sender announces; the server must not wait for it to arrive."""
    return {"CONTENT_LENGTH": str(size)}


def transactions_that_wait() -> int:
    open_ones = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
    with db.engine.connect() as connection:
        return int(connection.execute(text(open_ones)).scalar_one())


def test_the_journey_of_a_file_from_its_upload_to_its_undo(browser):
    answer = send(browser)
    assert answer.status_code == 303
    address = answer.headers["Location"]
    columns = said(browser.get(address))
    for word in ("What the columns mean", "maya@posteo.example", "comma, UTF-8", "Check the file"):
        assert word in columns
    upload = the_import()
    browser.post(f"{address}/columns", data=chosen(upload))
    assert "Checking the file" in said(browser.get(address))
    jobs.carry_on()
    preview = said(browser.get(address))
    for word in ("What this file would change", "Import 1 change", "undone for 30 days", "Rejected", "sixty"):
        assert word in preview
    assert db.session.scalar(select(Customer)) is None, "nothing is written before it was confirmed"
    browser.post(f"{address}/confirm")
    jobs.carry_on()
    done = said(browser.get(address))
    assert "Imported" in done
    assert "It can be undone until" in done
    db.session.rollback()
    maya = db.session.scalars(select(Customer)).one()
    assert maya.email == "maya@posteo.example"
    assert f'href="/customers/{maya.id}"' in done
    browser.post(f"{address}/undo")
    jobs.carry_on()
    undone = said(browser.get(address))
    assert "The import is undone" in undone
    assert "1 new customer removed" in undone
    db.session.rollback()
    assert db.session.scalar(select(Customer)) is None


def test_stage_changes_come_in_by_the_same_journey(browser):
    maya = make_customer(lms_lead_id="L-1")
    upload = checked(browser, MOVES, "funnel_events")
    page = said(browser.get(f"/imports/{upload.id}"))
    assert "new stage changes" in page
    assert "pick-updated" not in page, "a stage change never changes"
    browser.post(f"/imports/{upload.id}/confirm")
    jobs.carry_on()
    db.session.rollback()
    assert db.session.scalar(select(FunnelEvent.customer_id)) == maya.id


def test_a_change_shows_what_was_and_what_would_be(browser):
    maya = make_customer(lms_lead_id="L-1", email="old@posteo.example", attributes={"score": 80})
    upload = checked(browser)
    page = said(browser.get(f"/imports/{upload.id}"))
    assert "<del>old@posteo.example</del>" in page
    assert "<ins>maya@posteo.example</ins>" in page
    assert f'href="/customers/{maya.id}"' in page


@pytest.mark.parametrize("picked", ["created", "updated", "unchanged", "rejected", "nonsense"])
def test_each_outcome_can_be_picked(browser, picked):
    upload = checked(browser)
    answer = browser.get(f"/imports/{upload.id}?show={picked}")
    assert answer.status_code == 200
    fragment = browser.get(f"/imports/{upload.id}?show={picked}", headers=FRAGMENT)
    assert "<html" not in said(fragment)
    assert 'id="outcome"' in said(fragment)


def test_a_file_that_changes_nothing_says_so_and_offers_no_import(browser):
    imported(browser)
    page = said(browser.get(f"/imports/{checked(browser).id}"))
    assert "There is nothing to import" in page
    assert "/confirm" not in page


def test_a_file_that_came_before_is_recognised_whatever_its_name(browser):
    imported(browser)
    send(browser, name="another.csv")
    page = said(browser.get(f"/imports/{the_import().id}"))
    assert "This file was imported before" in page
    assert "by Max" in page
    send(browser, PEOPLE + "L-3,,Ada,\n")
    assert "imported before" not in said(browser.get(f"/imports/{the_import().id}"))


def test_wrong_columns_are_named_where_they_stand_and_what_was_chosen_stays(browser):
    send(browser)
    upload = the_import()
    form = chosen(upload, **{"field-0": "ignore", "field-1": "attribute", "name-1": "kept_as_typed"})
    answer = browser.post(f"/imports/{upload.id}/columns", data=form)
    assert answer.status_code == 422
    assert "another look" in said(answer)
    assert 'value="kept_as_typed"' in said(answer)
    assert the_import().state == "columns"


def test_another_delimiter_reads_the_file_anew(browser):
    send(browser, "lms_lead_id;email\nL-1;maya@posteo.example\n")
    upload = the_import()
    form = {"encoding": "utf-8", "delimiter": ",", "has_header": "1"}
    answer = browser.post(f"/imports/{upload.id}/dialect", data=form, headers=FRAGMENT)
    assert answer.status_code == 200
    assert "<html" not in said(answer)
    assert the_import().dialect["delimiter"] == ","
    without_script = browser.post(f"/imports/{upload.id}/dialect", data={**form, "delimiter": ";"})
    assert without_script.status_code == 303
    assert [column["header"] for column in the_import().columns] == ["lms_lead_id", "email"]


@pytest.mark.parametrize("wrong", [{"encoding": "ebcdic"}, {"delimiter": '"'}, {"delimiter": "ab"}, {"delimiter": ""}])
def test_a_dialect_that_nobody_can_choose_leaves_what_was_found(browser, wrong):
    send(browser)
    found = the_import().dialect
    form = {"encoding": found["encoding"], "delimiter": ",", "has_header": "1", **wrong}
    assert browser.post(f"/imports/{the_import().id}/dialect", data=form).status_code == 303
    assert the_import().dialect == found


def test_a_wrong_guess_of_the_encoding_does_not_cost_the_file(browser):
    send(browser)
    form = {"encoding": "utf-16", "delimiter": ",", "has_header": "1"}
    answer = browser.post(f"/imports/{the_import().id}/dialect", data=form)
    assert answer.status_code in {303, 422}
    assert the_import().state == "columns"
    assert file.head(the_import().id).decode() == PEOPLE


def test_a_wrong_guess_that_leaves_no_rows_does_not_cost_it_either(browser):
    content = "lms_lead_id;email\nL-1;maya,tom@posteo.example\n"
    send(browser, content)
    form = {"encoding": "utf-8", "delimiter": ",", "has_header": "1"}
    answer = browser.post(f"/imports/{the_import().id}/dialect", data=form, headers=FRAGMENT)
    assert answer.status_code == 422
    assert "That is not how it is written" in said(answer)
    assert the_import().state == "columns"
    assert file.head(the_import().id).decode() == content


@pytest.mark.parametrize(
    ("content", "word"),
    [("", "empty"), ("lms_lead_id,email\n", "header"), (b"PK\x03\x04" + b"\0" * 60, "")],
)
def test_what_is_no_table_is_refused_in_words(browser, content, word):
    send(browser, content)
    page = said(browser.get(f"/imports/{the_import().id}"))
    assert the_import().state == "failed"
    assert "could not be imported" in page
    assert word in page
    assert "Nothing was written" in page


def test_an_upload_without_a_kind_or_a_file_is_explained(browser):
    assert "customers, funnel events, the people of a list or products" in said(send(browser, kind="dogs"))
    answer = browser.post("/imports", data={"kind": "customers"}, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "Choose a file first" in said(answer)
    fragment = send(browser, kind="dogs", **FRAGMENT)
    assert "<form" not in said(fragment), "the form keeps the file that was chosen; only the sentence comes"
    assert the_import() is None


def test_a_file_may_be_larger_than_other_forms(browser):
    line = "L-%d,p%d@posteo.example,Pia,1\n"
    content = "lms_lead_id,email,first_name,score\n" + "".join(line % (n, n) for n in range(200_000))
    assert len(content) > 5 * 1024 * 1024
    assert send(browser, content).status_code == 303
    assert db.session.query(ImportChunk).count() == len(content) // 1024**2 + 1


def test_more_than_the_largest_is_refused_before_it_is_read(browser):
    answer = browser.post(
        "/imports", content_type="multipart/form-data; boundary=x", environ_overrides=long(3 * 1024**3)
    )
    assert answer.status_code == 413
    assert "At most 2 GB" in said(answer)


def test_a_stranger_and_a_viewer_send_nothing_however_large(stranger, client_of, viewer):
    large = {"content_type": "multipart/form-data; boundary=x", "environ_overrides": long(10**9)}
    assert stranger.post("/imports", **large).status_code == 302
    assert client_of(viewer).post("/imports", **large).status_code == 403
    assert "At most 5 MB" in said(stranger.post("/sign-in", **large))


def test_no_transaction_waits_while_a_file_arrives(browser):
    waiting = []

    class Watched(io.BytesIO):
        def readinto(self, buffer) -> int:
            waiting.append(transactions_that_wait())
            return super().readinto(buffer)

    db.session.rollback()
    body = b'--x\r\nContent-Disposition: form-data; name="kind"\r\n\r\ncustomers\r\n--x--\r\n'
    sent = {"input_stream": Watched(body), "environ_overrides": long(len(body))}
    browser.post("/imports", content_type="multipart/form-data; boundary=x", **sent)
    assert waiting
    assert not any(waiting)


def test_a_cut_upload_leaves_nothing_behind(browser):
    whole = b'--x\r\nContent-Disposition: form-data; name="kind"\r\n\r\ncustomers\r\n'
    whole += b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nlms_lead_id\nL-1\nL-'
    answer = browser.post("/imports", data=whole, content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 422
    assert the_import() is None


def test_a_name_with_a_path_or_control_characters_is_only_a_name(browser):
    send(browser, name="/secret/li\x07st.csv")
    assert the_import().filename == "list.csv"


@pytest.mark.parametrize("step", ["confirm", "revise", "undo"])
def test_a_step_that_is_not_possible_now_says_so_and_shows_what_is(browser, step):
    send(browser)
    if step == "revise":
        db.session.execute(update(Import).values(state="done"))
        db.session.commit()
    answer = browser.post(f"/imports/{the_import().id}/{step}")
    assert answer.status_code == 409
    assert 'role="alert"' in said(answer)
    fragment = browser.post(f"/imports/{the_import().id}/{step}", headers=FRAGMENT)
    assert fragment.headers["HX-Redirect"] == f"/imports/{the_import().id}"


def test_who_confirms_confirms_what_they_saw(browser):
    upload = checked(browser)
    page = said(browser.get(f"/imports/{upload.id}"))
    seen = page.split('name="seen" value="')[1].partition('"')[0]
    browser.post(f"/imports/{upload.id}/revise")
    browser.post(f"/imports/{upload.id}/columns", data=chosen(upload, **{"field-2": "ignore"}))
    jobs.carry_on()
    answer = browser.post(f"/imports/{upload.id}/confirm", data={"seen": seen})
    assert answer.status_code == 409
    assert "after you opened it" in said(answer)
    assert the_import().state == "preview"


def test_of_two_who_confirm_one_is_told_that_the_other_was_quicker(browser, client_of, admin):
    upload = checked(browser)
    other = client_of(admin)
    assert browser.post(f"/imports/{upload.id}/confirm").status_code == 303
    assert other.post(f"/imports/{upload.id}/confirm").status_code == 409


def test_back_to_the_columns_and_discard(browser):
    upload = checked(browser)
    browser.post(f"/imports/{upload.id}/revise")
    assert "What the columns mean" in said(browser.get(f"/imports/{upload.id}"))
    question = said(browser.get(f"/imports/{upload.id}/discard"))
    assert "No customer was changed" in question
    browser.post(f"/imports/{upload.id}/discard")
    assert "Nothing of this file was written" in said(browser.get(f"/imports/{upload.id}"))


def test_undo_says_first_what_it_will_do(browser):
    upload = imported(browser)
    question = said(browser.get(f"/imports/{upload.id}/undo"))
    assert "removes the 1 customer that it created" in question


def test_after_thirty_days_undo_is_not_offered_and_not_possible(browser):
    upload = imported(browser)
    db.session.execute(update(Import).values(finished_at=datetime.now(UTC) - timedelta(days=31)))
    db.session.commit()
    page = said(browser.get(f"/imports/{upload.id}"))
    assert "30 days have passed" in page
    assert "ask-undo" not in page
    assert browser.post(f"/imports/{upload.id}/undo").status_code == 409


def test_a_poll_brings_the_progress_and_at_last_the_whole_page(browser):
    send(browser)
    upload = the_import()
    browser.post(f"/imports/{upload.id}/columns", data=chosen(upload))
    poll = {**FRAGMENT, "HX-Target": "progress"}
    answer = browser.get(f"/imports/{upload.id}", headers=poll)
    assert 'hx-trigger="every 1s"' in said(answer)
    assert "HX-Retarget" not in answer.headers
    jobs.carry_on()
    answer = browser.get(f"/imports/{upload.id}", headers=poll)
    assert answer.headers["HX-Retarget"] == "#import"
    assert "every 1s" not in said(answer), "what is over asks no more"
    assert "The file is checked." in answer.headers["HX-Trigger"]


def test_a_check_can_be_cancelled(browser):
    send(browser)
    upload = the_import()
    browser.post(f"/imports/{upload.id}/columns", data=chosen(upload))
    assert "sure-stop" in said(browser.get(f"/imports/{upload.id}"))
    browser.post(f"/imports/{upload.id}/stop")
    jobs.carry_on()
    assert the_import().state == "discarded"


def test_a_file_that_no_worker_takes_says_so(browser):
    send(browser)
    upload = the_import()
    browser.post(f"/imports/{upload.id}/columns", data=chosen(upload))
    assert "No worker" not in said(browser.get(f"/imports/{upload.id}"))
    long_ago = datetime.now(UTC) - timedelta(minutes=2)
    db.session.execute(update(Import).values(waiting_since=long_ago, not_before=long_ago))
    db.session.commit()
    assert "No worker has taken it yet" in said(browser.get(f"/imports/{upload.id}"))


def test_the_list_shows_each_file_with_what_became_of_it(browser):
    imported(browser)
    send(browser, MOVES, "funnel_events", "moves.csv")
    page = said(browser.get("/imports"))
    for word in ("lms.csv", "moves.csv", "Funnel events", "Max", "1–2"):
        assert word in page
    assert "moves.csv" not in said(browser.get("/imports?filter=kind:is:customers"))
    assert "lms.csv" not in said(browser.get("/imports?q=moves"))
    assert "moves.csv" in said(browser.get("/imports?filter=state:is:columns"))
    assert "No file matches" in said(browser.get("/imports?q=nothing"))
    fragment = browser.get("/imports", headers=FRAGMENT)
    assert "<html" not in said(fragment)


def test_a_running_import_asks_for_itself_in_the_list(browser):
    send(browser)
    upload = the_import()
    browser.post(f"/imports/{upload.id}/columns", data=chosen(upload))
    row = f"/imports/{upload.id}/row"
    assert f'hx-get="{row}"' in said(browser.get("/imports"))
    assert "every 2s" in said(browser.get(row, headers=FRAGMENT))
    jobs.carry_on()
    assert "every 2s" not in said(browser.get(row, headers=FRAGMENT))


def test_an_empty_list_offers_the_first_import_to_those_who_may(browser, client_of, viewer):
    assert "Nothing imported yet" in said(browser.get("/imports"))
    assert "/imports/new" in said(browser.get("/imports"))
    assert "/imports/new" not in said(client_of(viewer).get("/imports"))


def test_a_viewer_reads_everything_and_moves_nothing(browser, client_of, viewer):
    upload = checked(browser)
    reader = client_of(viewer)
    page = said(reader.get(f"/imports/{upload.id}"))
    assert "What this file would change" in page
    assert "/confirm" not in page
    for step in ("confirm", "revise", "discard", "stop", "undo", "columns", "dialect"):
        assert reader.post(f"/imports/{upload.id}/{step}").status_code == 403
    assert reader.get("/imports/new").status_code == 403
    assert the_import().state == "preview"


def test_rejects_and_changes_come_as_files_and_the_trail_knows(browser):
    make_customer(lms_lead_id="L-1", email="old@posteo.example")
    upload = checked(browser)
    rejects = browser.get(f"/imports/{upload.id}/rejects.csv")
    assert rejects.mimetype == "text/csv"
    assert "3," in said(rejects)
    assert "sixty" in said(rejects)
    assert "old@posteo.example" in said(browser.get(f"/imports/{upload.id}/changes.csv"))
    verbs = set(db.session.scalars(select(Entry.verb).where(Entry.subject_type == "import")))
    assert {"exported the rejects of", "exported the changes of"} <= verbs


def test_there_is_no_file_of_changes_where_nothing_changes(browser):
    upload = checked(browser, MOVES, "funnel_events")
    assert browser.get(f"/imports/{upload.id}/changes.csv").status_code == 404
    assert browser.get(f"/imports/{imported(browser).id}/changes.csv").status_code == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/imports/999999", 404),
        ("/imports/99999999999999999999999", 404),
        ("/imports/0/row", 404),
        ("/imports/1/changes.csv", 404),
        ("/imports/1/rejects.csv", 404),
        ("/imports/1/explode", 404),
        ("/imports?sort=size", 422),
        ("/imports?filter=state:is:lost", 422),
        ("/imports?q=%00", 200),
        ("/imports/new?kind=%00", 200),
    ],
)
def test_a_wrong_address_is_answered_in_words(browser, path, status):
    assert browser.get(path).status_code == status


def test_a_file_is_found_by_the_search_over_everything(browser):
    send(browser, name="october.csv")
    assert f"/imports/{the_import().id}" in said(browser.get("/search?q=octo"))
