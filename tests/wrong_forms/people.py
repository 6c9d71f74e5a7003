"""Invalid input for the forms about the people of a course and file uploads."""

from wrong_forms.form import ASSIGNMENT, COURSE, WrongForm

PERSON = f"{COURSE}/people/{{user}}"

FORMS = {
    "list of students": WrongForm(
        f"{COURSE}/roster", "column", {"file": b"colour,shape\nred,round\n"}, wrong="file"
    ),
    "no list of students": WrongForm(f"{COURSE}/roster", "is missing", wrong="file"),
    "score sheet": WrongForm(
        f"{COURSE}/exports",
        "column",
        {"file": b"colour,shape\nred,round\n"},
        to=f"{ASSIGNMENT}/score-sheet",
        wrong="file",
        status=200,
    ),
    "participants of Moodle": WrongForm(
        f"{COURSE}/exports",
        "column",
        {"file": b"colour,shape\nred,round\n"},
        to=f"{COURSE}/exports/moodle",
        wrong="file",
    ),
    "files of a course": WrongForm(
        f"{COURSE}/export",
        "archive",
        {"archive": b"no archive"},
        to=f"{COURSE}/apply",
        wrong="archive",
        button="try",
    ),
    "new person": WrongForm(
        f"{COURSE}/people",
        "E-mail",
        {"name": "Bo Example", "email": "bo at home", "role": "student"},
        wrong="email",
    ),
    "person who is there": WrongForm(
        f"{COURSE}/people",
        "The course already has a person with this e-mail address",
        {"name": "Bo Example", "email": "{email}"},
        status=409,
    ),
    "new section": WrongForm(
        f"{COURSE}/people",
        "New section",
        {"section_name": ""},
        to=f"{COURSE}/sections",
        wrong="section_name",
    ),
    "section with another's name": WrongForm(
        f"{COURSE}/people",
        "Name of A",
        {"section_name": ""},
        to=f"{COURSE}/sections/{{section}}",
        wrong="section_name",
    ),
    "person": WrongForm(PERSON, "Name", {"name": ""}, wrong="name"),
    "person whom somebody else changed": WrongForm(
        PERSON,
        "It was changed since you opened this page",
        {"student_number": "4711", "version": "77"},
        status=412,
    ),
    "extension": WrongForm(
        f"{COURSE}/extensions",
        "Extra days",
        {"student": "The student", "grants.days": "some", "grants.reason": "Ill"},
        wrong="grants.days",
        button="grant",
    ),
    "extension for nobody": WrongForm(
        f"{COURSE}/extensions",
        "Student fits no student",
        {"student": "Nemo", "grants.days": "2"},
        wrong="student",
        button="try",
    ),
}
