"""Pages of subscriptions. Every link in a mail leads to a page that only asks; the button on it acts."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug import Response

from domain.criteria import Criteria
from domain.errors import InvalidValue
from subscriptions.limits import LimitReached
from webapp.accounts.visitor import visitor
from webapp.alerts.forms import SubscribeForm, chosen_ids, send, subscribe_form
from webapp.alerts.page import subscribe_page
from webapp.errors import retry_after
from webapp.i18n import gettext as _
from webapp.i18n import lang
from webapp.network import network
from webapp.search.chips import Chip, chips
from webapp.search.forms import address, params
from webapp.security import is_one_click
from webapp.services import services
from webapp.sources.titles import source_titles

blueprint = Blueprint("alerts", __name__, template_folder="templates")


@blueprint.app_template_global()
def criteria_chips(criteria: Criteria) -> list[Chip]:
    """Criteria in words."""
    return chips(criteria, source_titles())


@blueprint.app_template_global()
def search_address(criteria: Criteria) -> str:
    """The search page with these criteria."""
    return address(url_for("search.index"), params(criteria))


@blueprint.get("/subscribe")
def subscribe() -> str:
    """The criteria, what they find, and where to send it."""
    form = subscribe_form(request.args)
    who = visitor().person
    return _form_page(form if form.email or who is None else form.for_address(who.email))


@blueprint.post("/subscribe")
def subscribe_now() -> ResponseReturnValue:
    """Keep the subscription and mail the confirmation link, or only show what the ticked criteria find."""
    form = subscribe_form(request.form)
    if "update" in request.form:
        return _form_page(form)
    try:
        send(form, services().subscriptions, lang(), network())
    except InvalidValue as error:
        return _form_page(form, str(error)), 400
    except LimitReached as error:
        return _form_page(form, str(error)), 429, retry_after(error)
    return render_template("alerts/sent.html", form=form)


def _form_page(form: SubscribeForm, error: str = "") -> str:
    return render_template("alerts/subscribe.html", page=subscribe_page(services().search, form, source_titles()),
                           zones=services().bulletins.zones(), error=error)


@blueprint.get("/confirm/<token>")
def confirm(token: str) -> str:
    """What is to be confirmed."""
    return render_template("alerts/confirm.html", subscription=services().subscriptions.pending(token))


@blueprint.post("/confirm/<token>")
def confirm_now(token: str) -> str:
    """Confirm it."""
    return render_template("alerts/confirmed.html", subscription=services().subscriptions.confirm(token))


@blueprint.get("/unsubscribe/<token>")
def unsubscribe(token: str) -> str:
    """What can be ended."""
    return render_template("alerts/unsubscribe.html", offered=services().subscriptions.unsubscribe_offer(token))


@blueprint.post("/unsubscribe/<token>")
def unsubscribe_now(token: str) -> str:
    """End what was ticked; a mail program's one click ends all that the mail named."""
    chosen = None if is_one_click() else chosen_ids(request.form)
    ended = services().subscriptions.unsubscribe(token, chosen)
    return render_template("alerts/unsubscribed.html", ended=ended)


@blueprint.get("/my")
def mine() -> str:
    """The subscriptions of the person."""
    return render_template("alerts/mine.html", zones={zone.id: zone for zone in services().bulletins.zones()},
                           subscriptions=services().subscriptions.of_person(visitor().person_id))


@blueprint.post("/my/<id:subscription_id>/end")
def end(subscription_id: int) -> Response:
    """Stop one of them."""
    services().subscriptions.end(visitor().person_id, subscription_id)
    flash(_("已停止该订阅"))
    return redirect(url_for("alerts.mine"))
