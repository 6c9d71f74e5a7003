"""Measure networks: building, counting, tables and wrong versions of solvers.

Run with `make bench`, or `.venv/bin/python benchmarks/networks.py [ROUNDS]`. Each row is the median
of several rounds in milliseconds, with all caches emptied before each (except for *again*). The
last column is the ratio to a plain loop over the layers, which computes shapes, parameters and MACs
with integers in the same run; compare machines by it.
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

NETWORK_NAMES = ("vgg16", "resnet50", "densenet121", "yolov3")
LAYER_COUNT = 1000
CACHES = (
    transforms.clear_input_sizes,
    transforms.without_bias,
    transforms.without_last_pool,
    transforms.without_pools,
    receptive_fields.receptive_fields,
    network_solvers.evaluate_or_error_message,
    traversal.total_count,
    traversal.walk_with_rules,
)


def measure_ms(call: Callable[[], object], rounds: int, *, cold: bool = True) -> float:
    """Return the median milliseconds of *call*; *cold* empties the caches before each."""
    durations_ms = []
    for _ in range(rounds):
        for cache in CACHES if cold else ():
            cache.cache_clear()
        start = time.perf_counter()
        call()
        durations_ms.append((time.perf_counter() - start) * 1e3)
    return median(durations_ms)


def count_by_loop(layers: int, shape: Shape) -> tuple[int, int]:
    """Return parameters and MACs of 3×3 convolutions with 8 filters and ReLUs in turn."""
    channels, height, width = shape
    parameters = operations = 0
    for layer in range(layers):
        if layer % 2 == 0:
            height, width = (height + 2 - 3) // 1 + 1, (width + 2 - 3) // 1 + 1
            weights = 3 * 3 * channels * 8
            parameters += weights + 8
            operations += weights * height * width
            channels = 8
    return parameters, operations


def run_wrong_versions(solver: str, net: Network, shape: Shape) -> None:
    """Run every wrong version of *solver* on *net*."""
    for wrong_version in network_solvers.WRONG_VERSIONS:
        if wrong_version.solver == solver:
            with contextlib.suppress(SolverError):
                wrong_version.function(net, shape)


def measure_rows(rounds: int) -> dict[str, float]:
    """Return the milliseconds of every row."""
    stack = network(*(conv(8, 3, padding=1), relu()) * (LAYER_COUNT // 2))
    shape = (3, 32, 32)
    rows = {
        f"{LAYER_COUNT:,} layers, plain loop": measure_ms(
            lambda: count_by_loop(LAYER_COUNT, shape), rounds
        ),
        f"{LAYER_COUNT:,} layers, parameters and MACs": measure_ms(
            lambda: (total_params(stack, shape), total_macs(stack, shape)), rounds
        ),
        f"{LAYER_COUNT:,} layers, table": measure_ms(lambda: layer_table(stack, shape), rounds),
        f"{LAYER_COUNT:,} layers, peak of memory": measure_ms(
            lambda: peak_activation(stack, shape), rounds
        ),
    }
    for name in NETWORK_NAMES:
        rows |= {
            f"{name}, {label}": milliseconds
            for label, milliseconds in measure_published(name, rounds).items()
        }
    return rows


def measure_published(name: str, rounds: int) -> dict[str, float]:
    """Return the milliseconds of every row of a published network."""
    net, shape = catalog.named(name), catalog.PUBLISHED_NETWORKS[name].image

    def build() -> None:
        catalog.build_published.cache_clear()
        catalog.named(name)

    def run_wrong_params() -> None:
        run_wrong_versions("total_params", net, shape)

    return {
        "built": measure_ms(build, rounds),
        "parameters": measure_ms(lambda: total_params(net, shape), rounds),
        "MACs": measure_ms(lambda: total_macs(net, shape), rounds),
        "table": measure_ms(lambda: layer_table(net, shape), rounds),
        "mistakes in parameters": measure_ms(run_wrong_params, rounds),
        "mistakes in MACs": measure_ms(
            lambda: run_wrong_versions("total_macs", net, shape), rounds
        ),
        "mistakes in parameters, again": measure_ms(run_wrong_params, rounds, cold=False),
    }


def main() -> None:
    """Print the rows."""
    rows = measure_rows(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
    first = next(iter(rows.values()))
    for name, milliseconds in rows.items():
        print(f"{name:44}{milliseconds:10.3f} ms {milliseconds / first:8.1f}×")


if __name__ == "__main__":
    main()
