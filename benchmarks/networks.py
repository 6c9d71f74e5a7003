"""What networks cost: milliseconds to build, walk, table and mistake them, cold and seen before.

Run with `make bench`, or `.venv/bin/python benchmarks/networks.py [ROUNDS]`. Each row is the median
of several rounds. *Cold* has every store of earlier walks emptied; the last column compares with a
plain loop over the same layers, which computes shapes, parameters and MACs with bare integers in
the same run, so that runs on different machines compare.
"""

import contextlib
import sys
import time
from collections.abc import Callable
from statistics import median

from grader.errors import SolverError
from problems.network import receptive_fields, transforms, traversal
from problems.network.constructors.all_constructors import conv, network, relu
from problems.network.counts import peak_activation, total_macs, total_params
from problems.network.graphs import Network
from problems.network.layer_table import layer_table
from problems.network.published import catalog
from problems.network.wrong_versions import network_solvers
from problems.solvers.bounds import Shape

NAMES = ("vgg16", "resnet50", "densenet121", "yolov3")
LAYERS = 1000
STORES = (
    transforms.clear_input_sizes,
    transforms.without_bias,
    transforms.without_last_pool,
    transforms.without_pools,
    receptive_fields.receptive_fields,
    network_solvers.evaluate_or_error_message,
    traversal.total_count,
    traversal.walk_with_rules,
)


def timed(call: Callable[[], object], rounds: int, *, cold: bool = True) -> float:
    """Return the median milliseconds of *call*."""
    spent = []
    for _ in range(rounds):
        for store in STORES if cold else ():
            store.cache_clear()
        begin = time.perf_counter()
        call()
        spent.append((time.perf_counter() - begin) * 1e3)
    return median(spent)


def by_hand(layers: int, shape: Shape) -> tuple[int, int]:
    """Return parameters and MACs of so many 3×3 convolutions of 8 filters, each with a ReLU."""
    channels, height, width = shape
    parameters = operations = 0
    for at in range(layers):
        if at % 2 == 0:
            height, width = (height + 2 - 3) // 1 + 1, (width + 2 - 3) // 1 + 1
            weights = 3 * 3 * channels * 8
            parameters += weights + 8
            operations += weights * height * width
            channels = 8
    return parameters, operations


def mistaken(solver: str, net: Network, shape: Shape) -> None:
    """Make every mistake of *solver* in *net*."""
    for twin in network_solvers.WRONG_VERSIONS:
        if twin.solver == solver:
            with contextlib.suppress(SolverError):
                twin.function(net, shape)


def rows(rounds: int) -> dict[str, float]:
    """Return the milliseconds of everything that is measured."""
    stack = network(*(conv(8, 3, padding=1), relu()) * (LAYERS // 2))
    small = (3, 32, 32)
    found = {
        f"{LAYERS:,} layers, by hand": timed(lambda: by_hand(LAYERS, small), rounds),
        f"{LAYERS:,} layers, parameters and MACs": timed(
            lambda: (total_params(stack, small), total_macs(stack, small)), rounds
        ),
        f"{LAYERS:,} layers, table": timed(lambda: layer_table(stack, small), rounds),
        f"{LAYERS:,} layers, peak of memory": timed(lambda: peak_activation(stack, small), rounds),
    }
    for name in NAMES:
        found |= {f"{name}, {what}": spent for what, spent in of_named(name, rounds).items()}
    return found


def of_named(name: str, rounds: int) -> dict[str, float]:
    """Return the milliseconds of all that is asked of a published network."""
    net, shape = catalog.named(name), catalog.PUBLISHED_NETWORKS[name].image

    def build() -> None:
        catalog.build_published.cache_clear()
        catalog.named(name)

    def params_mistaken() -> None:
        mistaken("total_params", net, shape)

    return {
        "built": timed(build, rounds),
        "parameters": timed(lambda: total_params(net, shape), rounds),
        "MACs": timed(lambda: total_macs(net, shape), rounds),
        "table": timed(lambda: layer_table(net, shape), rounds),
        "mistakes in parameters": timed(params_mistaken, rounds),
        "mistakes in MACs": timed(lambda: mistaken("total_macs", net, shape), rounds),
        "mistakes in parameters, again": timed(params_mistaken, rounds, cold=False),
    }


def main() -> None:
    """Print the rows."""
    found = rows(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
    unit = next(iter(found.values()))
    for name, spent in found.items():
        print(f"{name:44}{spent:10.3f} ms {spent / unit:8.1f}×")


if __name__ == "__main__":
    main()
