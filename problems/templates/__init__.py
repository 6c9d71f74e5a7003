"""Templates of new problem files, one for each kind of answer; each passes the checker."""

import json
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import yaml

TEMPLATE_ID: Final = "my-problem"
MAX_ID_LENGTH: Final = 64


@dataclass(frozen=True, slots=True)
class ProblemTemplate:
    """A template: the *kind* of its answer, *label* and *summary* for the gallery."""

    kind: str
    label: str
    summary: str

    @property
    def source(self) -> str:
        """The text of the file."""
        return _read_template(self.kind)

    def fill(self, *, title: str = "", question: str = "") -> str:
        """Return the text of the file with a title, the id that follows from it, and a question.

        The texts are quoted where YAML needs it. An empty text leaves that of the template.
        """
        source = self.source
        if title:
            source = _replace_field(source, "id", derive_problem_id(title))
            source = _replace_field(source, "title", title)
        return _replace_field(source, "prompt", question) if question else source


@cache
def _read_template(kind: str) -> str:
    return (files("problems") / "templates" / f"{kind}.yaml").read_text(encoding="utf-8")


def derive_problem_id(title: str) -> str:
    """Return the id of a problem for its title, or `TEMPLATE_ID` if no letter of it fits.

    >>> derive_problem_id("Größe of a 3×3 kernel")
    'grosse-of-a-3x3-kernel'
    """
    letters = title.casefold().replace("ß", "ss").replace("×", "x")
    plain = unicodedata.normalize("NFKD", letters).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain)[:MAX_ID_LENGTH].strip("-")
    return slug or TEMPLATE_ID


def _replace_field(source: str, name: str, text: str) -> str:
    """Return *source* with the text of its first field *name*, which stands on one line."""
    line = " ".join(text.split())
    return re.sub(
        rf"^( *(?:- )?{name}: ).*$",
        lambda match: match[1] + _quote_if_needed(line),
        source,
        count=1,
        flags=re.MULTILINE,
    )


def _quote_if_needed(text: str) -> str:
    """Return *text* as a YAML value on one line."""
    try:
        is_plain = yaml.safe_load(f"field: {text}") == {"field": text}
    except yaml.YAMLError:
        is_plain = False
    return text if is_plain else json.dumps(text, ensure_ascii=False)


TEMPLATES: Final = (
    ProblemTemplate("integer", "Whole number", "A count or a size, such as 24."),
    ProblemTemplate("number", "Decimal number", "A number with a tolerance, such as 0.358."),
    ProblemTemplate("percent", "Percentage", "A share, such as 35.8 %."),
    ProblemTemplate("quantity", "Number with a unit", "A size in bytes or MACs, such as 3.15 MB."),
    ProblemTemplate("expression", "Formula", "A formula in given variables, such as N·K²·M."),
    ProblemTemplate("shape", "Shape", "The sizes of the axes, such as 10 × 24 × 24."),
    ProblemTemplate("vector", "List of numbers", "Numbers in order, such as −7, 0, 2."),
    ProblemTemplate("matrix", "Matrix", "Numbers in a grid of cells."),
    ProblemTemplate("tensor", "Array", "Numbers in several grids, such as feature maps."),
    ProblemTemplate("table", "Table", "A row for each layer, such as its shape and parameters."),
    ProblemTemplate("choice", "Single choice", "One of several options."),
    ProblemTemplate("choices", "Multiple choice", "All options that apply."),
    ProblemTemplate("set", "Set", "Numbers, shapes or names in any order."),
    ProblemTemplate("predicate", "Any that fits", "Any numbers that meet a condition."),
    ProblemTemplate("text", "Text", "Free text, which a TA grades with a rubric."),
)
"""All templates, in the order of the gallery."""
TEMPLATES_BY_KIND: Final = {template.kind: template for template in TEMPLATES}
