"""Products as other systems ask for them."""

from __future__ import annotations

import pytest

from app.accounts import api_keys
from app.audit.actor import COMMAND_LINE
from app.db import db
from tests.products.looking import make_product


@pytest.fixture
def ask(app):
    return asking(app, "read")


def asking(app, scope: str):
    """Without a browser's cookies, as another system asks."""
    token = api_keys.create("Till", [scope], COMMAND_LINE)[1]
    db.session.commit()
    return lambda path: app.test_client().get(f"/api/v1/products{path}", headers={"Authorization": f"Bearer {token}"})


def test_one_product_is_asked_for_by_the_id_of_the_shop(ask):
    make_product("a/b 1", name="Mug", price=900, currency="EUR", stock=3, in_stock=True)
    body = ask("/a/b%201").json
    assert (body["product_id"], body["name"], body["price"], body["in_stock"]) == ("a/b 1", "Mug", 900, True)
    assert "id" not in body


def test_products_come_page_by_page(ask):
    for n in range(3):
        make_product(f"p{n}")
    first = ask("?limit=2").json
    assert ([one["product_id"] for one in first["data"]], first["has_more"]) == (["p0", "p1"], True)
    rest = ask(f"?limit=2&cursor={first['next_cursor']}").json
    assert ([one["product_id"] for one in rest["data"]], rest["has_more"], rest["next_cursor"]) == (["p2"], False, None)


def test_products_are_searched_by_words(ask):
    make_product("p1", name="Blue mug")
    make_product("p2", name="Oak lamp")
    assert [one["product_id"] for one in ask("?q=lamp").json["data"]] == ["p2"]


@pytest.mark.parametrize("query", ["?cursor=%25%25", "?limit=0", "?limit=2000", "?q=", f"?q={'x' * 201}"])
def test_a_question_that_makes_no_sense_is_refused(ask, query):
    assert ask(query).status_code == 422


def test_a_product_that_nobody_told_of_is_not_found(ask):
    assert ask("/nothing").status_code == 404
    assert ask("/%00").status_code == 404


def test_without_a_key_that_may_read_nothing_is_told(app):
    assert app.test_client().get("/api/v1/products").status_code == 401
    assert asking(app, "ingest")("").status_code == 403
    assert asking(app, "ingest")("/p1").status_code == 403
