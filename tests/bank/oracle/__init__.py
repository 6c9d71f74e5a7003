"""Expected values of every computed part of the bank, from the statements alone.

This package imports none of our code: no solver, no engine. `ORACLE` has a function of
the parameters for each part; for a part that asks for a formula, a function of its
variables; for a part with limits in place of a key, the limits. `SHOWN` has a function
for each derived value that a statement prints, `ACCEPTED` one for each part that
accepts another value in addition to its key.
"""

from tests.bank.oracle import (
    architectures,
    arrays,
    attention,
    averages,
    boxes,
    budgets,
    by_hand,
    cost,
    detectors,
    gradients,
    groups,
    images,
    information,
    layer_parameters,
    learning,
    metrics,
    moving_filters,
    networks,
    operations,
    overlapping_boxes,
    parameters,
    paths_and_heads,
    receptive_fields,
    segmentation,
    sequences,
    shapes,
    sizes,
    small_networks,
    soft_losses,
    training,
    vectors,
)
from tests.bank.oracle.table import Expected, Table


def _flat(*tables: Table) -> dict[tuple[str, str], Expected]:
    return {
        (problem, name): expected
        for table in tables
        for problem, entries in table.items()
        for name, expected in entries.items()
    }


ORACLE = _flat(
    images.TABLE,
    arrays.TABLE,
    shapes.TABLE,
    sizes.TABLE,
    cost.TABLE,
    parameters.TABLE,
    networks.TABLE,
    small_networks.TABLE,
    architectures.TABLE,
    receptive_fields.TABLE,
    segmentation.TABLE,
    training.TABLE,
    boxes.TABLE,
    detectors.TABLE,
    metrics.TABLE,
    learning.TABLE,
    gradients.TABLE,
    attention.TABLE,
    layer_parameters.TABLE,
    sequences.TABLE,
    budgets.TABLE,
    by_hand.TABLE,
    information.TABLE,
    vectors.TABLE,
    soft_losses.TABLE,
    groups.TABLE,
    moving_filters.TABLE,
    operations.TABLE,
    overlapping_boxes.TABLE,
    averages.TABLE,
    paths_and_heads.TABLE,
)
SHOWN = _flat(
    shapes.SHOWN,
    sizes.SHOWN,
    cost.SHOWN,
    parameters.SHOWN,
    training.SHOWN,
    boxes.SHOWN,
    small_networks.SHOWN,
    architectures.SHOWN,
    receptive_fields.SHOWN,
    segmentation.SHOWN,
    layer_parameters.SHOWN,
    sequences.SHOWN,
    budgets.SHOWN,
    vectors.SHOWN,
    soft_losses.SHOWN,
    groups.SHOWN,
)
ACCEPTED = _flat(networks.ACCEPTED)
