"""One regrade: how far it is, what it changes for whom, and what can be done with it."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import Query
from fastapi.responses import RedirectResponse, Response

from api.core.errors import Conflict, Invalid, ServiceError
from api.dependencies import Here
from api.pages.forms.form import FormDep, validated
from api.pages.layout.frame import Crumb, page
from api.pages.layout.grade_steps import Names
from api.pages.router import PageDep, PageRouter, window
from api.pages.staff.common import course_crumbs, is_blind_to, may
from api.pages.staff.results.results import staff_view, title_of
from api.routes.grading import regrades as api
from api.schemas.grading.regrades import ApplyIn, RegradeOut, UndoIn
from api.services.enrolment.display_names import names_of
from api.services.regrades import serializers

__all__ = ["WORKING", "onwards", "router"]

router = PageRouter()

WORKING: Final = ("judging", "applying", "undoing")
"""The states in which a regrade goes on by itself."""
SHOWN: Final = 80
"""So many students are on a page of changes."""
Direction = Literal["up", "down", "same", "review"]


def onwards(run: UUID) -> Response:
    """Return the way to a regrade."""
    return RedirectResponse(f"/regrades/{run}", status_code=303)


@router.get("/regrades/{regrade}")
def regrade(
    regrade: UUID,
    here: PageDep,
    cursor: Annotated[str, Query(max_length=2_000)] = "",
    direction: Direction | None = None,
    student: UUID | None = None,
) -> Response:
    """Return a regrade: how far it is, what it changes for whom, and what can be done."""
    looked = Looked(cursor, direction, student)
    return _shown(here, api.get_regrade(regrade, here), looked)


@dataclass(frozen=True, slots=True)
class Looked:
    """What of the changes is looked at: a page of them, one direction, one student's."""

    cursor: str = ""
    direction: Direction | None = None
    student: UUID | None = None

    @property
    def answers(self) -> bool:
        """Whether answers are asked for, not students."""
        return self.direction is not None or self.student is not None


def _shown(
    here: Here, run: RegradeOut, looked: Looked, error: ServiceError | None = None
) -> Response:
    found = staff_view(run.assignment, here)
    path = f"/assignments/{run.assignment}/problems/{run.problem}"
    is_blind = is_blind_to(here, found)
    listed = {} if is_blind else _listed(here, run, looked)
    with here.reading() as session:
        handed_in = serializers.count_handed_in(session, run.id)
    return page(
        here,
        "staff/regrade.html",
        title=f"Regrade of {title_of(found, run.problem)}",
        crumbs=course_crumbs(
            here,
            Crumb(found.title, f"/assignments/{run.assignment}/results"),
            Crumb("Regrades", f"{path}/regrades"),
        ),
        tab="assignments",
        run=run,
        parts=Names.of(found.problems),
        handed_in=handed_in,
        set=found,
        path=path,
        looked=looked,
        working=run.status in WORKING,
        may_act=may(here, "regrade"),
        is_blind=is_blind,
        error=error,
        status=error.status if error else 200,
        **listed,
    )


def _listed(here: Here, run: RegradeOut, looked: Looked) -> dict[str, object]:
    return _answers(here, run, looked) if looked.answers else _students(here, run, looked)


def _students(here: Here, run: RegradeOut, looked: Looked) -> dict[str, object]:
    """Return a page of the students whose score or grade changes; the others are counted."""
    seen = window(here, limit=SHOWN, cursor=looked.cursor)
    shown = api.get_students(run.id, here, seen, changed=True)
    with here.reading() as session:
        same = serializers.count_unchanged(session, run.id)
    return {"students": shown.items, "same": same, "next": shown.next}


def _answers(here: Here, run: RegradeOut, looked: Looked) -> dict[str, object]:
    """Return a page of the answers that are found otherwise, with the names of whose they are."""
    shown = api.get_changes(
        run.id,
        here,
        window(here, limit=100, cursor=looked.cursor),
        looked.direction,
        None,
        looked.student,
    )
    with here.reading() as session:
        names = names_of(session, (one.student for one in shown.items))
    return {"changes": shown.items, "names": names, "next": shown.next}


@router.post("/regrades/{regrade}/apply")
def apply(regrade: UUID, form: FormDep, here: PageDep) -> Response:
    """Apply a regrade, with or without lowering anybody."""
    try:
        keeps = {"never_lower": True} if form.has("never_lower") else {}
        body = validated(ApplyIn, form.given("notice") | keeps)
        api.post_apply(regrade, body, here)
    except (Conflict, Invalid) as error:
        return _shown(here, api.get_regrade(regrade, here), Looked(), error)
    return onwards(regrade)


@router.post("/regrades/{regrade}/cancel")
def cancel(regrade: UUID, here: PageDep) -> Response:
    """Cancel a regrade between two chunks."""
    try:
        api.post_cancel(regrade, here)
    except Conflict as error:
        return _shown(here, api.get_regrade(regrade, here), Looked(), error)
    return onwards(regrade)


@router.post("/regrades/{regrade}/undo")
def undo(regrade: UUID, form: FormDep, here: PageDep) -> Response:
    """Take back what a regrade did."""
    try:
        api.post_undo(regrade, validated(UndoIn, form.given("reason")), here)
    except (Conflict, Invalid) as error:
        return _shown(here, api.get_regrade(regrade, here), Looked(), error)
    return onwards(regrade)
