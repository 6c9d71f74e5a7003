"""The passwords that are tried first, and the words that people put digits behind."""

from typing import Final

__all__ = ["COMMON"]

ROWS_OF_KEYS: Final = """
    0123456789 0987654321 1029384756 1122334455 1212121212 123123123123 1234512345 1234554321
    123456123456 1234567890 12345678900 12345678910 1234567891 1234567899 3141592653 31415926535
    7894561230 9876543210 123456789a 123456789q 1234abcd 1234qwer 123qweasd 1q2w3e4r 1q2w3e4r5t
    1q2w3e4r5t6y 1qaz2wsx 1qaz2wsx3edc 1qazxsw2 a1b2c3d4 a1b2c3d4e5 abcd1234 abcdefghij
    abcdefghijk asdfasdf asdfghjkl azertyuiop q1w2e3r4 q1w2e3r4t5 qazwsx qazwsxedc qazwsxedcrfv
    qwerasdf qwert qwerty qwertyqwerty qwertyui qwertyuiop qwertz qwertzuiop zaq12wsx zxcvbnm
"""
WORDS: Final = """
    admin adminadmin administrator baseball basketball batman butterfly changeme charlie chelsea
    chocolate computer default dragon football freedom guest hello helloworld iloveyou internet
    jordan letmein liverpool login lovelove master michael monkey mynameis p@ssw0rd p@ssword
    pa55word passphrase passw0rd password passwordpassword pokemon princess samantha secret shadow
    starwars summer sunshine superman temp test testtest trustno1 welcome whatever winter
    assignment calculus deeplearning exam grader grading homework instructor machinelearning
    neuralnetwork professor student teacher tensorflow university
"""
COMMON: Final = frozenset(ROWS_OF_KEYS.split()) | frozenset(WORDS.split())
"""In small letters; the last words are those of this trade."""
