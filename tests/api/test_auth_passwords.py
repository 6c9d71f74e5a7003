"""Tests of passwords: authentication, password strength and constant cost."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pwdlib.hashers.argon2 import Argon2Hasher
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from api.auth.common_passwords import is_easily_guessed
from api.auth.passwords import (
    DEFAULT_HASH_COST,
    MAX_PASSWORD_LENGTH,
    MIN_PASSWORD_LENGTH,
    HashCost,
    PasswordHasher,
    find_password_fault,
)

CHEAP = HashCost(passes=1, memory=8, threads=1)
GOOD = "nine brown otters"
PASSWORDS = PasswordHasher(CHEAP)
STORED = PASSWORDS.hash(GOOD)


class Counting(Argon2Hasher):
    """Argon2 hasher at the lowest cost, which records the hashes that it verifies."""

    def __init__(self) -> None:
        super().__init__(CHEAP.passes, CHEAP.memory, CHEAP.threads)
        self.checked: list[str] = []

    def verify(self, password, hash):  # noqa: A002
        self.checked.append(hash)
        return super().verify(password, hash)


def test_only_the_correct_password_is_accepted() -> None:
    assert PASSWORDS.verify(GOOD, STORED)
    assert not PASSWORDS.verify(GOOD + " ", STORED)
    assert not PASSWORDS.verify(GOOD.upper(), STORED)
    assert not PASSWORDS.verify("", STORED)


def test_same_password_gets_different_hashes() -> None:
    assert PASSWORDS.hash(GOOD) != STORED


@pytest.mark.parametrize(
    ("password", "stored"),
    [
        (GOOD, None),
        ("", None),
        (GOOD, ""),
        (GOOD, "!"),
        (GOOD, GOOD),
        (GOOD, "$2b$12$KIXQ4S7q9Z1r0tqv1u0Yeu"),
        ("\ud800" * 12, STORED),
        ("nine\0otters\0", STORED),
        ("x" * (MAX_PASSWORD_LENGTH + 1), STORED),
        ("x" * 1_000_000, STORED),
        ("x" * 1_000_000, None),
        ("wrong password", STORED),
    ],
    ids=lambda text: repr(text)[:20],
)
def test_failed_login_costs_exactly_one_hash(password, stored) -> None:
    counting = Counting()
    passwords = PasswordHasher(hasher=counting)
    assert passwords.verify(password, stored) is False
    assert len(counting.checked) == 1
    assert counting.checked[0].startswith("$argon2id$v=19$m=8,t=1,p=1$")


def test_a_successful_login_costs_exactly_one_hash() -> None:
    counting = Counting()
    assert PasswordHasher(hasher=counting).verify(GOOD, STORED)
    assert counting.checked == [STORED]


def test_dummy_hash_for_unknown_users_differs_for_each_hasher() -> None:
    """Nobody knows the password of this hash, and it would grant no access anyway."""
    first, second = Counting(), Counting()
    for counting in (first, second):
        assert not PasswordHasher(hasher=counting).verify("", None)
    assert first.checked != second.checked


def test_composed_and_decomposed_accents_are_the_same_password() -> None:
    composed, apart = "crème brûlée", "cre\u0300me bru\u0302le\u0301e"
    assert composed != apart
    assert PASSWORDS.verify(apart, PASSWORDS.hash(composed))
    assert PASSWORDS.verify(composed, PASSWORDS.hash(apart))
    long = "áéíóúàèìòù" * 20
    assert find_password_fault(long, email="", name="") is None
    assert PASSWORDS.verify(long.replace("á", "a\u0301"), PASSWORDS.hash(long))


def test_only_hashes_with_another_cost_need_rehashing() -> None:
    assert not PASSWORDS.needs_rehash(STORED)
    assert PasswordHasher(HashCost(passes=2, memory=8, threads=1)).needs_rehash(STORED)


def test_default_hash_cost_meets_the_owasp_minimum() -> None:
    assert (DEFAULT_HASH_COST.passes, DEFAULT_HASH_COST.memory, DEFAULT_HASH_COST.threads) >= (
        2,
        19_456,
        1,
    )
    assert DEFAULT_HASH_COST.memory >= 19_456
    told = re.match(r"\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$", PasswordHasher().hash(GOOD))
    assert told is not None
    assert tuple(map(int, told.groups())) == (
        DEFAULT_HASH_COST.memory,
        DEFAULT_HASH_COST.passes,
        DEFAULT_HASH_COST.threads,
    )


@pytest.mark.parametrize("password", ["\ud800" * 12, "nine\notters", "x" * 201, "x" * 1_000_000])
def test_unverifiable_passwords_are_not_hashed(password) -> None:
    with pytest.raises(ValueError, match="cannot be checked"):
        PASSWORDS.hash(password)


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("", "has 0 characters; use at least 10"),
        ("a b c d e", "has 9 characters"),
        ("e\u0301" * 9, "has 9 characters"),
        ("abcde" * 40 + "x", "use at most 200"),
        ("abcde" * 100_000, "use at most 200"),
        ("nine brown\notters", "control character"),
        ("nine brown\0otters", "control character"),
        ("nine brown \ud800", "control character"),
        ("          ", "fewer than 4 different"),
        ("aAaAaAaAaA", "fewer than 4 different"),
        ("7777777777", "fewer than 4 different"),
        ("ann.lee@example.edu", "your name or e-mail"),
        ("ANN.LEE@EXAMPLE.EDU", "your name or e-mail"),
        ("annleeexampleedu", "your name or e-mail"),
        ("ann.lee.2026", "your name or e-mail"),
        ("Anneliese Lee", "your name or e-mail"),
        ("lee anneliese", "your name or e-mail"),
        ("AnnelieseLee1!", "your name or e-mail"),
        ("1234567890", "too common"),
        ("Password123", "too common"),
        ("password!!!!", "too common"),
        ("P@ssw0rd2026", "too common"),
        ("2026password", "too common"),
        ("QWERTYUIOP", "too common"),
        ("deep-learning-1", "too common"),
    ],
    ids=lambda text: repr(text)[:24],
)
def test_weak_passwords_are_rejected_with_advice(password, said) -> None:
    told = find_password_fault(password, email="ann.lee@example.edu", name="Anneliese Lee")
    assert told is not None
    assert said in told
    assert told.startswith(("The password ", "This password "))
    assert told.endswith(".")


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "x7Kp2mQ9vL",
        "correct horse battery staple",
        "4829103857",
        "my password is long",
        "ann lee likes otters",
        "Straße nach Köln",
        "密码应该很长而且难以猜测",
        "🐙🐳🦑🐟🦀🐡🦐🐬🐋🦈",
        "nine brown otters " * 11,
    ],
)
def test_good_passwords_are_accepted_and_verified(password) -> None:
    assert find_password_fault(password, email="ann.lee@example.edu", name="Anneliese Lee") is None
    assert PASSWORDS.verify(password, PASSWORDS.hash(password))


@pytest.mark.parametrize(("email", "name"), [("", ""), ("1@2", "3"), ("@", " "), ("@@", "١")])
def test_name_without_letters_forbids_no_password(email, name) -> None:
    assert find_password_fault("4829103857", email=email, name=name) is None


def raw_list() -> list[str]:
    """Return zxcvbn's common passwords, the most frequent first."""
    return FREQUENCY_LISTS["passwords"]


