"""Sharing subscriptions with colleagues."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug import Response

from domain.errors import InvalidValue
from subscriptions import sharing
from subscriptions.estimate import TooBroad, estimate
from webapp.accounts.visitor import visitor
from webapp.alerts.forms import frequency_of
from webapp.i18n import gettext as _
from webapp.i18n import lang
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


@blueprint.get("/<id:subscription_id>/colleague")
def compare(subscription_id: int) -> str:
    """What a colleague's subscription, which one joined, asks for by now, beside one's own."""
    return _compare_page(subscription_id)


@blueprint.post("/<id:subscription_id>/colleague")
def follow_suit(subscription_id: int) -> ResponseReturnValue:
    """Let one's own ask for the same."""
    frequency = frequency_of(request.form) if "digest" in request.form else None
    try:
        sharing.follow_suit(services().db, visitor().person_id, subscription_id, frequency, lang())
    except InvalidValue as error:
        return _compare_page(subscription_id, error), 400
    flash(_("已保存，新的条件从现在起生效"))
    return redirect(url_for("alerts.mine"))


def _compare_page(subscription_id: int, error: InvalidValue | None = None) -> str:
    own, theirs = sharing.differing(services().db, visitor().person_id, subscription_id)
    return render_template("alerts/compare.html", own=own, theirs=theirs, error=str(error or ""),
                           expected=estimate(services().db, theirs.subscription.criteria),
                           offers_digest=isinstance(error, TooBroad) and not error.estimate.is_too_broad)
