"""The look-alike keeps the promises of the real one: what is tested against it would else prove nothing."""

from __future__ import annotations

import base64
import concurrent.futures
import http.server
import threading
import time
from datetime import UTC, datetime

import msgspec
import pytest
import urllib3
from urllib3.exceptions import HTTPError, ProtocolError

from app.receipts import signatures
from tests.provider.running import apart, inside
from tests.work.running import until

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def provider():
    with inside(rate=0) as running:
        yield running


def mail(number=1, **changes):
    said = {
        "from": "Campus <mail@campus.example>",
        "to": [f"p{number}@people.example"],
        "subject": "Hello",
        "html": "<p>Hello</p>",
        "text": "Hello",
        "tags": [{"name": "delivery_id", "value": str(number)}],
    }
    return {name: value for name, value in {**said, **changes}.items() if value is not None}


def post(provider, mails, key="a", *, path="/emails/batch", permissive=True, authorization="Bearer re_1", timeout=10):
    headers = {"Authorization": authorization, "Idempotency-Key": key, "User-Agent": "tests"}
    if permissive:
        headers["x-batch-validation"] = "permissive"
    body = mails if isinstance(mails, bytes) else msgspec.json.encode(mails)
    return urllib3.request("POST", provider.url + path, body=body, headers=headers, retries=False, timeout=timeout)


def said(answer):
    error = answer.json()
    assert error["statusCode"] == answer.status
    return answer.status, error["name"]


def test_a_batch_is_taken_in_order(provider):
    answer = post(provider, [mail(1), mail(2)])
    assert answer.status == 200
    ids = [one["id"] for one in answer.json()["data"]]
    assert [(one["id"], one["place"], one["recipient"]) for one in provider.mails] == [
        (ids[0], 0, "p1@people.example"),
        (ids[1], 1, "p2@people.example"),
    ]
    assert provider.counts == {"calls": 1, "keys": 1, "mails": 2, "repeated": 0}


def test_one_mail_may_come_alone(provider):
    answer = post(provider, mail(), path="/emails")
    assert answer.json() == {"id": provider.mails[0]["id"]}


def test_the_same_call_under_the_same_key_gets_the_same_answer(provider):
    first, second = post(provider, [mail()]), post(provider, [mail()])
    assert first.data == second.data
    assert provider.counts["mails"] == 1
    assert [call["accepted"] for call in provider.calls] == [1, 0]


def test_another_body_under_the_same_key_is_refused(provider):
    post(provider, [mail(1)])
    assert said(post(provider, [mail(2)])) == (409, "invalid_idempotent_request")
    assert provider.counts["mails"] == 1


def test_another_key_is_another_mail_and_is_noticed(provider):
    post(provider, [mail()], "a")
    post(provider, [mail()], "b")
    assert provider.counts["repeated"] == 1


def test_a_key_is_forgotten_after_its_time(provider):
    post(provider, [mail()])
    provider.set(key_seconds=0)
    time.sleep(0.01)
    post(provider, [mail()])
    assert provider.counts["mails"] == 2


def test_a_key_that_is_still_running_is_refused(provider):
    provider.fails("slow", seconds=0.5)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        first = pool.submit(post, provider, [mail()])
        time.sleep(0.2)
        assert said(post(provider, [mail()])) == (409, "concurrent_idempotent_requests")
        assert first.result().status == 200
    assert post(provider, [mail()]).data == first.result().data


def test_permissively_the_good_mails_of_a_batch_go(provider):
    mails = [mail(1), mail(2, to=["nobody"]), mail(3, html=None, text=None), mail(4)]
    answer = post(provider, mails).json()
    assert len(answer["data"]) == 2
    assert [error["index"] for error in answer["errors"]] == [1, 2]
    assert provider.counts["mails"] == 2


