"""The page on which staff hand out codes on paper, and see those that nobody has used."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug import Response

from domain.errors import InvalidValue
from subscriptions.papers import MAX_NAME
from webapp.accounts.visitor import visitor
from webapp.i18n import gettext as _
from webapp.i18n import lang
from webapp.security import NO_STORE
from webapp.services import services

blueprint = Blueprint("members", __name__, url_prefix="/members", template_folder="templates")


@blueprint.get("")
def index() -> str:
    """The form, and the codes that still let somebody in."""
    return _page()


def _page(name: str = "", organisation: str = "", error: str = "") -> str:
    papers, who = services().accounts.papers, visitor().known
    return render_template("members/index.html", zones=papers.zones(who), handed=papers.handed(who), name=name,
                           organisation=organisation, error=error)


@blueprint.post("")
def issue() -> ResponseReturnValue:
    """Make a code and show it, this once."""
    name, organisation = (request.form.get(field, "")[:MAX_NAME] for field in ("name", "organisation"))
    zone_id = request.form.get("zone", default=0, type=int)
    try:
        made = services().accounts.papers.issue(visitor().known, zone_id, name, organisation, lang())
    except InvalidValue as error:
        return _page(name, organisation, str(error)), 400
    return render_template("members/paper.html", paper=made,
                           address=f"{services().base_url}/sign-in/paper"), NO_STORE


@blueprint.post("/<id:sign_in_id>/withdraw")
def withdraw(sign_in_id: int) -> Response:
    """Let a code let nobody in any more."""
    services().accounts.papers.withdraw(visitor().known, sign_in_id)
    flash(_("已作废该编码"))
    return redirect(url_for("members.index"))
