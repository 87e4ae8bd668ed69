"""From a draft to a frozen version: checked, completed, compiled once, its links and fields found once.

A version never changes. What goes out is a version, whatever becomes of the draft.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from app import running
from app.audit import Actor, record
from app.content import (
    apart,
    composing,
    knowledge,
    language,
    links,
    marks,
    mjml,
    rendering,
    samples,
    trial,
    writing,
)
from app.content.knowledge import Person
from app.content.rendering import Frozen
from app.content.template import Link, MessageTemplate, TemplateVersion
from app.content.writing import Draft
from app.db import db

SUGGESTED = re.compile(r"[Dd]id you mean “?([\w.-]+)”?")
QUOTED = re.compile(r"“([^”]+)”")
FOOTER = composing.FOOTER.format(text="")
ADDRESS = """    <mj-section padding="8px 0 32px">
      <mj-column>
        <mj-text align="center" font-size="13px" color="#686a70">
          {{ brand.legal_name | default(brand.name) }}<br>{{ brand.postal_address }}
        </mj-text>
      </mj-column>
    </mj-section>
"""


@dataclass(frozen=True)
class Problem:
    """`where`: subject, preheader or message; a fix replaces `wrong` by `right` in this line."""

    line: int
    message: str
    is_error: bool = True
    where: str = "message"
    column: int = 1
    wrong: str = ""
    right: str = ""


class Broken(Exception):
    """It may not be published; the problems say why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"line {one.line}: {one.message}" for one in problems[:3]))
        self.problems = list(problems)


@dataclass(frozen=True)
class Shown:
    """A draft as one person would get it; `skipped` names the field for want of which they get nothing."""

    subject: str = ""
    preheader: str = ""
    html: str = ""
    text: str = ""
    headers: Mapping[str, str] | None = None
    missing: tuple[str, ...] = ()
    skipped: str = ""


def check(draft: Draft) -> list[Problem]:
    """Everything that is wrong or doubtful, errors and warnings, in the order of the lines."""
    found = [*_of_language(draft, "subject"), *_of_language(draft, "preheader"), *_of_language(draft, "message")]
    if draft.type == "email":
        found += [_of_mjml(one) for one in mjml.check(draft.message)]
        if not draft.subject.strip():
            found.append(Problem(1, "A mail needs a subject.", where="subject"))
        if not any(one.is_error for one in found):
            found += _of_compiled(draft)
    elif not draft.message.strip():
        found.append(Problem(1, "There is no text yet."))
    return sorted(dict.fromkeys(found), key=lambda one: (one.where != "subject", one.line, one.column, one.message))


def of_subject(subject: str) -> list[Problem]:
    """Of one that takes the place of a template's own: it goes through what that goes through."""
    return _of_language(Draft("", subject=subject), "subject") or _tried(Frozen(subject, "", "", ""))


def publish(template: MessageTemplate, now: datetime, by: Actor) -> TemplateVersion:
    """Raises Broken. A composed mail is composed anew: that is when it takes changed blocks of the library."""
    held = writing.locked(template.id)
    draft = writing.composed(writing.of(held))
    if errors := [one for one in check(draft) if one.is_error]:
        raise Broken(errors)
    held.message = draft.message
    made = frozen(draft)
    if failures := _tried(made):
        raise Broken(failures)
    version = _version(held, made, now, by)
    db.session.add(version)
    db.session.flush()
    db.session.add_all(_links(version))
    held.published = version.number
    db.session.flush()
    record(by, "published", "template", (str(held.id), held.name), None, {"version": version.number})
    return version


def frozen(draft: Draft) -> Frozen:
    """What a version is made of. Raises Broken, mjml's too."""
    if draft.type != "email":
        return Frozen(draft.subject, draft.preheader, "", draft.message, draft.policies)
    html, text = _compiled(completed(draft))
    return Frozen(draft.subject, draft.preheader, html, text, draft.policies)


def completed(draft: Draft) -> str:
    """The MJML with what the law and mail programs want, where the author left it out."""
    source = draft.message
    if "urls.unsubscribe" not in source and "urls.preferences" not in source:
        source = _before_end(source, FOOTER)
    elif "brand.postal_address" not in source:
        source = _before_end(source, ADDRESS)
    return _with_preheader(source, draft.preheader)


def drawn(draft: Draft, person: Person, facts: Mapping[str, Any], zone: ZoneInfo) -> Shown:
    """For a preview: pictures of the library by their address here (versions.whole makes it one for a mail program).
    Raises Broken where there is nothing to draw."""
    return shown(_ready(draft), person, facts, zone)


def shown(source: Frozen, person: Person, facts: Mapping[str, Any], zone: ZoneInfo) -> Shown:
    base_url = running.config().base_url
    known = knowledge.of(person, knowledge.common(), facts, knowledge.urls(person.id, base_url))
    try:
        mail = rendering.render(source, known, zone)
    except language.Skip as skip:
        return Shown(skipped=skip.field)
    headers = _headers(person, mail.subject, known["urls"]["unsubscribe"])
    return Shown(mail.subject, mail.preheader, mail.html, mail.text, headers, mail.missing)


