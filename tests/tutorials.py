"""Reads the steps of a tutorial: what its numbered lists tell a reader to do in a browser.

Each sentence of a numbered step must have one of the forms of `ACTIONS`, so that a test can do
what a reader does. A comment ``<!-- example `A` = right answer -->`` says that a typed value is an
example; the test types its own value of that name.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["TUTORIALS", "Step", "read_examples", "read_steps"]

TUTORIALS = Path(__file__).parents[1] / "docs" / "tutorials"
ITEM = re.compile(r"^\d+\. (.*(?:\n   .*)*)", re.MULTILINE)
EXAMPLE = re.compile(r"^<!-- example `([^`]+)` = (.+) -->$", re.MULTILINE)
ACTIONS = {
    "open": re.compile(r"Open `(?P<value>[^`]+)`"),
    "login": re.compile(r"Log in as the (?P<value>\w+)"),
    "type": re.compile(r"Type .*?`(?P<value>[^`]*)`,? into \*\*(?P<label>.+)\*\*"),
    "choose": re.compile(r"Choose \*\*(?P<value>.+)\*\* in \*\*(?P<label>.+)\*\*"),
    "tick": re.compile(r"Tick \*\*(?P<label>.+)\*\*"),
    "click": re.compile(r"Click \*\*(?P<label>.+)\*\*"),
    "press": re.compile(r"Press `(?P<value>[^`]+)`"),
    "see": re.compile(r"You see “(?P<value>.+)”"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: an *action* of `ACTIONS`, the *label* of a control, and a *value*."""

    action: str
    label: str
    value: str
    text: str


def read_steps(text: str) -> Iterator[Step]:
    """Yield the steps of all numbered lists; raise `ValueError` for a sentence of no known form."""
    for item in ITEM.findall(text):
        for sentence in re.split(r"(?<=\.) (?=[A-Z])", re.sub(r"\s+", " ", item)):
            yield _read_sentence(sentence.removesuffix("."))


def _read_sentence(sentence: str) -> Step:
    for action, pattern in ACTIONS.items():
        match = pattern.fullmatch(sentence)
        if match is not None:
            parts = match.groupdict(default="")
            return Step(action, parts.get("label", ""), parts.get("value", ""), sentence)
    raise ValueError(f"no test can do this: {sentence}")


def read_examples(text: str) -> dict[str, str]:
    """Return the names of the example values in a tutorial, by the value that it shows."""
    return dict(EXAMPLE.findall(text))
