"""Executors of regrades: processes of this machine, or the workers of a cluster."""

from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import ExitStack
from functools import partial
from typing import Final, ParamSpec, TypeAlias, TypeVar

from api.core.errors import FileError
from api.core.worker_pool import WorkerPool
from api.services.batch.executors import open_cluster_pool

__all__ = ["ExecutorFactory", "create_process_pool", "get_executor_factory"]

P = ParamSpec("P")
T = TypeVar("T")
ExecutorFactory: TypeAlias = Callable[[int], Executor]
"""Factory of an executor that grades a number of pieces in parallel.

It is called again if the executor breaks.
"""
WORKER_NICENESS: Final = 10
DEADLINE_SECONDS: Final = 600.0
"""Deadline for a piece of a chunk; a regrade that exceeds it fails with a message."""
DASK_PACKAGE: Final = "distributed"


def create_process_pool(workers: int) -> Executor:
    """Return a pool of *workers* processes with lower priority than this one."""
    return WorkerPool(workers, deadline_seconds=DEADLINE_SECONDS, niceness=WORKER_NICENESS)


def get_executor_factory(address: str | None) -> ExecutorFactory:
    """Return a factory of executors: of the Dask scheduler at *address*, or of processes."""
    return create_process_pool if address is None else partial(_connect_cluster, address)


def _connect_cluster(address: str, workers: int) -> Executor:
    del workers  # the cluster has its own number
    return _ClusterExecutor(address)


class _ClusterExecutor(Executor):
    """Executor on a Dask cluster; turns Dask's own failures into `BrokenExecutor`."""

    def __init__(self, address: str) -> None:
        with ExitStack() as stack:
            try:
                self._pool = stack.enter_context(open_cluster_pool(address))
            except FileError as error:
                raise BrokenExecutor(str(error)) from error
            self._exit_stack = stack.pop_all()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Return the future of a call on a worker."""
        future: Future[T] = Future()
        dask_future = self._pool.executor.submit(fn, *args, **kwargs)
        dask_future.add_done_callback(lambda done: _copy_outcome(done, future))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002  # as the base has it
        """Disconnect; the cluster continues to run."""
        del wait, cancel_futures
        self._exit_stack.close()


def _copy_outcome(done: Future[T], target: Future[T]) -> None:
    if done.cancelled():
        target.set_exception(BrokenExecutor("the cluster has gone"))
    elif (error := done.exception()) is None:
        target.set_result(done.result())
    elif type(error).__module__.startswith(DASK_PACKAGE):
        target.set_exception(BrokenExecutor(f"the cluster failed: {error}"))
    else:
        target.set_exception(error)
