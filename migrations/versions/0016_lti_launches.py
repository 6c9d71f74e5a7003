"""lti launches: people who opened a link become members of its context, which gets their scores."""

from typing import Final

from alembic import op

revision: Final = "0016"
down_revision: Final = "0015"
branch_labels: Final = None
depends_on: Final = None

ADD_MEMBERS: Final = """
INSERT INTO lti_members (context_id, user_id, seen_at)
SELECT context.id, link.user_id, min(link.created_at)
FROM lti_users AS link
JOIN lti_contexts AS context ON context.deployment_id = link.deployment_id
JOIN enrolments AS enrolment
  ON enrolment.course_id = context.course_id AND enrolment.user_id = link.user_id
WHERE NOT EXISTS (
    SELECT 1 FROM lti_members AS member
    WHERE member.context_id = context.id AND member.user_id = link.user_id
) AND (
    NOT EXISTS (
        SELECT 1 FROM lti_contexts AS other
        WHERE other.deployment_id = context.deployment_id
          AND other.course_id = context.course_id
          AND other.id <> context.id
    ) OR EXISTS (
        SELECT 1 FROM lti_scores AS score
        JOIN lti_line_items AS item ON item.id = score.line_item_id
        JOIN outbox AS message ON message.id = score.message_id
        WHERE item.context_id = context.id
          AND score.student_id = link.user_id
          AND message.status = 'sent'
    )
)
GROUP BY context.id, link.user_id
"""
"""Launches did not store their context.

If several contexts of a deployment are connected to the course, a context has the people whose
score it accepted: platforms refuse scores of people who are not enrolled. Others become members at
their next launch.
"""


def upgrade() -> None:
    """Make the change."""
    op.execute(ADD_MEMBERS)


def downgrade() -> None:
    """Take the change back: the rows may stay."""
