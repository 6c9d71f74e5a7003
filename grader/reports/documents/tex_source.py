"""TeX files as blocks: their text becomes Markdown, line by line, without running TeX."""

import re
from typing import Final

from grader.reports.blocks import Block, check_size
from grader.reports.documents.text_lines import split_text

COMMENT: Final = re.compile(r"(?<!\\)%[^\n]*")
BODY_START: Final = r"\begin{document}"
BODY_END: Final = r"\end{document}"
HEADING: Final = re.compile(
    r"\\(?:sub){0,2}(?:section|paragraph|chapter|part)\*?\{([^{}\n]{0,300})\}"
)
MATH_START: Final = re.compile(
    r"\\begin\{(?:equation|displaymath|align|gather|multline|eqnarray|math|split|aligned)\*?\}|\\\["
)
MATH_END: Final = re.compile(
    r"\\end\{(?:equation|displaymath|align|gather|multline|eqnarray|math|split|aligned)\*?\}|\\\]"
)
CODE: Final = re.compile(r"\\(?:begin|end)\{(?:verbatim|lstlisting|minted|Verbatim)\*?\}.*")
WRAPPER: Final = re.compile(
    r"\\(?:textbf|textit|emph|underline|texttt|textrm|textsf|mbox|boxed|fbox)\{([^{}\n]{0,2000})\}"
)
LISTS: Final = re.compile(r"\\(begin|end)\{(enumerate|itemize|description)\}(?:\[[^\]\n]{0,80}\])?")
ITEM: Final = re.compile(r"\\item\s*(?:\[([^\]\n]{0,80})\])?")
IGNORED: Final = re.compile(
    r"\\(?:begin|end)\{(?:figure|table|center|document|quote|flushleft|solution|answer|parts|"
    r"questions|titlepage|abstract|minipage)\*?\}(?:\[[^\]\n]{0,40}\]|\{[^{}\n]{0,40}\})*"
    r"|\\(?:label|ref|cite|includegraphics|caption|vspace|hspace|input|include|usepackage)"
    r"(?:\[[^\]\n]{0,200}\])?\{[^{}\n]{0,200}\}"
    r"|\\(?:centering|newpage|clearpage|noindent|maketitle|bigskip|medskip|smallskip|hline|"
    r"toprule|midrule|bottomrule|par|tableofcontents|nonumber|notag|small|large|Large)(?![a-zA-Z])"
)
TABULAR: Final = re.compile(r"\\(begin|end)\{tabular[x*]?\}.*")
ROW_END: Final = re.compile(r"\\\\(?:\[[^\]\n]{0,20}\])?")
PLAIN: Final = {r"\%": "%", r"\&": "&", r"\#": "#", r"\_": "_", "~": " ", r"\(": "$", r"\)": "$"}
ROMAN: Final = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
MAX_LIST_DEPTH: Final = 20


def split_tex(text: str) -> list[Block]:
    r"""Return the blocks of a TeX file; lists that TeX numbers get their numbers.

    >>> [block.text for block in split_tex("\\begin{enumerate}\n\\item $5$\n\\end{enumerate}")]
    ['1. $5$']
    """
    check_size(text)
    body = COMMENT.sub("", text.replace("\r\n", "\n"))
    start = body.find(BODY_START)
    first_line = 1 + body.count("\n", 0, max(start, 0))
    body = body[start + len(BODY_START) if start >= 0 else 0 :]
    converter = _LineConverter()
    lines = [converter.convert(line) for line in body.partition(BODY_END)[0].split("\n")]
    return split_text("\n".join(lines), first_line=first_line)


class _LineConverter:
    """Converts line after line; it follows lists, formulas, tables and code."""

    def __init__(self) -> None:
        self._lists: list[tuple[str, int]] = []
        self._in_code = self._in_math = self._in_table = False
        self._is_header = False

    def convert(self, line: str) -> str:
        """Return one line as Markdown."""
        if CODE.search(line):
            self._in_code = not self._in_code
            return "```"
        if self._in_code:
            return line
        if table := TABULAR.search(line):
            self._in_table = self._is_header = table[1] == "begin"
            return ""
        if self._in_table:
            return self._convert_row(line)
        line = IGNORED.sub(" ", HEADING.sub(r"# \1", line))
        line = self._convert_math(line)
        if self._in_math:
            return line
        for escaped, plain in PLAIN.items():
            line = line.replace(escaped, plain)
        line = WRAPPER.sub(r"\1", WRAPPER.sub(r"\1", line))
        line = ITEM.sub(self._number_item, LISTS.sub(self._follow_list, line))
        return ROW_END.sub(" ", line).strip() if "$$" not in line else line.strip()

    def _convert_math(self, line: str) -> str:
        if MATH_START.search(line):
            self._in_math = True
            line = MATH_START.sub("$$", line, count=1)
        if self._in_math and "matrix" not in line and "array" not in line:
            line = line.replace("&=", "=").replace("&", " ")
            line = ROW_END.sub("", line) if MATH_END.search(line) else ROW_END.sub("$$\n$$", line)
        if self._in_math and MATH_END.search(line):
            self._in_math = False
            line = MATH_START.sub("", MATH_END.sub("$$", line, count=1))
        return MATH_END.sub("", line) if not self._in_math else line

    def _convert_row(self, line: str) -> str:
        cells = IGNORED.sub(" ", ROW_END.sub("", line)).strip()
        if "&" not in cells:
            return ""
        row = "| " + " | ".join(cell.strip() for cell in re.split(r"(?<!\\)&", cells)) + " |"
        if self._is_header:
            self._is_header = False
            return f"{row}\n|{'---|' * (row.count('|') - 1)}"
        return row

    def _follow_list(self, match: re.Match[str]) -> str:
        if match[1] == "begin" and len(self._lists) < MAX_LIST_DEPTH:
            self._lists.append((match[2], 0))
        elif match[1] == "end" and self._lists:
            self._lists.pop()
        return ""

    def _number_item(self, match: re.Match[str]) -> str:
        if match[1]:
            return f"{match[1]} "
        if not self._lists or self._lists[-1][0] != "enumerate":
            return "- "
        name, count = self._lists[-1]
        self._lists[-1] = (name, count + 1)
        depth = sum(kind == "enumerate" for kind, _ in self._lists)
        if depth == 1:
            return f"{count + 1}. "
        if depth == 2:  # noqa: PLR2004  # letters below numbers
            return f"({chr(ord('a') + count % 26)}) "
        return f"({ROMAN[count % len(ROMAN)]}) "
