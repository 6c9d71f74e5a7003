"""sort names: people are listed by family name, which a list of students may give apart.

What a name is sorted by is worked out by the rule that the service had then.
"""

import unicodedata
from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0004"
down_revision: Final = "0003"
branch_labels: Final = None
depends_on: Final = None
may_go: Final = ("users.family_name", "users.sort_name")

COLUMNS: Final = ("family_name", "sort_name")
LONGEST: Final = 300
ADDED: Final = frozenset({"jr", "jr.", "sr", "sr.", "ii", "iii", "iv"})
"""What stands behind a family name and belongs to it."""
PLAIN: Final = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "þ": "th"}
)
USERS: Final = sa.table("users", *map(sa.column, ("id", "name", "sort_name")))


def upgrade() -> None:
    """Make the change."""
    for name in COLUMNS:
        column = sa.Column(name, sa.String(length=300), nullable=False, server_default="")
        op.add_column("users", column)
    _fill(op.get_bind())


def downgrade() -> None:
    """Take the change back."""
    for name in COLUMNS:
        op.drop_column("users", name)


def _fill(connection: sa.Connection) -> None:
    """Let everybody stand by what is taken for their family name."""
    rows = [
        {"key": row.id, "told": _sort_name(row.name)}
        for row in connection.execute(sa.select(USERS.c.id, USERS.c.name))
    ]
    change = sa.update(USERS).where(USERS.c.id == sa.bindparam("key"))
    if rows:
        connection.execute(change.values(sort_name=sa.bindparam("told")), rows)


def _sort_name(name: str) -> str:
    """Return what somebody is listed by: the family name, then the given name, in plain letters."""
    first, last = _pair(name)
    told = unicodedata.normalize("NFKD", f"{last}  {first}".strip().casefold())
    plain = "".join(sign for sign in told if not unicodedata.combining(sign))
    return plain.translate(PLAIN)[:LONGEST]


def _pair(name: str) -> tuple[str, str]:
    """Return the given and the family name: what stands before a comma, or the last word."""
    last, comma, first = name.partition(",")
    if comma and first.strip().casefold() not in ADDED:
        return first.strip(), last.strip()
    words = name.split()
    at = len(words) - 1
    while at > 1 and words[at].casefold() in ADDED:
        at -= 1
    return " ".join(words[:at]), " ".join(words[at:])
