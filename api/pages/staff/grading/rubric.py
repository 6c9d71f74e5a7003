"""The rubric of a part: items added, changed and taken out, with what that does to marks."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from fastapi import Response

from api.core.errors import Precondition, ServiceError
from api.dependencies import Here
from api.pages.forms.form import Form, FormDep, validated
from api.pages.forms.form_version import held
from api.pages.forms.redisplay import REFUSALS, Typed
from api.pages.forms.rows import whole_number
from api.pages.layout import flash
from api.pages.layout.frame import Crumb, page
from api.pages.router import PageDep, PageRouter
from api.pages.staff.grading.review import called, way
from api.routes.grading import review as api
from api.schemas.grading.marks import RubricChange, RubricItemIn, RubricItemPatch, RubricItemView

__all__ = ["router"]

router = PageRouter()
RUBRIC: Final = "/assignments/{assignment}/review/{problem}/{part}/rubric"
LABELS: Final = {"label": "Name", "say": "Students read", "points": "Points", "position": "Place"}
Where = tuple[UUID, str, str]


@router.get(RUBRIC)
def rubric(
    assignment: UUID, problem: str, part: str, here: PageDep, saved: flash.Saved = ""
) -> Response:
    """Return the rubric with a form for each item."""
    return _rubric((assignment, problem, part), here, done=flash.told(saved))


def _rubric(
    where: Where,
    here: Here,
    *,
    item: UUID | None = None,
    typed: Mapping[str, str] | None = None,
    error: ServiceError | None = None,
    trial: RubricChange | None = None,
    done: str = "",
) -> Response:
    """Return the rubric; *typed* stands in the form of *item*, None for the new one."""
    with here.reading() as session:
        here.posed(session, where[0], where[1], right="mark")
    found = api.rubric(*where, here)
    base = f"/assignments/{where[0]}/review/{where[1]}/{where[2]}"
    one, crumbs = way(where[0], here, more=True)
    return page(
        here,
        "staff/rubric.html",
        title="Rubric",
        crumbs=[*crumbs, Crumb(called(one, where[1], where[2]), base)],
        tab="assignments",
        status=error.status if error else 200,
        base=base,
        found=found,
        forms={each.id: Typed(_fields(each)) for each in found.items}
        | ({item: Typed(typed, error, LABELS)} if item and typed is not None else {}),
        blank=Typed() if item else Typed(typed or {}, error, LABELS),
        item=item,
        error=error,
        is_stale=isinstance(error, Precondition),
        trial=trial,
        done=done,
    )


def _fields(item: RubricItemView) -> dict[str, str]:
    told = item.model_dump(mode="json")
    return {name: str(told[name]) for name in (*LABELS, "version")}


def _typed(form: Form) -> dict[str, str]:
    return {name: form.text(name) for name in (*LABELS, "version")}


def _values(typed: Mapping[str, str]) -> dict[str, Any]:
    """Return an item as the API takes it."""
    place = typed["position"]
    values: dict[str, Any] = {"label": typed["label"], "say": typed["say"]}
    values["points"] = typed["points"].replace("\N{MINUS SIGN}", "-")
    return values | ({"position": whole_number(place)} if place else {})


@router.post(RUBRIC)
def add(assignment: UUID, problem: str, part: str, form: FormDep, here: PageDep) -> Response:
    """Add an item."""
    where, typed = (assignment, problem, part), _typed(form)
    try:
        api.add(*where, validated(RubricItemIn, _values(typed)), here)
    except REFUSALS as error:
        return _rubric(where, here, typed=typed, error=error)
    return flash.onwards(_address(where))


def _address(where: Where) -> str:
    return f"/assignments/{where[0]}/review/{where[1]}/{where[2]}/rubric"


@router.post(f"{RUBRIC}/{{item}}")
def change(  # a path of four
    assignment: UUID, problem: str, part: str, item: UUID, form: FormDep, here: PageDep
) -> Response:
    """Change an item or take it out; with ``act`` ``try`` or ``out``, say first what that does."""
    where, typed, act = (assignment, problem, part), _typed(form), form.text("act")
    expected = held(typed["version"])
    try:
        if act in {"out", "retire"}:
            told = api.retire(*where, item, here, expected, dry_run=act == "out")
        else:
            body = validated(RubricItemPatch, _values(typed))
            told = api.change(*where, item, body, here, expected, dry_run=act == "try")
    except REFUSALS as error:
        return _rubric(where, here, item=item, typed=typed, error=error)
    if told.remarked.dry_run:
        return _rubric(where, here, item=item, typed=typed, trial=told)
    return flash.onwards(_address(where))
