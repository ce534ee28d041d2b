"""Sign-in by mail link: asking for it, arriving by it, going in; and out again."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from werkzeug import Response

from domain.errors import InvalidValue
from subscriptions.phrases import say
from webapp.accounts.visitor import enter as let_in
from webapp.accounts.visitor import leave
from webapp.i18n import gettext as _
from webapp.i18n import lang
from webapp.security import own_path
from webapp.services import services

blueprint = Blueprint("accounts", __name__, template_folder="templates")
NEXT = "next"


@blueprint.get("/sign-in")
def sign_in() -> str:
    """Ask for a sign-in link."""
    return _form_page("", own_path(request.args.get("next")))


@blueprint.post("/sign-in")
def ask() -> str | tuple[str, int]:
    """Send the link, and say the same whether the address is known or not."""
    email, wanted = request.form.get("email", ""), own_path(request.form.get("next"))
    try:
        services().subscriptions.ask_sign_in(email)
    except InvalidValue as error:
        return _form_page(email, wanted, say(str(error), lang())), 400
    if wanted:
        session[NEXT] = wanted
    return render_template("accounts/sent.html")


def _form_page(email: str, wanted: str | None, error: str = "") -> str:
    return render_template("accounts/sign_in.html", email=email, error=error, next=wanted or "")


@blueprint.get("/sign-in/<token>")
def arrive(token: str) -> str:
    """A mail program may open every link it sees: this page signs nobody in."""
    return render_template("accounts/arrive.html")


@blueprint.post("/sign-in/<token>")
def enter(token: str) -> Response:
    """Sign in, and go where the reader was going."""
    person = services().subscriptions.signed_in(token)
    wanted = own_path(session.get(NEXT))
    let_in(person)
    flash(_("已登录"))
    return redirect(wanted or url_for("alerts.mine"))


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """Sign out of this browser."""
    leave()
    flash(_("已退出登录"))
    return redirect(url_for("search.index"))
