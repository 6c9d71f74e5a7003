"""Tests of TeX in a terminal: plain characters, and matrices on separate lines."""

import re

import pytest

from api.cli.output.plain_text import to_plain_text
from problems.catalog import ProblemCatalog

PLACEHOLDER = re.compile(r"\{\{[^{}]*\}\}")


@pytest.mark.parametrize(
    ("tex", "plain"),
    [
        ("", ""),
        ("no TeX, 5 % of 3_4", "no TeX, 5 % of 3_4"),
        (r"\unknown{x}", r"\unknown{x}"),
        (r"\intercal", r"\intercal"),
        (r"$\max(0, x) + \min_i x_i$", "max(0, x) + min_i x_i"),
        (r"$-\ln p_y$, $\log_2 n$, $\exp(-x)$", "-ln p_y, log_2 n, exp(-x)"),
        (r"\sum_k e^{z_k}", "∑_k e^z_k"),
        (r"\sqrt{d}", "√(d)"),
        (r"\sqrt{\hat{v}_n} + \epsilon", "√(v̂_n) + ε"),
        (r"\frac{\hat{m}}{\sqrt{\hat{v}} + \epsilon}", "(m̂)/(√(v̂) + ε)"),
        (r"\hat{y}", "ŷ"),
        (r"\hat y", "ŷ"),
        (r"\bar{x} - \tilde{x}", "x̄ - x̃"),
        (r"\hat{\beta}", "β̂"),
        (r"\frac{\partial L}{\partial w_{ij}}", "(∂ L)/(∂ w_ij)"),
        (r"\beta_1 \eta \mu \sigma \alpha \lambda \theta \delta", "β_1 η μ σ α λ θ δ"),
        (r"\nabla L \odot x", "∇ L ⊙ x"),
        (r"t_w = \ln\frac{w}{w_a}", "t_w = ln(w/w_a)"),
        (r"\cos\frac{\pi\,(n - 8)}{120 - 8}", "cos((π (n - 8))/(120 - 8))"),
        (r"32\times32\times 3, H \times W", "32×32×3, H × W"),
        (r"i \in I, a \neq b, c \ne d, x \approx 3", "i ∈ I, a ≠ b, c ≠ d, x ≈ 3"),
        (r"-\infty", "-∞"),
        (r"$D_\text{KL}(p\,\|\,q)$", "D_KL(p ‖ q)"),
        ("x^{20}, x^{-2}, x^{n-1}, w_{l-1}, t_{i,j}", "x^20, x^-2, x^(n-1), w_(l-1), t_(i,j)"),
        (r"d_{\max}", "d_max"),
        (r"a \le b \leq c \geq d \to e", "a ≤ b ≤ c ≥ d → e"),
        (r"\mathrm{ReLU}(a)", "ReLU(a)"),
        (
            r"Let $x = \begin{bmatrix} 1 & -20 \\ \frac{1}{2} & 0 \end{bmatrix}$ be it.",
            "Let x = \n    [  1 -20]\n    [1/2   0]\n be it.",
        ),
    ],
)
def test_tex_is_converted_to_plain_characters(tex, plain):
    assert to_plain_text(tex) == plain


def test_bank_texts_contain_no_tex_command_after_conversion():
    catalogue = ProblemCatalog()
    problems = [catalogue.get(name) for name in catalogue.ids]
    prompts = [part.prompt.source for problem in problems for part in problem.parts]
    statements = [problem.statement.source for problem in problems]
    texts = [to_plain_text(PLACEHOLDER.sub("7", text)) for text in (*prompts, *statements)]
    assert len(texts) > 100
    assert [text for text in texts if "\\" in text] == []
