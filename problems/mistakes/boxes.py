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
            "Do the two boxes meet at all?",
            "Multiplied the negative sides of an intersection that is empty.",
        ),
        "penalty_left_out": (
            4,
            "This measure subtracts something from the plain overlap.",
            "Gave the plain IoU.",
        ),
        "box_format": (
            5,
            "What do the four numbers of a box stand for here?",
            "Took corners for sides, or a centre or sides for corners.",
        ),
        "pixel_rule": (
            4,
            "Do the coordinates name pixels, or the lines between them?",
            "Counted the last pixel where corners are lines, or left it out where they are pixels.",
        ),
        "sides_exchanged": (
            4,
            "Which side of the image belongs to which coordinate?",
            "Divided by the width what belongs to the height, and the reverse.",
        ),
        "not_normalised": (
            4,
            "In which unit are the coordinates asked for?",
            "Gave pixels instead of shares of the image's sides.",
        ),
        "row_column_exchanged": (
            5,
            "Which of the two numbers runs down the image, and which across?",
            "Exchanged row and column, or x and y.",
        ),
        "counted_from_one": (
            3,
            "What number does the first row have?",
            "Counted rows and columns from one.",
        ),
        "numbered_from": (
            2,
            "What number does the first in the list have?",
            "Counted from one instead of zero, or the reverse.",
        ),
        "sigmoid_left_out": (
            4,
            "How does the network's output become a place inside a cell?",
            "Took the raw output as the offset in the cell.",
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
            "Of which box does the raw output change the size?",
            "Left out the anchor.",
        ),
        "cell_left_out": (
            3,
            "From where is the offset of the centre counted?",
            "Left out the cell: gave the place from the corner of the image.",
        ),
        "cell_size_left_out": (
            4,
            "In which unit is the place of the cell, and in which the answer?",
            "Left out the stride: gave the centre in cells.",
        ),
        "variances_left_out": (
            3,
            "By what are the deltas of this detector scaled?",
            "Left out the variances.",
        ),
        "classes_ignored": (
            5,
            "May a box remove one of another class?",
            "Suppressed across classes.",
        ),
        "at_threshold": (
            3,
            "What is said of an overlap that is exactly the threshold?",
            "Decided the overlap that equals the threshold the other way.",
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
            "With which box does the procedure begin?",
            "Began with the lowest score.",
        ),
        "removed_for_kept": (
            3,
            "Are the boxes asked for that stay, or those that go?",
            "Gave the boxes that are removed.",
        ),
        "best_box_only": (
            3,
            "Can an image show more than one object?",
            "Kept the box of the highest score only.",
        ),
        "removed_for_lowered": (
            3,
            "What does the soft form do to a box that overlaps a better one?",
            "Removed the boxes, as the hard form does, instead of lowering their scores.",
        ),
        "found_twice": (
            5,
            "How often can one object be found?",
            "Counted every detection of an object as true, not only the first.",
        ),
        "best_anchor_left_out": (
            3,
            "What happens to an object that no anchor overlaps enough?",
            "Left out the anchors that overlap an object most without reaching the threshold.",
        ),
        "ignored_as_background": (
            3,
            "Is an anchor that is no object always background?",
            "Took the anchors between both thresholds for background.",
        ),
    }
)
