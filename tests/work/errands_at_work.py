"""What worker processes import: there, and only there, errands are a table like any other."""

from app.ops import work
from tests.work.errands import ERRANDS

work.add(ERRANDS)
