"""Scene for tests of all routes: two courses with every object that a URL may name."""

import pkgutil
from importlib import import_module
from types import ModuleType

import access
from access import Route
from scene import Scene
from world import World

AREAS: list[ModuleType] = [
    import_module(f"access.{one.name}") for one in pkgutil.iter_modules(access.__path__)
]
ROUTES: dict[tuple[str, str], Route] = {
    key: route for area in AREAS for key, route in area.ROUTES.items()
}


def furnished(world: World) -> Scene:
    """Return a scene with the objects that each area of routes adds."""
    scene = Scene(world)
    for area in AREAS:
        if hasattr(area, "furnish"):
            area.furnish(scene)
    return scene
