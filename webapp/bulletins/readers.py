"""The bulletin list of a zone, for its association."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from webapp.accounts.visitor import visitor
from webapp.alerts.forms import chosen_ids
from webapp.i18n import ngettext
from webapp.services import services
from zone.bulletins import readers as lists

blueprint = Blueprint("readers", __name__, url_prefix="/bulletins/readers", template_folder="templates")


@blueprint.get("/<id:zone_id>")
def show(zone_id: int) -> str:
    """The members of a zone, and who of them gets the bulletins."""
    members = lists.members(services().db, visitor().person_id, zone_id)
    return render_template("bulletins/readers.html", members=members,
                           zone=next(zone for zone in visitor().zones if zone.id == zone_id))


@blueprint.post("/<id:zone_id>")
def enlist(zone_id: int) -> Response:
    """Put the ticked members on the list."""
    count = lists.enlist(services().db, visitor().person_id, zone_id, chosen_ids(request.form))
    flash(ngettext("已把 %(num)s 位会员加入简报名单", "已把 %(num)s 位会员加入简报名单", count))
    return redirect(url_for("readers.show", zone_id=zone_id))
