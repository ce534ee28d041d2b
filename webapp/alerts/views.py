"""Pages of subscriptions. Every link in a mail leads to a page that only asks; the button on it acts."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug import Response as Redirect

from domain.criteria import Criteria
from domain.errors import InvalidValue
from subscriptions.estimate import TooBroad, estimate
from subscriptions.explain import account
from subscriptions.limits import LimitReached
from subscriptions.sharing import colleagues
from webapp.accounts.visitor import visitor
from webapp.alerts.forms import SubscribeForm, choice_of, chosen_ids, quiet_of, send, subscribe_form
from webapp.alerts.mine import my_page
from webapp.alerts.page import subscribe_page, told_page
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
    except TooBroad as error:
        return _form_page(form, str(error), offers_digest=not error.estimate.is_too_broad), 400
    except InvalidValue as error:
        return _form_page(form, str(error)), 400
    except LimitReached as error:
        return _form_page(form, str(error)), 429, retry_after(error)
    return render_template("alerts/sent.html", form=form)


def _form_page(form: SubscribeForm, error: str = "", offers_digest: bool = False) -> str:
    return render_template("alerts/subscribe.html", page=subscribe_page(
        services().search, form, source_titles(), estimate(services().db, form.criteria)),
                           zones=services().bulletins.zones(), error=error, offers_digest=offers_digest)


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


@blueprint.get("/outages/stop/<token>")
def outages(token: str) -> str:
    """What a link in a mail about outages of sources can end: these mails, and no alerts."""
    return render_template("alerts/outages.html", is_told=services().subscriptions.hears_of_outages(token), ended=False)


@blueprint.post("/outages/stop/<token>")
def outages_now(token: str) -> str:
    """End them; a mail program's one click does the same."""
    services().subscriptions.end_outages(token)
    return render_template("alerts/outages.html", is_told=False, ended=True)


@blueprint.get("/mails/<token>")
def told(token: str) -> Response:
    """All notices of a mail, which may have shown only some."""
    page = told_page(services().subscriptions.told(token), request.args.get("page", "1"))
    answer = make_response(render_template("alerts/told.html", page=page, token=token, titles=source_titles()))
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return answer


@blueprint.get("/my")
def mine() -> str:
    """The subscriptions of the person, and when they are told."""
    return _my_page()


def _my_page(error: str = "", at: int | None = None) -> str:
    """``error`` is what is wrong with the form of the subscription ``at``, or (0) with the person's own."""
    found = services().subscriptions.of_person(visitor().person_id)
    return render_template("alerts/mine.html", page=my_page(visitor().known, found, services().subscriptions),
                           zones={zone.id: zone for zone in services().bulletins.zones()}, error=error, at=at,
                           colleagues=colleagues(services().db, visitor().person_id))


@blueprint.post("/my/<id:subscription_id>/choose")
def choose(subscription_id: int) -> Redirect | tuple[str, int]:
    """Keep how one of them is called, and how often it is told."""
    try:
        services().subscriptions.choose(visitor().person_id, subscription_id, choice_of(request.form), lang())
    except InvalidValue as error:
        return _my_page(str(error), subscription_id), 400
    flash(_("已保存"))
    return redirect(url_for("alerts.mine"))


@blueprint.post("/my/rest")
def rest() -> Redirect | tuple[str, int]:
    """Keep where the person is, their quiet hours, and whether they are told of outages of sources."""
    try:
        services().subscriptions.rest(visitor().person_id, request.form.get("time_zone", ""), quiet_of(request.form), lang())
    except InvalidValue as error:
        return _my_page(str(error), 0), 400
    services().subscriptions.hear_of_outages(visitor().person_id, "outages" in request.form)
    flash(_("已保存"))
    return redirect(url_for("alerts.mine"))


@blueprint.post("/my/<id:subscription_id>/end")
def end(subscription_id: int) -> Redirect:
    """Stop one of them."""
    services().subscriptions.end(visitor().person_id, subscription_id)
    flash(_("已停止该订阅"))
    return redirect(url_for("alerts.mine"))


@blueprint.get("/my/why/<id:notice_id>")
def why(notice_id: int) -> str:
    """Why the person was told of a notice, or was not."""
    return render_template("alerts/why.html", account=account(services().db, notice_id, visitor().person_id, lang()))
