"""What a marketer is told about a source: the line, the reason, the word that was probably meant."""

from __future__ import annotations

import pickle

import pytest

from app.content import mjml


def around(inside: str, head: str = "") -> str:
    """Line 3 holds what is asked about."""
    return f"<mjml>{head}<mj-body>\n<mj-section><mj-column>\n{inside}\n</mj-column></mj-section>\n</mj-body></mjml>"


REFUSED = {
    '<mj-text colour="#123456">a</mj-text>': "line 3: colour of mj-text is no attribute and has no effect; did",
    "<mj-txt>a</mj-txt>": "line 3: <mj-txt> is no element of MJML; did you mean mj-text?",
    "<p>a</p>": "line 3: <p> is HTML: put it inside mj-text or mj-raw",
    "<mj-section></mj-section>": "line 3: mj-section cannot stand inside mj-column, only inside mj-body, mj-wrapper",
    '<mj-include path="/etc/passwd" />': "line 3: mj-include is not available",
    '<mj-image width="autopx" />': "line 3: width of mj-image wants 10px, not “autopx”",
    '<mj-text padding="10px auto">a</mj-text>': "line 3: padding of mj-text wants one to four of 10px or 10%",
    '<mj-text color="#12">a</mj-text>': "line 3: color of mj-text wants a colour like #1a2b3c",
    '<mj-text align="centre">a</mj-text>': "line 3: align of mj-text wants one of left, right, center, justify",
    '<mj-image fluid-on-mobile="yes" />': "line 3: fluid-on-mobile of mj-image wants true or false",
    '<mj-text font-size="{{ customer.attributes.size }}">a</mj-text>': "line 3: font-size of mj-text cannot take Jinja",
    '<mj-text color="{{ brand.accent }}">a</mj-text>': "line 3: color of mj-text cannot take Jinja",
    '<mj-image {% if a %}width="1px"{% endif %} />': "line 3: Jinja may stand inside an attribute of mj-image, not",
    '<mj-button href="javascript:alert(1)">a</mj-button>': "line 3: href of mj-button leads to “javascript:”",
    '<mj-button href=" java&#10;script:alert(1)">a</mj-button>': "line 3: href of mj-button leads to “javascript:”",
    '<mj-button href="&#106;avascript:x">a</mj-button>': "line 3: href of mj-button leads to “javascript:”",
    '<mj-button href="java{{ a }}script:x">a</mj-button>': "line 3: href of mj-button begins with “java” and goes on",
    '<mj-button href="{% if a %}https://a.b{% else %}vbscript:x{% endif %}">a</mj-button>': "leads to “vbscript:”",
    '<mj-image src="data:image/png;base64,AAAA" />': "line 3: src of mj-image leads to “data:”; only http, https",
    '<mj-text>a <a href="javascript:x">b</a></mj-text>': "line 3: href leads to “javascript:”",
    '<mj-text><img src="file:///etc/passwd"></mj-text>': "line 3: src leads to “file:”",
    "<mj-text><script>x</script></mj-text>": "line 3: <script> is refused",
    '<mj-text><b onclick="x">a</b></mj-text>': "line 3: onclick is refused",
    '<mj-text><a href="x</mj-text>': "line 3: this tag of HTML is never closed",
    "<mj-text>a": "line 3: <mj-text> is never closed",
    "<mj-text>{{ customer.first_name</mj-text>": "line 3: {{ is never closed",
    "<mj-text>{% if a %}b</mj-text>": "line 3: {% if %} is not closed in the place where it was opened",
    "<mj-text>{% endfor %}b</mj-text>": "line 3: {% endfor %} closes nothing",
    "{% if a %}<mj-text>{% endif %}b</mj-text>": "line 3: {% endif %} closes nothing that was opened in the same place",
    "{% for a in b %}<mj-text>b</mj-text>": "line 3: {% for %} is not closed",
    '<mj-image alt="a />': "line 3: the quote of alt is never closed",
    '<mj-image alt="a" alt="b" />': "line 3: alt is given twice",
    "<mj-text>a</mj-txt>": "line 3: <mj-text> is never closed",
    "<mj-social></mj-column>": "line 3: </mj-column> stands where <mj-social> of line 3 must close",
    "<mj-carousel>{% for a in b %}<mj-carousel-image />{% endfor %}</mj-carousel>": "Jinja cannot stand directly",
    "<mj-text>\x00</mj-text>": "line 3: a character that no mail may contain (U+0000)",
    "<mj-text>a<mj-button>b</mj-button></mj-text>": "line 3: mj-text contains text or HTML, no elements of MJML",
}