def test_strictly_one_bad_mail_stops_the_batch(provider):
    answer = post(provider, [mail(1), mail(2, to=["nobody"])], permissive=False)
    assert said(answer) == (422, "validation_error")
    assert provider.counts["mails"] == 0
    assert "errors" not in post(provider, [mail(1)], permissive=False).json()


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"from": "nobody"}, "from"),
        ({"to": []}, "to"),
        ({"to": ["a b@people.example"]}, "to"),
        ({"to": ["jürgen@people.example"]}, "to"),
        ({"to": 7}, "to"),
        ({"subject": None}, "subject"),
        ({"html": "", "text": None}, "html"),
        ({"tags": [{"name": "größe", "value": "1"}]}, "Tags"),
        ({"attachments": [{"content": "…"}]}, "attachments"),
    ],
)
def test_what_is_wrong_with_a_mail_is_said(provider, changes, word):
    answer = post(provider, [mail(**changes)]).json()
    assert answer["data"] == []
    assert word in answer["errors"][0]["message"]


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"[\xff]", b"null", b"[" + b"{}," * 100 + b"{}]"])
def test_what_is_no_batch_is_refused_as_a_whole(provider, body):
    assert said(post(provider, body)) == (422, "validation_error")


def test_a_stranger_gets_nothing(provider):
    provider.set(api_key="re_right")
    assert said(post(provider, [mail()], authorization="")) == (401, "missing_api_key")
    assert said(post(provider, [mail()], authorization="Bearer re_wrong")) == (403, "invalid_api_key")
    assert post(provider, [mail()], authorization="Bearer re_right").status == 200
    assert said(post(provider, [mail()], "k" * 257, authorization="Bearer re_right"))[1] == "invalid_idempotency_key"


def test_it_says_its_limit_and_keeps_it(provider):
    provider.set(rate=3)
    time.sleep(1 - time.time() % 1 + 0.02)  # just into a window of its clock
    answers = [post(provider, [mail(n)], str(n)) for n in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert {answer.headers["ratelimit-limit"] for answer in answers} == {"3"}
    assert said(answers[3]) == (429, "rate_limit_exceeded")
    assert answers[3].headers["retry-after"] == "1"


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("rate_limit_exceeded", 429),
        ("daily_quota_exceeded", 429),
        ("monthly_quota_exceeded", 429),
        ("internal_server_error", 500),
        ("restricted_api_key", 401),
        ("validation_error", 422),
    ],
)
def test_an_error_comes_when_it_is_asked_for(provider, kind, status):
    provider.fails(kind, times=2)
    assert [said(post(provider, [mail()])) for _ in range(2)] == [(status, kind)] * 2
    assert provider.counts["mails"] == 0
    assert post(provider, [mail()]).status == 200


def test_faults_wait_their_turn_and_can_be_cleared(provider):
    provider.fails("html", after=1, times=None)
    statuses = [post(provider, [mail()]).status for _ in range(3)]
    provider.heals()
    assert [*statuses, post(provider, [mail()]).status] == [200, 502, 502, 200]


@pytest.mark.parametrize("how", [{"kind": "cut"}, {"kind": "truncated"}, {"kind": "reset", "takes": True}])
def test_what_is_taken_may_not_be_said(provider, how):
    provider.fails(**how)
    with pytest.raises(ProtocolError):
        post(provider, [mail()])
    assert provider.counts["mails"] == 1
    assert post(provider, [mail()]).status == 200
    assert provider.counts["mails"] == 1


@pytest.mark.parametrize("how", [{"kind": "reset"}, {"kind": "hang", "seconds": 30}])
def test_what_is_not_taken_may_end_without_a_word(provider, how):
    provider.fails(**how)
    with pytest.raises(HTTPError):
        post(provider, [mail()], timeout=0.3)
    assert provider.counts["mails"] == 0


def test_an_answer_may_be_spoilt(provider):
    for kind in ("empty", "missing", "garbled"):
        provider.fails(kind)
    empty, missing, garbled = (post(provider, [mail(1), mail(2)]) for _ in range(3))
    assert (empty.status, empty.data) == (200, b"")
    assert len(missing.json()["data"]) == 1
    with pytest.raises(UnicodeDecodeError):
        garbled.json()
    assert provider.counts["mails"] == 2


