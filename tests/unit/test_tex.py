"""Tests of TeX rendering: bounded cost for any input, in a process that can be killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import api.markup.markdown
from api.markup.markdown import find_formula_errors, render_inline, render_markdown
from api.markup.tex import (
    CONVERTER,
    TexError,
    TexUnavailableError,
    split_display_formula,
    tex_to_mathml,
)
from api.markup.tex_bounds import MAX_LENGTH, check_conversion_cost
from api.markup.tex_converter import TexConverter

ROOT = Path(__file__).parents[2]
LIMIT_SECONDS = 30
OPENING = [
    *(
        "(",
        "[",
        r"\{",
        r"\langle ",
        r"\lfloor ",
        r"\lceil ",
        r"\lvert ",
        r"\lbrace ",
        "⟨",
        "⌊",
        "⎰",
    ),
    *(r"\sin(", "(a", r"\bigl(", r"\lparen x", "{a}[", r"\bra{x}\{", r"\ulcorner "),
]
ADMITTED = [
    r"[0, 1) \times ]0, 1[",
    r"\left(\left[\left\{ x \right\}\right]\right) \qquad \left. x \right|",
    "(" * 8 + "x",
    "(" * 1_900 + "x" + ")" * 1_900,
    r"\begin{cases}" + r"(0, 1] & [0, 1) \\" * 60 + r"\end{cases}",
    r"\text{a) first} \quad \text{b) second}",
    r"\langle x, y \rangle \ldots \lfloor n/2 \rfloor",
    r"\sin(" * 300 + ")" * 300,
]
EVADING = [
    # An optional argument ends at the first bracket, and leaves the others open.
    r"\sqrt[" + "(" * 60 + "]{x}" + ")" * 60,
]


@pytest.mark.parametrize("source", ADMITTED)
def test_closed_delimiters_are_accepted(source):
    assert tex_to_mathml(source).startswith("<math")


@pytest.mark.parametrize("opening", OPENING)
def test_unclosed_delimiters_are_rejected_with_their_position(opening):
    with pytest.raises(TexError, match=r"^at character \d+: More than 8 opening brackets"):
        tex_to_mathml(opening * 60)


@pytest.mark.parametrize(
    "source",
    [
        "{" + "(" * 60 + "}{" + ")" * 60 + "}",
        "(" * 60 + "&" + ")" * 60,
        "(" * 60 + r"\\" + ")" * 60,
        r"\left(" + "(" * 60 + r"\right)" + ")" * 60,
        "(" * 60 + "%" + ")" * 60 + "\nx",
        "(" * 60 + r"\bigr)" * 30,
        "(" * 60 + r"\text{" + ")" * 60 + "}",
    ],
)
def test_delimiter_must_close_in_its_own_group_or_cell(source):
    with pytest.raises(TexError, match="opening brackets are not closed"):
        check_conversion_cost(source)


@pytest.mark.parametrize(
    "source",
    [
        r"\def\a#1{\a{#1#1}}\a{x}",
        r"\let\x(" + r"\x" * 60,
        r"\newcommand{\a}{((((((((}\a\a\a",
        r"\global\def\a{x}",
        r"\providecommand{\a}{x}",
    ],
)
def test_formula_cannot_define_commands(source):
    with pytest.raises(TexError, match=r"^at character 1: A formula cannot define commands"):
        tex_to_mathml(source)


@pytest.mark.parametrize("source", [r"\eqref{state}", r"\begin{align}a\label{state}\end{align}"])
def test_formula_cannot_contain_labels_or_links(source):
    with pytest.raises(TexError, match="cannot have a label"):
        tex_to_mathml(source)


@pytest.mark.parametrize("source", EVADING)
def test_formula_that_evades_the_bounds_hits_the_cpu_time_limit(source):
    check_conversion_cost(source)
    began = time.monotonic()
    with pytest.raises(TexError, match="too much time or memory"):
        tex_to_mathml(source)
    assert time.monotonic() - began < LIMIT_SECONDS
    began = time.monotonic()
    with pytest.raises(TexError, match="too much time or memory"):
        tex_to_mathml(source)
    assert time.monotonic() - began < 1, "the answer is remembered"
    assert tex_to_mathml("a+1").startswith("<math")


def test_formulas_of_a_text_share_one_time_budget(monkeypatch):
    monkeypatch.setattr(api.markup.markdown, "MAX_TEXT_SECONDS", 1e-9)
    slow = rf"\sqrt[{'(' * 22}]{{b}}{')' * 22}"  # takes 0.05 s of processor time
    text = f"One ${slow}$, two $b_2$, $$b_3$$"
    shown = render_markdown(text)
    assert shown.count("<math") == 1
    assert "<code>b_2</code>" in shown
    assert "<code>b_3</code>" in shown
    [fault] = find_formula_errors(text)
    assert fault.startswith(rf"the formulas up to ${slow}$ take more than 1 s of processor time")
    assert "<math" in render_markdown("Another text with $b_2$."), "the budget is that of one text"


def test_formulas_after_one_that_exceeds_limits_are_not_converted(monkeypatch):
    evading = [rf"\sqrt[{'(' * 60}]{{y_{n}}}{')' * 60}" for n in range(100)]
    converted = []
    convert = api.markup.markdown.convert_tex

    def note(source, *, display):
        converted.append(source)
        return convert(source, display=display)

    monkeypatch.setattr(api.markup.markdown, "convert_tex", note)
    text = " ".join(f"${source}$" for source in evading)
    assert render_markdown(text).count("<code>") == 100
    assert len([*find_formula_errors(text)]) == 1
    assert converted == [evading[0]] * 2


def test_formula_that_exhausts_memory_ends_only_the_child_process():
    converter = TexConverter()
    with pytest.raises(TexError, match="too much time or memory"):
        converter.convert(r"\def\a#1{\a{#1#1}}\a{x}", display=False)
    assert converter.convert("x", display=False).markup == "<math><mi>x</mi></math>"
    converter.close()


def test_killed_child_process_is_replaced():
    converter = TexConverter()
    converter.convert("x", display=False)
    os.kill(converter._child.pid, signal.SIGKILL)  # noqa: SLF001  # as the system does it
    assert converter.convert("y", display=False).markup == "<math><mi>y</mi></math>"
    converter.close()


def test_formula_is_displayed_as_source_while_the_converter_is_unavailable(monkeypatch):
    text = "A side of $S=4321$."
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/nowhere")
        CONVERTER.close()
        assert (
            render_markdown(text)
            == '<p>A side of <span class="math inline"><code>S=4321</code></span>.</p>\n'
        )
        assert "<code>S=4321</code>" in render_inline(text)
        with pytest.raises(TexUnavailableError):
            tex_to_mathml("S=4321")
    assert "<mn>4321</mn>" in render_markdown(text)
    assert "<mn>4321</mn>" in render_inline(text)


def test_rejected_formula_is_displayed_as_escaped_source():
    assert "<code>&lt;((((((((((" in render_markdown(f"$<{'(' * 60}$")
    [fault] = find_formula_errors(f"$<{'(' * 60}$")
    assert "cannot be shown: at character 10: More than 8 opening brackets" in fault


def test_text_with_many_expensive_formulas_renders_quickly():
    costly = [rf"$\sqrt[{'(' * 60}]{{{place}}}{')' * 60}$" for place in range(40)]
    began = time.monotonic()
    assert render_markdown(" ".join(costly)).count("<code>") == 40
    assert time.monotonic() - began < 5
    assert "<math>" in render_markdown("$a+2$")


def test_overlong_display_formula_is_not_split():
    long = r"{\qquad" * MAX_LENGTH
    assert split_display_formula(long) == [long]


PARENT = """
import os, sys, threading, time
from api.markup.tex_converter import TexConverter
converter = TexConverter()
converter.convert("x", display=False)
print(converter._child.pid, flush=True)
if sys.argv[1] == "busy":
    threading.Thread(target=converter.convert, args=("(" * 60,), kwargs={"display": False}).start()
time.sleep(60)
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")
@pytest.mark.parametrize("state", ["idle", "busy"])
def test_child_process_exits_after_its_parent_is_killed(state):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, state], stdout=subprocess.PIPE, env=environment
    ) as parent:
        child = int(parent.stdout.readline())
        time.sleep(0.3)
        parent.kill()
    until = time.monotonic() + LIMIT_SECONDS
    while is_running(child) and time.monotonic() < until:
        time.sleep(0.05)
    assert not is_running(child)


def is_running(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_service_does_not_import_the_tex_converter():
    code = "import sys, api.app, api.server.worker; sys.exit('math_core' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
