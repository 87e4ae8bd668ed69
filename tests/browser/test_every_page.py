"""Every page, on a desk and on a phone, in light and dark: no complaint, no sideways scroll, axe finds nothing."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import AXE, SCREENS, shoot
from tests.conftest import LONG

pytestmark = pytest.mark.browser

PAGES = {
    "overview": "/",
    "alerts": "/alerts",
    "alerts-no-match": "/alerts?q=wram",
    "customers": "/customers",
    "customers-filtered": "/customers?q=an&filter=attributes.score:at_least:40&filter=timezone:is:Europe/Berlin",
    "customers-no-match": "/customers?q=wram",
    "customers-bad-filter": "/customers?filter=email:is_like:x",
    "customer": "/customers/1",
    "customer-stages": "/customers/1?show=stages",
    "customer-changes": "/customers/394?show=changes",
    "customer-history": "/customers/394/history?attribute=score",
    "customer-consent": "/customers/1/consent",
    "customer-consent-edit": "/customers/1/consent/edit",
    "customer-suppressed": "/customers/41",
    "customer-paused": "/customers/81",
    "events": "/events",
    "events-filtered": "/events?q=an&filter=stage:to:enrolled",
    "events-waiting": "/events?filter=kind:is:waiting",
    "events-too-many": "/events?q=example",
    "events-no-match": "/events?q=wram",
    "event": "/events/39980",
    "event-move": "/events/40001",
    "event-waiting": "/events/87988",
    "customer-merge-with": "/customers/1/merge",
    "customer-merge-with-no-match": "/customers/1/merge?q=wram",
    "customer-erase": "/customers/1/erasure/new",
    "merge": "/customers/merges/new?id=1&id=2",
    "merge-refused": "/customers/merges/new?id=1&id=1",
    "ambiguous": "/customers/ambiguous",
    "not-found": "/customers/999999",
    "customer-segments": "/customers/1/segments",
    "customer-add-to-list": "/customers/2/segments/new",
    "segments": "/segments",
    "segments-no-match": "/segments?q=wram",
    "segments-archived": "/segments?filter=archived:is:yes",
    "segment-new": "/segments/new",
    "segment-new-rules": "/segments/new?type=rules",
    "segment-new-list": "/segments/new?type=manual",
    "segment-new-sql": "/segments/new?type=sql",
    "segment-functions": "/segments/new?type=function",
    "segment-new-function": "/segments/new?type=function&handler_function=top_spenders",
    "segment-rules": "/segments/1",
    "segment-rules-edit": "/segments/1/edit",
    "segment-size": "/segments/1/size",
    "segment-customers": "/segments/1/customers",
    "segment-customers-no-match": "/segments/1/customers?q=wram",
    "segment-why": "/segments/1/why?customer=1",
    "segment-why-nobody": "/segments/1/why?q=wram",
    "segment-deletion": "/segments/1/deletion",
    "segment-list": "/segments/4",
    "segment-list-edit": "/segments/4/edit",
    "segment-list-people": "/segments/4/customers",
    "segment-list-add": "/segments/4/people/new",
    "segment-sql": "/segments/5",
    "segment-sql-edit": "/segments/5/edit",
    "segment-function": "/segments/6",
    "segment-function-edit": "/segments/6/edit",
    "automations": "/automations",
    "automations-no-match": "/automations?q=wram&filter=active:is:yes",
    "automation-new": "/automations/new",
    "automation": "/automations/1",
    "automation-edit": "/automations/1/edit",
    "automation-once-edit": "/automations/2/edit",
    "automation-answers": "/automations/3",
    "automation-answers-edit": "/automations/3/edit",
    "automation-answers-preflight": "/automations/3/preflight",
    "automation-follows": "/automations/4",
    "automation-follows-edit": "/automations/4/edit",
    "automation-preflight": "/automations/1/preflight",
    "automation-run": "/automations/1/runs/new",
    "automation-versions": "/automations/1/versions",
    "automation-holdout": "/automations/1/holdout",
    "automation-deletion": "/automations/1/deletion",
    "launches": "/launches",
    "launches-no-match": "/launches?q=wram",
    "launch-new": "/launches/new",
    "launch-people": "/launches/people?interest=data",
    "runs": "/runs",
    "runs-no-match": "/runs?q=wram",
    "runs-stop": "/runs/stop",
    "customer-mails": "/customers/1/mails",
    "customer-mail": "/customers/1?show=mail",
    "why": "/customers/1/why?automation=1",
    "why-answers": "/customers/1/why?automation=3",
    "why-not-asked": "/customers/1/why",
    "automation-variants": "/automations/7",
    "automation-holdout-year": "/automations/8/holdout",
    "run": "/runs/9",
    "run-people": "/runs/9/people",
    "delivery": "/deliveries/300",
    "metrics": "/metrics",
    "metrics-campaign": "/metrics?automation=7&range=365d",
    "metrics-people": "/metrics/people/opened",
    "templates": "/templates",
    "outbox": "/outbox",
    "templates-no-match": "/templates?q=wram",
    "template-new": "/templates/new",
    "template": "/templates/1",
    "template-versions": "/templates/1/versions",
    "template-as-code": "/templates/1/as-code",
    "template-publication": "/templates/1/publication/new",
    "template-test-send": "/templates/1/test-sends/new",
    "template-check": "/templates/1/check",
    "template-deletion": "/templates/1/deletion",
    "media": "/media",
    "media-no-match": "/media?q=wram&filter=kind:is:image",
    "media-pick": "/media/pick",
    "media-new": "/media/new",
    "medium": "/media/1",
    "medium-edit": "/media/1/edit",
    "medium-deletion": "/media/1/deletion",
    "media-new-video": "/media/new?kind=video",
    "media-new-text": "/media/new?kind=text",
    "media-new-block": "/media/new?kind=mjml",
    "discounts": "/discounts",
    "discounts-no-match": "/discounts?q=wram",
    "discount-new": "/discounts/new",
    "imports": "/imports",
    "imports-no-match": "/imports?q=wram",
    "import-new": "/imports/new",
    "import-new-products": "/imports/new?kind=products",
    "products": "/products",
    "products-no-match": "/products?q=wram",
    "product": "/products/1",
    "search": "/search?q=ma",
    "account": "/account",
    "pieces": "/pieces",
    "segment-help": "/segments/help",
    "settings": "/settings",
    "settings-team": "/settings/team",
    "settings-brand": "/settings/brand",
    "settings-limits": "/settings/limits",
    "settings-senders": "/settings/senders",
    "settings-sender-new": "/settings/senders/new",
    "settings-brakes": "/settings/brakes",
    "settings-tracking": "/settings/tracking",
    "settings-conversions": "/settings/conversions",
    "settings-launches": "/settings/launches",
    "settings-sender": "/settings/senders/1/edit",
    "settings-topics": "/settings/topics",
    "settings-topic-new": "/settings/topics/new",
    "settings-topic": "/settings/topics/2/edit",
    "settings-suppressions": "/settings/suppressions",
    "settings-suppressions-no-match": "/settings/suppressions?q=wram",
    "settings-suppression-new": "/settings/suppressions/new",
    "settings-suppression-list": "/settings/suppressions/list",
    "settings-suppression-lift": "/settings/suppressions/1/lift",
    "settings-sign-ups": "/settings/sign-ups",
    "settings-users": "/settings/users",
    "settings-user-new": "/settings/users/new",
    "settings-user": "/settings/users/1",
    "settings-user-removal": "/settings/users/1/removal",
    "settings-api-keys": "/settings/api-keys",
    "settings-api-key-new": "/settings/api-keys/new",
    "settings-attributes": "/settings/attributes",
    "settings-attribute-new": "/settings/attributes/new",
    "settings-attribute": "/settings/attributes/edit?name=score",
    "settings-webhook": "/settings/webhook",
    "settings-webhook-no-match": "/settings/webhook?q=nothing",
    "settings-hooks": "/settings/hooks",
    "settings-hook-new": "/settings/hooks/new",
    "settings-receipts": "/settings/receipts",
    "settings-receipts-no-match": "/settings/receipts?q=nothing",
    "settings-queues": "/settings/queues",
    "settings-audit": "/settings/audit",
}
EXPECTED = {"customers-bad-filter": "422", "merge-refused": "422", "not-found": "404"}
STRANGERS = {
    "api-docs": "/api/docs",
    "sign-in": "/sign-in",
    "forgotten": "/forgotten",
    "not-yours": "/nothing",
    "sign-up": "/sign-up",
    "sign-up-wrong-link": "/sign-up/confirm",
    "unsubscribe-wrong-link": "/unsubscribe",
    "preferences-wrong-link": "/preferences",
    "link-of-nobody": "/track/click/x/0",
    "view-wrong-link": "/view",
}


# Each width and each theme once, for every page.
TURNED = [(1280, "light"), (390, "dark")]
# Of a page that was looked at whole: what may be another when it is turned and dimmed.
CHANGES = ("color-contrast", "link-in-text-block", "scrollable-region-focusable")


def look(visitor, name: str, path: str, screen: str) -> list[str]:
    """Opens one page, keeps a picture and returns what is wrong with it."""
    visitor.complaints.clear()
    page = visitor.open(path)
    page.evaluate(AXE.read_text())
    return seen(visitor, name, screen)


def seen(visitor, name: str, screen: str, *, rules: Sequence[str] = ()) -> list[str]:
    """As it stands there at this moment; by all rules, or by these."""
    page = visitor.page
    shoot(page, f"{name}-{screen}", full_page=True)
    found = [c for c in visitor.complaints if EXPECTED.get(name, "no status") not in c]
    if page.evaluate("document.documentElement.dataset.bsTheme") not in (None, screen.partition("-")[2]):
        found.append("has the colours of another theme")
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if width > 0:
        found.append(f"scrolls sideways by {width} px")
    only = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
    asked = {"resultTypes": ["violations"], "iframes": False, **only}
    faults = page.evaluate("asked => axe.run(document, asked).then(r => r.violations)", asked)
    found += [f"axe {f['impact']}: {f['id']} at {f['nodes'][0]['target']}" for f in faults if f["impact"] != "minor"]
    return [f"{name} {screen}: {fault}" for fault in found]


def look_on_all_screens(visitor, name: str, path: str) -> list[str]:
    """Opened once, on the screen where the page before ended; turned and dimmed, it has to be as good on the others."""
    now = visitor.page.viewport_size["width"]
    (width, theme), *others = sorted(TURNED, key=lambda screen: screen[0] != now)
    turn(visitor.page, width, theme)
    found = look(visitor, name, path, f"{width}-{theme}")
    for width, theme in others:
        turn(visitor.page, width, theme)
        expect(visitor.page.locator("html")).to_have_attribute("data-bs-theme", theme)  # it hears of it a frame later
        found += seen(visitor, name, f"{width}-{theme}", rules=CHANGES)
    return found


def turn(page: Page, width: int, theme: str) -> None:
    if page.viewport_size["width"] != width:
        page.set_viewport_size({"width": width, "height": 860})
    page.emulate_media(color_scheme=theme)


def look_at(visitor, pages: dict[str, str]) -> list[str]:
    return [fault for name, path in pages.items() for fault in look_on_all_screens(visitor, name, path)]


def test_every_page_is_sound(visit):
    visitor = visit()
    visitor.sign_in()
    assert look_at(visitor, PAGES) == []


def test_the_pages_before_the_door_are_sound(visit):
    visitor = visit()
    assert [fault for fault in look_at(visitor, STRANGERS) if "404" not in fault] == []


@pytest.mark.skipif(not LONG, reason="each page opened anew on each screen: bin/test --long")
@pytest.mark.parametrize(("width", "theme"), SCREENS)
def test_every_page_is_sound_where_it_is_opened(visit, width, theme):
    visitor = visit(width, theme)
    visitor.sign_in()
    assert [fault for name, path in PAGES.items() for fault in look(visitor, name, path, f"{width}-{theme}")] == []


def test_a_question_that_is_broken_off_is_heard_unless_it_asked_for_that(visit):
    visitor = visit()
    visitor.sign_in()
    page = visitor.open("/customers")
    breaks_off = "seen => seen.dispatchEvent(new CustomEvent('htmx:sendAbort', {bubbles: true}))"
    page.eval_on_selector("[hx-sync='this:replace']", breaks_off)
    assert visitor.complaints == []
    page.eval_on_selector("main", breaks_off)
    assert [said.partition(" ")[0] for said in visitor.complaints] == ["aborted:"]


def test_no_page_of_the_product_is_forgotten(migrated):
    """Whatever answers GET without a number in its path stands in the list above."""
    quiet = {
        "/static/<path:filename>",
        "/customers/export",
        "/events/export",
        "/products/export",
        "/track.js",
        "/segments/vocabulary",
        "/templates/vocabulary",
        "/templates/people",
        "/brand.css",
        "/settings/queues/discards/new",
    }
    shown = {path.partition("?")[0] for path in [*PAGES.values(), *STRANGERS.values()]}
    rules = {rule.rule for rule in migrated.url_map.iter_rules() if "GET" in (rule.methods or set())}
    for_others = ("/health", "/api/v1", "/openapi.json", "/demo-shop")  # the last is there beside bin/dev only
    pages = {rule for rule in rules - quiet if "<" not in rule and not rule.startswith(for_others)}
    assert pages - shown == set()