def test_a_fault_may_wait_for_one_mail(provider):
    provider.fails("validation_error", only="p2@people.example", times=None)
    assert post(provider, [mail(1)], "a").status == 200
    assert said(post(provider, [mail(1), mail(2)], "b")) == (422, "validation_error")
    assert post(provider, [mail(3)], "c").status == 200
    assert provider.counts["mails"] == 2


def test_an_unknown_fault_is_refused(provider):
    answer = urllib3.request("POST", f"{provider.url}/_faults", body=b'[{"kind":"rain"}]')
    assert answer.status == 400


def test_killed_and_started_again_it_still_knows(tmp_path):
    with apart(tmp_path / "ledger") as (provider, process):
        provider.set(rate=0)
        first = post(provider, [mail()])
        process.kill()
        process.wait()
        port = int(provider.url.rpartition(":")[2])
    with apart(tmp_path / "ledger", port) as (again, _):
        assert post(again, [mail()]).data == first.data
        assert again.counts == {"calls": 2, "keys": 1, "mails": 1, "repeated": 0}


def test_stopped_it_answers_nobody(tmp_path):
    kept = urllib3.PoolManager(retries=False, timeout=5)
    with inside(tmp_path / "ledger") as provider:
        assert kept.request("GET", f"{provider.url}/_settings").status == 200
    with pytest.raises(HTTPError):
        kept.request("GET", f"{provider.url}/_settings")


def get(provider, path, authorization="Bearer re_1"):
    headers = {"Authorization": authorization}
    return urllib3.request("GET", provider.url + path, headers=headers, retries=False, timeout=10)


def test_its_domains_are_named(provider):
    provider.set(domains=["campus.example", "news.campus.example"])
    answer = get(provider, "/domains").json()
    assert (answer["object"], answer["has_more"]) == ("list", False)
    assert [(one["name"], one["status"]) for one in answer["data"]] == [
        ("campus.example", "verified"),
        ("news.campus.example", "verified"),
    ]
    assert all({"id", "region", "created_at"} <= set(one) for one in answer["data"])


def test_its_domains_come_in_pages(provider):
    provider.set(domains=[f"n{n}.example" for n in range(5)])
    first = get(provider, "/domains?limit=2").json()
    assert [one["name"] for one in first["data"]] == ["n0.example", "n1.example"]
    assert first["has_more"]
    last = get(provider, f"/domains?limit=10&after={first['data'][-1]['id']}").json()
    assert [one["name"] for one in last["data"]] == ["n2.example", "n3.example", "n4.example"]
    assert not last["has_more"]


def test_a_domain_has_a_status_and_the_records_that_it_wants(provider):
    provider.set(domain_status={"campus.example": "failed"})
    (listed,) = get(provider, "/domains").json()["data"]
    whole = get(provider, f"/domains/{listed['id']}").json()
    assert (listed["status"], whole["status"], whole["object"]) == ("failed", "failed", "domain")
    assert [(one["record"], one["type"], one["name"]) for one in whole["records"]] == [
        ("SPF", "MX", "send"),
        ("SPF", "TXT", "send"),
        ("DKIM", "TXT", "resend._domainkey"),
    ]
    assert said(get(provider, "/domains/none")) == (404, "not_found")


def test_a_mail_can_be_asked_for(provider):
    provider.set(keeps_bodies=True)
    first = post(provider, [mail(1, reply_to="team@campus.example"), mail(2)]).json()["data"][0]["id"]
    found = get(provider, f"/emails/{first}").json()
    assert (found["object"], found["id"], found["last_event"]) == ("email", first, "sent")
    assert (found["to"], found["from"], found["html"]) == (["p1@people.example"], mail()["from"], "<p>Hello</p>")
    assert (found["reply_to"], found["tags"]) == (["team@campus.example"], mail()["tags"])
    assert provider.ask("GET", "/_bodies") == [mail(1, reply_to="team@campus.example"), mail(2)]


def test_without_their_bodies_mails_have_no_text(provider):
    first = post(provider, [mail(1)]).json()["data"][0]["id"]
    assert get(provider, f"/emails/{first}").json()["html"] is None
    assert provider.ask("GET", "/_bodies") == []


