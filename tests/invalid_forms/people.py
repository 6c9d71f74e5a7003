"""Invalid input for the forms about the people of a course and file uploads."""

from invalid_forms.form import ASSIGNMENT, COURSE, InvalidForm

PERSON = f"{COURSE}/people/{{user}}"

FORMS = {
    "roster": InvalidForm(
        f"{COURSE}/roster", "column", {"file": b"colour,shape\nred,round\n"}, invalid_field="file"
    ),
    "missing roster": InvalidForm(f"{COURSE}/roster", "is missing", invalid_field="file"),
    "score sheet": InvalidForm(
        f"{COURSE}/exports",
        "column",
        {"file": b"colour,shape\nred,round\n"},
        action=f"{ASSIGNMENT}/score-sheet",
        invalid_field="file",
        status=200,
    ),
    "Moodle participants": InvalidForm(
        f"{COURSE}/exports",
        "column",
        {"file": b"colour,shape\nred,round\n"},
        action=f"{COURSE}/exports/moodle",
        invalid_field="file",
    ),
    "course archive": InvalidForm(
        f"{COURSE}/export",
        "archive",
        {"archive": b"no archive"},
        action=f"{COURSE}/apply",
        invalid_field="archive",
        button="try",
    ),
    "new person": InvalidForm(
        f"{COURSE}/people",
        "E-mail",
        {"name": "Bo Example", "email": "bo at home", "role": "student"},
        invalid_field="email",
    ),
    "existing person": InvalidForm(
        f"{COURSE}/people",
        "The course already has a person with this e-mail address",
        {"name": "Bo Example", "email": "{email}"},
        status=409,
    ),
    "new section": InvalidForm(
        f"{COURSE}/people",
        "New section",
        {"section_name": ""},
        action=f"{COURSE}/sections",
        invalid_field="section_name",
    ),
    "section name": InvalidForm(
        f"{COURSE}/people",
        "Name of A",
        {"section_name": ""},
        action=f"{COURSE}/sections/{{section}}",
        invalid_field="section_name",
    ),
    "person": InvalidForm(PERSON, "Name", {"name": ""}, invalid_field="name"),
    "person, edit conflict": InvalidForm(
        PERSON,
        "It was changed since you opened this page",
        {"student_number": "4711", "version": "77"},
        status=412,
    ),
    "extension": InvalidForm(
        f"{COURSE}/extensions",
        "Extra days",
        {"student": "The student", "grants.days": "some", "grants.reason": "Ill"},
        invalid_field="grants.days",
        button="grant",
    ),
    "extension for an unknown student": InvalidForm(
        f"{COURSE}/extensions",
        "Student fits no student",
        {"student": "Nemo", "grants.days": "2"},
        invalid_field="student",
        button="try",
    ),
}
