"""Our own documents laid out by us and by npm's mjml: the same elements, attributes and styles, Outlook's included."""

from __future__ import annotations

import difflib
import re

import pytest

from app.content import mjml
from app.content.mjml import schema
from tests.content.mjml import documents, likeness


@pytest.mark.parametrize("name", documents.sources())
def test_a_document_is_laid_out_as_by_npm(name: str) -> None:
    ours = likeness.lines(mjml.compile(documents.sources()[name]).html)
    theirs = likeness.lines(documents.by_npm()[name])
    assert not list(difflib.unified_diff(theirs, ours, "npm", "ours", n=1, lineterm=""))


@pytest.mark.parametrize("name", documents.sources())
def test_a_document_of_the_suite_has_nothing_to_complain_about(name: str) -> None:
    assert not mjml.check(documents.sources()[name])


def test_the_documents_name_every_component_with_every_attribute() -> None:
    together = "\n".join(documents.sources().values())
    assert len(documents.sources()) >= 60
    unnamed = [
        (kind.name, attribute)
        for kind in schema.kinds().values()
        for attribute in kind.attributes.keys() - schema.EVERYWHERE.keys()
        if not re.search(rf"<{kind.name}\s[^>]*\b{attribute}=", together)
    ]
    assert not unnamed
    assert not [name for name in schema.kinds() if f"<{name}" not in together and name != "mj-include"]
