"""Another system with its key stands at the doors of this noun, too."""

from __future__ import annotations

from tests.api.conftest import make_system

__all__ = ["make_system"]
