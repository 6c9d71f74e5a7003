"""Mistakes about losses: logarithms, reductions, margins, terms of a class or example."""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes.table import build_mistakes

MISTAKES: Final[tuple[MistakeInfo, ...]] = build_mistakes(
    {
        "log_base_ten": (
            6,
            "Which logarithm does the question ask for?",
            "Used the logarithm to base 10.",
        ),
        "log_base_two": (
            5,
            "Which logarithm does the question ask for?",
            "Used the logarithm to base 2.",
        ),
        "natural_log": (
            3,
            "Which logarithm does the question ask for?",
            "Used the natural logarithm where another base is required.",
        ),
        "sign_lost": (
            4,
            "Which sign does the definition start with?",
            "Lost the minus sign.",
        ),
        "sum_for_mean": (
            6,
            "Are the terms summed here, or averaged?",
            "Gave the sum instead of the mean.",
        ),
        "mean_for_sum": (
            4,
            "Are the terms summed here, or averaged?",
            "Gave the mean instead of the sum.",
        ),
        "softmax_left_out": (
            5,
            "Are these numbers already probabilities?",
            "Used the scores without the softmax.",
        ),
        "probability_for_loss": (
            3,
            "How does the loss depend on the probability of the true class?",
            "Gave the probability of the true class, not its loss.",
        ),
        "binary_for_categorical": (
            3,
            "Which classes contribute to this loss if only one of them is true?",
            "Added a term for each wrong class too, as for independent binary labels.",
        ),
        "classes_from_one": (
            3,
            "From which number are the classes counted?",
            "Counted the classes from 1 where they are counted from 0.",
        ),
        "smoothing_left_out": (
            3,
            "Is the target the unsmoothed label here?",
            "Left out the smoothing of the labels.",
        ),
        "smoothed_over_others": (
            3,
            "Over which classes is the smoothing spread?",
            "Spread the smoothing only over the wrong classes.",
        ),
        "negative_term_left_out": (
            4,
            "What does an example of the negative class contribute to the loss?",
            "Left out the term (1 - t) log(1 - p).",
        ),
        "logits_for_probabilities": (
            3,
            "Are these numbers already probabilities?",
            "Used the scores without the sigmoid.",
        ),
        "target_ignored": (
            4,
            "How does the loss depend on the true label?",
            "Took the logarithm of every probability, regardless of the target.",
        ),
        "targets_exchanged": (
            3,
            "Which logarithm belongs to a label that applies?",
            "Took log(1 - p) where the target is 1, and log(p) where it is 0.",
        ),
        "sigmoid_twice": (
            2,
            "Are these numbers already probabilities?",
            "Applied a sigmoid to a probability.",
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
            "How often does each outcome occur?",
            "Added up the logarithms without weighting them by the probabilities.",
        ),
        "even_distribution_taken": (
            3,
            "Are all outcomes equally likely?",
            "Gave the logarithm of the number of outcomes, the entropy of a uniform distribution.",
        ),
        "probabilities_averaged": (
            4,
            "What is averaged: the probabilities, or their logarithms?",
            "Averaged the probabilities before taking the logarithm.",
        ),
        "loss_for_perplexity": (
            4,
            "How is the perplexity computed from the mean loss?",
            "Gave the mean loss itself.",
        ),
        "mean_left_out": (
            3,
            "Should a longer text have a larger perplexity?",
            "Left out the mean over the tokens.",
        ),
        "bases_mixed": (
            3,
            "Do the logarithm and the power have the same base?",
            "Raised 2 to a loss in natural logarithms.",
        ),
        "root_taken": (
            4,
            "Does the question ask for the error or for its square root?",
            "Took the root of the mean squared error.",
        ),
        "half_added": (
            3,
            "Which factor multiplies the sum in the definition?",
            "Added a factor of one half to the loss.",
        ),
        "half_left_out": (
            3,
            "Which factor does the definition start with?",
            "Left out the factor of one half in the definition.",
        ),
        "absolute_for_squared": (
            4,
            "What is done with each difference before they are added?",
            "Used absolute differences instead of squares.",
        ),
        "squared_for_absolute": (
            4,
            "What is done with each difference before they are added?",
            "Used squares instead of absolute differences.",
        ),
        "signs_cancelled": (
            4,
            "Should differences of opposite sign cancel?",
            "Added the differences with their signs.",
        ),
        "one_branch": (
            3,
            "Do all differences belong to the same branch of the definition?",
            "Used the square for large differences too.",
        ),
        "margin_left_out": (
            5,
            "By how much must the true score exceed the others?",
            "Left out the margin.",
        ),
        "own_class_included": (
            5,
            "Over which classes is the sum taken?",
            "Included the true class, which adds the margin.",
        ),
        "terms_squared": (
            3,
            "Are the terms of this loss squared or not?",
            "Squared the terms of the hinge loss where they are not squared, or the reverse.",
        ),
        "not_clipped": (
            4,
            (
                "What does a class contribute if the true score exceeds its score by more than the "
                "margin?"
            ),
            "Kept the negative terms.",
        ),
        "worst_class_only": (
            3,
            "Over which classes is the sum taken?",
            "Used only the wrong class with the highest score.",
        ),
        "divided_by_classes": (
            3,
            "What is the sum over the classes divided by, if anything?",
            "Divided by the number of classes.",
        ),
    }
)
