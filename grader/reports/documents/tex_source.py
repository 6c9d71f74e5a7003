"""TeX files as blocks: their text becomes Markdown, line by line, without running TeX."""

import re
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reports.blocks import MAX_BLOCK_CHARACTERS, Block, check_size
from grader.reports.documents.hidden_text import blank_hidden_tex
from grader.reports.documents.text_lines import STARTS_LINE, WRAPPED_LENGTH, split_text

CONVERTER_MARKS: Final = (
    (lazy_regex(r"\\hypertarget\{[^{}\n]{0,200}\}\{"), ""),
    (lazy_regex(r"\\label\{[^{}\n]{0,200}\}\}"), ""),
    (lazy_regex(r"\\texorpdfstring\{([^{}]{0,300})\}\{[^{}]{0,300}\}"), r"\1"),
    (lazy_regex(r"\\tightlist(?![a-zA-Z])"), ""),
    (lazy_regex(r"\{([\[\]])\}"), r"\1"),
)
"""What converters such as Pandoc write around headings, lists and brackets."""
SI_UNITS: Final = (
    (
        lazy_regex(r"\\(?:SI|qty)(?:\[[^\]\n]{0,80}\])?\{([^{}\n]{0,80})\}\{([^{}\n]{0,80})\}"),
        r"\1 \2",
    ),
    (lazy_regex(r"\\(?:num|si|unit)(?:\[[^\]\n]{0,80}\])?\{([^{}\n]{0,80})\}"), r"\1"),
)
"""Numbers and units of the package siunitx."""
WRAPPED_HEADING: Final = lazy_regex(
    r"(\\(?:sub){0,2}(?:section|paragraph|chapter|part)\*?\{[^{}\n]{0,200})\n([^{}\n]{0,200}\})"
)
BARE_ITEM: Final = lazy_regex(
    r"(\\item(?:[ \t]*\[[^\]\n]{0,80}\])?)[ \t]*\n[ \t]*(?=[^\s\\]|\\[(t$])"
)
"""Item whose text starts in the next line."""
FULL_LENGTH: Final = 66
"""Length of a line with the first word of the next, from which it was wrapped."""
PLAIN_TEXT: Final = lazy_regex(r"(?!\s*(?:[|#`]|\$\$|$))(?:(?!\$\$).)*")
BODY_START: Final = r"\begin{document}"
BODY_END: Final = r"\end{document}"
HEADING: Final = lazy_regex(
    r"\\(?:sub){0,2}(?:section|paragraph|chapter|part)\*?\{([^{}\n]{0,300})\}"
)
MATH_START: Final = lazy_regex(
    r"\\begin\{(?:equation|displaymath|align|gather|multline|eqnarray|math|split|aligned)\*?\}|\\\["
)
MATH_END: Final = lazy_regex(
    r"\\end\{(?:equation|displaymath|align|gather|multline|eqnarray|math|split|aligned)\*?\}|\\\]"
)
ARRAY_START: Final = lazy_regex(r"\\begin\{(?:\w{0,9}matrix|array)\*?\}")
ARRAY_END: Final = lazy_regex(
    r"\\end\{(?:\w{0,9}matrix|array)\*?\}(?!.*\\begin\{(?:\w{0,9}matrix|array))"
)
CODE: Final = lazy_regex(r"\\(?:begin|end)\{(?:verbatim|lstlisting|minted|Verbatim)\*?\}.*")
WRAPPER: Final = lazy_regex(
    r"\\(?:textbf|textit|emph|underline|texttt|textrm|textsf|mbox|boxed|fbox)\{([^{}\n]{0,2000})\}"
)
LISTS: Final = lazy_regex(
    r"\\(begin|end)\{(enumerate|itemize|description)\}(?:\[([^\]\n]{0,80})\])?"
)
LIST_LABEL: Final = lazy_regex(
    r"\\(?:def|renewcommand\s*\{?)\\labelenum[iv]+\}?\{((?:[^{}\n]|\{[^{}\n]{0,20}\}){0,80})\}"
)
LIST_COUNT: Final = lazy_regex(r"\\setcounter\{enum[iv]+\}\{(\d{1,3})\}")
COUNTER: Final = lazy_regex(r"\\(arabic|alph|Alph|roman|Roman)\s*(?:\*|\{enum[iv]+\})")
SHORT_LABEL: Final = lazy_regex(r"[^\w\\]{0,2}([1aAiI])[^\w\\]{0,2}")
START: Final = lazy_regex(r"start\s*=\s*(\d{1,3})")
COUNTER_NAMES: Final = {"1": "arabic", "a": "alph", "A": "Alph", "i": "roman", "I": "Roman"}
DEFAULT_LABELS: Final = (r"\arabic*.", r"(\alph*)", r"\roman*.")
ITEM: Final = lazy_regex(r"\\item\s*(?:\[([^\]\n]{0,80})\])?")
IGNORED: Final = lazy_regex(
    r"\\(?:begin|end)\{(?:figure|table|center|document|quote|flushleft|solution|answer|parts|"
    r"questions|titlepage|abstract|minipage)\*?\}(?:\[[^\]\n]{0,40}\]|\{[^{}\n]{0,40}\})*"
    r"|\\(?:label|ref|cite|includegraphics|caption|vspace|hspace|input|include|usepackage)"
    r"(?:\[[^\]\n]{0,200}\])?\{[^{}\n]{0,200}\}"
    r"|\\(?:centering|newpage|clearpage|noindent|maketitle|bigskip|medskip|smallskip|hline|"
    r"toprule|midrule|bottomrule|par|tableofcontents|nonumber|notag|small|large|Large)(?![a-zA-Z])"
)
TABULAR: Final = lazy_regex(r"\\(begin|end)\{tabular[x*]?\}.*")
ROW_END: Final = lazy_regex(r"\\\\(?:\[[^\]\n]{0,20}\])?")
PLAIN: Final = {r"\%": "%", r"\&": "&", r"\#": "#", r"\_": "_", "~": " ", r"\(": "$", r"\)": "$"}
ROMAN: Final = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
MAX_LIST_DEPTH: Final = 20


