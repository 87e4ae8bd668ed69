"""What Schemathesis shall know of our answers beside their shape (it loads this file by SCHEMATHESIS_HOOKS)."""

from __future__ import annotations

import json
from typing import Any

import schemathesis
from schemathesis.specs.openapi.checks import negative_data_rejection

OUTCOMES = {200, 422}


@schemathesis.check
def bad_is_refused(ctx: Any, response: Any, case: Any) -> bool | None:
    """Nothing that breaks the document is accepted, unless good items of the same list were stored."""
    if response.status_code == 200 and case.method == "POST" and "rejected" in response.json():
        said = response.json()
        if said["received"] > 1 and said["rejected"]:
            return None
    return negative_data_rejection(ctx, response, case)


@schemathesis.check
def nothing_is_dropped(_ctx: Any, response: Any, case: Any) -> None:
    """Each item of a call is stored or named, once."""
    if case.method != "POST" or response.status_code not in OUTCOMES or "rejected" not in (said := response.json()):
        return
    named = [one["index"] for one in said["rejected"]]
    assert said["stored"] == said["created"] + said["updated"] + said["unchanged"]
    assert said["received"] == said["stored"] + len(named)
    assert named == sorted(set(named))
    assert all(one["message"] and one["code"] for one in said["rejected"])
    assert (response.status_code == 200) == (said["stored"] > 0)


@schemathesis.check
def each_answer_has_a_number(_ctx: Any, response: Any, _case: Any) -> None:
    number = response.headers.get("x-request-id")
    assert number
    body = json.loads(response.content) if response.content else {}
    if isinstance(body, dict) and "error" in body:
        assert [body["error"]["request_id"]] == number
