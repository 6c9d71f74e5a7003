"""Text answers: as much of the model answer as a student knows, in one of many frames."""

import re
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from api.demo.seeded_random import SeededRandom
from grader.expressions.evaluate import Scope
from grader.kinds.texts import TextPart

KnowledgeLevel: TypeAlias = Literal["full", "most", "some", "none"]

SENTENCE_BREAK: Final = re.compile(r"(?<=[.?;])\s+(?=[A-ZÀ-Ý])")
BULLET_CHARACTERS: Final = "-*# \n"
SENTENCE_PERCENTS: Final[Mapping[KnowledgeLevel, int]] = {
    "full": 100,
    "most": 65,
    "some": 30,
    "none": 0,
}
"""Percentage of the sentences of the model answer in an answer of each level."""

ESSAY_TEMPLATES: Final[Mapping[KnowledgeLevel, tuple[str, ...]]] = {
    "full": (
        "{said}",
        "{said}\n\nThis is also what our run of the notebook shows.",
        "My answer, in order of importance:\n\n{listed}",
        "{said}\n\nIn short: {first}",
        "As discussed in the lecture:\n\n{said}",
        "{listed}\n\nI checked this against the slides.",
        "To answer this I go through the points one by one.\n\n{listed}",
        "{first}\n\nThe details:\n\n{rest}",
        "{said}\n\nI assume that no other change is made at the same time.",
        "Short answer: {first}\n\nLong answer: {said}",
        "There are several sides to this. {said}",
        "{said}\n\n(Sources: lecture notes, and the paper cited there.)",
    ),
    "most": (
        "{said}",
        "I think that {said}",
        "{said}\n\nI am not sure about the rest.",
        "The main points are:\n\n{listed}",
        "{said}\n\nThere is probably more to it.",
        "From the lecture: {said}",
        "{listed}",
        "{first}\n\nBesides: {rest}",
        "{said}\n\nThat is why it works well in practice.",
        "We saw this in the exercise. {said}",
        "{said}\n\nSorry for the short answer.",
        "In my own words: {said}",
    ),
    "some": (
        "{first}",
        "{first} I do not remember the rest.",
        "I believe: {first}",
        "It depends, but {first}",
        "{said}\n\nThe rest follows from that.",
        "{first} The other points are similar.",
        "Mostly this: {first}",
        "- {first}",
        "{first} At least I think so.",
        "{said}",
        "I only have one point. {first}",
        "{first} It is also faster.",
    ),
    "none": (
        "It makes the network better because it learns more features.",
        "Because it is the state of the art and gives a higher accuracy.",
        "It depends on the data set and on the learning rate.",
        "The network learns it by backpropagation.",
        "I ran out of time, sorry.",
        "It is better for large images and worse for small ones.",
        "More layers mean more parameters, so the result is better.",
        "See the lecture slides of last week.",
        "It prevents overfitting.",
        "The model becomes deeper and therefore more powerful.",
        "Both have advantages and disadvantages.",
        "I would try both and take the one with the lower loss.",
    ),
}


def choose_knowledge_level(skill: int, rng: SeededRandom) -> KnowledgeLevel:
    """Return how much of a text answer a student of this *skill* knows, with some luck."""
    score = skill + rng.between(-25, 25)
    if score >= 75:  # noqa: PLR2004  # thresholds of a scale, here and below
        return "full"
    if score >= 50:  # noqa: PLR2004
        return "most"
    return "some" if score >= 25 else "none"  # noqa: PLR2004


def write_essay(part: TextPart, scope: Scope, level: KnowledgeLevel, rng: SeededRandom) -> str:
    """Return a text answer to *part* that earns about what *level* says."""
    template = rng.pick(ESSAY_TEMPLATES[level])
    model_sentences = _split_model_answer(part, scope)
    percent = SENTENCE_PERCENTS[level]
    chosen_sentences = [
        sentence for sentence in model_sentences if rng.chance(percent)
    ] or model_sentences[:1]
    bullet_list = "\n".join(f"- {sentence}" for sentence in chosen_sentences)
    rest = " ".join(chosen_sentences[1:]) or "nothing that I know of."
    return template.format(
        said=" ".join(chosen_sentences), listed=bullet_list, first=chosen_sentences[0], rest=rest
    ).strip()


def _split_model_answer(part: TextPart, scope: Scope) -> list[str]:
    """Return the sentences of the model answer, or those of the rubric if there is no model."""
    text = part.model.fill(scope).strip()
    if not text:
        return [item.say.fill(scope).strip() for item in part.rubric]
    return [
        " ".join(one.lstrip(BULLET_CHARACTERS).split())
        for one in SENTENCE_BREAK.split(text)
        if one.strip()
    ]
