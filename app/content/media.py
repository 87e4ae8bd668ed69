"""The media library: kept, changed, found again, and never taken from under a template that uses it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, text
from sqlalchemy.dialects.postgresql import insert

from app import operators
from app.audit import Actor, record
from app.content import snippets
from app.content.medium import KINDS, MediaFile, Medium
from app.content.pictures import Picture
from app.db import db
from app.listing import Field, Listing, folded

LONGEST_NAME = 200
LONGEST_ALT = 500
LONGEST_URL = 2_000
LONGEST_BODY = 100_000
MOST_TAGS = 20
SAID = {"image": "Image", "video": "Video", "text": "Text", "mjml": "Block"}
SHOWN = ("image", "video")  # what there is something to see of, and so something to say to who sees nothing
ALTS = (("missing", "missing"), ("there", "there"))
# A picture is used where its address stands; a block where a composed mail names it, or published while it did.
USERS = text(
    """
    SELECT id, name FROM message_templates t
     WHERE (CAST(:hash AS text) IS NOT NULL AND strpos(t.message || coalesce(t.blocks::text, ''), :hash) > 0)
        OR jsonb_path_exists(t.blocks, '$[*] ? (@.kind == "saved" && @.media == $id)', jsonb_build_object('id', :id))
     ORDER BY lower(name), id
    """
)


class Used(Exception):
    """It may not go: these templates use it."""

    def __init__(self, by: list[User]) -> None:
        super().__init__("It is used.")
        self.by = by


class Changed(Exception):
    """Somebody else has saved it meanwhile."""


@dataclass(frozen=True)
class User:
    id: int
    name: str


def listing() -> Listing:
    kinds = tuple((name, SAID[name]) for name in KINDS)
    tags = tuple((tag, tag) for tag in all_tags())
    fields = (
        Field("kind", "Kind", "choice", {"is": "is"}, lambda _op, value: Medium.kind == value, kinds),
        Field("tag", "Tag", "choice", {"is": "is"}, lambda _op, value: Medium.tags.contains([value]), tags, True),
        Field("alt", "Alternative text", "choice", {"is": "is"}, lambda _op, value: _alt(value), ALTS),
    )
    sorts = {
        "created": (Medium.created_date, Medium.id),
        "name": (Medium.sort_name, Medium.id),
        "size": (Medium.sort_size, Medium.id),
    }
    return Listing(sorts, "-created", _search, {field.name: field for field in fields})


def everything() -> Select[Medium]:
    return select(Medium)


def find(medium_id: int) -> Medium | None:
    return db.session.get(Medium, medium_id) if medium_id < 2**63 else None


def file(content_hash: str) -> MediaFile | None:
    return db.session.get(MediaFile, content_hash) if "\0" not in content_hash else None


def twin(picture: Picture) -> Medium | None:
    """The same image once more is the one that is there."""
    same = select(Medium).where(Medium.content_hash == picture.content_hash, Medium.kind == "image")
    return db.session.scalars(same.order_by(Medium.id).limit(1)).first()


def pick(q: str, most: int) -> list[Medium]:
    """To be put into a mail: images and videos, the newest first."""
    shown = select(Medium).where(Medium.kind.in_(SHOWN), Medium.content_hash.is_not(None))
    found = shown.where(_search(q)) if q.strip() else shown
    return list(db.session.scalars(found.order_by(Medium.created_date.desc(), Medium.id.desc()).limit(most)))


def saved(kind: str) -> list[tuple[int, str]]:
    """The texts or the blocks, for menus, by name."""
    rows = select(Medium.id, Medium.name).where(Medium.kind == kind)
    return [(row.id, row.name) for row in db.session.execute(rows.order_by(Medium.sort_name).limit(2_000))]


def bodies(ids: Collection[int]) -> dict[int, str]:
    """Of the blocks that a mail names; one that is gone is empty."""
    named = select(Medium.id, Medium.body).where(Medium.id.in_(ids), Medium.kind == "mjml")
    return {row.id: row.body or "" for row in db.session.execute(named)} if ids else {}


def problems(kind: str, said: Mapping[str, Any]) -> dict[str, str]:
    found = _line("name", said.get("name", ""), LONGEST_NAME)
    if not str(said.get("name", "")).strip():
        found["name"] = "It needs a name."
    if kind not in KINDS:
        found["kind"] = f"It must be one of: {', '.join(KINDS)}."
    if kind in SHOWN:
        found |= _line("alt", said.get("alt", ""), LONGEST_ALT)
    if kind == "video" and not _is_address(str(said.get("url", ""))):
        found["url"] = "The address of the video, like https://…"
    if kind in ("text", "mjml"):
        found |= _text("body", said.get("body", ""), LONGEST_BODY)
        if not str(said.get("body", "")).strip():
            found["body"] = "It is empty."
        elif broken := snippets.problems(kind, str(said["body"])):
            found["body"] = f"Line {broken[0].line}: {broken[0].message}"
    if len(tags_of(str(said.get("tags", "")))) > MOST_TAGS:
        found["tags"] = f"At most {MOST_TAGS} tags."
    return found


def keep(picture: Picture) -> str:
    """The file alone; the same one again is there already."""
    row = {"content_hash": picture.content_hash, "mime": picture.mime, "content": picture.content}
    db.session.execute(insert(MediaFile).values(row).on_conflict_do_nothing())
    return picture.content_hash


def add(kind: str, said: Mapping[str, Any], picture: Picture | None, now: datetime, by: Actor) -> Medium:
    medium = Medium(kind=kind, created_date=now, updated_date=now, changed_by=by.name, name="")
    _lay(medium, said, picture)
    db.session.add(medium)
    db.session.flush()
    record(by, "added", "medium", (str(medium.id), medium.name))
    return medium


def change(
    medium: Medium, said: Mapping[str, Any], version: int, now: datetime, by: Actor, picture: Picture | None = None
) -> list[User]:
    """Answers with the templates that use it. Raises Changed where `version` is not the present one."""
    db.session.refresh(medium, with_for_update=True)
    if medium.version != version:
        raise Changed
    by_these = users(medium)
    _lay(medium, said, picture)
    medium.version, medium.updated_date, medium.changed_by = medium.version + 1, now, by.name
    record(by, "changed", "medium", (str(medium.id), medium.name))
    return by_these


def delete(medium: Medium, by: Actor) -> None:
    db.session.refresh(medium, with_for_update=True)
    if by_these := users(medium):
        raise Used(by_these)
    record(by, "deleted", "medium", (str(medium.id), medium.name))
    db.session.delete(medium)  # its file stays: mails that went out show it
    db.session.flush()


def users(medium: Medium) -> list[User]:
    asked = {"hash": medium.content_hash, "id": medium.id if medium.kind == "mjml" else -1}
    return [User(row.id, row.name) for row in db.session.execute(USERS, asked)]


def tags_of(written: str) -> list[str]:
    return list(dict.fromkeys(tag.strip().lower()[:50] for tag in written.replace("\0", "").split(",") if tag.strip()))


def all_tags() -> list[str]:
    return list(db.session.scalars(text("SELECT DISTINCT unnest(tags) AS tag FROM media ORDER BY tag LIMIT 200")))


def _lay(medium: Medium, said: Mapping[str, Any], picture: Picture | None) -> None:
    medium.name, medium.alt = str(said["name"]).strip(), str(said.get("alt", "")).strip()
    medium.tags = tags_of(str(said.get("tags", "")))
    if medium.kind == "video":
        medium.url = str(said["url"]).strip()
    if medium.kind in ("text", "mjml"):
        medium.body = str(said["body"])
    if picture:
        medium.content_hash, medium.size = keep(picture), len(picture.content)
        medium.width, medium.height = picture.width, picture.height


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and len(url) <= LONGEST_URL and url.isprintable()


def _line(name: str, value: Any, longest: int) -> dict[str, str]:
    return {} if not str(value).strip() else _text(name, value, longest)


def _text(name: str, value: Any, longest: int) -> dict[str, str]:
    try:
        operators.text(str(value).strip(), longest)
    except ValueError as error:
        return {name: str(error)}
    return {}


def _alt(value: str) -> ColumnElement[bool]:
    return and_(Medium.kind.in_(SHOWN), Medium.alt == "" if value == "missing" else Medium.alt != "")


def _search(q: str) -> ColumnElement[bool]:
    wanted = folded(q)
    words = func.fold(Medium.name + " " + Medium.alt + " " + func.array_to_string(Medium.tags, " "))
    return or_(
        words.contains(wanted, autoescape=True),
        func.fold(func.coalesce(Medium.body, "")).contains(wanted, autoescape=True),
    )
