"""Invalid input for the forms for grading, overrides and regrades."""

from invalid_forms.form import ASSIGNMENT, COURSE, InvalidForm

PART = f"{ASSIGNMENT}/review/{{problem}}/{{part}}"
STUDENT = f"{COURSE}/students/{{user}}"
REGRADES = "{regradable_problem}/regrades"

FORMS = {
    "override": InvalidForm(
        f"{COURSE}/students/{{classmate}}?open={{slug}}",
        "Points",
        {"points": "some", "reason": "By hand"},
        action=f"{ASSIGNMENT}/overrides",
        invalid_field="points",
    ),
    "override above the maximum": InvalidForm(
        f"{COURSE}/students/{{classmate}}?open={{slug}}",
        "unless you allow more than the maximum",
        {"points": "9000", "reason": "By hand"},
        action=f"{ASSIGNMENT}/overrides",
        invalid_field="points",
    ),
    "late-day refund": InvalidForm(
        f"{STUDENT}?open={{slug}}",
        "Days",
        {"days": "0", "reason": "Ill"},
        action=f"{STUDENT}/late-days/refund",
        invalid_field="days",
    ),
    "mark": InvalidForm(
        "/answers/{answer}/review",
        "Credit",
        {"credit": "lots", "comment": "Well put."},
        action="/answers/{answer}/mark",
        invalid_field="credit",
        user="grader",
        button="stay",
    ),
    "mark, edit conflict": InvalidForm(
        "/answers/{answer}/review",
        "Another TA graded this answer after you opened it",
        {"credit": "50%", "version": "77"},
        action="/answers/{answer}/mark",
        user="grader",
        button="stay",
        status=412,
    ),
    "comment": InvalidForm(
        "/answers/{answer}/review",
        "New comment",
        {"text": ""},
        action="/answers/{answer}/comments",
        invalid_field="text",
        user="grader",
    ),
    "group mark": InvalidForm(
        f"{PART}/groups",
        "Adjustment",
        {"adjustment": "some", "comment": "Well put."},
        action=f"{PART}/groups/{{group}}/mark",
        invalid_field="adjustment",
        user="grader",
    ),
    "new rubric item": InvalidForm(
        f"{PART}/rubric",
        "Points",
        {"label": "clear", "points": "some"},
        invalid_field="points",
        user="grader",
    ),
    "rubric item": InvalidForm(
        f"{PART}/rubric",
        "Name",
        {"label": "", "points": "1"},
        action=f"{PART}/rubric/{{item}}",
        invalid_field="label",
        user="grader",
        button="save",
    ),
    "rubric item, edit conflict": InvalidForm(
        f"{PART}/rubric",
        "Somebody changed this item since you opened it",
        {"label": "fewer of them", "version": "77"},
        action=f"{PART}/rubric/{{item}}",
        user="grader",
        button="save",
        status=412,
    ),
    "accepted value": InvalidForm(
        f"{REGRADES}?do=accept",
        "Its value",
        {"version.accept.key": "K +", "version.accept.reason": "So it is"},
        action=REGRADES,
        invalid_field="version.accept.key",
    ),
    "named mistake": InvalidForm(
        f"{REGRADES}?do=mistake",
        "Name of the mistake",
        {"version.mistake.key": "2*K", "version.mistake.id": "Not A Name"},
        action=REGRADES,
        invalid_field="version.mistake.id",
    ),
    "changed points": InvalidForm(
        f"{REGRADES}?do=parts",
        "Points",
        {"version.parts.points": "some", "reason": "Told in class"},
        action=REGRADES,
        invalid_field="version.parts.points",
    ),
    "unchanged version": InvalidForm(
        f"{REGRADES}?do=id", "version", {"reason": "Told in class"}, action=REGRADES
    ),
    "second excuse": InvalidForm(
        f"{STUDENT}?open={{slug}}",
        "excused",
        {"reason": "Ill"},
        action=f"{ASSIGNMENT}/excuses",
        status=409,
    ),
    "regrade of an unknown student": InvalidForm(
        f"{REGRADES}?do=parts",
        "These students",
        {"version.parts.points": "3", "reach": "students", "students": "Nemo"},
        action=REGRADES,
        invalid_field="students",
    ),
    "reply to a regrade request": InvalidForm(
        f"{ASSIGNMENT}/requests",
        "Reply",
        {"reply": "", "credit": "50%"},
        action="/requests/{request}/answer",
        invalid_field="reply",
        user="grader",
        button="declined",
    ),
    "credit for a regrade request": InvalidForm(
        f"{ASSIGNMENT}/requests",
        "New credit",
        {"reply": "You are right.", "credit": "lots"},
        action="/requests/{request}/answer",
        invalid_field="credit",
        user="grader",
        button="accepted",
    ),
}
