"""All we know of htmx on the server: page or fragment of the same URL, 422, redirects, toasts."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request


def wants_fragment() -> bool:
    # A history restore needs the whole page although htmx asks for it.
    return bool(request.headers.get("HX-Request")) and not request.headers.get("HX-History-Restore-Request")


def answer(page_name: str, fragment_name: str | None = None, *, code: int = 200, **context: Any) -> Response:
    """`answer("customers/index.html", "customers/_results.html", page=page)`"""
    template = fragment_name if fragment_name and wants_fragment() else page_name
    response = make_response(render_template(template, **context), code)
    response.vary.add("HX-Request")
    return response


def go(url: str, said: str | None = None, tone: str = "good") -> Response:
    """Leaves for another page, with one sentence shown there."""
    if said:
        flash(said, tone)
    if request.headers.get("HX-Request"):
        return Response(status=204, headers={"HX-Redirect": url})
    return redirect(url, 303)  # type: ignore[return-value]


def toast(response: Response, said: str, tone: str = "good") -> Response:
    """Says one sentence without leaving the page; static/js/toasts.js shows it."""
    response.headers["HX-Trigger"] = json.dumps({"toast": {"said": said, "tone": tone}})
    return response
