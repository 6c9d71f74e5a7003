"""Tests of the roster import: true dry run, no duplicates, no takeover, atomic."""

import pytest
from api_browser import set_password
from sqlalchemy import event, func, select

from api.db.models import Enrolment, User
from api.http.email_addresses import ASCII_DOMAIN

CSV = {"Content-Type": "text/csv"}
PLAIN = "name,email,student number,section\n"


@pytest.fixture
def instructor(world, course):
    return world.enrol(course, "Ina Structor", role="instructor", email="ina@example.edu")


@pytest.fixture
def send(course, instructor):
    def send(text, **options):
        query = "&".join(f"{name}=true" for name in options)
        path = f"/courses/{course}/roster?{query}"
        return instructor.post(path, content=text, headers=CSV)

    return send


def students(world, course):
    with world.session() as session:
        rows = session.execute(
            select(User.name, User.email, Enrolment.withdrawn_at)
            .join(Enrolment, Enrolment.user_id == User.id)
            .where(Enrolment.course_id == course, Enrolment.role == "student")
            .order_by(User.name)
        )
        return {name: "left" if left else (email or "") for name, email, left in rows}


def test_roster_dry_run_matches_import_and_changes_nothing(world, course, send):
    text = PLAIN + "Ann Example,ann@example.edu,17,Tuesday\nBo Other,bo@example.edu,18,\n"
    dry = send(text, dry_run=True)
    assert dry.status_code == 200, dry.text
    assert students(world, course) == {}
    assert [one["name"] for one in dry.json()["new"]] == ["Ann Example", "Bo Other"]
    assert dry.json()["new_sections"] == ["Tuesday"]
    wet = send(text)
    assert wet.json() == dry.json() | {"applied": True}
    assert students(world, course) == {
        "Ann Example": "ann@example.edu",
        "Bo Other": "bo@example.edu",
    }


def test_importing_same_roster_twice_changes_nothing(send):
    text = PLAIN + "Ann Example,ann@example.edu,17,Tuesday\n"
    send(text)
    told = send(text).json()
    assert (told["new"], told["changed"], told["unchanged"]) == ([], [], 1)


def test_roster_matches_person_by_id_then_email_then_student_number(world, course, send):
    send('Student,ID,SIS User ID,SIS Login ID,Section\n"Example, Ann",901,17,ann@example.edu,A\n')
    # Another address under the same id; then another id's owner by number alone.
    told = send(
        'Student,ID,SIS User ID,SIS Login ID,Section\n"Example, Anna",901,17,anna@example.edu,B\n'
    ).json()
    [one] = told["changed"]
    assert one["changes"]["email"] == ["ann@example.edu", "anna@example.edu"]
    assert one["changes"]["section"] == ["A", "B"]
    told = send("name,student number\nAnna B. Example,17\n").json()
    assert [one["changes"] for one in told["changed"]] == [
        {"name": ["Anna Example", "Anna B. Example"]}
    ]
    assert len(students(world, course)) == 1


def test_roster_row_matching_two_people_is_rejected_with_line(world, course, send):
    send(PLAIN + "Ann,ann@example.edu,17,\nBo,bo@example.edu,18,\n")
    told = send(PLAIN + "Cy,cy@example.edu,19,\nAnn,ann@example.edu,18,\n")
    assert told.status_code == 422
    [error] = told.json()["errors"]
    assert error["line"] == 3
    assert "the student number is that of Bo" in error["message"]
    assert len(students(world, course)) == 2


def test_duplicate_roster_rows_of_one_person_are_rejected(send):
    send(PLAIN + "Ann,ann@example.edu,17,\n")
    told = send(PLAIN + "Ann,ann@example.edu,,\nAnn,other@example.edu,17,\n", dry_run=True).json()
    assert [one["line"] for one in told["problems"]] == [3]
    assert "line 2" in told["problems"][0]["message"]


@pytest.mark.parametrize("bad", ["No Mail,,20,\n", "Bad Mail,not an address,20,\n"])
def test_invalid_row_rejects_roster_unless_partial_import(world, course, send, bad):
    text = PLAIN + "Ann,ann@example.edu,17,\n" + bad
    refused = send(text)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["line"] == 3
    assert students(world, course) == {}
    taken = send(text, partial=True).json()
    assert [one["line"] for one in taken["problems"]] == [3]
    assert list(students(world, course)) == ["Ann"]


