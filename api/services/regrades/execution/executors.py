"""Executors of regrades: processes of this machine, or the workers of a cluster."""

from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import ExitStack
from functools import partial
from typing import Final, ParamSpec, TypeAlias, TypeVar

from api.core.errors import FileError
from api.core.worker_pool import WorkerPool
from api.services.batch.executors import cluster

__all__ = ["Make", "executor_of", "processes"]

P = ParamSpec("P")
T = TypeVar("T")
Make: TypeAlias = Callable[[int], Executor]
"""Makes what judges in so many pieces at a time; it is made again when it is broken."""
LOWER_PRIORITY: Final = 10
DEADLINE_SECONDS: Final = 600.0
"""How long a piece of a chunk may take; such a regrade fails, and says so."""
DASK: Final = "distributed"


def processes(workers: int) -> Executor:
    """Return a pool of *workers* processes with lower priority than this one."""
    return WorkerPool(workers, deadline_seconds=DEADLINE_SECONDS, niceness=LOWER_PRIORITY)


def executor_of(address: str | None) -> Make:
    """Return a factory of executors: of the Dask scheduler at *address*, or of processes."""
    return processes if address is None else partial(_on_cluster, address)


def _on_cluster(address: str, workers: int) -> Executor:
    del workers  # the cluster has its own number
    return _Cluster(address)


class _Cluster(Executor):
    """Executor on a Dask cluster; turns Dask's own failures into `BrokenExecutor`."""

    def __init__(self, address: str) -> None:
        with ExitStack() as opened:
            try:
                self._pool = opened.enter_context(cluster(address))
            except FileError as error:
                raise BrokenExecutor(str(error)) from error
            self._opened = opened.pop_all()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Return the future of a call on a worker."""
        told: Future[T] = Future()
        asked = self._pool.executor.submit(fn, *args, **kwargs)
        asked.add_done_callback(lambda done: _pass_on(done, told))
        return told

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002  # as the base has it
        """Disconnect; the cluster continues to run."""
        del wait, cancel_futures
        self._opened.close()


def _pass_on(done: Future[T], told: Future[T]) -> None:
    if done.cancelled():
        told.set_exception(BrokenExecutor("the cluster has gone"))
    elif (error := done.exception()) is None:
        told.set_result(done.result())
    elif type(error).__module__.startswith(DASK):
        told.set_exception(BrokenExecutor(f"the cluster failed: {error}"))
    else:
        told.set_exception(error)
