"""Mistakes about recurrent layers: gates, biases, time steps, directions."""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes.table import build_mistakes

MISTAKES: Final[tuple[MistakeInfo, ...]] = build_mistakes(
    {
        "one_recurrent_bias": (
            6,
            "How many bias vectors does each gate have in the required convention?",
            "Counted one bias vector per gate where the convention has two.",
        ),
        "lstm_for_gru": (
            4,
            "How many sets of matrices does this kind of cell have?",
            "Counted the four sets of matrices of an LSTM for a GRU.",
        ),
        "two_recurrent_biases": (
            4,
            "How many bias vectors does each gate have in the required convention?",
            "Counted two bias vectors per gate where the convention has one.",
        ),
        "gates_left_out": (
            5,
            "What distinguishes this layer from a plain recurrent layer?",
            "Counted one set of matrices, as in a plain RNN, and left out the gates.",
        ),
        "one_gate_left_out": (
            5,
            "Write down each equation of the layer: does your count include every matrix?",
            "Counted one gate too few, such as three of the four of an LSTM.",
        ),
        "recurrent_weights_left_out": (
            4,
            "What does a step depend on, apart from its input?",
            "Left out the weights from hidden state to hidden state.",
        ),
        "multiplied_by_length": (
            4,
            "Does each time step have its own weights?",
            "Multiplied the parameters by the number of time steps.",
        ),
        "one_direction": (
            4,
            "In how many directions is the sequence processed?",
            "Counted only one of the two directions.",
        ),
        "directions_not_joined": (
            3,
            "What does the previous layer output if it is bidirectional?",
            "Used the values of only one direction as the input of the upper layers.",
        ),
        "one_layer": (
            4,
            "How many layers are stacked?",
            "Counted only one of the stacked layers.",
        ),
    }
)
