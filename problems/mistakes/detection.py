"""Mistakes about detectors: the outputs of a head, the number of boxes."""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes.table import build_mistakes

MISTAKES: Final[tuple[MistakeInfo, ...]] = build_mistakes(
    {
        "boxes_times_five_plus_classes": (
            10,
            "In this version, do the class scores belong to a cell or to a box?",
            "Used the rule of the first version, B*5 + C, for a later one.",
        ),
        "class_scores_per_box": (
            8,
            "In this version, do the class scores belong to a cell or to a box?",
            "Used the rule of the later versions, B*(5 + C), for the first.",
        ),
        "objectness_left_out": (
            10,
            "Does a box have only coordinates and class scores?",
            "Left out the objectness of each box.",
        ),
        "objectness_counted": (
            3,
            "How does this version indicate that there is no object?",
            "Counted an objectness score in a version that has none.",
        ),
        "one_anchor": (
            6,
            "How many boxes does each cell predict?",
            "Counted one box per cell.",
        ),
        "anchors_of_all_scales": (
            5,
            "Which of the anchors belong to one scale?",
            "Used the anchors of all scales together at every scale.",
        ),
        "earlier_version": (
            4,
            "Does this version still use anchors and an objectness score?",
            "Used the rule of the versions with anchors for one without.",
        ),
        "distribution_left_out": (
            4,
            "How does this version output a coordinate: as one number?",
            "Counted one number per coordinate instead of a distribution.",
        ),
        "background_counted": (
            3,
            "How does this detector indicate that there is no object?",
            "Counted a background class.",
        ),
        "background_left_out": (
            5,
            "How does this detector indicate that there is no object?",
            "Left out the background class.",
        ),
        "background_twice": (
            2,
            "Is the background already among the classes that you counted?",
            "Counted the background class twice.",
        ),
        "coordinates_left_out": (
            4,
            "A detector predicts what is there; what else does it predict?",
            "Gave the class scores without the coordinates of the boxes.",
        ),
        "centerness_left_out": (
            3,
            "Does this detector predict only classes and boxes?",
            "Left out the centerness.",
        ),
        "box_for_each_class": (
            3,
            "Does a box of this detector belong to an anchor, or to an anchor and a class?",
            "Counted a box for each class of an anchor.",
        ),
        "one_box_for_all": (
            3,
            "How many boxes does this detector refine per region?",
            "Counted one box for all classes instead of one per class.",
        ),
        "other_scores": (
            3,
            "How many numbers does this network use to distinguish object from background?",
            "Counted one score per anchor instead of two, or two instead of one.",
        ),
        "one_scale": (
            5,
            "On how many maps does this detector predict objects?",
            "Counted the boxes of only one scale.",
        ),
        "grid_not_squared": (
            4,
            "How many cells does a grid have?",
            "Counted the cells along one side of the grid instead of all of them.",
        ),
        "grid_rounded_down": (
            4,
            "What happens to the remainder when a padded layer halves an odd size?",
            "Rounded the sides of the maps down instead of up.",
        ),
    }
)
