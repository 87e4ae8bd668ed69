"""The account of a run as a waterfall: from everybody planned down to whoever got it, and what came back."""

from __future__ import annotations

from dataclasses import dataclass

from app.deliveries.runs import Account


@dataclass(frozen=True)
class Step:
    """`start` and `width` in hundredths of the whole; `state` names the people behind the number."""

    label: str
    count: int
    state: str
    tone: str
    start: float
    width: float
    share: float
    is_total: bool = False
    is_minus: bool = False


def of(account: Account) -> list[Step]:
    planned = account.planned
    lost = (
        ("Skipped", sum(account.skipped.values()), "skipped", "warn"),
        ("Failed", sum(account.failed.values()), "failed", "bad"),
        ("Uncertain", account.uncertain, "uncertain", "bad"),
        ("Waiting", account.waiting, "waiting", "mute"),
    )
    steps = [Step("Planned", planned, "", "mute", 0, 100 if planned else 0, _share(planned, planned), is_total=True)]
    left = planned
    for label, count, state, tone in lost:
        if count or state in ("skipped", "failed"):
            left -= count
            start, width = _share(left, planned), _share(count, planned)
            steps.append(Step(label, count, state, tone, start, width, width, is_minus=True))
    steps.append(_of_accepted("Accepted", account.accepted, "accepted", planned, planned, is_total=True))
    arrived = account.accepted - account.bounced
    for label, count, of in (
        ("Delivered", account.delivered, account.accepted),
        ("Bounced", account.bounced, account.accepted),
        ("Opened", account.opened, arrived),
        ("Clicked", account.clicked, arrived),
        ("Converted", account.converted, arrived),
        ("Complained", account.complained, arrived),
    ):
        if count:
            steps.append(_of_accepted(label, count, label.lower(), planned, of))
    return steps


def _of_accepted(label: str, count: int, state: str, planned: int, of: int, is_total: bool = False) -> Step:
    tone = "bad" if state in ("bounced", "complained") else "brand"
    return Step(label, count, state, tone, 0, _share(count, planned), _share(count, of), is_total)


def _share(count: int, of: int) -> float:
    return round(100 * count / of, 2) if of else 0.0