@pytest.mark.parametrize("inside", REFUSED)
def test_what_breaks_a_mail_is_refused_with_its_line(inside: str) -> None:
    with pytest.raises(mjml.Broken) as broken:
        mjml.compile(around(inside))
    assert REFUSED[inside] in str(broken.value)
    assert str(broken.value).startswith("line ")


WARNED = {
    '<mj-text glitter="much">a</mj-text>': "line 3: glitter of mj-text is no attribute and has no effect",
    '<mj-text padding="10">a</mj-text>': "line 3: padding of mj-text has a number without a unit: write 10px",
    "words": "line 3: text directly inside mj-column is not shown: put it inside mj-text",
    '<mj-text mj-class="nobody">a</mj-text>': "line 3: mj-class of mj-text names “nobody”",
    '<mj-button href="/cart">a</mj-button>': "line 3: href of mj-button wants a whole address",
    "<mj-text><div>a</mj-text>": "line 3: <div> stays open",
    "<mj-text>a</td></mj-text>": "",
    "<mj-text>a</table></mj-text>": "line 3: </table> closes nothing",
    "<!-- {% if a %} -->": "line 3: Jinja in this comment does nothing",
}


@pytest.mark.parametrize("inside", WARNED)
def test_what_a_mail_survives_is_a_warning(inside: str) -> None:
    assert all(not problem.is_error for problem in mjml.check(around(inside)))
    assert WARNED[inside] in "\n".join(map(str, mjml.check(around(inside))))
    assert mjml.compile(around(inside)).html


GOOD = (
    '<mj-button href="{{ urls.unsubscribe }}">a</mj-button>',
    '<mj-button href="https://shop.example/{{ facts.product.url }}">a</mj-button>',
    '<mj-button href="{% if facts.a %}https://a.b/{% else %}{{ facts.b }}{% endif %}">a</mj-button>',
    '<mj-text font-family="{{ brand.font }}" css-class="{{ facts.kind }}">a</mj-text>',
    '{% for item in facts.cart.items %}<mj-image src="{{ item.image_url }}" alt="{{ item["name"] }}" />{% endfor %}',
    "<mj-raw>{% if a %}</mj-raw><mj-text>b</mj-text><mj-raw>{% endif %}</mj-raw>",
    "<mj-text>{{ \"}}\" }} {# <mj-text> #} {{ '</mj-text>' }}</mj-text>",
    '<mj-navbar base-url="https://shop.example"><mj-navbar-link href="/a">a</mj-navbar-link></mj-navbar>',
    '<mj-text letter-spacing="-1px" padding="0 10px 5% 0" line-height="1.5" color="RebeccaPurple">a</mj-text>',
    "<mj-text>a < b, 5 > 4 &amp; c</mj-text>",
)


@pytest.mark.parametrize("inside", GOOD)
def test_what_is_good_has_no_problems(inside: str) -> None:
    assert mjml.check(around(inside)) == []


def test_columns_are_told_too() -> None:
    [problem] = mjml.check(around('  <mj-text\n    align="middle">a</mj-text>'))
    assert (problem.line, problem.column) == (4, 12)


def test_the_root_must_be_one_mjml_with_one_body() -> None:
    for source in (
        "",
        "words",
        "<html></html>",
        "<mjml></mjml>",
        "<mjml><mj-body></mj-body><mj-body></mj-body></mjml>",
    ):
        assert any(problem.is_error for problem in mjml.check(source))


def test_jinja_outside_of_the_root_is_refused_but_not_a_comment() -> None:
    assert mjml.check("{# kept for Max #}\n" + around("")) == []
    assert "nothing may stand outside" in str(mjml.check("{% if a %}\n" + around(""))[0])


def test_an_error_crosses_a_process_whole() -> None:
    with pytest.raises(mjml.Broken) as broken:
        mjml.compile("")
    assert pickle.loads(pickle.dumps(broken.value)).problems == broken.value.problems


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("onclick", "x", "no attribute that a mail may have"),
        ('a b="c', "x", "no attribute that a mail may have"),
        ("href", "javascript:x", "leads to “javascript:”"),
    ],
)
def test_an_attribute_given_by_selector_is_looked_at_too(name: str, value: str, said: str) -> None:
    given = f"<mj-selector path='a'><mj-html-attribute name='{name}'>{value}</mj-html-attribute></mj-selector>"
    source = around("", f"<mj-head><mj-html-attributes>{given}</mj-html-attributes></mj-head>")
    assert said in "\n".join(str(problem) for problem in mjml.check(source) if problem.is_error)
