"""Pages of a notice."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug import Response as Redirect

from domain.decision import ENDING, RATING
from domain.errors import InvalidValue
from domain.grade import Grade
from storage import grade_overrides
from webapp import labels
from webapp.accounts.visitor import visitor
from webapp.i18n import gettext as _
from webapp.notices.captures import capture_of, download, shown_headers
from webapp.notices.forms import GradeForm, ending, grade_form, rating, zone_of
from webapp.notices.grades import desks
from webapp.notices.page import notice_page
from webapp.services import services
from webapp.sources.titles import source_titles

blueprint = Blueprint("notices", __name__, url_prefix="/notices", template_folder="templates")


@blueprint.get("/<id:notice_id>")
def show(notice_id: int) -> str:
    """One notice in full."""
    return _page(notice_id)


def _page(notice_id: int, form: GradeForm = GradeForm(), error: str = "") -> str:  # noqa: B008 - frozen
    page = notice_page(services().db, notice_id)
    drafts = services().bulletins.drafts(visitor().person_id) if visitor().zones else []
    return render_template(
        "notices/show.html", page=page, drafts=drafts, titles=source_titles(), rating=RATING, ending=ENDING,
        grades=list(Grade), desks=desks(page.zone_grades, visitor().zones, form, error))


@blueprint.post("/<id:notice_id>/grade")
def give_grade(notice_id: int) -> Redirect | tuple[str, int]:
    """Let an editor's grade stand for their zone."""
    form = grade_form(request.form)
    zone = zone_of(form, visitor().zones)
    try:
        grade, reason = rating(form)
    except InvalidValue as error:
        return _page(notice_id, form, _(str(error))), 400
    grade_overrides.give(services().db, zone.id, notice_id, visitor().person_id, form.stamp, grade, reason)
    flash(_("本园区的级别已定为%(grade)s。", grade=labels.grade(grade.value)))
    return redirect(url_for("notices.show", notice_id=notice_id))


@blueprint.post("/<id:notice_id>/grade/end")
def end_grade(notice_id: int) -> Redirect | tuple[str, int]:
    """Let the system's grade stand again for an editor's zone."""
    form = grade_form(request.form)
    zone = zone_of(form, visitor().zones)
    try:
        reason = ending(form)
    except InvalidValue as error:
        return _page(notice_id, form, _(str(error))), 400
    grade_overrides.give_up(services().db, zone.id, notice_id, visitor().person_id, form.stamp, reason)
    flash(_("本园区已恢复使用系统的级别。"))
    return redirect(url_for("notices.show", notice_id=notice_id))


@blueprint.get("/<id:notice_id>/capture")
def capture(notice_id: int) -> str:
    """Where and when it was read."""
    found = capture_of(services().db, notice_id)
    return render_template("notices/capture.html", notice_id=notice_id, capture=found, headers=shown_headers(found))


@blueprint.get("/<id:notice_id>/capture/body")
def capture_body(notice_id: int) -> Response:
    """The bytes as they came."""
    return download(services().captures, capture_of(services().db, notice_id))
