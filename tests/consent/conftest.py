"""Another system with its key, as in tests/api."""

from tests.api.conftest import lms, make_system  # noqa: F401
