"""From MJML to HTML: Jinja and entities come through untouched, known faults of the package are cured."""

from __future__ import annotations

import re
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.content import mjml
from tests.content.mjml import documents


def html(inside: str, head: str = "") -> str:
    body = f"<mj-body><mj-section><mj-column>{inside}</mj-column></mj-section></mj-body>"
    return mjml.compile(f"<mjml><mj-head>{head}</mj-head>{body}</mjml>").html


def test_jinja_comes_through_as_it_was_written() -> None:
    written = """{{ customer.first_name | default("you > me") }}"""
    assert written in html(f"<mj-text>Hello {written}&nbsp;&eacute;!</mj-text>")
    assert f'alt="{written}"' in html(f"<mj-image alt='{written}' />")
    assert "&nbsp;&eacute;!" in html(f"<mj-text>Hello {written}&nbsp;&eacute;!</mj-text>")


def test_a_loop_stands_around_sections_columns_rows_and_words() -> None:
    source = """<mjml><mj-body>
      {% for s in facts.a %}<mj-section>{% for c in s %}<mj-column width="50%"><mj-table>{% for r in c %}
      <tr><td>{{ r }}{% if r %}!{% endif %}</td></tr>{% endfor %}</mj-table></mj-column>{% endfor %}
      </mj-section>{% endfor %}
    </mj-body></mjml>"""
    found = re.findall(r"\{%.*?%\}|<t[rd]>|</t[rd]>|<div class=\"mj-column", mjml.compile(source).html)
    ordered = "".join(piece for piece in found if piece.startswith(("{%", "<div", "<tr>", "</tr>")))
    assert re.search(
        r"for s.*?for c.*?<div class=\"mj-column.*?for r.*?<tr>.*?if r.*?endif.*?</tr>.*?endfor.*?endfor.*?endfor",
        ordered,
    )


@pytest.mark.parametrize("head", ['<mj-style inline="inline">td { color: red }</mj-style>', ""])
def test_a_loop_in_a_table_survives_inlining(head: str) -> None:
    made = html("<mj-table>{% for r in facts.a %}<tr><td>{{ r }}</td></tr>{% endfor %}</mj-table>", head)
    assert re.search(r"\{% for r in facts.a %\}\s*<tr>\s*<td[^>]*>\{\{ r \}\}</td>\s*</tr>\s*\{% endfor %\}", made)
    assert "<!--{" not in made


def test_an_attribute_cannot_be_left_by_an_entity_or_a_quote() -> None:
    made = html("<mj-image alt='a\" onerror=\"b' title='&quot; onload=&quot;c' href=\"https://a.b/?x=1&copy=2\" />")
    assert 'alt="a&quot; onerror=&quot;b"' in made
    assert 'title="&quot; onload=&quot;c"' in made
    assert 'href="https://a.b/?x=1&amp;copy=2"' in made
    assert 'aria-label="&quot; x"' in html("", '<mj-title>" x</mj-title>')


def test_no_font_is_loaded_unless_the_author_says_so() -> None:
    text = '<mj-text font-family="Lato, Ubuntu, Roboto">a</mj-text>'
    assert "fonts." not in html(text)
    made = html(text, '<mj-font name="Lato" href="https://fonts.example/lato?a=1&b=2" />')
    assert '<link href="https://fonts.example/lato?a=1&amp;b=2"' in made
    assert "googleapis" not in made


def test_a_false_fluid_on_mobile_is_false() -> None:
    assert "mj-full-width-mobile" in html('<mj-image fluid-on-mobile="true" />')
    assert 'class="mj-full-width-mobile"' not in html('<mj-image fluid-on-mobile="false" />')


def test_the_x_has_its_icon() -> None:
    made = html('<mj-social><mj-social-element name="x-noshare" href="https://a.b/x">X</mj-social-element></mj-social>')
    assert "twitter-x.png" in made
    assert 'href="https://a.b/x"' in made


def test_indentation_is_left_out_but_not_where_it_shows() -> None:
    made = html("<mj-text>\n      <p>\n        a\n      </p>\n</mj-text><mj-text><pre>a\n  b</pre></mj-text>")
    assert "<p>\na\n</p>" in made
    assert "<pre>a\n  b</pre>" in made


def test_a_rule_of_css_is_no_comment_of_jinja() -> None:
    assert "{ #a{color:red}}" in html("", "<mj-style>@media print{#a{color:red}}</mj-style>")


def test_comments_stay_at_home_unless_outlook_reads_them() -> None:
    made = html("<!-- our secret --><!--[if mso]><i>x</i><![endif]--><mj-text>a</mj-text>")
    assert "our secret" not in made
    assert "<!--[if mso]><i>x</i><![endif]-->" in made


def test_the_same_source_is_the_same_mail_from_any_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the compiler reached for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    names = [name for name in documents.sources() if name.startswith(("carousel", "navbar", "newsletter"))]
    alone = [mjml.compile(documents.sources()[name]) for name in names]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda name: mjml.compile(documents.sources()[name]), names))
    assert together == alone


def test_two_boxes_of_one_mail_have_two_names() -> None:
    menu = '<mj-navbar hamburger="hamburger"><mj-navbar-link href="https://a.b/">a</mj-navbar-link></mj-navbar>'
    boxes = re.findall(r'id="([0-9a-f]{16})"', html(menu + menu))
    assert boxes == ["0000000000000001", "0000000000000002"]


def test_a_hero_of_no_size_is_laid_out() -> None:
    for size in ("", 'background-width="0px" background-height="10px"', 'background-width="600px"'):
        assert mjml.compile(f'<mjml><mj-body><mj-hero mode="fluid-height" {size}></mj-hero></mj-body></mjml>').html


def test_styles_are_written_in_without_touching_anything_else() -> None:
    rule = '<mj-style inline="inline">.a p { color: red !important; margin: 0 }</mj-style>'
    written = '<mj-text css-class="a"><P title=x>One&nbsp;&copy;<br/>{{ a }}</P><p style="color:blue">Two</p></mj-text>'
    made = html(written, rule)
    assert re.search(r'<P title=x style="color: ?red;margin: ?0;?">One&nbsp;&copy;<br/>\{\{ a \}\}</P>', made)
    assert re.search(r'<p style="[^"]*color: ?red[^"!]*">Two</p>', made)
    assert made.startswith("<!doctype html>")


def test_attributes_are_given_by_selector_without_touching_anything_else() -> None:
    given = "<mj-selector path='.a p'><mj-html-attribute name='data-x'>{{ b }}\"</mj-html-attribute></mj-selector>"
    made = html(
        '<mj-text css-class="a"><P title=x>One&nbsp;{{ a }}</P></mj-text>',
        f"<mj-html-attributes>{given}</mj-html-attributes>",
    )
    assert '<P title=x data-x="{{ b }}&quot;">One&nbsp;{{ a }}</P>' in made
