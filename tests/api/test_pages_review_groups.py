"""Groups of equal texts as a marker reads them."""

from pages import Browser
from review_scene import Class


def test_a_long_text_of_a_group_is_opened_and_read_to_its_end(world):
    scene = Class(world)
    text = " ".join(f"reason{number}" for number in range(60))
    for _ in range(2):
        scene.student(text)
    found = Browser(world, scene.ada).get(f"{scene.part}/groups")
    said = found.one("details", has="rv-said")
    assert said.one("summary").text == f"{text[:200].strip()}…"
    assert said.text.endswith(text)


def test_a_short_text_of_a_group_stands_there_as_it_is(world):
    scene = Class(world)
    for _ in range(2):
        scene.student("  Fewer parameters.  ")
    found = Browser(world, scene.ada).get(f"{scene.part}/groups")
    assert found.one("p", has="rv-said").text == "Fewer parameters."
