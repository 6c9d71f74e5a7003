"""Mistakes in the arithmetic of a key: what `grader.diagnosis.mutations` can change in its tree."""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes.table import build_mistakes

MISTAKES: Final[tuple[MistakeInfo, ...]] = build_mistakes(
    {
        "summand_left_out": (
            3,
            "Several terms are added or subtracted here. Does your answer include each of them?",
            "Left out one of the terms of a sum.",
        ),
        "single_summand": (
            2,
            "Your answer may be only one part of the result. What else belongs to it?",
            "Gave only one of several terms of a sum.",
        ),
        "product_factor_left_out": (
            3,
            "Several numbers are multiplied here. Does your answer include each of them?",
            "Left out one of the factors of a product.",
        ),
        "divisor_left_out": (
            2,
            "Does the result have to be divided by something?",
            "Left out a divisor.",
        ),
        "quotient_inverted": (
            3,
            "Which of the two numbers is the numerator, and which is the denominator?",
            "Inverted a quotient.",
        ),
        "complement_taken": (
            3,
            "Is this the share that the question asks for, or the rest?",
            "Gave the complement, such as 1 - x for x or 100 - x for x.",
        ),
        "exponent_left_out": (
            2,
            "Is something raised to a power here, or is there a root?",
            "Left out a power or a root.",
        ),
        "halved_for_doubled": (
            1,
            "Does this have to be doubled, or halved?",
            "Doubled instead of halved, or halved instead of doubled.",
        ),
        "added_for_multiplied": (
            1,
            "Which of the numbers are added here, and which are multiplied?",
            "Added instead of multiplied, or multiplied instead of added.",
        ),
        "operands_exchanged": (
            1,
            "Which of the given numbers belongs where?",
            "Exchanged two of the given numbers, or the two sides of a difference.",
        ),
        "sign_flipped": (
            2,
            "Which of the terms are added, and which are subtracted?",
            "Added a term that is subtracted, or subtracted one that is added.",
        ),
        "rounded_otherwise": (
            2,
            "Is the result rounded down, rounded up, or not rounded at all?",
            "Rounded down, up or not at all where the key rounds differently.",
        ),
        "argument_left_out": (
            3,
            "Does your answer use everything that the question gives, each value in its place?",
            "Left out an argument of a call in the key, so its default was used.",
        ),
        "stopped_early": (
            3,
            "Does your answer include the last step or layer?",
            "Left out the last item of a list, such as the last layer.",
        ),
        "item_left_out": (
            2,
            "Does your answer include every step or layer?",
            "Left out one item of a list, such as one of the layers.",
        ),
        "entries_exchanged": (
            2,
            "Which of the given numbers belongs where?",
            "Exchanged the two entries of a pair, or two arguments of a call.",
        ),
        "single_entry_used": (
            1,
            "Do all directions, layers or items have the same number?",
            "Used one entry of a pair or of a list for all of them.",
        ),
        "other_item_used": (
            1,
            "Which of several rows, classes or layers does the question ask about?",
            "Used another item of a list or another row of an array.",
        ),
        "array_turned": (
            1,
            "Are the entries of the arrays paired correctly? One of the arrays may be flipped.",
            "Flipped or transposed an array.",
        ),
        "sign_of_result": (
            2,
            "Which sign does the result have?",
            "Gave the result with the other sign.",
        ),
        "summand_counted_twice": (
            1,
            "Is anything counted twice in your answer?",
            "Added or subtracted one of the terms twice.",
        ),
        "multiplied_or_divided": (
            1,
            "Is one number multiplied by the other here, or divided by it?",
            "Multiplied where the key divides, or divided where it multiplies.",
        ),
        "multiplied_or_raised": (
            1,
            "Which number is raised to which power here?",
            "Multiplied for a power, or exchanged the base and the exponent.",
        ),
        "count_off_by_one": (
            1,
            "Count again what is multiplied or divided by here: is it one too many, or too few?",
            "Multiplied or divided by a count that is one too small or too large.",
        ),
        "other_value_used": (
            1,
            "Which of the given numbers belongs here? You may have used a different one.",
            "Used another number of the question instead of the right argument.",
        ),
    }
)
