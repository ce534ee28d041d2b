"""Pages of bulletins."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from domain.errors import Conflict, InvalidValue
from webapp.accounts.visitor import visitor
from webapp.bulletins.forms import DraftForm, Move, draft_form, move_form
from webapp.bulletins.page import listing, pick_page
from webapp.i18n import gettext as _
from webapp.services import services
from webapp.sources.titles import source_names, source_titles

blueprint = Blueprint("bulletins", __name__, url_prefix="/bulletins", template_folder="templates")


@blueprint.get("")
def index() -> str:
    """The published bulletins, newest first; editors see their drafts too."""
    who = visitor().person
    drafts = services().bulletins.drafts(who.id) if who and visitor().zones else []
    return render_template("bulletins/index.html", page=listing(services().bulletins, request.args), drafts=drafts)


@blueprint.get("/<id:bulletin_id>")
def show(bulletin_id: int) -> str:
    """A bulletin; an editor's draft as its readers will see it."""
    who = visitor().person
    issue = services().bulletins.read(bulletin_id, who.id if who else None)
    return render_template("bulletins/show.html", issue=issue, titles=source_titles())


@blueprint.get("/new")
def new() -> str:
    """Begin a bulletin."""
    return _new_page(draft_form(request.args))


@blueprint.post("/new")
def create() -> Response | tuple[str, int]:
    """Keep the draft."""
    form = draft_form(request.form)
    try:
        bulletin_id = services().bulletins.create(
            visitor().person_id, form.zone_id, form.title, form.comment, form.notice_ids)
    except InvalidValue as error:
        return _new_page(form, _(str(error))), 400
    return redirect(url_for("bulletins.edit", bulletin_id=bulletin_id))


def _new_page(form: DraftForm, error: str = "") -> str:
    return render_template("bulletins/new.html", form=form, zones=visitor().zones, error=error)


@blueprint.get("/<id:bulletin_id>/edit")
def edit(bulletin_id: int) -> str:
    """Work on a draft."""
    issue = services().bulletins.draft(visitor().person_id, bulletin_id)
    return _edit_page(bulletin_id, draft_form({"title": issue.bulletin.title, "comment": issue.bulletin.comment}))


@blueprint.post("/<id:bulletin_id>/edit")
def save(bulletin_id: int) -> Response | tuple[str, int]:
    """Keep title and comment."""
    form = draft_form(request.form)
    try:
        services().bulletins.rewrite(visitor().person_id, bulletin_id, form.title, form.comment)
    except InvalidValue as error:
        return _edit_page(bulletin_id, form, _(str(error))), 400
    flash(_("已保存草稿"))
    return redirect(url_for("bulletins.show" if form.preview else "bulletins.edit", bulletin_id=bulletin_id))


def _edit_page(bulletin_id: int, form: DraftForm, error: str = "") -> str:
    issue = services().bulletins.draft(visitor().person_id, bulletin_id)
    return render_template("bulletins/edit.html", issue=issue, form=form, error=error, titles=source_titles())


@blueprint.get("/<id:bulletin_id>/pick")
def pick(bulletin_id: int) -> str:
    """Search for notices to put into a draft."""
    issue = services().bulletins.draft(visitor().person_id, bulletin_id)
    page = pick_page(services().search, request.args, source_names())
    return render_template("bulletins/pick.html", issue=issue, page=page, titles=source_titles())


@blueprint.post("/<id:bulletin_id>/add")
def add(bulletin_id: int) -> Response:
    """Put a notice into a draft."""
    form = move_form(request.form)
    services().bulletins.add(visitor().person_id, bulletin_id, form.notice_id)
    flash(_("已加入简报草稿"))
    return redirect(form.back or url_for("bulletins.edit", bulletin_id=bulletin_id))


@blueprint.post("/<id:bulletin_id>/arrange")
def arrange(bulletin_id: int) -> Response:
    """Move a notice of a draft, or take it out."""
    form = move_form(request.form)
    if form.move is Move.OUT:
        services().bulletins.remove(visitor().person_id, bulletin_id, form.notice_id)
    else:
        services().bulletins.move(visitor().person_id, bulletin_id, form.notice_id, -1 if form.move is Move.UP else 1)
    return redirect(url_for("bulletins.edit", bulletin_id=bulletin_id, _anchor="items"))


@blueprint.get("/<id:bulletin_id>/publish")
def check(bulletin_id: int) -> str:
    """What publishing will do: how many readers are mailed."""
    return render_template("bulletins/publish.html", issue=services().bulletins.draft(visitor().person_id, bulletin_id))


@blueprint.post("/<id:bulletin_id>/publish")
def publish(bulletin_id: int) -> Response:
    """Publish it."""
    try:
        services().bulletins.publish(visitor().person_id, bulletin_id)
    except Conflict as error:
        flash(_(str(error)))
        return redirect(url_for("bulletins.edit", bulletin_id=bulletin_id))
    flash(_("简报已发布，邮件将陆续发出"))
    return redirect(url_for("bulletins.show", bulletin_id=bulletin_id))
