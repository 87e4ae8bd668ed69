"""The marks of composed texts: what one types is what is read, but for the few marks and the fields."""

from __future__ import annotations

import pytest

from app.content import marks

FIELD = '{{ customer.first_name | default("<you> & *me*") }}'


@pytest.mark.parametrize("write", [marks.inline, marks.html])
def test_html_is_text_like_any_other(write):
    assert "A &lt; B &amp; &lt;b&gt;C&lt;/b&gt;" in write("A < B & <b>C</b>")


@pytest.mark.parametrize("write", [marks.inline, marks.html])
def test_fields_pass_whatever_signs_they_hold(write):
    assert f"Dear {FIELD}!" in write(f"Dear {FIELD}!")


@pytest.mark.parametrize("write", [marks.inline, marks.html])
def test_the_marks_become_elements(write):
    said = write("**bold** and *leaning*, [go](https://x.example/?a=1&b=2)")
    assert '<strong>bold</strong> and <em>leaning</em>, <a href="https://x.example/?a=1&amp;b=2">go</a>' in said


def test_a_heading_is_one_line_and_a_text_has_paragraphs_and_lists():
    assert marks.inline("one\n  two") == "one two"
    assert marks.html("one\ntwo\n\n- three\n- four") == "<p>one<br>two</p>\n<ul><li>three</li><li>four</li></ul>"


def test_an_attribute_cannot_be_left():
    assert marks.attribute('"><script>') == "&quot;&gt;&lt;script&gt;"
    assert marks.attribute('{{ a | default("b") }}') == "{{ a | default('b') }}"
