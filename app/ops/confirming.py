"""Whoever asked for mail gets one that asks back: the link in it proves that they read that mailbox."""

from __future__ import annotations

from datetime import datetime

from markupsafe import Markup

from app import running
from app.audit import SYSTEM
from app.consent import links, signups, suppressions
from app.consent.signup import Signup
from app.deliveries import notices
from app.settings import brand
from app.settings.brand import Brand

ASKED = "Somebody, we think you, asked us for this:"
NOT_YOU = "It was not you? Then do nothing: nothing else is sent."
# Nothing that was typed into the form but the address: a stranger could write through us to anybody.
HTML = Markup(
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>{title}</title></head>"
    '<body style="margin:0;padding:24px;background:#ffffff;color:#1c2427;font:16px/1.5 system-ui,sans-serif">'
    '<table role="presentation" align="center" style="width:100%;max-width:560px"><tr><td>'
    '<h1 style="font-size:22px;line-height:1.3;margin:0 0 16px">{title}</h1>'
    '<p style="margin:0 0 8px">{asked}</p>'
    '<ul style="margin:0 0 24px;padding-left:20px">{lines}</ul>'
    '<p style="margin:0 0 24px"><a href="{link}" style="display:inline-block;padding:12px 20px;border-radius:6px;'
    'background:{accent};color:{ink};font-weight:600;text-decoration:none">Confirm</a></p>'
    '<p style="margin:0 0 24px;font-size:14px">{not_you}</p>'
    '<p style="margin:0;font-size:13px">{imprint}</p>'
    "</td></tr></table></body></html>"
)
LINE = Markup("<li>{}</li>")


def ask_back(signup: Signup, now: datetime) -> bool:
    """Not too often for one address, and never to one that bounced or complained."""
    if not signups.may_be_mailed(signup, now) or suppressions.is_suppressed(signup.email):
        return False
    own, link = brand.current(), f"{running.config().base_url}/sign-up/confirm?token={links.confirm(signup.id)}"
    title = f"Please confirm: mail from {own.name}"
    notices.write("sign-up", [signup.email], title, _html(title, own, signup, link), _text(own, signup, link), SYSTEM)
    is_long_ago = signup.mailed_at is None or signup.mailed_at < now - signups.DAY
    signup.mailed_at, signup.mails = now, 1 if is_long_ago else signup.mails + 1
    return True


def _html(title: str, own: Brand, signup: Signup, link: str) -> str:
    lines = Markup("").join(LINE.format(line) for line in signup.shown.splitlines())
    said = {"title": title, "asked": ASKED, "lines": lines, "link": link, "not_you": NOT_YOU}
    return str(HTML.format(**said, accent=own.accent, ink=own.accent_ink, imprint=own.imprint))


def _text(own: Brand, signup: Signup, link: str) -> str:
    asked = "\n".join(f"- {line}" for line in signup.shown.splitlines())
    return f"{ASKED}\n\n{asked}\n\nConfirm it here:\n{link}\n\n{NOT_YOU}\n\n{own.imprint}\n"
