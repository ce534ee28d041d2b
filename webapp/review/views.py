"""Pages of the review queue."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug import Response

from domain.decision import REASONS, UNDOING
from domain.errors import InvalidValue
from storage import decisions
from webapp import labels
from webapp.accounts.visitor import visitor
from webapp.i18n import gettext as _
from webapp.review.forms import Verdict, queue_form, reason_of, subjects, undo_reason_of, verdict_form
from webapp.review.page import card, queue_page
from webapp.services import services

blueprint = Blueprint("review", __name__, url_prefix="/review", template_folder="templates")


@blueprint.get("")
def index() -> str:
    """The notices that wait, each with its form."""
    return render_template("review/index.html", page=queue_page(services().db, queue_form(request.args)), reasons=REASONS)


@blueprint.get("/<id:notice_id>")
def show(notice_id: int) -> str:
    """One notice: what was found, what was decided before, and the form."""
    return _page(notice_id, Verdict(back=verdict_form(request.args).back))


@blueprint.post("/<id:notice_id>")
def decide(notice_id: int) -> Response | tuple[str, int]:
    """Let the decision stand."""
    form = verdict_form(request.form)
    try:
        product_types, regulations = subjects(form)
        reason = reason_of(form)
    except InvalidValue as error:
        return _page(notice_id, form, _(str(error))), 400
    decisions.decide(services().db, notice_id, visitor().person_id, form.stamp, product_types, regulations, reason)
    back = form.back or url_for("notices.show", notice_id=notice_id)
    flash(Markup('{} <a href="{}">{}</a>').format(
        _("已判定：%(what)s。", what=labels.decided(product_types, regulations)),
        url_for("review.show", notice_id=notice_id, back=back, _anchor="undo"), _("撤销此判定")))
    return redirect(back)


@blueprint.post("/<id:notice_id>/undo")
def undo(notice_id: int) -> Response | tuple[str, int]:
    """Let the classifier's finding stand again."""
    form = verdict_form(request.form)
    try:
        reason = undo_reason_of(form)
    except InvalidValue as error:
        return _page(notice_id, Verdict(back=form.back), undo_error=_(str(error))), 400
    decisions.undo(services().db, notice_id, visitor().person_id, form.stamp, reason)
    flash(_("已撤销判定，恢复为系统的判定结果"))
    return redirect(form.back or url_for("review.show", notice_id=notice_id))


def _page(notice_id: int, form: Verdict, error: str = "", undo_error: str = "") -> str:
    return render_template("review/show.html", card=card(services().db, notice_id, form), reasons=REASONS, undoing=UNDOING,
                           error=error, undo_error=undo_error)
