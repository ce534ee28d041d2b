"""What guards one's own account: the second factor, and one's address."""

from __future__ import annotations

import segno
from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug import Response

from domain.errors import InvalidValue
from subscriptions.sign_in import WrongCode
from webapp.accounts import visitor as here
from webapp.accounts.visitor import visitor
from webapp.i18n import gettext as _
from webapp.i18n import lang
from webapp.network import network
from webapp.security import NO_STORE
from webapp.services import services

blueprint = Blueprint("security", __name__, template_folder="templates")


@blueprint.get("/my/security")
def show() -> ResponseReturnValue:
    """The second factor and the address."""
    return _page(), NO_STORE


def _page(error: str = "", address_error: str = "", email: str = "") -> str:
    accounts, who = services().accounts, visitor().known
    secret = accounts.second.waiting(who.id)
    return render_template(
        "accounts/security.html", since=accounts.second.since(who.id), secret=_grouped(secret), error=error, email=email,
        picture=picture(accounts.second.address(who, secret)) if secret else "", address_error=address_error,
        is_required=services().staff_totp and visitor().should_have_second)


def picture(text: str) -> Markup:
    """A QR code of a text, to stand in a page."""
    return Markup(segno.make(text, error="l").svg_inline(scale=5, light="#fff"))


def _grouped(secret: str) -> str:
    return " ".join(secret[start:start + 4] for start in range(0, len(secret), 4))


@blueprint.post("/my/security/second")
def begin() -> Response:
    """Make a secret for the phone."""
    services().accounts.second.begin(visitor().person_id)
    return redirect(url_for("security.show"))


@blueprint.post("/my/security/confirm")
def confirm() -> ResponseReturnValue:
    """The phone shows a code: from now on it is asked for; sessions elsewhere end."""
    person_id = visitor().person_id
    try:
        services().accounts.second.confirm(person_id, request.form.get("code", ""), lang())
    except WrongCode as error:
        return _page(str(error)), 400, NO_STORE
    here.enter(person_id)
    flash(_("动态验证码已启用，下次登录时需要输入"))
    return redirect(url_for("security.show"))


@blueprint.post("/my/address")
def ask_address() -> ResponseReturnValue:
    """Mail a link to an address that is to be added."""
    email = request.form.get("email", "")
    try:
        services().accounts.addresses.ask(visitor().person_id, email, network(), lang())
    except InvalidValue as error:
        return _page(address_error=str(error), email=email), 400, NO_STORE
    flash(_("已向 %(email)s 发送确认邮件，点击其中的链接后生效", email=email.strip()[:254]))
    return redirect(url_for("security.show"))


@blueprint.get("/my/address/<token>")
def address(token: str) -> str:
    """What is to be confirmed."""
    return render_template("accounts/address.html", email=services().accounts.addresses.offered(token).email, is_done=False)


@blueprint.post("/my/address/<token>")
def add_address(token: str) -> ResponseReturnValue:
    """Add it. Where its person is signed in they go on as whom it leads to now."""
    wanted = services().accounts.addresses.offered(token)
    person = services().accounts.addresses.confirm(token)
    if visitor().person and visitor().person_id == wanted.person_id != person.id and not here.step_in(person):
        session["next"] = url_for("security.show")
        return redirect(url_for("accounts.second"))
    return render_template("accounts/address.html", email=wanted.email, is_done=True)
