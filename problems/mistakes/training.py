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
            "How many times has the learning rate dropped by now?",
            "Dropped the learning rate once.",
        ),
        "multiplied_for_power": (
            3,
            "By what factor do two drops change the learning rate?",
            "Multiplied by the number of drops instead of taking the power.",
        ),
        "line_for_cosine": (
            3,
            "Along which curve does the learning rate decrease?",
            "Used a straight line instead of the cosine.",
        ),
        "whole_wave": (
            3,
            "Where should the schedule end: at the bottom, or at the top again?",
            "Took a whole period of the cosine instead of half of one.",
        ),
        "degrees_for_radians": (
            3,
            "In which unit is the angle?",
            "Used the angle in degrees.",
        ),
        "least_rate_left_out": (
            3,
            "Where does the schedule end?",
            "Left out the minimum learning rate.",
        ),
        "one_left_out": (
            3,
            "Which learning rate does your formula give where the cosine is minimal?",
            "Left out the 1 that is added to the cosine.",
        ),
        "epochs_from_one": (
            4,
            "What is the number of the first epoch or step?",
            "Counted the epochs or steps from 1.",
        ),
        "warmup_not_ended": (
            3,
            "What happens after the warm-up?",
            "Continued to increase the learning rate after the warm-up.",
        ),
        "step_added": (
            5,
            "Should the loss increase or decrease?",
            "Added the step instead of subtracting it.",
        ),
        "learning_rate_left_out": (
            4,
            "How large is a step?",
            "Left out the learning rate.",
        ),
        "weight_decay_left_out": (
            4,
            "What pulls the weights toward zero here?",
            "Left out the weight decay.",
        ),
        "decay_added": (
            4,
            "Does weight decay make weights larger or smaller?",
            "Let the weights grow instead of decay.",
        ),
        "decay_without_rate": (
            4,
            "What is the decay multiplied by, apart from its own factor?",
            "Did not multiply the decay by the learning rate.",
        ),
        "decay_doubled": (
            3,
            "What is the derivative of half a square?",
            "Made the derivative of the penalty twice as large.",
        ),
        "decay_in_the_gradient": (
            5,
            "Do the moments of Adam include the decay here?",
            "Added the decay to the gradient, as an L2 penalty does.",
        ),
        "decay_after_the_step": (
            3,
            "Which weight decays: the one before the step, or the one after it?",
            "Applied the decay to the weight after the step.",
        ),
        "momentum_left_out": (
            4,
            "What remains of the earlier steps?",
            "Left out the momentum: a step of plain gradient descent.",
        ),
        "averaged_for_summed": (
            4,
            "By which factor is the gradient multiplied in the velocity?",
            "Used a running average where the gradient is added in full.",
        ),
        "dampening_left_out": (
            3,
            "By which factor is the gradient multiplied in the velocity?",
            "Added the gradient in full where it is dampened.",
        ),
        "old_velocity_used": (
            4,
            "Which comes first: the new velocity or the step?",
            "Used the old velocity for the step.",
        ),
        "nesterov_left_out": (
            3,
            "Which form of momentum does the question ask for?",
            "Used plain momentum instead of Nesterov's.",
        ),
        "nesterov_added": (
            2,
            "Which form of momentum does the question ask for?",
            "Used Nesterov's momentum instead of the plain one.",
        ),
        "betas_swapped": (
            3,
            "Which factor belongs to which moment?",
            "Exchanged the factors of the two moments.",
        ),
        "old_and_new_exchanged": (
            4,
            "Which has the larger weight: the old moment or the new gradient?",
            "Gave the gradient the weight of the old moment, and the reverse.",
        ),
        "square_left_out": (
            3,
            "What does the second moment measure?",
            "Did not square the gradient in the second moment.",
        ),
        "correction_left_out": (
            6,
            "Both moments start at zero: how does that affect the first steps?",
            "Left out the bias correction.",
        ),
        "first_moment_corrected": (
            3,
            "How many of the moments start at zero?",
            "Corrected only the first moment.",
        ),
        "second_moment_corrected": (
            3,
            "How many of the moments start at zero?",
            "Corrected only the second moment.",
        ),
        "old_moments_left_out": (
            4,
            "What do the moments keep from the previous steps?",
            "Left out the old moments, as in the first step.",
        ),
        "correction_of_first_step": (
            3,
            "What is the number of this step?",
            "Corrected the moments as in the first step.",
        ),
        "root_left_out": (
            4,
            "What exactly is the step divided by?",
            "Divided by the second moment instead of its square root.",
        ),
        "kept_for_dropped": (
            5,
            "Is this the probability of being kept, or of being dropped?",
            "Used the probability of being dropped instead of that of being kept.",
        ),
        "dropout_not_scaled": (
            4,
            "How does this form of dropout preserve the mean?",
            "Left out the division by the probability of being kept.",
        ),
        "multiplied_for_divided": (
            4,
            "If fewer values remain, must they become larger or smaller?",
            "Multiplied by the probability of being kept instead of dividing.",
        ),
        "mask_inverted": (
            3,
            "Which value in the mask means that a unit is kept?",
            "Kept what the mask drops, and dropped the rest.",
        ),
        "dropout_scaled": (
            3,
            "Does this form of dropout change the kept values?",
            "Divided by the probability of being kept although nothing is scaled.",
        ),
    }
)
