"""From the query of a URL to what is asked of a list, the same for every list."""

from __future__ import annotations

from flask import request, url_for

from app.listing import Ask, Filter, Listing


def read(listing: Listing) -> Ask:
    args = request.args
    return listing.read(args.get("q", ""), args.getlist("filter"), args.get("sort"), args.get("cursor"))


def with_filter(endpoint: str) -> str:
    """The filter form sends field, op and value; the address that stays names them as one filter."""
    args = request.args
    added = Filter(args.get("field", ""), args.get("op", ""), args.get("value", ""))
    filters = [*args.getlist("filter"), str(added)]
    return url_for(
        endpoint, q=args.get("q") or None, filter=list(dict.fromkeys(filters)), sort=args.get("sort") or None
    )
