"""Mistakes about metrics: the choice of counts, mean and curve."""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes.table import build_mistakes

MISTAKES: Final[tuple[MistakeInfo, ...]] = build_mistakes(
    {
        "recall_for_precision": (
            6,
            "Of which cases is a share asked for: of the predicted ones, or of the true ones?",
            "Gave the recall.",
        ),
        "precision_for_recall": (
            6,
            "Of which cases is a share asked for: of the predicted ones, or of the true ones?",
            "Gave the precision.",
        ),
        "recall_for_specificity": (
            4,
            "Is the share asked for of the positive cases, or of the negative ones?",
            "Gave the recall, also called sensitivity.",
        ),
        "errors_for_accuracy": (
            5,
            "Is it asked how much is right, or how much is wrong?",
            "Gave the share of what is wrong.",
        ),
        "specificity_for_recall": (
            4,
            "Among which cases is counted: those that are positive, or those that are negative?",
            "Gave the specificity.",
        ),
        "recall_for_overlap": (
            3,
            "What do the two masks cover together?",
            "Divided by the true cells only.",
        ),
        "precision_for_accuracy": (
            3,
            "Which of the predictions count here: the positive ones, or all?",
            "Gave the precision.",
        ),
        "true_negatives_left_out": (
            4,
            "Which predictions are right?",
            "Left the true negatives out of the right predictions.",
        ),
        "errors_exchanged": (
            4,
            "Which of the two lists is the truth, and which the prediction?",
            "Exchanged false positives and false negatives.",
        ),
        "wrong_class_positive": (
            3,
            "Which class is the positive one?",
            "Took the other class for the positive one.",
        ),
        "mean_for_harmonic": (
            5,
            "Which kind of mean is this score?",
            "Took the arithmetic mean of precision and recall.",
        ),
        "factor_left_out": (
            4,
            "Try your formula where everything is right: what should come out?",
            "Left out the factor of the numerator, which is 2 for F1 and Dice.",
        ),
        "other_average": (
            4,
            "Does every class weigh the same here, or every example?",
            "Took the micro average for the macro or weighted one, or macro for micro.",
        ),
        "best_class_only": (
            4,
            "How many guesses does each example have?",
            "Looked at the class of the highest score only.",
        ),
        "envelope_left_out": (
            6,
            "May the precision that counts lie further along the curve?",
            "Used the raw precisions instead of the largest one at that recall or a higher one.",
        ),
        "other_recalls": (
            5,
            "At which recalls is the precision read off?",
            "Took 11 recalls for all points, or all points for given recalls.",
        ),
        "scores_ignored": (
            4,
            "In which order are the detections looked at?",
            "Went through the detections as listed, not by their scores.",
        ),
        "found_for_all": (
            4,
            "Of how many objects is the recall a share?",
            "Divided by the objects that were found instead of all of them.",
        ),
        "trapezoids": (
            3,
            "What is the curve like between two points: a line or a step?",
            "Added trapezoids under straight lines instead of steps.",
        ),
        "first_threshold_only": (
            4,
            "Over how many thresholds is the mean taken?",
            "Averaged at the first threshold only.",
        ),
        "dice_for_iou": (
            4,
            "How often do the cells of both masks count in this measure?",
            "Gave the Dice coefficient.",
        ),
        "iou_for_dice": (
            4,
            "How often do the cells of both masks count in this measure?",
            "Gave the intersection over union.",
        ),
        "precision_for_overlap": (
            3,
            "Which cells are missed by the prediction, and where do they count?",
            "Divided by the predicted cells only.",
        ),
        "accuracy_for_iou": (
            4,
            "Do the cells that neither mask gives to the class count here?",
            "Gave the share of cells that are right.",
        ),
        "background_class_left_out": (
            3,
            "Over which classes is the mean taken?",
            "Left out the background class.",
        ),
    }
)
