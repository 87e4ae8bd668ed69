"""Keys of other systems: seen once, never stored, limited to what they were made for."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from app.accounts import api_keys
from app.accounts.api_key import SCOPES, ApiKey
from app.audit import Actor, Entry
from app.db import db

NOW = datetime(2026, 10, 22, 8, 4, tzinfo=UTC)
MACHINE = Actor("system", None, "Command line")


def test_a_key_says_what_it_is_and_opens_what_it_was_made_for(app):
    row, key = api_keys.create("LMS", ["read", "ingest"], MACHINE)
    assert re.fullmatch(rf"campus_live_{row.prefix}_[A-Za-z0-9]{{40}}", key)
    found = api_keys.find(key)
    assert found is row
    assert [scope for scope in SCOPES if found.allows(scope)] == ["ingest", "read"]


def test_the_scope_admin_allows_everything(app):
    row, _key = api_keys.create("Ops", ["admin"], MACHINE)
    assert all(row.allows(scope) for scope in SCOPES)


def test_nothing_in_the_database_opens_anything(app):
    row, key = api_keys.create("LMS", ["read"], MACHINE)
    db.session.commit()
    held = [
        text
        for table in (ApiKey.__table__, Entry.__table__)
        for text in db.session.scalars(select(func.to_jsonb(table.table_valued()).cast(db.Text)))
    ]
    assert key not in " ".join(held)
    assert key.rpartition("_")[2] not in " ".join(held)
    assert api_keys.find(row.key_hash) is None
    assert api_keys.find(row.prefix) is None


@pytest.mark.parametrize("key", ["", "campus_live_", "x" * 100_000, "\0", "\ud800", "💥"])
def test_a_forged_key_opens_nothing(app, key):
    api_keys.create("LMS", ["read"], MACHINE)
    assert api_keys.find(key) is None


def test_a_revoked_key_opens_nothing_and_is_revoked_once(app):
    row, key = api_keys.create("LMS", ["read"], MACHINE)
    api_keys.revoke(row, NOW, MACHINE)
    api_keys.revoke(row, NOW + timedelta(days=1), MACHINE)
    db.session.flush()
    assert api_keys.find(key) is None
    assert row.revoked_at == NOW
    assert [entry.verb for entry in db.session.scalars(select(Entry).order_by(Entry.id))] == ["created", "revoked"]


def test_use_is_written_once_a_minute(app):
    row, _key = api_keys.create("LMS", ["read"], MACHINE)
    db.session.commit()
    used = [api_keys.used(row, NOW + timedelta(seconds=20 * n)) for n in range(7)]
    assert used == [True, False, False, True, False, False, True]


@pytest.mark.parametrize(
    ("name", "scopes", "wrong"),
    [
        ("", ["read"], {"name"}),
        ("LMS", [], {"scopes"}),
        ("LMS", ["read", "root"], {"scopes"}),
        ("x" * 101, [], {"name", "scopes"}),
    ],
)
def test_each_fault_is_named(app, name, scopes, wrong):
    assert set(api_keys.problems(name, scopes)) == wrong


def test_a_key_outlives_the_person_who_made_it(admin, make_user):
    from app.accounts import users

    maker = make_user("Bea", "admin")
    _row, key = api_keys.create("LMS", ["read"], Actor("user", maker.id, "Bea"))
    users.remove(maker, Actor("user", admin.id, "Ada"))
    db.session.commit()
    db.session.expire_all()
    assert api_keys.find(key).created_by is None
