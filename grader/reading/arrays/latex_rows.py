r"""Rows of a LaTeX table: ``tabular`` or ``array``, or lines that end with ``\\``."""

from typing import Final

from grader.lazy_regex import lazy_regex

ENVIRONMENT: Final = lazy_regex(
    r"\\begin\s*\{\w+\*?\}(?:\[[^\]\n]{0,40}\])?(?:\s*\{(?:[^{}]|\{[^{}]*\})*\})?|\\end\s*\{\w+\*?\}"
    r"|\\(?:hline|toprule|midrule|bottomrule|centering)(?![A-Za-z])|\\(?:cline|cmidrule)\s*\{[^{}]*\}"
    r"|\$\$|(?<!\\)\\[\[\]]"
)
"""LaTeX commands around rows and between them."""
END_OF_ROW: Final = lazy_regex(r"\\\\(?:\[[^\]]{0,40}\])?|\\tabularnewline(?![A-Za-z])")


def split_latex_rows(text: str) -> list[str]:
    r"""Return the rows of a LaTeX table, with ``&`` between cells; [] for other text.

    >>> split_latex_rows(r"\begin{array}{cc} 11 & 4 \\ 19 & 8 \end{array}")
    ['11 & 4', '19 & 8']
    """
    if "\\begin" not in text and not ("&" in text and END_OF_ROW.search(text)):
        return []
    rows = (" ".join(row.split()) for row in END_OF_ROW.split(ENVIRONMENT.sub(" ", text)))
    return [row for row in rows if row]
