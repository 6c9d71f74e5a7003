"""Mistakes about metrics: the choice of counts, mean and curve."""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes.table import build_mistakes

MISTAKES: Final[tuple[MistakeInfo, ...]] = build_mistakes(
    {
        "recall_for_precision": (
            6,
            "Does the question ask for a share of the predicted cases or of the true ones?",
            "Gave the recall.",
        ),
        "precision_for_recall": (
            6,
            "Does the question ask for a share of the predicted cases or of the true ones?",
            "Gave the precision.",
        ),
        "recall_for_specificity": (
            4,
            "Does the question ask for a share of the positive cases or of the negative ones?",
            "Gave the recall, also called sensitivity.",
        ),
        "errors_for_accuracy": (
            5,
            "Does the question ask for what is right, or for what is wrong?",
            "Gave the error rate.",
        ),
        "specificity_for_recall": (
            4,
            "Which cases are counted: the positive ones, or the negative ones?",
            "Gave the specificity.",
        ),
        "recall_for_overlap": (
            3,
            "Which cells do the two masks cover together?",
            "Divided by the true cells only.",
        ),
        "precision_for_accuracy": (
            3,
            "Which of the predictions count here: the positive ones, or all?",
            "Gave the precision.",
        ),
        "true_negatives_left_out": (
            4,
            "Which predictions are correct?",
            "Did not include the true negatives in the correct predictions.",
        ),
        "errors_exchanged": (
            4,
            "Which of the two lists is the truth, and which the prediction?",
            "Exchanged false positives and false negatives.",
        ),
        "wrong_class_positive": (
            3,
            "Which class is the positive one?",
            "Took the other class as the positive one.",
        ),
        "mean_for_harmonic": (
            5,
            "Which kind of mean is this score?",
            "Used the arithmetic mean of precision and recall.",
        ),
        "factor_left_out": (
            4,
            "Try your formula where everything is right: what should the result be?",
            "Left out the factor of the numerator, which is 2 for F1 and Dice.",
        ),
        "other_average": (
            4,
            "Does every class have the same weight here, or every example?",
            (
                "Used the micro average instead of the macro or weighted one, or macro instead of "
                "micro."
            ),
        ),
        "best_class_only": (
            4,
            "How many guesses does each example have?",
            "Considered only the class with the highest score.",
        ),
        "envelope_left_out": (
            6,
            "Can the relevant precision lie further along the curve?",
            "Used the raw precisions instead of the largest one at that recall or a higher one.",
        ),
        "other_recalls": (
            5,
            "At which recalls is the precision evaluated?",
            "Used 11 recalls instead of all points, or all points instead of given recalls.",
        ),
        "scores_ignored": (
            4,
            "In which order are the detections processed?",
            "Processed the detections as listed, not by their scores.",
        ),
        "found_for_all": (
            4,
            "The recall is a share of how many objects?",
            "Divided by the number of found objects instead of all objects.",
        ),
        "trapezoids": (
            3,
            "What is the curve like between two points: a line or a step?",
            "Added trapezoids under straight lines instead of steps.",
        ),
        "first_threshold_only": (
            4,
            "Over how many thresholds is the mean taken?",
            "Used only the first threshold.",
        ),
        "dice_for_iou": (
            4,
            "How many times does this measure count the cells of both masks?",
            "Gave the Dice coefficient.",
        ),
        "iou_for_dice": (
            4,
            "How many times does this measure count the cells of both masks?",
            "Gave the intersection over union.",
        ),
        "precision_for_overlap": (
            3,
            "Which cells does the prediction miss, and where do they count?",
            "Divided by the predicted cells only.",
        ),
        "accuracy_for_iou": (
            4,
            "Do the cells that neither mask assigns to the class count here?",
            "Gave the share of correct cells.",
        ),
        "background_class_left_out": (
            3,
            "Over which classes is the mean taken?",
            "Left out the background class.",
        ),
    }
)
