"""lti: learning platforms, their contexts, links and users, and the scores sent to them."""

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0010"
down_revision: Final = "0009"
branch_labels: Final = None
depends_on: Final = None

URL_LENGTH: Final = 2000


def upgrade() -> None:
    """Make the change."""
    _create_platforms()
    _create_contexts()
    _create_people()
    _create_scores()


def _create_table(
    name: str,
    *columns: sa.Column[Any],
    references: dict[str, str],
    unique: Sequence[Sequence[str]] = (),
    keys: Sequence[str] = ("id",),
    indexes: Sequence[str] = (),
) -> None:
    """Create a table; *references* are the tables of its foreign keys, by column."""
    op.create_table(
        name,
        *columns,
        *(
            sa.ForeignKeyConstraint(
                [column],
                [f"{table}.id"],
                name=op.f(f"fk_{name}_{column}_{table}"),
                onupdate="CASCADE",
            )
            for column, table in references.items()
        ),
        sa.PrimaryKeyConstraint(*keys, name=op.f(f"pk_{name}")),
        *(sa.UniqueConstraint(*one, name=op.f(f"uq_{name}_{'_'.join(one)}")) for one in unique),
    )
    for column in indexes:
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column])


def _id(name: str = "id", *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _text(name: str, length: int) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length=length), nullable=False)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _create_platforms() -> None:
    _create_table(
        "lti_keys",
        *(_id(), _text("kid", 64), sa.Column("private_key", sa.Text(), nullable=False)),
        *(_instant("created_at"), _instant("retired_at", nullable=True)),
        references={},
        unique=[("kid",)],
    )
    _create_table(
        "lti_platforms",
        *(_id(), _text("name", 300), _text("issuer", 500), _text("client_id", 255)),
        *(_text(f"{name}_url", URL_LENGTH) for name in ("authorization", "token", "jwks")),
        _text("audience", URL_LENGTH),
        sa.Column("origins", sa.JSON(), nullable=False),
        sa.Column("vouches_email", sa.Boolean(), nullable=False),
        *(_instant("created_at"), _instant("disabled_at", nullable=True)),
        sa.Column("version", sa.Integer(), nullable=False),
        references={},
        unique=[("issuer", "client_id")],
    )
    _create_table(
        "lti_registration_links",
        *(_id(), sa.Column("digest", sa.LargeBinary(length=32), nullable=False)),
        *(_text("name", 300), _text("origin", 500), _id("created_by", nullable=True)),
        *(_instant("created_at"), _instant("expires_at"), _instant("used_at", nullable=True)),
        references={"created_by": "users"},
        unique=[("digest",)],
    )
    _create_table(
        "lti_deployments",
        *(_id(), _id("platform_id"), _text("deployment_id", 255), _instant("created_at")),
        references={"platform_id": "lti_platforms"},
        unique=[("platform_id", "deployment_id")],
    )


def _create_contexts() -> None:
    _create_table(
        "lti_contexts",
        *(_id(), _id("deployment_id"), _text("context_id", 255), _text("title", 300)),
        *(_id("course_id", nullable=True), _id("connected_by", nullable=True)),
        _instant("connected_at", nullable=True),
        *(_text(f"{name}_url", URL_LENGTH) for name in ("line_items", "memberships")),
        *(sa.Column("scopes", sa.JSON(), nullable=False), _instant("created_at")),
        references={
            "deployment_id": "lti_deployments",
            "course_id": "courses",
            "connected_by": "users",
        },
        unique=[("deployment_id", "context_id")],
        indexes=["course_id"],
    )
    _create_table(
        "lti_links",
        *(_id(), _id("context_id"), _text("link_id", 255), _text("title", 300)),
        *(_id("assignment_id", nullable=True), _instant("created_at")),
        references={"context_id": "lti_contexts", "assignment_id": "assignments"},
        unique=[("context_id", "link_id")],
        indexes=["assignment_id"],
    )


def _create_people() -> None:
    _create_table(
        "lti_users",
        *(_id(), _id("deployment_id"), _text("subject", 255), _id("user_id")),
        _instant("created_at"),
        references={"deployment_id": "lti_deployments", "user_id": "users"},
        unique=[("deployment_id", "subject")],
        indexes=["user_id"],
    )
    _create_table(
        "lti_launches",
        *(_id(), sa.Column("digest", sa.LargeBinary(length=32), nullable=False)),
        sa.Column("browser_digest", sa.LargeBinary(length=32), nullable=False),
        *(_id("platform_id"), _instant("expires_at"), _instant("answered_at", nullable=True)),
        sa.Column("is_moved", sa.Boolean(), nullable=False),
        *(_id("deployment_id", nullable=True), sa.Column("claims", sa.JSON(), nullable=False)),
        _id("user_id", nullable=True),
        references={
            "platform_id": "lti_platforms",
            "deployment_id": "lti_deployments",
            "user_id": "users",
        },
        unique=[("digest",)],
        indexes=["expires_at", "user_id"],
    )


def _create_scores() -> None:
    _create_table(
        "lti_line_items",
        *(_id(), _id("context_id"), _id("assignment_id"), _text("url", URL_LENGTH)),
        _instant("created_at"),
        references={"context_id": "lti_contexts", "assignment_id": "assignments"},
        unique=[("context_id", "assignment_id")],
        indexes=["assignment_id"],
    )
    _create_table(
        "lti_scores",
        *(_id("line_item_id"), _id("student_id"), _id("message_id", nullable=True)),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("score", "possible")),
        *(_text("progress", 20), _instant("sent_timestamp", nullable=True)),
        references={
            "line_item_id": "lti_line_items",
            "student_id": "users",
            "message_id": "outbox",
        },
        keys=["line_item_id", "student_id"],
        indexes=["message_id"],
    )


def downgrade() -> None:
    """Take the change back."""
    for name in ("scores", "line_items", "launches", "users", "links", "contexts", "deployments"):
        op.drop_table(f"lti_{name}")
    for name in ("registration_links", "platforms", "keys"):
        op.drop_table(f"lti_{name}")
