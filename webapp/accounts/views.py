"""Signing in: asking for a mail, by its link or its code, by a code on paper, the second factor; and out again."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug import Response

from domain.errors import InvalidValue
from domain.organisation import Person
from subscriptions.sign_in import WrongCode
from subscriptions.tokens import BadToken
from webapp.accounts import visitor as here
from webapp.i18n import gettext as _
from webapp.i18n import lang
from webapp.network import network
from webapp.security import own_path
from webapp.services import services

blueprint = Blueprint("accounts", __name__, template_folder="templates")
NEXT, ASKED = "next", "asked"
"""What the session of somebody on the way in says: where they were going, and the number and address of their mail."""


@blueprint.get("/sign-in")
def sign_in() -> str:
    """Ask for an address."""
    return _address_page("", own_path(request.args.get(NEXT)))


@blueprint.post("/sign-in")
def ask() -> ResponseReturnValue:
    """Send the mail, and do and say the same whether the address is known or not."""
    email, wanted = request.form.get("email", ""), own_path(request.form.get(NEXT))
    try:
        number = services().accounts.sign_in.ask(email, network(), lang())
    except InvalidValue as error:
        return _address_page(email, wanted, str(error)), 400
    session[ASKED] = [number, email.strip()[:254]]
    if wanted:
        session[NEXT] = wanted
    return redirect(url_for("accounts.code"))


def _address_page(email: str, wanted: str | None, error: str = "") -> str:
    return render_template("accounts/sign_in.html", email=email, error=error, next=wanted or "")


@blueprint.get("/sign-in/code")
def code() -> str:
    """Ask for the code of the mail, in the browser that asked for it."""
    return _code_page() if session.get(ASKED) else _address_page("", own_path(session.get(NEXT)))


@blueprint.post("/sign-in/code")
def enter_code() -> ResponseReturnValue:
    """Sign in by the code."""
    number = (session.get(ASKED) or [0])[0]
    try:
        return _step_in(services().accounts.sign_in.by_code(number, request.form.get("code", ""), lang()))
    except WrongCode as error:
        return _code_page(str(error), error.left > 0), 400
    except BadToken as error:
        return _code_page(error.text(lang()), False), 400


def _code_page(error: str = "", may_try: bool = True) -> str:
    email = (session.get(ASKED) or [0, ""])[1]
    return render_template("accounts/code.html", email=email, error=error, may_try=may_try)


@blueprint.get("/sign-in/<token>")
def arrive(token: str) -> str:
    """A mail program may open every link it sees: this page signs nobody in."""
    services().accounts.sign_in.offered(token)
    return render_template("accounts/arrive.html")


@blueprint.post("/sign-in/<token>")
def enter(token: str) -> Response:
    """Sign in by the link, and go where the reader was going."""
    return _step_in(services().accounts.sign_in.by_link(token))


@blueprint.get("/sign-in/paper")
def paper() -> str:
    """Ask for a code from paper."""
    return _paper_page()


@blueprint.post("/sign-in/paper")
def enter_paper() -> ResponseReturnValue:
    """Sign in by a code from paper."""
    typed = request.form.get("code", "")
    try:
        person = services().accounts.sign_in.by_paper(typed, network(), lang())
    except WrongCode as error:
        return _paper_page(typed[:60], str(error)), 400
    return _step_in(person)


def _paper_page(typed: str = "", error: str = "") -> str:
    return render_template("accounts/paper.html", typed=typed, error=error)


def _step_in(person: Person) -> Response:
    """The first factor is shown: in, or to the second one."""
    wanted = own_path(session.get(NEXT))
    if here.step_in(person):
        return _arrived(wanted, person)
    session[NEXT] = wanted
    return redirect(url_for("accounts.second"))


def _arrived(wanted: str | None, person: Person) -> Response:
    flash(_("已登录"))
    return redirect(wanted or url_for("alerts.mine" if person.email else "security.show"))


@blueprint.get("/sign-in/second")
def second() -> str:
    """Ask for the code of the phone."""
    return _second_page() if here.halfway() else _address_page("", None)


@blueprint.post("/sign-in/second")
def enter_second() -> ResponseReturnValue:
    """Sign in by it, after the first factor."""
    person_id, wanted = here.halfway(), own_path(session.get(NEXT))
    if person_id is None:
        return redirect(url_for("accounts.sign_in", next=wanted))
    try:
        services().accounts.second.check(person_id, request.form.get("code", ""), lang())
    except WrongCode as error:
        return _second_page(str(error)), 400
    here.enter(person_id)
    return _arrived(wanted, here.visitor().known)


def _second_page(error: str = "") -> str:
    return render_template("accounts/second.html", error=error)


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """Sign out of this browser."""
    here.leave()
    flash(_("已退出登录"))
    return redirect(url_for("search.index"))
