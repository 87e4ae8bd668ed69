"""The application: configuration, database, doors."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.config import Config


def create_app(config: Config, application: str = "web") -> Flask:
    # Imported here, so that app.embedded can start servers without loading the whole application.
    from flask import Flask

    from app import access, blueprints, cli, logs, wording
    from app.db import db, engine_options, migrate

    app = Flask(__name__)
    app.extensions["config"] = config
    app.config.update(
        SECRET_KEY=config.secret_keys[0],
        SECRET_KEY_FALLBACKS=list(config.secret_keys[1:]),
        SQLALCHEMY_DATABASE_URI=config.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(application),
        SESSION_COOKIE_NAME="campus",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=config.is_secure,
        MAX_CONTENT_LENGTH=5 * 1024 * 1024,
        WTF_CSRF_TIME_LIMIT=None,  # the token lives as long as the session
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]  # an order that was written is meant
    db.init_app(app)
    migrate.init_app(app, db)
    logs.init_app(app)
    access.init_app(app)
    wording.init_app(app)
    blueprints.init_app(app)
    cli.init_app(app)
    return app
