"""Mistakes about boxes: formats, overlap, suppression, anchors, matching."""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes.table import build_mistakes

MISTAKES: Final[tuple[MistakeInfo, ...]] = build_mistakes(
    {
        "union_left_out": (
            6,
            "Which area is counted twice when the two areas are added?",
            "Took the sum of both areas for the union: I / (A + B).",
        ),
        "over_smaller_box": (
            4,
            "To which area is the intersection compared here?",
            "Divided the intersection by the smaller area: I / min(A, B).",
        ),
        "overlap_not_clipped": (
            2,
            "Do the two boxes overlap at all?",
            "Multiplied the negative sides of an empty intersection.",
        ),
        "penalty_left_out": (
            4,
            "Does this measure subtract something from the plain overlap?",
            "Gave the plain IoU.",
        ),
        "box_format": (
            5,
            "What do the four numbers of a box mean here?",
            "Took corners for sides, or a center or sides for corners.",
        ),
        "pixel_rule": (
            4,
            "Do the coordinates name pixels, or the lines between them?",
            "Counted the last pixel where corners are lines, or left it out where they are pixels.",
        ),
        "sides_exchanged": (
            4,
            "Is each coordinate divided by the right side of the image?",
            "Divided the horizontal values by the height, and the vertical ones by the width.",
        ),
        "not_normalised": (
            4,
            "In which unit should the coordinates be given?",
            "Gave pixels instead of fractions of the image's sides.",
        ),
        "row_column_exchanged": (
            5,
            "Which of the two numbers counts down the image, and which across?",
            "Exchanged row and column, or x and y.",
        ),
        "counted_from_one": (
            3,
            "What is the number of the first row?",
            "Counted rows and columns from one.",
        ),
        "numbered_from": (
            2,
            "What is the number of the first item in the list?",
            "Counted from one instead of zero, or the reverse.",
        ),
        "sigmoid_left_out": (
            4,
            "How does the network's output become a position inside a cell?",
            "Used the raw output as the offset in the cell.",
        ),
        "exponential_left_out": (
            3,
            "How does the network's output become a factor for the anchor's size?",
            "Multiplied the anchor by the raw output.",
        ),
        "sigmoid_for_exponential": (
            4,
            "May a box be larger than its anchor?",
            "Multiplied the anchor by the sigmoid of the raw output.",
        ),
        "anchor_left_out": (
            4,
            "Which box does the raw output scale?",
            "Left out the anchor.",
        ),
        "cell_left_out": (
            3,
            "From which point is the offset of the center measured?",
            "Left out the cell: gave the position without the corner of the cell.",
        ),
        "cell_size_left_out": (
            4,
            "In which unit is the position of the cell, and in which unit is the answer?",
            "Left out the stride: gave the center in cells.",
        ),
        "variances_left_out": (
            3,
            "What are the deltas of this detector scaled by?",
            "Left out the variances.",
        ),
        "classes_ignored": (
            5,
            "Can a box remove a box of another class?",
            "Suppressed across classes.",
        ),
        "at_threshold": (
            3,
            "What happens to an overlap that is exactly equal to the threshold?",
            "Treated an overlap equal to the threshold in the opposite way.",
        ),
        "low_scores_kept": (
            3,
            "Which boxes are dropped before they are compared?",
            "Kept the boxes below the lowest score.",
        ),
        "suppressed_still_suppress": (
            5,
            "Can a box that is gone still remove another?",
            "Let removed boxes remove others.",
        ),
        "lowest_score_first": (
            3,
            "With which box does the procedure start?",
            "Started with the lowest score.",
        ),
        "removed_for_kept": (
            3,
            "Does the question ask for the kept boxes or for the removed ones?",
            "Gave the removed boxes.",
        ),
        "best_box_only": (
            3,
            "Can an image show more than one object?",
            "Kept only the box with the highest score.",
        ),
        "removed_for_lowered": (
            3,
            "What does the soft version do to a box that overlaps a better one?",
            "Removed the boxes, as standard suppression does, instead of lowering their scores.",
        ),
        "found_twice": (
            5,
            "How many times can one object be found?",
            "Counted every detection of an object as true, not only the first.",
        ),
        "best_anchor_left_out": (
            3,
            "What happens to an object that no anchor overlaps enough?",
            "Left out the anchors that overlap an object most without reaching the threshold.",
        ),
        "ignored_as_background": (
            3,
            "Is an anchor that contains no object always background?",
            "Treated the anchors between both thresholds as background.",
        ),
    }
)