def test_roster_with_invalid_rows_withdraws_no_student(world, course, send):
    send(PLAIN + "Ann,ann@example.edu,17,\n")
    refused = send(PLAIN + "Ann,not an address,17,\n", partial=True, withdraw=True)
    assert refused.status_code == 422
    assert students(world, course) == {"Ann": "ann@example.edu"}


def test_missing_students_are_listed_and_withdrawn_only_on_request(world, course, send):
    send(PLAIN + "Ann,ann@example.edu,17,\nBo,bo@example.edu,18,\n")
    less = PLAIN + "Ann,ann@example.edu,17,\n"
    told = send(less).json()
    assert [one["name"] for one in told["missing"]] == ["Bo"]
    assert students(world, course)["Bo"] == "bo@example.edu"
    assert send(less, withdraw=True).json()["withdrawn"] is True
    assert students(world, course)["Bo"] == "left"
    back = send(PLAIN + "Bo,bo@example.edu,18,\n").json()
    assert [(one["name"], one["known"]) for one in back["new"]] == [("Bo", True)]
    assert students(world, course)["Bo"] == "bo@example.edu"


def test_roster_import_skips_staff_and_test_student(course, send, instructor):
    instructor.post(f"/courses/{course}/test-student")
    told = send(PLAIN + "Ina S.,ina@example.edu,,\nAnn,ann@example.edu,17,\n", withdraw=True)
    assert [one["line"] for one in told.json()["skipped"]] == [2]
    assert told.json()["missing"] == []
    role = instructor.get(f"/courses/{course}/people/{instructor.id}").json()
    assert (role["role"], role["name"]) == ("instructor", "Ina Structor")


def test_student_number_in_roster_cannot_take_over_staff_account(world, course, send):
    """A student number claims no account of an administrator or another course's grader."""
    chief = world.person("The Chief", admin=True, email="chief@example.edu")
    with world.session() as session:
        session.get_one(User, chief.id).student_number = "1"
    ta = world.enrol(course, "Ta Elsewhere", email="ta@example.edu")
    world.join(world.course("other"), ta, role="grader")
    with world.session() as session:
        session.get_one(User, ta.id).student_number = "2"
    told = send(PLAIN + "Mallory,m@example.edu,1,\nMallory Two,m2@example.edu,2,\n", partial=True)
    assert told.status_code == 200, told.text
    with world.session() as session:
        assert session.get_one(User, chief.id).email == "chief@example.edu"
        assert session.get_one(User, ta.id).email == "ta@example.edu"
        assert session.get_one(User, ta.id).name == "Ta Elsewhere"


def test_existing_user_joins_by_roster_and_keeps_password(world, send):
    ann = world.person("Ann", email="ann@example.edu")
    set_password(world, ann)
    told = send(PLAIN + "Ann,ANN@example.edu,17,\n").json()
    assert told["new"][0]["known"] is True
    with world.session() as session:
        assert session.get_one(User, ann.id).password_hash is not None
        assert session.scalar(select(func.count()).select_from(User)) == 2


def test_invalid_roster_is_rejected(course, send, instructor):
    for text in ("", "a,b\n1,2\n", "ann@example.edu,Ann\n"):
        told = send(text)
        assert told.status_code == 422, told.text
    as_json = instructor.post(f"/courses/{course}/roster", {"name": "Ann"})
    assert as_json.status_code == 415


def test_importing_a_thousand_students_takes_few_queries(world, send):
    asked = []
    event.listen(world.db.engine, "before_cursor_execute", lambda *_: asked.append(1))
    rows = "".join(f"Student {n},s{n}@example.edu,{n + 1},S{n % 9}\n" for n in range(1000))
    told = send(PLAIN + rows)
    assert len(told.json()["new"]) == 1000
    assert len(asked) < 40


def listed(instructor, course):
    people = instructor.get(f"/courses/{course}/people?role=student&limit=2").json()
    rest = instructor.get(f"/courses/{course}/people?role=student&cursor={people['next']}").json()
    return [one["name"] for one in people["items"] + rest["items"]]


