"""Pages of a notice."""

from __future__ import annotations

from flask import Blueprint, Response, render_template

from webapp.accounts.visitor import visitor
from webapp.notices.captures import capture_of, download, shown_headers
from webapp.notices.page import notice_page
from webapp.services import services
from webapp.sources.titles import source_titles

blueprint = Blueprint("notices", __name__, url_prefix="/notices", template_folder="templates")


@blueprint.get("/<id:notice_id>")
def show(notice_id: int) -> str:
    """One notice in full."""
    drafts = services().bulletins.drafts(visitor().person_id) if visitor().zones else []
    return render_template("notices/show.html", page=notice_page(services().db, notice_id), drafts=drafts,
                           titles=source_titles())


@blueprint.get("/<id:notice_id>/capture")
def capture(notice_id: int) -> str:
    """Where and when it was read."""
    found = capture_of(services().db, notice_id)
    return render_template("notices/capture.html", notice_id=notice_id, capture=found, headers=shown_headers(found))


@blueprint.get("/<id:notice_id>/capture/body")
def capture_body(notice_id: int) -> Response:
    """The bytes as they came."""
    return download(services().captures, capture_of(services().db, notice_id))
