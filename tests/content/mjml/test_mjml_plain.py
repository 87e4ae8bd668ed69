"""The text version: what somebody reads who reads mail as text."""

from __future__ import annotations

import pytest

from app.content.mjml import plain

CASES = {
    "<mj-text><h1>Hello {{ customer.first_name }}</h1><p>One<br>two &amp; three.</p><p>Four</p></mj-text>": (
        "Hello {{ customer.first_name }}\n\nOne\ntwo & three.\n\nFour\n"
    ),
    '<mj-text>See <a href="https://a.b/?x=1&amp;y=2">the  shop</a>, now.</mj-text>': (
        "See the shop: https://a.b/?x=1&y=2, now.\n"
    ),
    '<mj-text><a href="mailto:a@b.example">a@b.example</a> <a href="#top">up</a></mj-text>': "a@b.example up\n",
    '<mj-button href="{{ urls.unsubscribe }}">Leave</mj-button>': "Leave: {{ urls.unsubscribe }}\n",
    "<mj-text><ul><li>a</li><li>b<ol><li>c</li><li>d</li></ol></li></ul></mj-text>": "- a\n- b\n  1. c\n  2. d\n",
    "<mj-table><tr><th>Item</th><th>Price</th></tr>{% for i in facts.cart.items %}<tr><td>{{ i.name }}</td>"
    "<td>{{ i.price|money }}</td></tr>{% endfor %}<tr><td>Total</td><td>5</td></tr></mj-table>": (
        "Item | Price\n{% for i in facts.cart.items %}{{ i.name }} | {{ i.price|money }}\n{% endfor %}Total | 5\n"
    ),
    '<mj-image src="https://a.b/c.png" alt="A boot" href="https://a.b/" /><mj-image src="https://a.b/d.png" />': (
        "A boot: https://a.b/\n"
    ),
    "<mj-text>a</mj-text><mj-divider /><mj-spacer /><mj-text>b</mj-text>": "a\n\n" + "-" * 40 + "\n\nb\n",
    '{% if customer.first_name %}<mj-text>Hi</mj-text>{% endif %}<mj-button href="https://a.b">Go</mj-button>': (
        "{% if customer.first_name %}Hi\n\n{% endif %}Go: https://a.b\n"
    ),
    '<mj-social><mj-social-element name="instagram" href="https://a.b/i" /><mj-social-element name="x-noshare" '
    'href="https://a.b/x">Our X</mj-social-element></mj-social>': "Instagram: https://a.b/i\nOur X: https://a.b/x\n",
    '<mj-navbar base-url="https://a.b"><mj-navbar-link href="/n">New</mj-navbar-link><mj-navbar-link href="/s">Sale'
    "</mj-navbar-link></mj-navbar>": "New: https://a.b/n\nSale: https://a.b/s\n",
    "<mj-accordion><mj-accordion-element><mj-accordion-title>Why?</mj-accordion-title><mj-accordion-text>So."
    "</mj-accordion-text></mj-accordion-element></mj-accordion>": "Why?\n\nSo.\n",
    "<mj-text>a{# not shown #} {% if b %}b{% else %}c{% endif %}, d<style>x{}</style></mj-text>": (
        "a {% if b %}b{% else %}c{% endif %}, d\n"
    ),
}


@pytest.mark.parametrize("inside", CASES)
def test_the_text_version(inside: str) -> None:
    source = f"<mjml><mj-body><mj-section><mj-column>{inside}</mj-column></mj-section></mj-body></mjml>"
    assert plain.text_of(source) == CASES[inside]
