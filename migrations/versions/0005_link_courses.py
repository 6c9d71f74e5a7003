"""link courses: a link that sets a password names the course whose staff made it.

Links that were made before get the first course in which their maker is an instructor and their
owner is enrolled. Of several used links of an account only the last one set up its password: it
alone is not revoked.
"""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0005"
down_revision: Final = "0004"
branch_labels: Final = None
depends_on: Final = None
may_go: Final = ("invites.course_id", "invites.revoked_at")

REFERENCE: Final = "fk_invites_course_id_courses"
NAME_COURSES: Final = """
    UPDATE invites SET course_id = (
        SELECT theirs.course_id FROM enrolments AS theirs
        JOIN enrolments AS owned
            ON owned.course_id = theirs.course_id AND owned.user_id = invites.user_id
        WHERE theirs.user_id = invites.created_by AND theirs.role = 'instructor'
        ORDER BY theirs.created_at, theirs.course_id LIMIT 1
    )
    WHERE created_by NOT IN (SELECT id FROM users WHERE is_admin)
"""
KEEP_LAST_USED: Final = """
    UPDATE invites SET revoked_at = CASE
        WHEN EXISTS (
            SELECT 1 FROM invites AS later
            WHERE later.user_id = invites.user_id
                AND (later.used_at > invites.used_at
                    OR (later.used_at = invites.used_at AND later.id > invites.id))
        ) THEN used_at END
    WHERE used_at IS NOT NULL
"""


def upgrade() -> None:
    """Make the change."""
    with op.batch_alter_table("invites") as batch:
        batch.add_column(sa.Column("course_id", sa.Uuid(), nullable=True))
        batch.create_foreign_key(REFERENCE, "courses", ["course_id"], ["id"], onupdate="CASCADE")
    op.execute(NAME_COURSES)
    op.execute(KEEP_LAST_USED)


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("invites") as batch:
        batch.drop_constraint(REFERENCE, type_="foreignkey")
        batch.drop_column("course_id")
