"""Tests of what all pages share: headers, errors, static files, formulas and colors."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pages import Browser
from starlette.responses import PlainTextResponse

from api.markup.markdown import render_markdown
from api.markup.tex import TexError, split_display_formula, tex_to_mathml
from api.pages.layout.error_pages import render_error
from api.pages.layout.templating import CSP, static_url

STATIC = Path(__file__).parents[2] / "api" / "web" / "static"


def test_errors_are_html_for_browsers_and_problem_json_for_programs(world):
    page = Browser(world).get("/nothing")
    assert page.status == 404
    assert page.headers["content-security-policy"] == CSP
    assert "not_found" in page.one("main").text
    told = world.client.get("/nothing", headers={"Accept": "*/*"})
    assert told.headers["content-type"] == "application/problem+json"


def test_api_errors_are_never_html(world):
    told = world.client.get("/api/v1/nothing", headers={"Accept": "text/html"})
    assert told.headers["content-type"] == "application/problem+json"


def test_unhandled_error_page_shows_request_id(world):
    world.app.add_api_route("/breaks", lambda: 1 / 0)
    page = Browser(world).get("/breaks", headers={"X-Request-ID": "r-1"})
    assert page.status == 500
    assert "r-1" in page.text
    assert "division" not in page.source


@pytest.mark.parametrize("name", sorted(one.name for one in STATIC.iterdir()))
def test_static_files_are_immutable_and_hashed_by_content(world, name):
    answer = world.client.get(static_url(name))
    font = static_url("math.woff2").removeprefix("/static/").encode()
    assert answer.content.replace(font, b"math.woff2") == (STATIC / name).read_bytes()
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_style_sheet_references_hashed_font_url(world):
    sheet = world.client.get(static_url("app.css")).text
    font = static_url("math.woff2")
    assert f'url("{font.removeprefix("/static/")}")' in sheet
    assert world.client.get(font).status_code == 200


def test_outdated_static_file_hash_is_not_found(world):
    assert world.client.get("/static/app.0000000000.css").status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        "..%2F..%2Fpyproject.toml",
        "%2e%2e/%2e%2e/pyproject.toml",
        "..%5C..%5Cpyproject.toml",
        "%2Fetc%2Fpasswd",
        "....//app.css",
        "app.css%00.txt",
    ],
)
def test_static_files_reject_path_traversal(world, name):
    response = world.client.get(f"/static/{name}")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ("![x](https://example.org/x.png)", "<p>![x](https://example.org/x.png)</p>"),
        ("<https://example.org>", "<p>&lt;https://example.org&gt;</p>"),
        ("$\\nothing{x}$", '<p><span class="math inline"><code>\\nothing{x}</code></span></p>'),
    ],
)
def test_markdown_escapes_html_images_and_unsafe_links(text, expected):
    assert render_markdown(text).strip() == expected


def test_markdown_table_is_scrollable_without_inline_style():
    found = render_markdown("| a | b |\n|--|--:|\n| 1 | 2 |\n")
    assert '<td class="to-right">2</td>' in found
    assert "style=" not in found
    assert '<div class="scroll" tabindex="0"' in found


def test_markdown_code_block_is_scrollable():
    found = render_markdown("```\nx = 1\n```\n")
    assert found == '<pre tabindex="0" role="group" aria-label="Code"><code>x = 1\n</code></pre>\n'


@pytest.mark.parametrize(
    "source",
    ["\\frac{" * 30 + "1" + "}" * 30, "x^" * 5000 + "x", "{" * 20_000, "\\left(" * 21, "x" * 4_001],
)
def test_tex_that_is_too_deep_or_too_long_is_rejected(source):
    with pytest.raises(TexError, match=r"nested more deeply than 20|more than 4,000"):
        tex_to_mathml(source)


@given(st.text("\\frac{}^_&$<>\"'leftrighbnd()[] xy12", max_size=60))
def test_tex_cannot_inject_styles_or_markup(source):
    try:
        found = tex_to_mathml(source)
    except TexError:
        return
    assert found.startswith("<math")
    assert not re.search(r"style=|href|<script|on\w+=", found)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", []),
        ("x", ["x"]),
        (r"x, \qquad y", ["x,", "y"]),
        (r"\qquad x \qquad\qquad y", ["x", "y"]),
        (r"\text{a \qquad b} \qquad c", [r"\text{a \qquad b}", "c"]),
        (r"\begin{cases} 1 \qquad 2 \end{cases}", [r"\begin{cases} 1 \qquad 2 \end{cases}"]),
        (r"\left( x \qquad y \right)", [r"\left( x \qquad y \right)"]),
        (r"x \qquadrat y", [r"x \qquadrat y"]),
    ],
)
def test_display_formula_splits_between_side_by_side_formulas(source, expected):
    assert split_display_formula(source) == expected


@pytest.mark.parametrize(
    ("source", "classes"),
    [
        (r"\begin{aligned}a&=b\end{aligned}", {"mx-right mx-after-0", "mx-left mx-before-0"}),
        (r"\begin{array}{c|c}1&2\\\hline 3&4\end{array}", {"mx-rule-right", "mx-rule-top"}),
        (r"\boxed{x}", {"mx-boxed"}),
    ],
)
def test_mathml_styles_become_css_classes(source, classes):
    found = set(re.findall(r'class="([^"]*)"', tex_to_mathml(source)))
    assert classes <= found
    style = (STATIC / "app.css").read_text()
    assert all(f".{one}" in style for names in found for one in names.split())


def tokens() -> dict[str, tuple[str, str]]:
    """Return the style sheet's colors by name, as (light, dark) pairs."""
    style = (STATIC / "app.css").read_text()
    pairs = re.findall(r"--([\w-]+): light-dark\(#(\w+), #(\w+)\)", style)
    return {name: (light, dark) for name, light, dark in pairs}


def luminance(colour: str) -> float:
    digits = "".join(one * 2 for one in colour) if len(colour) == 3 else colour
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, two: str) -> float:
    dark, light = sorted((luminance(one), luminance(two)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_formula_matches_wcag():
    assert contrast("fff", "000") == pytest.approx(21)
    assert contrast("777777", "fff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "ground", "least"),
    [
        *((ink, on, 4.5) for ink in ("ink", "ink-2", "accent") for on in ("bg", "surface", "sunk")),
        *((f"{state}", f"{state}-bg", 4.5) for state in ("good", "mid", "bad")),
        *(("ink", f"{state}-bg", 4.5) for state in ("good", "mid", "bad", "accent")),
        ("on-accent", "accent", 4.5),
        ("accent", "accent-bg", 4.5),
        *(("control", on, 3) for on in ("bg", "surface")),
    ],
)
def test_text_and_borders_have_sufficient_contrast(ink, ground, least, scheme):
    found = tokens()
    assert contrast(found[ink][scheme], found[ground][scheme]) >= least


def test_non_json_error_response_is_unchanged():
    plain = PlainTextResponse("x", 404)
    scope = {"path": "/x", "method": "GET", "headers": [(b"accept", b"text/html")]}
    assert render_error(scope, plain) is plain
