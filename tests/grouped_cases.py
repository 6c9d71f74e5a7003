"""One test for many small cases, because each test of its own costs more than such a case."""

from collections.abc import Callable, Iterable
from functools import wraps
from inspect import signature
from typing import Any

__all__ = ["check_each"]


def check_each(
    cases: Iterable[Any], *, name: Callable[[Any], str] = str
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator: a test of one case, its first argument, becomes a test of all *cases*.

    The test fails with the message of every case that fails, by its *name*. Cases share the
    fixtures, and run one after another in one process: use `pytest.mark.parametrize` for cases that
    change something or take more than a few milliseconds.
    """
    listed = list(cases)

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        own_signature = signature(test)
        first, *fixtures = own_signature.parameters.values()

        @wraps(test)
        def test_all(**given: Any) -> None:
            assert listed, "there is no case"
            failed = {}
            for case in listed:
                try:
                    test(**{first.name: case}, **given)
                except Exception as error:
                    failed[name(case)] = f"{type(error).__name__}: {error}"
            assert not failed, "\n".join(f"{case}: {message}" for case, message in failed.items())

        test_all.__signature__ = own_signature.replace(parameters=fixtures)
        return test_all

    return decorate
