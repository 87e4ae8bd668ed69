"""SQL segments behind their wall: a login of its own that may read a few views, for a few seconds, and nothing else.

Whatever somebody writes, the rights of that login, the read-only transaction and its limits hold each by themselves.
"""

from app.segments.wall.asking import Rows, first_rows, ids
from app.segments.wall.examples import EXAMPLES, Example
from app.segments.wall.formatting import formatted
from app.segments.wall.standing import test
from app.segments.wall.views import Column, View, schema

__all__ = ["EXAMPLES", "Column", "Example", "Rows", "View", "first_rows", "formatted", "ids", "schema", "test"]
