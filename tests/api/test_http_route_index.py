"""Tests of `RouteIndex`: it finds the same route as a scan of all routes."""

from urllib.parse import quote

import pytest
from starlette.routing import Match

from api.app import SHARED_ROUTES
from api.http.pipeline.route_index import RouteIndex

ID = "01933e3a-0000-7000-8000-000000000001"
SHORTCUT = RouteIndex(SHARED_ROUTES)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
ADDRESSES = sorted(
    {
        one.path_format.format(**dict.fromkeys(one.param_convertors, value))
        for one in SHARED_ROUTES
        for value in (ID, "new", quote("å b", safe=""))
    }
)


def asked(path: str, method: str) -> dict[str, object]:
    return {"type": "http", "path": path, "root_path": "", "method": method}


@pytest.mark.parametrize("method", METHODS)
def test_route_index_returns_the_first_matching_route(method):
    found = 0
    for path in ADDRESSES:
        told = (one.matches(asked(path, method)) for one in SHARED_ROUTES)
        whole = next((scope for match, scope in told if match is Match.FULL), None)
        match, scope = SHORTCUT.matches(asked(path, method))
        assert (scope if match is Match.FULL else None) == whole, path
        found += whole is not None
    assert found > 10


@pytest.mark.parametrize(
    "path", ["", "*", "/nowhere", "/apis", "/api/", "/api/v1", "/courses/", f"/courses/{ID}/"]
)
def test_route_index_ignores_unknown_paths(path):
    assert SHORTCUT.matches(asked(path, "GET")) == (Match.NONE, {})


def test_route_index_ignores_paths_with_another_method():
    assert SHORTCUT.matches(asked("/login", "DELETE")) == (Match.NONE, {})
