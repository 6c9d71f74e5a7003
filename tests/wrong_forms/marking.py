"""Forms of those who mark, set points by hand and regrade."""

from wrong_forms.form import WrongForm

COURSE = "/courses/{course}"
ASSIGNMENT = "/assignments/{assignment}"
PART = f"{ASSIGNMENT}/review/{{problem}}/{{part}}"
STORY = f"{COURSE}/students/{{user}}"
REGRADES = "{tried}/regrades"

FORMS = {
    "points by hand": WrongForm(
        f"{COURSE}/students/{{classmate}}?open={{slug}}",
        f"{ASSIGNMENT}/overrides",
        "Points",
        {"points": "some", "reason": "By hand"},
        wrong="points",
    ),
    "too many points by hand": WrongForm(
        f"{COURSE}/students/{{classmate}}?open={{slug}}",
        f"{ASSIGNMENT}/overrides",
        "unless more than the maximum is meant",
        {"points": "9000", "reason": "By hand"},
        wrong="points",
    ),
    "late days given back": WrongForm(
        f"{STORY}?open={{slug}}",
        f"{STORY}/late-days/refund",
        "Days",
        {"days": "0", "reason": "Ill"},
        wrong="days",
    ),
    "mark": WrongForm(
        "/answers/{answer}/review",
        "/answers/{answer}/mark",
        "Credit",
        {"credit": "lots", "comment": "Well put."},
        wrong="credit",
        who="grader",
        button="stay",
    ),
    "mark that somebody else gave": WrongForm(
        "/answers/{answer}/review",
        "/answers/{answer}/mark",
        "Somebody marked this answer since you opened it",
        {"credit": "50%", "version": "77"},
        who="grader",
        button="stay",
        status=412,
    ),
    "comment": WrongForm(
        "/answers/{answer}/review",
        "/answers/{answer}/comments",
        "New comment",
        {"text": ""},
        wrong="text",
        who="grader",
    ),
    "mark of a group": WrongForm(
        f"{PART}/groups",
        f"{PART}/groups/{{group}}/mark",
        "Points more or less",
        {"adjustment": "some", "comment": "Well put."},
        wrong="adjustment",
        who="grader",
    ),
    "new item of a rubric": WrongForm(
        f"{PART}/rubric",
        f"{PART}/rubric",
        "Points",
        {"label": "clear", "points": "some"},
        wrong="points",
        who="grader",
    ),
    "item of a rubric": WrongForm(
        f"{PART}/rubric",
        f"{PART}/rubric/{{item}}",
        "Name",
        {"label": "", "points": "1"},
        wrong="label",
        who="grader",
        button="save",
    ),
    "item that somebody else changed": WrongForm(
        f"{PART}/rubric",
        f"{PART}/rubric/{{item}}",
        "Somebody changed this item since you opened it",
        {"label": "fewer of them", "version": "77"},
        who="grader",
        button="save",
        status=412,
    ),
    "value to accept": WrongForm(
        f"{REGRADES}?do=accept",
        REGRADES,
        "Its value",
        {"version.accept.key": "K +", "version.accept.reason": "So it is"},
        wrong="version.accept.key",
    ),
    "mistake to name": WrongForm(
        f"{REGRADES}?do=mistake",
        REGRADES,
        "Name of the mistake",
        {"version.mistake.key": "2*K", "version.mistake.id": "Not A Name"},
        wrong="version.mistake.id",
    ),
    "another key": WrongForm(
        f"{REGRADES}?do=parts",
        REGRADES,
        "Points",
        {"version.parts.points": "some", "reason": "Told in class"},
        wrong="version.parts.points",
    ),
    "no other version": WrongForm(
        f"{REGRADES}?do=id",
        REGRADES,
        "version",
        {"reason": "Told in class"},
    ),
    "excuse of somebody excused": WrongForm(
        f"{STORY}?open={{slug}}",
        f"{ASSIGNMENT}/excuses",
        "excused",
        {"reason": "Ill"},
        status=409,
    ),
    "regrade for nobody": WrongForm(
        f"{REGRADES}?do=parts",
        REGRADES,
        "These students",
        {"version.parts.points": "3", "reach": "students", "students": "Nemo"},
        wrong="students",
    ),
    "answer to a request": WrongForm(
        f"{ASSIGNMENT}/requests",
        "/requests/{request}/answer",
        "Reply",
        {"reply": "", "credit": "50%"},
        wrong="reply",
        who="grader",
        button="declined",
    ),
    "credit of a request": WrongForm(
        f"{ASSIGNMENT}/requests",
        "/requests/{request}/answer",
        "New credit",
        {"reply": "You are right.", "credit": "lots"},
        wrong="credit",
        who="grader",
        button="accepted",
    ),
}
