"""From the query of a URL to what is asked of a list, the same for every list."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.listing import Ask, Filter, Listing


def read(listing: Listing, **path: Any) -> Ask:
    """`path`: what the address of the list holds, like the segment whose people are listed."""
    args = request.args
    return listing.read(args.get("q", ""), args.getlist("filter"), args.get("sort"), args.get("cursor"), **path)


def moved_to_filter(endpoint: str, **path: Any) -> ResponseReturnValue:
    """The filter form sends field, op and value; the address that stays names them as one filter."""
    args = request.args
    added = Filter(args.get("field", ""), args.get("op", ""), args.get("value", ""))
    filters = [*args.getlist("filter"), str(added)]
    q, sort = args.get("q") or None, args.get("sort") or None
    return redirect(url_for(endpoint, q=q, filter=list(dict.fromkeys(filters)), sort=sort, **path))
