"""Texts for students: the result of a part, the rules of attempts, and the questions."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from api.cli.output.plain_text import to_plain_text
from api.gradescope.runtime.configuration import Configuration
from api.gradescope.runtime.standings import PartStanding
from api.services.engine.single_answer import to_json_number
from api.services.problems.serializers import serialize_question
from grader.display.text import pluralize
from grader.policy import PartProgress
from grader.variants.variant import Variant

BY_PERSON: Final = "A TA grades this part; the autograder gives no points for it."
RESULTS_LATER: Final = {
    "after_due_date": "The results are shown after the due date.",
    "after_published": "The results are shown when the grades are published.",
    "hidden": "The results are not shown.",
}


def describe_part_result(
    standing: PartStanding, progress: PartProgress, points: Fraction, configuration: Configuration
) -> str:
    """Return the result of a part: reading, hint, the points that count, attempts used."""
    lines = list(_describe_answer(standing))
    if standing.by_person:
        return "\n".join((*lines[:1], BY_PERSON))
    if standing.refusal:
        lines.append(f"This answer does not count. {standing.refusal}")
    if progress.waiting:
        lines.append("A person will grade this answer.")
    newest = standing.result.credit or 0
    if progress.credit is not None and (progress.credit != newest or standing.refusal):
        lines.append(f"Your best answer counts: {format_points(progress.credit * points, points)}.")
    if configuration.attempts is not None and progress.attempts_used:
        lines.append(f"Attempts used: {progress.attempts_used} of {configuration.attempts}.")
    return "\n".join(lines)


def _describe_answer(standing: PartStanding) -> Iterator[str]:
    """Yield how the answer was read, and what it is worth, in words."""
    result = standing.result
    if result.read_as:
        yield f"Read as: {result.read_as}"
    if not (standing.by_person and result.read_as):
        yield to_plain_text(result.feedback)


def describe_reading(standing: PartStanding, configuration: Configuration) -> str:
    """Return how the answer to a part was read, without anything that depends on the key."""
    result = standing.result
    if result.rule == "unreadable":
        text = f"cannot be read. {to_plain_text(result.feedback)}"
    elif result.status == "missing":
        text = "no answer"
    else:
        text = " ".join((f"read as {result.read_as or 'typed'}", *result.notes))
    limit = configuration.attempts
    if limit is None or standing.by_person or not standing.readings:
        return text
    count = pluralize(len(standing.readings), "different answer")
    return f"{text} ({count} so far; {limit} may be graded)"


def describe_rules(configuration: Configuration) -> str:
    """Return the rules of attempts and of release, in sentences."""
    limit = configuration.attempts
    if limit is None:
        sentences = ["You may upload as often as you like before the deadline."]
    else:
        sentences = [f"Each part has {pluralize(limit, 'attempt')}."]
    sentences.append("Your best answer to each part counts.")
    if limit is not None or configuration.by_attempt:
        sentences.append("An answer that cannot be read, or that you gave before, uses no attempt.")
    if configuration.by_attempt:
        shares = ", ".join(f"{to_json_number(100 * share)}%" for share in configuration.by_attempt)
        sentences.append(f"Credit by attempt: {shares}; the last one for all that follow.")
    sentences.append("Later parts are graded with your own earlier answers of the same upload.")
    if later := RESULTS_LATER.get(configuration.visibility):
        sentences.append(later)
    return " ".join(sentences)


def describe_question(name: str, variant: Variant) -> str:
    """Return the text of a problem with the student's numbers, as plain text."""
    question = serialize_question(variant)
    lines = [f"{name}: {question['title']}", "", to_plain_text(question["statement"])]
    for part in question["parts"]:
        points = format_points(None, Fraction(str(part["points"])))
        lines += ["", f"{name}/{part['id']} ({part['kind']}, {points})"]
        lines += [f"    {to_plain_text(part['prompt'])}"] if part["prompt"] else []
        options = part.get("options", {})
        lines += [f"    {option}) {to_plain_text(text)}" for option, text in options.items()]
    return "\n".join(lines)


def format_points(score: Fraction | None, points: Fraction) -> str:
    """Return points as text, such as `1 of 2 points`.

    >>> format_points(Fraction(1, 2), Fraction(1)), format_points(None, Fraction(2))
    ('0.5 of 1 point', '2 points')
    """
    worth = f"{to_json_number(points)} point{'' if points == 1 else 's'}"
    return worth if score is None else f"{to_json_number(score)} of {worth}"
