"""The customers' pages at a million people against the same pages at ten thousand."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from urllib.parse import urlencode

from app import create_app
from app.config import from_environment
from app.customers import attribute_indexes
from app.db import db
from app.paging import Cursor
from bench.databases import Database, day
from bench.serving import Browser, served
from bench.table import Table, ms, p50, p95

TITLE = "Customers: server time of whole pages, signed in, under granian, in ms (small 10k/100k, large 1M/10M)"
SMALL = Database("campus_bench_small", 10_000, 100_000)
LARGE = Database("campus_bench_large", 1_000_000, 10_000_000)
TIMES, WARM_UP = 40, 3
COLUMNS = ("page", "small p50", "small p95", "large p50", "large p95", "large/small")

COMMON = ("anna", "schmidt", "muller", "garcia", "sofia", "weber", "nowak", "martin")
MISSING = ("xqzvkw", "qqqq", "wyzzyx", "0987612345", "jkjkjk")
LETTERS = ("a", "j", "m", "x", "ö", "z", "s", "q")
TWO_WORDS = ("anna schmidt", "sofia rossi", "jonas weber", "lena m", "garcia lopez", "emma de", "paul neverheard")


@dataclass(frozen=True)
class Facts:
    """What only a database can tell: who is in it."""

    leads: list[str]
    emails: list[str]
    quiet: int
    busiest: int
    half_created: str
    half_name: str


def run() -> Table:
    for database in (SMALL, LARGE):
        database.ensure()
    _index("score")
    table = Table(COLUMNS)
    worst: tuple[float, str] = (0.0, "")
    with served(SMALL) as small, served(LARGE) as large:
        paths = zip(_paths(_facts(SMALL)).items(), _paths(_facts(LARGE)).values(), strict=True)
        for (name, ours), theirs in paths:
            times = _measure(small, ours), _measure(large, theirs)
            cells = [ms(figure(taken)) for taken in times for figure in (p50, p95)]
            table.rows.append((name, *cells, f"{p50(times[1]) / p50(times[0]):.2f}"))
            worst = max(worst, (p95(times[1]), name)) if "no index" not in name else worst
    table.notes.append(f"Slowest p95 at the large size, ranges without an index aside: {ms(worst[0])} ms, {worst[1]}.")
    return table


def _measure(browser: Browser, paths: list[str]) -> list[float]:
    """Each in turn, so that a p95 is the p95 of different questions."""
    turn = itertools.cycle(paths)
    for _ in range(WARM_UP):
        browser.time(next(turn))
    return [browser.time(next(turn)) for _ in range(TIMES)]


def _paths(facts: Facts) -> dict[str, list[str]]:
    return {
        "list, first page": [_list()],
        "list, half-way": [_list(cursor=facts.half_created)],
        "sort by name": [_list(sort="name"), _list(sort="-name")],
        "sort by name, half-way": [_list(sort="name", cursor=facts.half_name)],
        "sort by e-mail": [_list(sort="email"), _list(sort="-email")],
        "search, common": [_list(q=q) for q in COMMON],
        "search, common, by name": [_list(q=q, sort="name") for q in COMMON],
        "search, one person": [_list(q=q) for q in (*facts.leads, *facts.emails)],
        "search, nobody": [_list(q=q) for q in MISSING],
        "search, one letter": [_list(q=q) for q in LETTERS],
        "search, two words": [_list(q=q) for q in TWO_WORDS],
        "filter, string": [_equal("attributes.course:is:" + v) for v in ("Sound for Film", "Data Foundations", "None")],
        "filter, array": [_equal("attributes.interest:contains:" + v) for v in ("festivals", "ceramics", "data")],
        "filter, yes or no": [_equal("attributes.scholarship:is:" + v) for v in ("true", "false")],
        "filter, zone": [_equal("timezone:is:" + v) for v in ("Europe/Berlin", "Asia/Beirut", "Asia/Nicosia")],
        "filter, zone, by name": [
            _list(filter="timezone:is:" + v, sort="name") for v in ("Europe/Oslo", "Asia/Beirut")
        ],
        "filter, e-mail": [_equal("email:is:" + v) for v in facts.emails],
        "three filters, by name": [_three()],
        "range, indexed": [_equal(f"attributes.score:at_least:{n}") for n in (90, 99, 101)],
        "range, no index": [_equal(f"attributes.budget:at_most:{n}") for n in (600, 900)],
        "one person, quiet": [f"/customers/{facts.quiet}"],
        "one person, busiest": [f"/customers/{facts.busiest}"],
    }


def _list(**query: str) -> str:
    return "/customers?" + urlencode(query)


def _equal(written: str) -> str:
    return _list(filter=written)


def _three() -> str:
    asked = ["attributes.interest:contains:festivals", "attributes.scholarship:is:true", "timezone:is:Europe/Berlin"]
    return "/customers?" + urlencode([("filter", one) for one in asked] + [("sort", "name")])


def _facts(database: Database) -> Facts:
    with database.connect() as connection:
        some = [1 + n * database.customers // 9 for n in range(8)]
        people = connection.execute("SELECT lms_lead_id, email FROM customers WHERE id = ANY (%s)", [some]).fetchall()
        busiest = connection.execute(
            "SELECT customer_id FROM events GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
        ).fetchone()
        quiet = connection.execute(
            "SELECT id FROM customers c WHERE NOT EXISTS (SELECT FROM events WHERE customer_id = c.id)"
            " AND id > %s ORDER BY id LIMIT 1",
            [database.customers // 2],
        ).fetchone()
        assert busiest is not None
        assert quiet is not None
        return Facts(
            leads=[lead for lead, _ in people if lead],
            emails=[email for _, email in people if email],
            quiet=quiet[0],
            busiest=busiest[0],
            half_created=_half(connection, "-created", "created_date", database.customers // 2),
            half_name=_half(connection, "name", "sort_name", database.customers // 2),
        )


def _half(connection, sort: str, column: str, rows: int) -> str:
    way = "DESC" if sort.startswith("-") else "ASC"
    value, key = connection.execute(
        f"SELECT {column}, id FROM customers ORDER BY {column} {way}, id {way} OFFSET {rows} LIMIT 1"
    ).fetchone()
    return Cursor(sort, False, rows, value if isinstance(value, str) else value.isoformat(), key).written()


def _index(name: str) -> None:
    """What the upkeep worker would have built a moment after somebody's first question."""
    app = create_app(from_environment(LARGE.environment), "bench")
    with app.app_context():
        attribute_indexes.want([name])
        db.session.commit()
        attribute_indexes.build(name, day())
        db.session.commit()