def _tried(made: Frozen) -> list[Problem]:
    """Drawn apart from us, for somebody of whom nothing is known and for somebody with all facts."""
    try:
        found = trial.problems(made, [{"facts": samples.FACTS, "recommendations": samples.FACTS["recommendations"]}])
    except apart.Stopped as stopped:
        return [Problem(1, str(stopped))]
    return [Problem(one.line, _sentence(one.message), where=part) for part, some in found.items() for one in some]


def _ready(draft: Draft) -> Frozen:
    try:
        return frozen(draft)
    except mjml.Broken as broken:
        raise Broken([_of_mjml(one) for one in broken.problems]) from None
    except language.Refused as refused:
        raise Broken([Problem(one.line, one.message) for one in refused.problems]) from None
    except apart.Stopped as stopped:
        raise Broken([Problem(1, str(stopped))]) from None


@lru_cache(64)
def _compiled(source: str) -> tuple[str, str]:
    """70 ms: an editor asks for the same again and again."""
    compiled = trial.compiled(source)
    return compiled.html, compiled.text


def _version(template: MessageTemplate, made: Frozen, now: datetime, by: Actor) -> TemplateVersion:
    last = select(func.max(TemplateVersion.number)).where(TemplateVersion.template_id == template.id)
    return TemplateVersion(
        template_id=template.id,
        number=(db.session.scalar(last) or 0) + 1,
        subject=made.subject,
        preheader=made.preheader,
        message=template.message,
        blocks=template.blocks,
        html=made.html,
        text=made.text,
        policies=dict(made.policies),
        fields=fields(made),
        weight=len(made.html.encode()),
        by_name=by.name,
        created_date=now,
    )


def fields(made: Frozen) -> list[dict[str, Any]]:
    """Each field once, and whether it minds that a person lacks it."""
    found: dict[str, bool] = {}
    for source in (made.subject, made.preheader, made.html or made.text):
        for one in language.fields_of(source):
            found[one.path] = found.get(one.path, True) and one.is_guarded
    return [{"path": path, "is_guarded": is_guarded} for path, is_guarded in sorted(found.items())]


def _links(version: TemplateVersion) -> list[Link]:
    found = links.find(version.html)
    return [Link(version_id=version.id, place=one.place, href=one.href, label=one.label) for one in found]


def _of_language(draft: Draft, where: str) -> list[Problem]:
    found = language.check(getattr(draft, where))
    return [_with_fix(Problem(one.line, _sentence(one.message), where=where)) for one in found]


def _of_mjml(one: mjml.Problem) -> Problem:
    return _with_fix(Problem(one.line, _ended(one.message), one.is_error, column=one.column))


def _of_compiled(draft: Draft) -> list[Problem]:
    """What only the finished HTML tells. Its lines are not the author's."""
    try:
        found = rendering.problems(frozen(draft))
    except mjml.Broken as broken:
        return [_of_mjml(one) for one in broken.problems]
    except apart.Stopped as stopped:
        return [Problem(1, str(stopped))]
    return [Problem(1, _sentence(one.message)) for one in dict.fromkeys(found.get("html", []))]


def _with_fix(problem: Problem) -> Problem:
    """“widht” … Did you mean “width”?"""
    right = SUGGESTED.search(problem.message)
    if not right:
        return problem
    others = [one for one in QUOTED.findall(problem.message[: right.start()]) if one != right[1]]
    wrong = others[-1] if others else problem.message.partition(" ")[0]
    return replace(problem, wrong=wrong, right=right[1])


def _sentence(message: str) -> str:
    return _ended(message[:1].upper() + message[1:])


def _ended(message: str) -> str:
    """As it begins: that may be the name of an attribute."""
    return message if message.endswith((".", "?", "!")) else f"{message}."


def _before_end(source: str, more: str) -> str:
    head, end, rest = source.rpartition("</mj-body>")
    return f"{head}{more}  {end}{rest}" if end else source


def _with_preheader(source: str, preheader: str) -> str:
    """Mail programs show it beside the subject; in the mail itself nobody sees it."""
    if not preheader.strip() or "<mj-preview" in source:
        return source
    preview = f"<mj-preview>{marks.attribute(preheader)}</mj-preview>"
    if "<mj-head>" in source:
        return source.replace("<mj-head>", f"<mj-head>\n    {preview}", 1)
    head, body, rest = source.partition("<mj-body")
    return f"{head}<mj-head>{preview}</mj-head>\n  {body}{rest}"


def _headers(person: Person, subject: str, unsubscribe: str) -> dict[str, str]:
    return {
        "To": person.email or "",
        "Subject": subject,
        "List-Unsubscribe": f"<{unsubscribe}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
