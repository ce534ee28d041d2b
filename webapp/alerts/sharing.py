"""Sharing subscriptions with colleagues."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug import Response

from subscriptions import sharing
from webapp.accounts.visitor import visitor
from webapp.i18n import gettext as _
from webapp.services import services

blueprint = Blueprint("sharing", __name__, url_prefix="/my")


@blueprint.post("/<id:subscription_id>/share")
def share(subscription_id: int) -> Response:
    """Offer a subscription to the colleagues of an organisation, or (none given) no longer."""
    organisation_id = request.form.get("organisation", default=0, type=int) or None
    sharing.share(services().db, visitor().person_id, subscription_id, organisation_id)
    flash(_("同事现在可以加入这个订阅") if organisation_id else _("已停止共享；已加入的同事不受影响"))
    return redirect(url_for("alerts.mine"))


@blueprint.post("/join/<id:subscription_id>")
def join(subscription_id: int) -> Response:
    """Have what a colleague shares sent to oneself too."""
    sharing.join(services().db, visitor().person_id, subscription_id)
    flash(_("已加入，符合条件的新信息也会发送给您"))
    return redirect(url_for("alerts.mine"))