def test_who_may_not_read_is_told_so(provider):
    assert said(get(provider, "/emails/4")) == (404, "not_found")
    assert said(get(provider, "/domains", "")) == (401, "missing_api_key")
    provider.set(is_restricted=True)
    assert said(get(provider, "/domains")) == (401, "restricted_api_key")
    assert post(provider, [mail()]).status == 200


class Ear(http.server.BaseHTTPRequestHandler):
    heard: list = []  # noqa: RUF012
    answers: list = []  # noqa: RUF012

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.heard.append((dict(self.headers.items()), body))
        self.send_response(self.answers.pop(0) if self.answers else 204)
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def ear():
    Ear.heard, Ear.answers = [], []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ear)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/webhooks/resend"
    server.shutdown()
    server.server_close()


def test_it_says_later_what_became_of_a_mail_and_signs_it(provider, ear):
    provider.set(webhook_url=ear)
    first = post(provider, [mail(1), mail(2)]).json()["data"][0]["id"]
    wanted = {"type": "bounced", "ids": [first], "copies": 2}
    assert provider.ask("POST", "/_webhooks", wanted) == [{"id": first, "status": 204}] * 2
    headers, body = Ear.heard[0]
    assert Ear.heard[1] == (headers, body), "the same message twice"
    lowered = {name.lower(): value for name, value in headers.items()}
    secret = base64.b64decode(SECRET.removeprefix("whsec_"))
    signatures.read(lowered, datetime.now(UTC), "svix-").check(body, [secret])
    event = msgspec.json.decode(body)
    assert (event["type"], event["data"]["email_id"]) == ("email.bounced", first)
    assert event["data"]["tags"] == {"delivery_id": "1"}
    assert event["data"]["bounce"]["type"] == "Permanent"


def test_it_says_so_of_every_mail(provider, ear):
    provider.set(webhook_url=ear)
    post(provider, [mail(1), mail(2)])
    provider.ask("POST", "/_webhooks", {"type": "delivered"})
    assert [msgspec.json.decode(body)["data"]["to"] for _, body in Ear.heard] == [
        ["p1@people.example"],
        ["p2@people.example"],
    ]


def test_what_is_not_taken_is_said_again_later(provider, ear):
    provider.set(webhook_url=ear, retry_scale=0.001)
    Ear.answers = [500, 404]
    first = post(provider, [mail(1)]).json()["data"][0]["id"]
    assert provider.ask("POST", "/_webhooks", {"type": "delivered"}) == [{"id": first, "status": 500}]
    until(lambda: len(Ear.heard) == 3)
    assert len({headers["svix-id"] for headers, _ in Ear.heard}) == 1
    assert len({body for _, body in Ear.heard}) == 1
    assert provider.ask("GET", "/_webhooks") == []
    assert get(provider, f"/emails/{first}").json()["last_event"] == "delivered"


def test_after_the_last_try_nothing_is_said_any_more(provider, ear):
    provider.set(webhook_url=ear, retry_scale=0.000001)
    Ear.answers = [500] * 20
    post(provider, [mail(1)])
    provider.ask("POST", "/_webhooks", {"type": "delivered"})
    until(lambda: len(Ear.heard) == 8)
    time.sleep(0.2)
    assert (len(Ear.heard), provider.ask("GET", "/_webhooks")) == (8, [])


def test_the_pauses_grow_and_what_waits_can_be_forgotten(provider, ear):
    provider.set(webhook_url=ear)
    Ear.answers = [500]
    post(provider, [mail(1)])
    provider.ask("POST", "/_webhooks", {"type": "delivered"})
    (due,) = provider.ask("GET", "/_webhooks")
    assert 3 < due <= 5
    assert provider.ask("DELETE", "/_webhooks") == provider.ask("GET", "/_webhooks") == []


def test_the_command_says_that_a_port_is_busy(app, provider):
    port = provider.url.rpartition(":")[2]
    said = app.test_cli_runner().invoke(args=["emulator", "--port", port])
    assert said.exit_code == 1
    assert said.output == f"Error: Port {port} is busy: choose another with --port.\n"
