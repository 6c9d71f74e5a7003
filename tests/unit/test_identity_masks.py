"""Tests of the masks of names, addresses and student numbers."""

import unicodedata

import pytest

from api.services.review.identity_masks import MASK, NO_MASK, build_identity_mask


@pytest.mark.parametrize(
    ("name", "text", "masked"),
    [
        ("Ana Maria Lopez", "Ana Maria Lopez", MASK),
        ("Ana Maria Lopez", "by Maria Lopez", f"by {MASK}"),
        ("Ana Maria Lopez", "Lopez, Ana Maria: 9", f"{MASK}: 9"),
        ("Ana Maria Lopez", "Maria is a word", "Maria is a word"),
        ("Zoe Quist", "ZoeQuist and quistzoe", f"{MASK} and {MASK}"),
        ("Al So", "Al So, and also", f"{MASK}, and also"),
        ("(Zoe) Quist", "(. Quist", MASK),
        ("-zoe Quist", "a \\. Quist", "a \\. Quist"),
        ("Zoë Quist", unicodedata.normalize("NFD", "Zoë Quist"), MASK),
        (unicodedata.normalize("NFD", "Zoë Quist"), "Zoë Quist", MASK),
        ("Jean-Luc Quist", "Name: Jean-Luc", f"Name: {MASK}-{MASK}"),
    ],
)
def test_forms_of_a_name_are_masked(name, text, masked):
    assert build_identity_mask(name, None).apply(text) == masked


def test_student_number_is_masked_if_it_is_too_long_for_a_usual_answer():
    assert build_identity_mask("Zoe Quist", None, "7654321").apply("7654321: 9") == f"{MASK}: 9"
    assert build_identity_mask("Zoe Quist", None, "77").apply("77") == "77"


def test_text_without_mask_is_unchanged():
    text = unicodedata.normalize("NFD", "Zoë")
    assert NO_MASK.apply(text) == text
