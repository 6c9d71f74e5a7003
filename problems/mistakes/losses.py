"""Mistakes about losses: logarithms, reductions, margins, terms of a class or example."""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes.table import build_mistakes

MISTAKES: Final[tuple[MistakeInfo, ...]] = build_mistakes(
    {
        "log_base_ten": (
            6,
            "Which logarithm is meant?",
            "Took the logarithm to base 10.",
        ),
        "log_base_two": (
            5,
            "Which logarithm is meant?",
            "Took the logarithm to base 2.",
        ),
        "natural_log": (
            3,
            "Which logarithm is meant?",
            "Took the natural logarithm where another base is asked for.",
        ),
        "sign_lost": (
            4,
            "Which sign does the definition begin with?",
            "Lost the minus sign.",
        ),
        "sum_for_mean": (
            6,
            "Are the terms added up here, or averaged?",
            "Gave the sum where the mean is asked for.",
        ),
        "mean_for_sum": (
            4,
            "Are the terms added up here, or averaged?",
            "Gave the mean where the sum is asked for.",
        ),
        "softmax_left_out": (
            5,
            "Are these numbers probabilities already?",
            "Took the scores as they are, without the softmax.",
        ),
        "probability_for_loss": (
            3,
            "How does the loss use the probability of the right class?",
            "Gave the probability of the right class, not its loss.",
        ),
        "binary_for_categorical": (
            3,
            "Which classes add to this loss if one of them is right?",
            "Added a term for each wrong class too, as for separate yes-no questions.",
        ),
        "classes_from_one": (
            3,
            "From which number are the classes counted?",
            "Counted the classes from 1 where they are counted from 0.",
        ),
        "smoothing_left_out": (
            3,
            "Is the target the plain label here?",
            "Left out the smoothing of the labels.",
        ),
        "smoothed_over_others": (
            3,
            "Over which classes is the smoothing spread?",
            "Spread the smoothing over the wrong classes alone.",
        ),
        "negative_term_left_out": (
            4,
            "What does an example of the negative class add to the loss?",
            "Left out the term (1 - t) log(1 - p).",
        ),
        "logits_for_probabilities": (
            3,
            "Are these numbers probabilities already?",
            "Took the scores as they are, without the sigmoid.",
        ),
        "target_ignored": (
            4,
            "What has the true label to do with the loss?",
            "Took the logarithm of every probability, whatever the target is.",
        ),
        "targets_exchanged": (
            3,
            "Which logarithm belongs to a label that applies?",
            "Took log(1 - p) where the target is 1, and log(p) where it is 0.",
        ),
        "sigmoid_twice": (
            2,
            "Are these numbers probabilities already?",
            "Applied a sigmoid to what is a probability.",
        ),
        "distributions_swapped": (
            4,
            "Which of the two distributions is the true one?",
            "Exchanged the two distributions.",
        ),
        "entropy_not_subtracted": (
            3,
            "What is the divergence of a distribution from itself?",
            "Gave the cross-entropy: did not subtract the entropy.",
        ),
        "unweighted_logarithms": (
            4,
            "How often does each of the outcomes occur?",
            "Added the logarithms up without weighting them by the probabilities.",
        ),
        "even_distribution_taken": (
            3,
            "Are all outcomes equally likely?",
            "Gave the logarithm of the number of outcomes, the entropy of an even distribution.",
        ),
        "probabilities_averaged": (
            4,
            "Of what is the mean taken: of the probabilities, or of their logarithms?",
            "Averaged the probabilities before taking the logarithm.",
        ),
        "loss_for_perplexity": (
            4,
            "How does a perplexity follow from the mean loss?",
            "Gave the mean loss itself.",
        ),
        "mean_left_out": (
            3,
            "Should a longer text have a larger perplexity?",
            "Left out the mean over the tokens.",
        ),
        "bases_mixed": (
            3,
            "Which base does the logarithm have, and which the power?",
            "Raised 2 to a loss in natural logarithms.",
        ),
        "root_taken": (
            4,
            "Is the error asked for, or its root?",
            "Took the root of the mean squared error.",
        ),
        "half_added": (
            3,
            "Which factor stands before the sum in the definition?",
            "Put a half before the loss.",
        ),
        "half_left_out": (
            3,
            "Which factor stands first in the definition?",
            "Left out the half of the definition.",
        ),
        "absolute_for_squared": (
            4,
            "What is done with each difference before they are added?",
            "Took absolute differences instead of squares.",
        ),
        "squared_for_absolute": (
            4,
            "What is done with each difference before they are added?",
            "Took squares instead of absolute differences.",
        ),
        "signs_cancelled": (
            4,
            "May differences of opposite sign cancel?",
            "Added the differences with their signs.",
        ),
        "one_branch": (
            3,
            "Does every difference lie in the same branch of the definition?",
            "Took the square for large differences too.",
        ),
        "margin_left_out": (
            5,
            "By how much has the right score to be larger than the others?",
            "Left out the margin.",
        ),
        "own_class_included": (
            5,
            "Over which classes does the sum go?",
            "Counted the right class too, which adds the margin.",
        ),
        "terms_squared": (
            3,
            "Do the terms of this loss count as they are, or squared?",
            "Squared the terms of the hinge loss where they count as they are, or the reverse.",
        ),
        "not_clipped": (
            4,
            "What does a class add that is beaten by more than the margin?",
            "Kept the negative terms.",
        ),
        "worst_class_only": (
            3,
            "Over which classes does the sum go?",
            "Took the wrong class with the highest score alone.",
        ),
        "divided_by_classes": (
            3,
            "By what is the sum over the classes divided, if at all?",
            "Divided by the number of classes.",
        ),
    }
)
