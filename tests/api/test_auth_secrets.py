"""Tests of secrets: unguessable, stored as digests, and compared in constant time."""

import string
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.auth.secrets import (
    RANDOM_LENGTH,
    SECRET_KINDS,
    NewSecret,
    digests_match,
    new_secret,
    parse_secret,
)

LETTERS = string.ascii_letters + string.digits
PIECES = st.text(LETTERS, min_size=12, max_size=12)
RANDOM = st.text(LETTERS, min_size=43, max_size=43)
DIGEST = sha256(b"1").digest()


def text_of(kind: str = "api", prefix: str = "a" * 12, random: str = "b" * 43) -> str:
    return f"gr_{kind}_{prefix}_{random}"


@pytest.mark.parametrize("kind", SECRET_KINDS)
def test_new_secret_is_found_by_prefix_and_verified_by_digest(kind) -> None:
    secret = new_secret(kind)
    presented = parse_secret(secret.text)
    assert presented is not None
    assert (presented.kind, presented.prefix) == (kind, secret.prefix)
    assert presented.digest == sha256(secret.text.encode()).digest()
    assert digests_match(presented.digest, secret.digest)


@given(st.sampled_from(SECRET_KINDS), PIECES, RANDOM)
def test_well_formed_secrets_are_parsed_into_kind_prefix_and_digest(kind, prefix, random) -> None:
    text = text_of(kind, prefix, random)
    presented = parse_secret(text)
    assert presented is not None
    assert (presented.kind, presented.prefix) == (kind, prefix)
    assert presented.digest == NewSecret(kind, prefix, text).digest


@given(st.integers(0, 62), st.characters(codec="utf-8"))
def test_changing_one_character_makes_a_different_secret(place, letter) -> None:
    text = new_secret("api").text
    changed = text[:place] + letter + text[place + 1 :]
    presented = parse_secret(changed)
    same = presented is not None and digests_match(presented.digest, sha256(text.encode()).digest())
    assert same == (changed == text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "gr_",
        text_of() + "\n",
        " " + text_of(),
        text_of() + "b",
        text_of()[:-1],
        text_of("root"),
        text_of("API"),
        text_of(prefix="a" * 11),
        text_of(prefix="a" * 11 + "-"),
        text_of(random="b" * 42 + "_"),
        text_of(random="b" * 42 + "é"),
        text_of(random="b" * 42 + "٣"),
        text_of(random="b" * 42 + "\ud800"),
        text_of(random="b" * 42 + "\0"),
        text_of().replace("_", "-"),
        text_of().upper(),
        f"Bearer {text_of()}",
        "x" * 1_000_000,
    ],
    ids=lambda text: ascii(text)[:30],
)
def test_malformed_text_is_not_a_secret(text) -> None:
    assert parse_secret(text) is None


def test_random_part_has_256_bits_and_uses_all_62_characters() -> None:
    assert len(LETTERS) ** RANDOM_LENGTH >= 2**256
    texts = [new_secret("api").text for _ in range(200)]
    assert {len(text) for text in texts} == {len("gr_api_") + 12 + 1 + 43}
    assert set("".join(text[-43:] for text in texts)) == set(LETTERS)
    assert len({text[-43:] for text in texts}) == len({text[7:19] for text in texts}) == 200


def test_secrets_of_different_kinds_have_different_digests() -> None:
    """The digest covers the whole text, so changing the kind does not help."""
    digests = {NewSecret(kind, "a" * 12, text_of(kind)).digest for kind in SECRET_KINDS}
    assert len(digests) == len(SECRET_KINDS)


@pytest.mark.parametrize(
    "stored", [None, b"", bytes(32), DIGEST[:-1], DIGEST + b"\0", DIGEST[::-1]], ids=repr
)
def test_other_or_missing_digest_does_not_match(stored) -> None:
    assert digests_match(DIGEST, stored) is False


def test_missing_row_does_not_match_the_dummy_digest() -> None:
    assert digests_match(bytes(32), None) is False


def test_reprs_of_secrets_do_not_reveal_them() -> None:
    secret = new_secret("session")
    presented = parse_secret(secret.text)
    for shown in (repr(secret), str(secret), repr(presented), f"{[secret, presented]}"):
        assert secret.prefix in shown
        assert secret.text[-43:] not in shown
        assert secret.digest.hex() not in shown
        assert repr(secret.digest) not in shown
