"""Tests of the cache whose values are computed once, however many threads ask for them."""

import threading
from concurrent.futures import ThreadPoolExecutor
from inspect import unwrap

import pytest

from api.core.cache import cache_once
from api.markup import docs_search
from api.pages import docs
from api.services.files import client_wheel

THREADS = 20


def test_concurrent_threads_share_one_computed_value():
    start, computed = threading.Barrier(THREADS), []

    @cache_once
    def double(number):
        computed.append(number)
        return 2 * number

    def ask(number):
        start.wait(10)
        return double(number)

    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(ask, [1, 2] * (THREADS // 2))) == [2, 4] * (THREADS // 2)
    assert sorted(computed) == [1, 2]


def test_errors_are_not_cached():
    tries = []

    @cache_once
    def fail_once():
        tries.append(None)
        if len(tries) == 1:
            raise OSError
        return "value"

    with pytest.raises(OSError):  # noqa: PT011  # any will do
        fail_once()
    assert [fail_once(), fail_once()] == ["value", "value"]
    assert len(tries) == 2


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (docs_search, "_load_index"),
        (docs, "_render_docs_page"),
        (docs, "_load_pictures"),
        (client_wheel, "load_client_wheel"),
    ],
)
def test_expensive_public_functions_use_cache_once(module, name):
    function = getattr(module, name)
    assert function.__code__ is cache_once(unwrap(function)).__code__
