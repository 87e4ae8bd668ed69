"""Settings → Webhook: where to send, which secret is set, and what came of each call."""

from __future__ import annotations

import re
import shutil
import subprocess
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape

import pytest

from app.db import db
from app.receipts import signatures, webhooks
from app.receipts.receipt import Receipt
from tests.webhooks.signing import SECRET

PAGE = "/settings/webhook"


@pytest.fixture
def ada(client_of, admin):
    return client_of(admin)


def make_call(id: str = "msg_1", body: bytes = b"{}", status: int = 200, **counts) -> Receipt:
    rejects = counts.pop("rejects", [])
    receipt = Receipt(
        source="webhook",
        sender="funnel",
        path="/webhooks/funnel",
        external_id=id,
        status=status,
        body=zlib.compress(body),
        rejects=rejects,
        rejected=len(rejects),
        **counts,
    )
    db.session.add(receipt)
    db.session.commit()
    return receipt


def test_before_the_first_call_it_says_where_to_send(ada, config):
    page = ada.get(PAGE).get_data(as_text=True)
    assert f"{config.base_url}/webhooks/funnel" in page
    assert "No call has come in yet" in page


def test_it_says_how_many_secrets_are_set_and_never_which(ada, app):
    page = ada.get(PAGE).get_data(as_text=True)
    assert "two set, being rotated" in page
    assert SECRET not in page
    assert SECRET.removeprefix("whsec_") not in page
    config = app.extensions["config"]
    for count, said in ((1, 'dot">set'), (0, "not set")):
        app.extensions["config"] = replace(config, funnel_webhook_secrets=config.funnel_webhook_secrets[:count])
        assert said in ada.get(PAGE).get_data(as_text=True)


def test_the_last_calls_are_listed_with_what_became_of_them(ada):
    make_call("msg_good", received=3, created=2, unchanged=1)
    make_call("msg_part", received=2, created=1, rejects=[_reject(1, "to_stage", "A move leads to a stage.")])
    make_call("msg_none", received=1, rejects=[_reject(0, "name", "It has no name.")])
    make_call("msg_what", status=400)
    page = ada.get(PAGE).get_data(as_text=True)
    for said in ("taken", "taken in part", "refused", "not understood", "A move leads to a stage.", "Item 2"):
        assert said in page
    assert re.findall(r"msg_\w+(?=</a>)", page) == ["msg_what", "msg_none", "msg_part", "msg_good"]


def test_calls_of_other_doors_are_not_among_them(ada):
    other = make_call("msg_api")
    other.source = "api"
    db.session.commit()
    assert "No call has come in yet" in ada.get(PAGE).get_data(as_text=True)
    assert ada.get(f"{PAGE}/{other.id}").status_code == 404


def test_one_is_found_by_the_beginning_of_its_id(ada):
    make_call("msg_1_a%")
    make_call("msg_2")
    assert _ids(ada.get(f"{PAGE}?q=msg_1_a%25")) == ["msg_1_a%"]
    assert _ids(ada.get(f"{PAGE}?q=msg_")) == ["msg_2", "msg_1_a%"]
    assert "No call has this id" in ada.get(f"{PAGE}?q=msg%25").get_data(as_text=True)


def test_there_are_pages_of_them(ada):
    for n in range(55):
        make_call(f"msg_{n}")
    first = ada.get(PAGE).get_data(as_text=True)
    assert _ids_in(first) == [f"msg_{n}" for n in range(54, 4, -1)]
    (older,) = re.findall(r'href="([^"]+)" rel="next"', first)
    assert _ids(ada.get(unescape(older))) == [f"msg_{n}" for n in range(4, -1, -1)]


def test_a_fragment_answers_for_the_same_address(ada):
    make_call()
    fragment = ada.get(PAGE, headers={"HX-Request": "true"}).get_data(as_text=True)
    assert fragment.lstrip().startswith('<div class="card" id="results">')
    assert "<html" not in fragment


def test_one_call_shows_its_rejects_and_its_body_as_it_came(ada):
    call = make_call(body=b'{"a": "<b>"}\xff', rejects=[_reject(4, "to_stage", "A move leads to a stage.")])
    page = ada.get(f"{PAGE}/{call.id}").get_data(as_text=True)
    for said in ("A move leads to a stage.", "{&#34;a&#34;: &#34;&lt;b&gt;&#34;}\ufffd", "msg_1", "missing"):
        assert said in page
    assert ada.get(f"{PAGE}/999").status_code == 404


def test_of_a_large_body_the_beginning_is_shown(ada):
    call = make_call(body=b"x" * 200_000)
    page = ada.get(f"{PAGE}/{call.id}").get_data(as_text=True)
    assert "the beginning of it" in page
    assert "x" * webhooks.SHOWN in page
    assert "x" * (webhooks.SHOWN + 1) not in page


def test_refused_calls_are_only_counted(ada):
    now = datetime.now(UTC)
    for _ in range(12):
        webhooks.refused(now)
    assert ">12<" in ada.get(PAGE).get_data(as_text=True)


def test_only_an_admin_may_look(client_of, marketer, stranger):
    call = make_call()
    for path in (PAGE, f"{PAGE}/{call.id}"):
        assert client_of(marketer).get(path).status_code == 403
        assert stranger.get(path).status_code == 302


@pytest.mark.skipif(not (shutil.which("openssl") and shutil.which("od")), reason="the example needs openssl")
def test_the_example_is_signed_right(ada, app, tmp_path):
    page = ada.get(PAGE).get_data(as_text=True)
    (example,) = re.findall(r'<pre class="raw"[^>]*>(.*?)</pre>', page, re.DOTALL)
    script = unescape(example).replace("curl ", "printf '%s\\n' ")
    env = {"FUNNEL_WEBHOOK_SECRET": SECRET, "PATH": "/usr/bin:/bin:/usr/local/bin"}
    said = subprocess.run(["sh", "-c", script], env=env, capture_output=True, text=True, check=True).stdout.splitlines()
    headers = dict(line.split(": ", 1) for line in said if line.startswith("webhook-"))
    signed = signatures.read(headers, datetime.now(UTC))
    assert signed.is_of(said[-1].encode(), app.extensions["config"].funnel_webhook_secrets)


def _reject(index: int, field: str, message: str) -> dict[str, object]:
    return {"index": index, "code": "missing", "field": field, "message": message}


def _ids(answer) -> list[str]:
    return _ids_in(answer.get_data(as_text=True))


def _ids_in(page: str) -> list[str]:
    return re.findall(r"(msg_[\w%]+)(?=</a>)", page)
