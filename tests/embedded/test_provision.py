"""Set-up makes anew what is this project's own, and nothing else."""

from __future__ import annotations

import pytest

from app.embedded import provision
from app.embedded.provision import Step


def test_what_is_a_link_to_somewhere_else_is_never_emptied(tmp_path, monkeypatch):
    others = tmp_path / "others"
    others.mkdir()
    (tmp_path / ".venv").symlink_to(others)
    monkeypatch.setattr(provision, "ROOT", tmp_path)
    monkeypatch.setattr(provision, "STATE", tmp_path)
    begun = []
    step = Step("Virtual environment", lambda: begun.append("emptied"), (), (".venv/bin/python",))
    with pytest.raises(provision.Trouble, match=r"\.venv is a link"):
        step.take()
    assert begun == []