def split_tex(text: str) -> list[Block]:
    r"""Return the blocks of a TeX file; lists that TeX numbers get their numbers.

    >>> [block.text for block in split_tex("\\begin{enumerate}\n\\item $5$\n\\end{enumerate}")]
    ['1. $5$']
    """
    check_size(text)
    body = _drop_converter_marks(blank_hidden_tex(text.replace("\r\n", "\n")))
    start = body.find(BODY_START)
    first_line = 1 + body.count("\n", 0, max(start, 0))
    body = body[start + len(BODY_START) if start >= 0 else 0 :]
    converter = _LineConverter()
    sources = body.partition(BODY_END)[0].split("\n")
    lines = [converter.convert(line) for line in sources]
    joined = _join_paragraphs(lines, [len(source) for source in sources])
    return split_text("\n".join(joined), first_line=first_line)


def _drop_converter_marks(body: str) -> str:
    """Return TeX without the marks of converters; each line keeps its number.

    A heading or an item that goes on in the next line moves there.
    """
    for pattern, replacement in (*CONVERTER_MARKS, *SI_UNITS):
        body = pattern.sub(replacement, body)
    return BARE_ITEM.sub(r"\n\1 ", WRAPPED_HEADING.sub(r"\n\1 \2", body))


def _join_paragraphs(lines: list[str], lengths: list[int]) -> list[str]:
    """Return lines of which wrapped ones stand in the first of their paragraph.

    The others are empty, so that each line keeps its number. *lengths* are those of the lines in
    the source, with their commands, where an editor wraps them.
    """
    joined: list[str] = []
    first, last = -1, ""
    in_code = False
    for index, line in enumerate(lines):
        in_code ^= line == "```"
        is_text = not in_code and PLAIN_TEXT.fullmatch(line) is not None
        continues = (
            is_text
            and first >= 0
            and not STARTS_LINE.match(line)
            and len(joined[first]) < MAX_BLOCK_CHARACTERS
            and (_is_wrapped(last, line, lengths[index - 1]) or _introduces_formula(last, line))
        )
        last = line
        if continues:
            joined[first] += " " + line.strip()
            joined.append("")
            continue
        joined.append(line)
        first = index if is_text else -1
    return joined


def _is_wrapped(line: str, following: str, length: int) -> bool:
    """Return whether a line has no room for the next word; a line break of TeX ends it with " "."""
    return not line.endswith(" ") and (
        length >= WRAPPED_LENGTH or length + len(following.split(maxsplit=1)[0]) >= FULL_LENGTH
    )


