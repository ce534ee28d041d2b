"""Changing what a subscription of one's own asks for."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.errors import InvalidValue
from domain.subscription import Subscription
from subscriptions.edit import Wanted, edit, editable
from subscriptions.estimate import TooBroad, estimate
from webapp.accounts.visitor import visitor
from webapp.alerts.forms import SubscribeForm, subscribe_form
from webapp.alerts.page import subscribe_page
from webapp.i18n import gettext as _
from webapp.i18n import lang
from webapp.services import services
from webapp.sources.titles import source_titles

blueprint = Blueprint("editing", __name__, url_prefix="/my")


@blueprint.get("/<id:subscription_id>/edit")
def show(subscription_id: int) -> str:
    """The form, filled with what the subscription asks for."""
    known = editable(services().db, visitor().person_id, subscription_id)
    return _form_page(known, SubscribeForm(
        known.criteria, label=known.label, frequency=known.frequency, red_at_once=known.red_at_once))


@blueprint.post("/<id:subscription_id>/edit")
def save(subscription_id: int) -> ResponseReturnValue:
    """Keep what was chosen, or only show what the ticked criteria find."""
    known, form = editable(services().db, visitor().person_id, subscription_id), subscribe_form(request.form)
    if "update" in request.form:
        return _form_page(known, form)
    wanted = Wanted(form.criteria, form.label, form.frequency, form.red_at_once)
    try:
        changed = edit(services().db, visitor().person_id, subscription_id, wanted, lang())
    except InvalidValue as error:
        return _form_page(known, form, error), 400
    flash(_("已保存，新的条件从现在起生效") if changed else _("已保存"))
    return redirect(url_for("alerts.mine"))


def _form_page(known: Subscription, form: SubscribeForm, error: InvalidValue | None = None) -> str:
    return render_template("alerts/edit.html", subscription=known, error=str(error or ""), page=subscribe_page(
        services().search, form, source_titles(), estimate(services().db, form.criteria)),
                           offers_digest=isinstance(error, TooBroad) and not error.estimate.is_too_broad)
