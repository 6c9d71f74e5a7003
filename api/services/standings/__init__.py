"""Where students stand: standings and grades worked out from answers, and kept.

`refresh` is called by whatever changes what counts: a submission, a regrade, a mark by a person, an
override, an extension, the settings of an assignment. It works out again, from the answers and the
rules that hold now, the standing in each problem and the grade of each assignment that it is given,
and notes every grade that changed with its cause.
"""

from api.services.standings.answers import Key, answered, earlier_answers
from api.services.standings.assignment import grade_of
from api.services.standings.parts import read_part
from api.services.standings.refreshing import Cause, refresh, refresh_all, refresh_each

__all__ = [
    "Cause",
    "Key",
    "answered",
    "earlier_answers",
    "grade_of",
    "read_part",
    "refresh",
    "refresh_all",
    "refresh_each",
]
