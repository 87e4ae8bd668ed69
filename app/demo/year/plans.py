"""What the campaigns were made of: their automations, the versions of their mails with the links, the lots drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, text

from app.automations import readiness
from app.automations.automation import Automation
from app.content.template import MessageTemplate, TemplateVersion
from app.db import db
from app.deliveries import holdout, variants
from app.demo.plan import Plan
from app.demo.year import campaigns, readers
from app.demo.year.campaigns import Campaign
from app.demo.year.returning import Links
from app.segments.segment import Segment
from app.tracking.judging import ASIDE

LINKS = text(
    """
    SELECT version_id, count(*) AS links, array_agg(place ORDER BY place) FILTER (WHERE href !~* :aside) AS followed
      FROM links GROUP BY version_id
    """
)
DRAWN = """
    SELECT customer_id, {place} AS place, {held} AS held
      FROM (SELECT generate_series(1, :customers, :apart) AS customer_id) one
"""
LETTERS = "ABCD"


@dataclass(frozen=True)
class Version:
    id: int
    since: int
    subject: str
    links: Links


@dataclass
class Planned:
    """A campaign with everything that its runs freeze. `places` and `held`: the lots of its people."""

    campaign: Campaign
    automation: Automation | None
    versions: Sequence[Version]
    segment_name: str = ""
    sender: str = ""
    places: Mapping[int, int] = field(default_factory=dict)
    held: set[int] = field(default_factory=set)

    @property
    def topic(self) -> str | None:
        return self.automation.topic if self.automation else None

    @property
    def subjects(self) -> list[str | None]:
        return [one.get("subject") for one in self.automation.variants] if self.automation else []

    def version(self, at: int) -> Version:
        """The one of that time; a mail that the product came with has always been there."""
        return next((one for one in reversed(self.versions) if one.since <= at), self.versions[0])


def of(plan: Plan) -> list[Planned]:
    """Without those whose mail is not there."""
    links = {
        row.version_id: Links(row.links, row.followed or ()) for row in db.session.execute(LINKS, {"aside": ASIDE})
    }
    every = (_planned(one, plan, links) for one in campaigns.CAMPAIGNS)
    return [one for one in every if one is not None]


def _planned(campaign: Campaign, plan: Plan, links: Mapping[int, Links]) -> Planned | None:
    automation = db.session.scalars(select(Automation).where(Automation.name == campaign.name).limit(1)).first()
    versions = _versions(campaign.template, links)
    if not versions or (campaign.name and automation is None):
        return None
    planned = Planned(campaign, automation, versions, sender=_sender(automation))
    if automation is not None:
        segment = db.session.get(Segment, automation.segment_id) if automation.segment_id else None
        planned.segment_name = segment.name if segment else ""
        _draw(planned, automation, plan)
    return planned


def _versions(template: str, links: Mapping[int, Links]) -> list[Version]:
    of_it = select(TemplateVersion).join(MessageTemplate, MessageTemplate.id == TemplateVersion.template_id)
    rows = db.session.scalars(of_it.where(MessageTemplate.name == template).order_by(TemplateVersion.id))
    return [Version(one.id, _seconds(one.created_date), one.subject, links.get(one.id, Links())) for one in rows]


def _sender(automation: Automation | None) -> str:
    return readiness.sender_of(automation or Automation())


def _draw(planned: Planned, automation: Automation, plan: Plan) -> None:
    """By the very statements by which a run draws them."""
    held = holdout.of(automation.id, automation.limits, plan.now_at)
    count = len(automation.variants)
    if not count and held is holdout.NOBODY:
        return
    place = variants.PLACE if count else "NULL"
    told = {"split_by": automation.id, "places": count} if count else {}
    asked = text(DRAWN.format(place=place, held=held.sql))
    rows = db.session.execute(asked, {**readers.said(plan), **told, **held.said}).all()
    planned.places = {row.customer_id: row.place for row in rows if row.place is not None}
    planned.held = {row.customer_id for row in rows if row.held}


def run(planned: Planned, number: int, at: int, plan: Plan) -> dict[str, Any]:
    """The row of a run that is over: of one planned time, or of a day."""
    automation, version, is_by_clock = planned.automation, planned.version(at), planned.campaign.on is not None
    day, over = campaigns.day_of(at)
    key = f"messages-{version.id}-{day}"
    if automation:
        said = f"{readers.time(at):%Y-%m-%dT%H:%M:%SZ}" if is_by_clock else f"day-{day}-1-{version.id}"
        key = f"automation-{automation.id}-{said}"
    return {
        "id": number,
        "key": key,
        "automation_id": automation.id if automation else None,
        "name": automation.name if automation else planned.campaign.template,
        "planned_for": readers.time(at),
        "open_until": readers.time(over) if automation and not is_by_clock else None,
        "state": "finished",
        "version_id": version.id,
        "subject": automation.subject if automation else None,
        "segment_id": automation.segment_id if automation else None,
        "segment_name": planned.segment_name,
        "purpose": automation.purpose if automation else "transactional",
        "topic": planned.topic,
        "timezone": campaigns.ZONE.key,
        "sender": planned.sender,
        "goal": automation.goal if automation else None,
        "limits": automation.limits if automation else {},
        "by_name": "the clock" if is_by_clock else "what people do" if automation else "Shop",
        "created_date": readers.time(at),
        "not_before": readers.time(at),
        "started_at": readers.time(at),
        "finished_at": readers.time(min(at + 1800 if is_by_clock else over, plan.now - 1)),
    }


def parts(planned: Planned, number: int, at: int) -> list[dict[str, Any]]:
    """Of a run that has several mails."""
    version = planned.version(at)
    return [
        {
            "run_id": number,
            "place": place,
            "version_id": version.id,
            "subject": subject or version.subject,
            "label": f"version {LETTERS[place]}",
        }
        for place, subject in enumerate(planned.subjects)
    ]


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
