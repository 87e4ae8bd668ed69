"""The versions of a mail side by side: what each says, what came of it, and which one does best, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.automations import variants as wanted
from app.automations.automation import Automation
from app.content.template import MessageTemplate, TemplateVersion
from app.db import db
from app.deliveries import variants, winning
from app.deliveries.run import Run
from app.deliveries.variants import Count
from app.deliveries.winning import Judgement

AT_LEAST = f"Fewer than {winning.LEAST} of each say nothing."
RULE = "So many show a difference like the one seen in four of five tries, with an error in one of twenty."


@dataclass(frozen=True)
class Line:
    """`chance`: that it is the best."""

    letter: str
    subject: str
    template: MessageTemplate | None
    number: int | None
    count: Count
    chance: float
    is_leading: bool


@dataclass(frozen=True)
class Split:
    lines: Sequence[Line]
    judgement: Judgement
    leads: str
    is_it_enough: str


@dataclass(frozen=True)
class Said:
    letter: str
    subject: str
    template: MessageTemplate | None
    version: TemplateVersion | None


def of_automation(automation: Automation) -> Split | None:
    """None: it is one mail for everybody."""
    some = [Said(one.letter, one.subject, one.template, one.version) for one in wanted.of(automation)]
    return _split(some, wanted.counts(automation), automation.goal) if some else None


def of_run(run: Run) -> Split | None:
    some = [
        Said(one.label, one.subject, db.session.get(MessageTemplate, version.template_id), version)
        for one in variants.of(run)
        if (version := db.session.get(TemplateVersion, one.version_id))
    ]
    return _split(some, variants.counts([run.id]), run.goal) if some else None


def _split(some: Sequence[Said], counts: Mapping[int, Count], goal: Mapping[str, object] | None) -> Split:
    seen = [counts.get(place, Count()) for place in range(len(some))]
    judgement = winning.judge(seen, winning.measure_of(goal))
    lines = [_line(one, place, seen[place], judgement) for place, one in enumerate(some)]
    return Split(lines, judgement, _leads(lines, judgement), _is_enough(lines, judgement))


def _line(one: Said, place: int, count: Count, judgement: Judgement) -> Line:
    number = one.version.number if one.version else None
    is_leading = place == judgement.leader
    return Line(one.letter, one.subject, one.template, number, count, judgement.chances[place], is_leading)


def _leads(lines: Sequence[Line], judgement: Judgement) -> str:
    if judgement.leader is not None:
        letter, chance = lines[judgement.leader].letter, _percent(judgement.chances[judgement.leader])
        return f"Version {letter} leads: it is the best with a probability of {chance}."
    if not any(line.count.sent for line in lines):
        return "Nothing of them has gone out yet."
    is_any = any(getattr(line.count, judgement.measure) for line in lines)
    return "They do equally well so far." if is_any else f"Nobody has {judgement.measure} yet."


def _is_enough(lines: Sequence[Line], judgement: Judgement) -> str:
    if judgement.is_enough:
        return f"Enough mails have gone out to choose it, by how many people {judgement.measure}."
    if judgement.more:
        rule = AT_LEAST if judgement.leader is None else f"{RULE} {AT_LEAST}"
        return f"Not enough data yet: about {judgement.more:,} more mails. {rule}"
    if any(getattr(line.count, judgement.measure) for line in lines):
        return "So small a difference no number of mails would show: choose whichever you like."
    return f"How many more mails it takes is known once somebody has {judgement.measure}."


def _percent(chance: float) -> str:
    """Never certain."""
    return "more than 99.9 %" if chance > 0.999 else f"{100 * chance:.1f} %"