def _introduces_formula(line: str, following: str) -> bool:
    """Return whether a line ends with a colon and the next one has its formula."""
    return line.endswith(":") and following.lstrip().startswith("$")


class _LineConverter:
    """Converts line after line; it follows lists, formulas, tables and code."""

    def __init__(self) -> None:
        self._lists: list[_TexList] = []
        self._in_code = self._in_math = self._in_table = self._in_array = False
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
        line = self._read_setting(LISTS.sub(self._follow_list, line))
        line = ITEM.sub(self._number_item, line.strip()).rstrip()
        return ROW_END.sub(" ", line) if "$$" not in line else line

    def _convert_math(self, line: str) -> str:
        if MATH_START.search(line):
            self._in_math = True
            line = MATH_START.sub("$$", line, count=1)
        in_array = self._in_array or ARRAY_START.search(line) is not None
        self._in_array = in_array and ARRAY_END.search(line) is None
        if self._in_math and not in_array:
            line = line.replace("&=", "=").replace("&", " ")
            line = ROW_END.sub("", line) if MATH_END.search(line) else ROW_END.sub("$$\n$$", line)
        if self._in_math and MATH_END.search(line):
            self._in_math = False
            line = MATH_START.sub("", MATH_END.sub("$$", line, count=1))
        return MATH_END.sub("", line) if not self._in_math else line

    def _convert_row(self, line: str) -> str:
        cells = IGNORED.sub(" ", ROW_END.sub("", line)).strip()
        if "&" not in cells:  # a rule, which must not end the table
            return "" if self._is_header else "|"
        row = "| " + " | ".join(cell.strip() for cell in re.split(r"(?<!\\)&", cells)) + " |"
        if self._is_header:
            self._is_header = False
            return f"{row}\n|{'---|' * (row.count('|') - 1)}"
        return row

    def _follow_list(self, match: re.Match[str]) -> str:
        if match[1] == "begin" and len(self._lists) < MAX_LIST_DEPTH:
            self._lists.append(_TexList(match[2], match[3] or "", self._depth()))
        elif match[1] == "end" and self._lists:
            self._lists.pop()
        return ""

    def _depth(self) -> int:
        """Return how many numbered lists are open."""
        return sum(one.kind == "enumerate" for one in self._lists)

    def _read_setting(self, line: str) -> str:
        """Read how the innermost list is numbered, and return the line without that."""
        label, count = LIST_LABEL.search(line), LIST_COUNT.search(line)
        if self._lists and label:
            self._lists[-1].label = label[1]
        if self._lists and count:
            self._lists[-1].count = int(count[1])
        return LIST_COUNT.sub("", LIST_LABEL.sub("", line))

    def _number_item(self, match: re.Match[str]) -> str:
        indent = "  " * (len(self._lists) - 1)
        if match[1]:
            return f"{indent}{match[1]} "
        if not self._lists or self._lists[-1].kind != "enumerate":
            return f"{indent}- "
        return f"{indent}{self._lists[-1].next_label()} "


class _TexList:
    """A list that is open: its *kind*, the *label* of its items, and the *count* of them."""

    def __init__(self, kind: str, options: str, depth: int) -> None:
        self.kind = kind
        self.label = DEFAULT_LABELS[min(depth, len(DEFAULT_LABELS) - 1)]
        start = START.search(options)
        self.count = int(start[1]) - 1 if start else 0
        short = SHORT_LABEL.fullmatch(options.strip())
        if COUNTER.search(options):
            self.label = options.partition("label=")[2].partition(",")[0].strip("{}") or options
        elif short:
            name = COUNTER_NAMES[short[1]]
            self.label = options.strip().replace(short[1], rf"\{name}*")

    def next_label(self) -> str:
        """Return the label of the next item."""
        self.count += 1
        return COUNTER.sub(lambda match: _format_count(match[1], self.count), self.label)


def _format_count(name: str, count: int) -> str:
    """Return a number as one of TeX's counters shows it.

    >>> [_format_count(name, 4) for name in ("arabic", "alph", "Roman")]
    ['4', 'd', 'IV']
    """
    letter = chr(ord("a") + (count - 1) % 26)
    numeral = ROMAN[(count - 1) % len(ROMAN)]
    texts = {"alph": letter, "Alph": letter.upper(), "roman": numeral, "Roman": numeral.upper()}
    return texts.get(name, str(count))
