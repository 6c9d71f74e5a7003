"""Mistakes about training: batches, steps, epochs, learning rate, optimizers, dropout."""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes.table import build_mistakes

MISTAKES: Final[tuple[MistakeInfo, ...]] = build_mistakes(
    {
        "last_batch_kept": (
            5,
            "What happens to the examples that do not fill a batch?",
            "Counted the incomplete last batch, which is dropped.",
        ),
        "last_batch_dropped": (
            5,
            "What happens to the examples that do not fill a batch?",
            "Dropped the incomplete last batch, which is kept.",
        ),
        "dropped_every_epoch": (
            4,
            "How many epochs pass between two drops?",
            "Dropped the learning rate every epoch.",
        ),
        "dropped_once": (
            3,
            "How often has the learning rate dropped by now?",
            "Dropped the learning rate once.",
        ),
        "multiplied_for_power": (
            3,
            "What do two drops make of the learning rate?",
            "Multiplied by the number of drops instead of taking the power.",
        ),
        "line_for_cosine": (
            3,
            "On which curve does the learning rate go down?",
            "Took a straight line instead of the cosine.",
        ),
        "whole_wave": (
            3,
            "Where should the schedule end: at the bottom, or at the top again?",
            "Took a whole period of the cosine instead of half of one.",
        ),
        "degrees_for_radians": (
            3,
            "In which unit is the angle?",
            "Took the angle in degrees.",
        ),
        "least_rate_left_out": (
            3,
            "Where does the schedule end?",
            "Left out the least learning rate.",
        ),
        "one_left_out": (
            3,
            "Which learning rate does your formula give where the cosine is least?",
            "Left out the 1 that is added to the cosine.",
        ),
        "epochs_from_one": (
            4,
            "What number does the first epoch or step have?",
            "Counted the epochs or steps from 1.",
        ),
        "warmup_not_ended": (
            3,
            "What happens once the warm-up is over?",
            "Let the learning rate grow on after the warm-up.",
        ),
        "step_added": (
            5,
            "Should the loss grow or shrink?",
            "Added the step instead of subtracting it.",
        ),
        "learning_rate_left_out": (
            4,
            "How long is a step?",
            "Left out the learning rate.",
        ),
        "weight_decay_left_out": (
            4,
            "What pulls the weights towards zero here?",
            "Left out the weight decay.",
        ),
        "decay_added": (
            4,
            "Does weight decay make weights larger or smaller?",
            "Let the weights grow instead of decay.",
        ),
        "decay_without_rate": (
            4,
            "By what is the decay multiplied, besides its own factor?",
            "Did not multiply the decay by the learning rate.",
        ),
        "decay_doubled": (
            3,
            "What is the derivative of half a square?",
            "Took the derivative of the penalty twice as large.",
        ),
        "decay_in_the_gradient": (
            5,
            "Do the moments of Adam know of the decay here?",
            "Added the decay to the gradient, as an L2 penalty does.",
        ),
        "decay_after_the_step": (
            3,
            "Which weight decays: the one before the step, or the one after it?",
            "Let the weight decay that the step leads to.",
        ),
        "momentum_left_out": (
            4,
            "What remains of the earlier steps?",
            "Left out the momentum: a step of plain gradient descent.",
        ),
        "averaged_for_summed": (
            4,
            "With which factor does the gradient enter the velocity?",
            "Took a running average, where the gradient enters in full.",
        ),
        "dampening_left_out": (
            3,
            "With which factor does the gradient enter the velocity?",
            "Let the gradient enter in full where it is dampened.",
        ),
        "old_velocity_used": (
            4,
            "Which comes first: the new velocity or the step?",
            "Took the step along the old velocity.",
        ),
        "nesterov_left_out": (
            3,
            "Which form of momentum is asked for?",
            "Took plain momentum instead of Nesterov's.",
        ),
        "nesterov_added": (
            2,
            "Which form of momentum is asked for?",
            "Took Nesterov's momentum instead of the plain one.",
        ),
        "betas_swapped": (
            3,
            "Which factor belongs to which moment?",
            "Exchanged the factors of the two moments.",
        ),
        "old_and_new_exchanged": (
            4,
            "Which weighs more: the old moment or the new gradient?",
            "Gave the gradient the weight of the old moment, and the reverse.",
        ),
        "square_left_out": (
            3,
            "What does the second moment measure?",
            "Did not square the gradient in the second moment.",
        ),
        "correction_left_out": (
            6,
            "Both moments start at zero: what does that do to the first steps?",
            "Left out the bias correction.",
        ),
        "first_moment_corrected": (
            3,
            "How many of the moments start at zero?",
            "Corrected the first moment alone.",
        ),
        "second_moment_corrected": (
            3,
            "How many of the moments start at zero?",
            "Corrected the second moment alone.",
        ),
        "old_moments_left_out": (
            4,
            "What do the moments keep of the steps before?",
            "Left out the old moments, as in the first step.",
        ),
        "correction_of_first_step": (
            3,
            "Which step is this?",
            "Corrected the moments as in the first step.",
        ),
        "root_left_out": (
            4,
            "By what exactly is the step divided?",
            "Divided by the second moment, not by its root.",
        ),
        "kept_for_dropped": (
            5,
            "Is the probability that of being kept, or of being dropped?",
            "Took the probability of being dropped for that of being kept.",
        ),
        "dropout_not_scaled": (
            4,
            "How does this form of dropout keep the average as it was?",
            "Left out the division by the probability of being kept.",
        ),
        "multiplied_for_divided": (
            4,
            "Do fewer values remain, and must those that do become larger or smaller?",
            "Multiplied by the probability of being kept instead of dividing.",
        ),
        "mask_inverted": (
            3,
            "Which sign in the mask means that a value stays?",
            "Kept what the mask drops, and dropped the rest.",
        ),
        "dropout_scaled": (
            3,
            "Does this form of dropout change what is kept?",
            "Divided by the probability of being kept where nothing is scaled.",
        ),
    }
)
