"""Rare mistakes about overlaps, detections, metrics, losses and normalizations."""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes.table import build_mistakes

MISTAKES: Final[tuple[MistakeInfo, ...]] = build_mistakes(
    {
        "over_larger_box": (
            1,
            "To which area is the intersection compared here?",
            "Divided the intersection by the larger box: I / max(A, B).",
        ),
        "penalty_added": (
            1,
            "Does a gap between the boxes make this measure larger or smaller?",
            "Added the penalty to the IoU instead of subtracting it.",
        ),
        "nothing_suppressed": (
            1,
            "Which boxes overlap a better one too much?",
            "Kept every box.",
        ),
        "last_kept_box_only": (
            1,
            "With which of the kept boxes is another box compared?",
            "Compared each box only with the last kept one.",
        ),
        "precision_for_area": (
            1,
            "Does the question ask for a value of the curve, or for the area under it?",
            "Gave the share of all detections that are true.",
        ),
        "recall_for_area": (
            1,
            "Does the question ask for a value of the curve, or for the area under it?",
            "Gave the share of the objects that were found.",
        ),
        "recall_strictly_above": (
            1,
            "Does a point count if its recall equals the fixed recall?",
            "Used the precision at recalls strictly above the fixed ones.",
        ),
        "hits_over_all": (
            1,
            "Does the question ask for a share of all cases, or of some of them?",
            "Divided the true positives by all cases.",
        ),
        "other_class_positive": (
            1,
            "Which class is the positive one here?",
            "Took the other class as the positive one.",
        ),
        "overlap_for_f_score": (
            1,
            "How many times does this score count the true positives?",
            "Gave TP / (TP + FP + FN), the overlap.",
        ),
        "true_positives_left_out": (
            1,
            "Which cases are classified correctly?",
            "Counted only the true negatives as correct.",
        ),
        "divided_by_one_less": (
            1,
            "By how many terms is this mean divided?",
            "Divided by one less than the number of terms.",
        ),
        "divided_by_rows": (
            1,
            "Over which values is the mean taken: all values, or only the rows?",
            "Divided the sum by the number of rows instead of values.",
        ),
        "divided_by_columns": (
            1,
            "Over which values is the mean taken: all values, or only the columns?",
            "Divided the sum by the number of columns instead of values.",
        ),
        "divided_by_class_count": (
            1,
            "Is the mean taken over the examples, or over the classes?",
            "Divided by the number of classes instead of examples.",
        ),
        "most_probable_class": (
            1,
            "Which class does the loss use: the true one, or the most probable one?",
            "Used the most probable class instead of the true one.",
        ),
        "class_zero_taken": (
            1,
            "Which class is the true one?",
            "Used the first class as the true one.",
        ),
        "distances_compared": (
            1,
            "What is added to the difference of the distances, and can a loss be negative?",
            (
                "Gave the difference of the distances, without the margin and without clipping at "
                "zero."
            ),
        ),
        "half_threshold_dropped": (
            1,
            "Do the two branches give the same loss where they meet?",
            "Left out half of the threshold in the formula for large differences.",
        ),
        "statistics_of_other_axis": (
            1,
            "Which values share a mean here: those of an example, or those of a feature?",
            "Computed the mean and the variance along the other axis.",
        ),
        "statistics_over_all": (
            1,
            "Which values share a mean here: those of one example, or all of them?",
            "Computed one mean and one variance over all values.",
        ),
    }
)
