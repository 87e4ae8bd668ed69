"""The list of users: by which words it is searched, by what it is filtered and sorted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import ColumnElement, Select, func, select

from app.accounts.api_key import ApiKey
from app.accounts.user import ROLES, User
from app.db import db
from app.listing import Field, Listing, words

SORTS = {"name": (User.name, User.id), "email": (User.email, User.id), "created": (User.created_date, User.id)}
# A team is small: its words are folded as they are searched.
SEARCHED = func.fold(" " + User.name + " " + User.email)
STATES = (("active", "active"), ("invited", "invited"))


def listing() -> Listing:
    return Listing(SORTS, "name", words(SEARCHED), {field.name: field for field in _fields()})


def everyone() -> Select[User]:
    return select(User)


def names() -> list[tuple[int, str]]:
    return [(user_id, name) for user_id, name in db.session.execute(select(User.id, User.name).order_by(User.name))]


def keys_made_by(user_ids: Iterable[int]) -> Mapping[int, int]:
    """How many keys in use each of them has made."""
    made = ApiKey.created_by.in_(list(user_ids)) & ApiKey.revoked_at.is_(None)
    counted = select(ApiKey.created_by, func.count()).where(made).group_by(ApiKey.created_by)
    return {maker: count for maker, count in db.session.execute(counted) if maker is not None}


def _fields() -> list[Field]:
    roles = tuple((role, role) for role in ROLES)
    return [
        Field("role", "Role", "choice", {"is": "is"}, lambda _op, value: User.role == value, roles),
        Field("state", "State", "choice", {"is": "is"}, _state, STATES),
    ]


def _state(_op: str, value: str) -> ColumnElement[bool]:
    return User.password_hash.is_(None) if value == "invited" else User.password_hash.is_not(None)