def test_people_and_gradebook_sort_by_imported_family_name(course, instructor, send):
    given = "Zoe,Adams,z@x.io\nAnn,van Dyk,a@x.io\nGabriel,García Márquez,g@x.io\nBo,Yu,b@x.io\n"
    send(f"First name,Last name,Email address\n{given}")
    expected = ["Zoe Adams", "Gabriel García Márquez", "Ann van Dyk", "Bo Yu"]
    assert listed(instructor, course) == expected
    book = instructor.get(f"/courses/{course}/gradebook").json()
    assert [one["name"] for one in book["items"]] == expected


def test_reimport_with_family_names_corrects_sort_order(world, course, instructor, send):
    send("name,email\nGabriel García Márquez,g@x.io\nHo Kim,h@x.io\nBo Li,b@x.io\n")
    assert listed(instructor, course) == ["Ho Kim", "Bo Li", "Gabriel García Márquez"]
    text = 'name,email\n"García Márquez, Gabriel",g@x.io\n"Kim, Ho",h@x.io\nBo Li,b@x.io\n'
    told = send(text).json()
    assert [one["changes"] for one in told["changed"]] == [
        {"family_name": ["Márquez", "García Márquez"]}
    ]
    assert send(text).json()["unchanged"] == 3
    assert listed(instructor, course) == ["Gabriel García Márquez", "Ho Kim", "Bo Li"]
    with world.session() as session:
        one = session.scalar(select(User).where(User.email == "g@x.io"))
        one.name = "Gabriel García"
        assert (one.family_name, one.sort_name) == ("", "garcia  gabriel")


def test_roster_email_is_not_case_folded(world, course, send):
    assert send(PLAIN + "Bo Other,bo@example.edu,18,\n").status_code == 200
    text = PLAIN + "Ann Example,straße@example.edu,17,\n"
    assert send(text).json()["applied"]
    assert students(world, course)["Ann Example"] == "straße@example.edu"
    assert send(text).json()["unchanged"] == 1


def test_roster_corrects_case_folded_email_of_older_version(world, course, send):
    send(PLAIN + "Ann Example,strasse@example.edu,,\n")
    told = send(PLAIN + "Ann Example,straße@example.edu,,\n").json()
    assert (told["new"], len(told["changed"])) == ([], 1)
    assert students(world, course) == {"Ann Example": "straße@example.edu"}


def test_roster_renames_no_enrolled_owner_of_a_case_folded_email(world, course, send):
    send(PLAIN + "Petra Other,gross@example.edu,,\n")
    send(PLAIN + "Max Example,groß@example.edu,,\n")
    expected = {"Petra Other": "gross@example.edu", "Max Example": "groß@example.edu"}
    assert expected.items() <= students(world, course).items()


def test_roster_email_with_international_domain_is_refused(world, course, send):
    told = send(PLAIN + "Ann Example,ann@bücher.example,17,\n")
    assert ASCII_DOMAIN in told.text
    assert students(world, course) == {}


@pytest.mark.parametrize(
    ("name", "is_found"), [("Ann Example", True), ("ann example", True), ("Other Person", False)]
)
def test_roster_finds_case_folded_email_outside_of_the_course_by_name(
    world, course, send, name, is_found
):
    """An account that an older version stored, and that may belong to somebody else."""
    ann = world.person(name, email="strasse@example.edu")
    assert send(PLAIN + "Ann Example,straße@example.edu,,\n").json()["applied"]
    assert students(world, course) == {"Ann Example": "straße@example.edu"}
    with world.session() as session:
        email = session.get_one(User, ann.id).email
        assert email == ("straße@example.edu" if is_found else "strasse@example.edu")


def test_roster_with_both_spellings_has_two_people(world, course, send):
    send(PLAIN + "Bo Other,strasse@example.edu,,\n")
    text = PLAIN + "Ann Example,straße@example.edu,,\nBo Other,strasse@example.edu,,\n"
    told = send(text).json()
    assert (told["applied"], told["problems"]) == (True, [])
    expected = {"Ann Example": "straße@example.edu", "Bo Other": "strasse@example.edu"}
    assert students(world, course) == expected
