"""Tests of nouns beside a count: a synonym of the noun asked for is dropped, no other noun is."""

import pytest
from factories import ask, mark

FORMS = ("13 {}", "the layer has 13 {}", "{}: 13")
SYNONYMS = [
    ("filters", "kernels"),
    ("kernels", "filters"),
    ("channels", "feature maps"),
    ("feature maps", "channels"),
    ("channels", "filters"),
    ("weights", "parameters"),
    ("parameters", "weights"),
    ("parameters", "params"),
    ("units", "neurons"),
    ("neurons", "units"),
    ("units", "nodes"),
    ("hidden units", "neurons"),
    ("examples", "images"),
    ("examples", "samples"),
    ("samples", "images"),
    ("images", "pictures"),
    ("steps", "iterations"),
    ("iterations", "steps"),
    ("updates", "steps"),
    ("steps", "updates"),
    ("time steps", "steps"),
    ("tokens", "words"),
    ("words", "tokens"),
    ("positions", "tokens"),
    ("values", "entries"),
    ("values", "numbers"),
    ("cells", "pixels"),
    ("pixels", "cells"),
    ("boxes", "anchors"),
    ("boxes", "bounding boxes"),
    ("connections", "weights"),
]
OTHER_NOUNS = [
    ("filters", "biases"),
    ("weights", "neurons"),
    ("neurons", "weights"),
    ("parameters", "neurons"),
    ("parameters", "channels"),
    ("channels", "pixels"),
    ("pixels", "channels"),
    ("examples", "epochs"),
    ("steps", "epochs"),
    ("epochs", "steps"),
    ("steps", "images"),
    ("tokens", "layers"),
    ("heads", "tokens"),
    ("boxes", "classes"),
    ("classes", "boxes"),
    ("layers", "filters"),
    ("units", "weights"),
    ("images", "batches"),
]


def mark_count(things: str, noun: str, form: str) -> str:
    part = ask(key=13, prompt=f"How many {things} are there in the layer?")
    return mark(part, form.format(noun)).status


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("things", "noun"), SYNONYMS)
def test_a_synonym_beside_a_count_is_dropped(things, noun, form):
    assert mark_count(things, noun, form) == "correct"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("things", "noun"), OTHER_NOUNS)
def test_another_noun_beside_a_count_is_refused(things, noun, form):
    assert mark_count(things, noun, form) == "unreadable"


@pytest.mark.parametrize("word", ["instead", "installed"])
def test_a_word_that_begins_as_instances_does_is_no_synonym_of_images(word):
    part = ask(key=13, prompt=f"How many weights are {word}?")
    assert mark(part, "13 images").status == "unreadable"
    assert (
        mark(ask(key=13, prompt="How many instances are there?"), "13 images").status == "correct"
    )
