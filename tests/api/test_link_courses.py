"""Tests of the revision that adds courses to old links, and finds the last used one."""

from datetime import timedelta

from revisions import Revisions
from sqlalchemy import text, update

from api.core.ids import new_id
from api.db.models import Invite


def link(world, user, maker, *, used_after=None):
    """Store a link as it was before revision 0005, and return its id."""
    now = world.clock()
    used = None if used_after is None else now + timedelta(hours=used_after)
    row = Invite(
        id=new_id(),
        prefix=str(new_id())[-12:],
        digest=bytes(32),
        user_id=user.id,
        created_by=maker.id if maker else None,
        purpose="reset",
        created_at=now,
        expires_at=now,
        used_at=used,
        revoked_at=used,
    )
    with world.session() as session:
        session.add(row)
    return row.id


def test_upgrade_assigns_links_to_courses_and_keeps_only_the_last_used(world):
    theirs, ours = world.course("theirs"), world.course("ours")
    mallory = world.enrol(theirs, "Mallory Prof", role="instructor")
    world.join(ours, mallory, role="student")
    ann = world.enrol(theirs, "Ann Example")
    world.join(ours, ann)
    admin = world.person("An Admin", admin=True)
    world.join(theirs, admin, role="instructor")
    links = {
        "first": link(world, ann, mallory, used_after=1),
        "last": link(world, ann, mallory, used_after=2),
        "unused": link(world, ann, mallory),
        "by an administrator": link(world, ann, admin),
        "by the command line": link(world, ann, None),
    }
    revisions = Revisions(world.db)
    revisions.down("0004")
    revisions.up()
    with world.session() as session:
        found = {name: session.get_one(Invite, key) for name, key in links.items()}
    assert {name for name, one in found.items() if one.course_id == theirs} == {
        *("first", "last", "unused")
    }
    assert {name for name, one in found.items() if one.course_id is None} == {
        *("by an administrator", "by the command line")
    }
    assert found["first"].revoked_at is not None
    assert (found["last"].revoked_at, found["unused"].revoked_at) == (None, None)


def test_downgrade_keeps_all_other_columns(world):
    course = world.course()
    ann = world.enrol(course, "Ann Example")
    kept = link(world, ann, None)
    with world.session() as session:
        session.execute(update(Invite).values(course_id=course))
    Revisions(world.db).down("0004")
    with world.session() as session:
        columns = "SELECT purpose, user_id IS NOT NULL FROM invites"
        assert [tuple(row) for row in session.execute(text(columns))] == [("reset", True)]
    Revisions(world.db).up()
    with world.session() as session:
        assert session.get_one(Invite, kept).course_id is None
