"""Addresses of static files carry a digest of their content, so browsers keep them for a year."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Flask, Response, current_app, request, url_for


def init_app(app: Flask) -> None:
    app.jinja_env.globals["static"] = address
    app.after_request(_keep)


def address(name: str) -> str:
    return url_for("static", filename=name, v=_digest(Path(current_app.static_folder or "") / name, current_app.debug))


def _digest(path: Path, is_debug: bool) -> str:
    return _read(path) if is_debug else _kept(path)


@cache
def _kept(path: Path) -> str:
    return _read(path)


def _read(path: Path) -> str:
    return hashlib.blake2b(path.read_bytes(), digest_size=6).hexdigest() if path.exists() else "missing"


def _keep(response: Response) -> Response:
    if request.endpoint == "static" and request.args.get("v") and response.status_code == 200:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
