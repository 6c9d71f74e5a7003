"""Rubric of a part: add, change and retire items, with the effect on marks."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from fastapi import Response

from api.core.errors import PreconditionFailed, ServiceError
from api.dependencies import RequestContext
from api.pages.forms.form import FormDep, PostedForm, validate_body
from api.pages.forms.form_version import parse_form_version
from api.pages.forms.redisplay import FORM_ERRORS, BoundForm
from api.pages.forms.rows import parse_whole_number
from api.pages.layout import flash
from api.pages.layout.frame import Breadcrumb, render_page
from api.pages.router import PageDep, PageRouter
from api.pages.staff.grading.review import load_assignment_and_crumbs, part_title
from api.routes.grading import review as api
from api.schemas.grading.marks import RubricChange, RubricItemIn, RubricItemPatch, RubricItemView

router = PageRouter()
RUBRIC_PATH: Final = "/assignments/{assignment}/review/{problem}/{part}/rubric"
LABELS: Final = {"label": "Name", "say": "Students read", "points": "Points", "position": "Place"}
PartKey = tuple[UUID, str, str]


@router.get(RUBRIC_PATH)
def show_rubric(
    assignment: UUID, problem: str, part: str, context: PageDep, saved: flash.SavedQuery = ""
) -> Response:
    """Return the rubric with a form for each item."""
    return _render_rubric((assignment, problem, part), context, message=flash.flash_message(saved))


def _render_rubric(
    part_key: PartKey,
    context: RequestContext,
    *,
    item: UUID | None = None,
    typed: Mapping[str, str] | None = None,
    error: ServiceError | None = None,
    dry_run_result: RubricChange | None = None,
    message: str = "",
) -> Response:
    """Return the rubric; *typed* belongs to the form of *item*, or of a new item if None."""
    with context.reading() as session:
        context.authorize_problem(session, part_key[0], part_key[1], right="mark")
    stored_rubric = api.get_rubric(*part_key, context)
    base = f"/assignments/{part_key[0]}/review/{part_key[1]}/{part_key[2]}"
    assignment_view, crumbs = load_assignment_and_crumbs(
        part_key[0], context, with_review_crumb=True
    )
    return render_page(
        context,
        "staff/rubric.html",
        title="Rubric",
        crumbs=[*crumbs, Breadcrumb(part_title(assignment_view, part_key[1], part_key[2]), base)],
        tab="assignments",
        status=error.status if error else 200,
        base=base,
        rubric=stored_rubric,
        forms={each.id: BoundForm(_item_to_texts(each)) for each in stored_rubric.items}
        | ({item: BoundForm(typed, error, LABELS)} if item and typed is not None else {}),
        blank=BoundForm() if item else BoundForm(typed or {}, error, LABELS),
        item=item,
        error=error,
        is_stale=isinstance(error, PreconditionFailed),
        trial=dry_run_result,
        done=message,
    )


def _item_to_texts(item: RubricItemView) -> dict[str, str]:
    data = item.model_dump(mode="json")
    return {name: str(data[name]) for name in (*LABELS, "version")}


def _read_posted_texts(form: PostedForm) -> dict[str, str]:
    return {name: form.text(name) for name in (*LABELS, "version")}


def _texts_to_item(typed: Mapping[str, str]) -> dict[str, Any]:
    """Convert form field texts to the body of an API request."""
    position = typed["position"]
    values: dict[str, Any] = {"label": typed["label"], "say": typed["say"]}
    values["points"] = typed["points"].replace("\N{MINUS SIGN}", "-")
    return values | ({"position": parse_whole_number(position)} if position else {})


@router.post(RUBRIC_PATH)
def add_rubric_item(
    assignment: UUID, problem: str, part: str, form: FormDep, context: PageDep
) -> Response:
    """Add an item to the rubric."""
    part_key, typed = (assignment, problem, part), _read_posted_texts(form)
    try:
        api.post_rubric_item(*part_key, validate_body(RubricItemIn, _texts_to_item(typed)), context)
    except FORM_ERRORS as error:
        return _render_rubric(part_key, context, typed=typed, error=error)
    return flash.redirect_with_flash(_rubric_path(part_key))


def _rubric_path(part_key: PartKey) -> str:
    return f"/assignments/{part_key[0]}/review/{part_key[1]}/{part_key[2]}/rubric"


@router.post(f"{RUBRIC_PATH}/{{item}}")
def change_or_retire_rubric_item(  # a path of four
    assignment: UUID, problem: str, part: str, item: UUID, form: FormDep, context: PageDep
) -> Response:
    """Change or retire an item; with ``act`` ``try`` or ``out``, only dry-run that."""
    part_key, typed, act = (assignment, problem, part), _read_posted_texts(form), form.text("act")
    expected = parse_form_version(typed["version"])
    try:
        if act in {"out", "retire"}:
            changed = api.delete_rubric_item(
                *part_key, item, context, expected, dry_run=act == "out"
            )
        else:
            body = validate_body(RubricItemPatch, _texts_to_item(typed))
            changed = api.patch_rubric_item(
                *part_key, item, body, context, expected, dry_run=act == "try"
            )
    except FORM_ERRORS as error:
        return _render_rubric(part_key, context, item=item, typed=typed, error=error)
    if changed.remarked.dry_run:
        return _render_rubric(part_key, context, item=item, typed=typed, dry_run_result=changed)
    return flash.redirect_with_flash(_rubric_path(part_key))
