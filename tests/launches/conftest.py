"""Another system with its key, as the tests of the API have it."""

from __future__ import annotations

from tests.api.conftest import lms, make_system

__all__ = ["lms", "make_system"]
