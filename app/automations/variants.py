"""Several mails of one automation, told apart by their template, their subject or both; each goes to an equal share.

What one of them does not say itself is the automation's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app import problem
from app.automations.automation import Automation
from app.content import publishing, versions, writing
from app.content.template import MessageTemplate, TemplateVersion
from app.deliveries import variants as frozen
from app.deliveries.run import Run
from app.deliveries.variant import RunVariant
from app.problem import Problem

FEWEST, MOST = 2, 4
LETTERS = "ABCD"
PARTS = ("template_id", "subject")
Said = Mapping[str, Any]


@dataclass(frozen=True)
class Variant:
    """`instead`: a subject that is not its template's. `letter`: none where it is the one mail for everybody."""

    place: int
    template: MessageTemplate | None
    version: TemplateVersion | None
    instead: str | None
    letter: str = ""

    @property
    def label(self) -> str:
        return f"version {self.letter}" if self.letter else ""

    @property
    def subject(self) -> str:
        return self.instead or (self.version.subject if self.version else "")

    def needs(self) -> list[str]:
        """Fields that it shows, and without which a person gets nothing."""
        if self.version is None:
            return []
        said = versions.frozen(self.version, "")
        shown = {one["path"] for one in publishing.fields(replace(said, subject=self.subject))}
        return sorted(path for path, policy in said.policies.items() if policy.get("skip") and path in shown)


def said(automation: Automation) -> list[Variant]:
    """All its mails; often that is one for everybody."""
    return of(automation) or [_variant(automation, 0, {})]


def of(automation: Automation) -> list[Variant]:
    return [_variant(automation, place, one, LETTERS[place]) for place, one in enumerate(automation.variants)]


def templates(automation: Automation) -> list[MessageTemplate]:
    """Each once, in their order."""
    return list(dict.fromkeys(one.template for one in said(automation) if one.template))


def kept(template_id: int | None, subject: str | None) -> dict[str, Any]:
    """Of one of them: only what it says itself."""
    return {name: value for name, value in (("template_id", template_id), ("subject", subject)) if value}


def problems(template_id: int | None, subject: str | None, some: Sequence[Said]) -> list[Problem]:
    """Of their form, and of what publishing would refuse."""
    if some and not FEWEST <= len(some) <= MOST:
        return [Problem("variants", f"There are {FEWEST} to {MOST} of them, or none.")]
    found = [wrong for place, one in enumerate(some) for wrong in _of_template(f"variants[{place}]", one)]
    paths = {"subject": subject} | {f"variants[{place}].subject": one.get("subject") for place, one in enumerate(some)}
    found += _of_subjects(paths)
    whole = [(one.get("template_id") or template_id, one.get("subject") or subject) for one in some]
    twice = (place for place, one in enumerate(whole) if one in whole[:place])
    return found + [Problem(f"variants[{place}]", _same(whole.index(whole[place]))) for place in twice]


def lacking(automation: Automation) -> list[Problem]:
    """What keeps one of them from being sent; what the automation's own template lacks is said of that one."""
    return [
        Problem(f"variants[{one.place}].template_id", why)
        for one in of(automation)
        if automation.variants[one.place].get("template_id") and (why := _lack(one))
    ]


def archived(automation: Automation) -> list[Problem]:
    return [
        Problem(f"variants[{one.place}].template_id", f"The template of version {one.letter} is in the archive.")
        for one in of(automation)
        if automation.variants[one.place].get("template_id") and one.template and one.template.archived_at
    ]


def freeze(automation: Automation, run: Run) -> None:
    """As they are now, for a run that has just been made."""
    frozen.freeze(
        RunVariant(run_id=run.id, place=one.place, version_id=one.version.id, subject=one.subject, label=one.letter)
        for one in of(automation)
        if one.version is not None
    )


def counts(automation: Automation) -> dict[int, frozen.Count]:
    """By place, over all of its runs in which they were as they are now."""
    own = [(one.template.id if one.template else 0, one.subject) for one in of(automation)]
    return frozen.counts(frozen.alike(automation.id, own)) if own else {}


def _variant(automation: Automation, place: int, one: Said, letter: str = "") -> Variant:
    template_id = one.get("template_id") or automation.template_id
    template = writing.find(template_id) if template_id else None
    version = versions.published(template) if template else None
    return Variant(place, template, version, one.get("subject") or automation.subject, letter)


def _of_template(path: str, one: Said) -> list[Problem]:
    found = [Problem(f"{path}.{name[:60]}", "This key is not known.") for name in one if name not in PARTS]
    template_id = one.get("template_id")
    if template_id is not None and writing.find(template_id) is None:
        found.append(Problem(f"{path}.template_id", "There is no such template."))
    return found


def _of_subjects(paths: Mapping[str, str | None]) -> list[Problem]:
    """As far as the first that is wrong: drawing one may take ten seconds, and shall not five times."""
    wrong = (found for path, subject in paths.items() if (found := _of_subject(path, subject)))
    return next(wrong, [])


def _of_subject(path: str, subject: str | None) -> list[Problem]:
    if subject is None:
        return []
    if found := problem.of_text(path, subject, writing.LONGEST["subject"], is_needed=True):
        return found
    if not writing.CONTROL.isdisjoint(subject):
        return [Problem(path, "It may not hold a line break.")]
    return [Problem(path, one.message) for one in publishing.of_subject(subject)]


def _same(place: int) -> str:
    return f"It says the same as version {LETTERS[place]}: give it another subject or another template."


def _lack(one: Variant) -> str:
    if one.template is None:
        return f"The template of version {one.letter} was deleted."
    if one.template.type != "email":
        return f"Version {one.letter} is a WhatsApp message: these are kept here, and never sent."
    return "" if one.version else f"Version {one.letter}: “{one.template.name}” is not published yet."