def test_every_listed_common_password_is_rejected() -> None:
    long = [word for word in raw_list() if len(word) >= MIN_PASSWORD_LENGTH]
    assert len(long) > 1_000
    assert [word for word in long if not is_easily_guessed(word)] == []


def test_the_3000_most_common_passwords_are_rejected_even_when_lengthened() -> None:
    most = raw_list()[:3_000]
    assert len(most) == 3_000
    counted = [f"{word}{'1234567890'[: max(3, MIN_PASSWORD_LENGTH - len(word))]}" for word in most]
    repeated = [word * -(-MIN_PASSWORD_LENGTH // len(word)) for word in most]
    assert [word for word in counted + repeated if not is_easily_guessed(word)] == []


@pytest.mark.parametrize(
    "password",
    [
        *("1234567890", "1q2w3e4r5t6y", "qwertyuiop", "zaq12wsxcde3", "asdfghjkl;", "9876543210"),
        *("07.12.1987!!", "iloveyou123", "Pa$$w0rd123", "basketball", "adminadmin"),
        *("strawberry", "christopher", "elizabeth1", "machine-learning!", "tensorflow 2026"),
        *("Student12345", "homework!202607", "princess!202607"),
    ],
)
def test_keyboard_rows_words_names_and_course_terms_are_rejected(password) -> None:
    assert "too common" in (find_password_fault(password, email="", name="") or "")


def test_zxcvbn_receives_only_short_inputs(monkeypatch) -> None:
    """Its time grows with the length and with signs that can replace several letters."""
    asked: list[str] = []
    monkeypatch.setattr("zxcvbn.zxcvbn", lambda text: asked.append(text) or {"guesses": 1})
    assert is_easily_guessed("0123456789" * 20)
    assert is_easily_guessed("x4rw8!q+o2%s")
    assert not is_easily_guessed("x4rw8!q+o2%s@")
    assert asked == ["0123456789" * 2, "x4rw8!q+o2%s"]


def test_password_strength_check_is_thread_safe() -> None:
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(is_easily_guessed, ["iloveyou123"] * 64)) == {True}


@settings(max_examples=300)
@given(st.text(max_size=230), st.text(max_size=230))
def test_valid_password_opens_only_its_account(password, other) -> None:
    if find_password_fault(password, email="a@b", name="c") is not None:
        return
    stored = PASSWORDS.hash(password)
    assert PASSWORDS.verify(password, stored)
    if other.strip() not in password:
        assert not PASSWORDS.verify(other, stored)
