"""Pages of one's own data. Links in mails lead to pages that only ask."""

from __future__ import annotations

import json

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug import Response as Answer

from domain import clock, consent
from domain.errors import InvalidValue
from storage.bounces import Standing
from subscriptions import colleague as colleagues
from subscriptions.phrases import say
from webapp.accounts.visitor import leave, visitor
from webapp.alerts.forms import chosen_ids
from webapp.i18n import gettext as _
from webapp.i18n import lang
from webapp.security import own_path
from webapp.services import services

blueprint = Blueprint("personal", __name__, template_folder="templates")


@blueprint.app_template_global()
def must_agree() -> bool:
    """Whether the person who is signed in has yet to agree to the text in force."""
    return visitor().is_signed_in and services().personal.must_agree(visitor().person_id)


@blueprint.app_template_global()
def standing() -> Standing | None:
    """How mail to the person who is signed in fares."""
    return services().personal.standing(visitor().person_id)


@blueprint.app_template_filter()
def why_ended(why: str) -> str:
    """Why nothing more goes to an address."""
    return say(colleagues.WHYS.get(why, why), lang())


@blueprint.app_context_processor
def _consent() -> dict[str, object]:
    return {"consent": consent}


@blueprint.get("/privacy")
def privacy() -> str:
    """What becomes of personal data."""
    return render_template("personal/privacy.html", contact=services().contact, mail_host=services().mail_host)


@blueprint.post("/privacy/agree")
def agree() -> Answer:
    """Agree to the text that was shown."""
    services().personal.agree(visitor().person_id, request.form.get("consent", ""))
    flash(_("已记录您的同意"))
    return redirect(own_path(request.form.get("next")) or url_for("alerts.mine"))


@blueprint.get("/my/data")
def data() -> str:
    """Take one's data away, or have them erased."""
    return render_template("personal/data.html", error="")


@blueprint.post("/my/data/export")
def export() -> Response:
    """All that is kept about the person, as a file."""
    found = services().personal.export(visitor().person_id)
    answer = Response(json.dumps(found, ensure_ascii=False, indent=1), content_type="application/json; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="my-data-{clock.today():%Y%m%d}.json"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.post("/my/data/erase")
def erase() -> Answer | tuple[str, int]:
    """Erase the person, who typed their address to say so."""
    try:
        services().personal.erase(visitor().person_id, request.form.get("email", ""))
    except InvalidValue as error:
        return render_template("personal/data.html", error=say(str(error), lang())), 400
    leave()
    return redirect(url_for("personal.erased"))


@blueprint.get("/erased")
def erased() -> str:
    """What was done, to somebody whom we no longer know."""
    return render_template("personal/erased.html")


@blueprint.post("/my/reachable")
def ask_address() -> Answer:
    """Mail the link that shows that mail arrives."""
    services().personal.ask_address(visitor().person_id)
    flash(_("确认邮件已登记发送，请查收（包括垃圾邮件箱）"))
    return redirect(url_for("alerts.mine"))


@blueprint.get("/address/<token>")
def address(token: str) -> str:
    """Ask whether mail arrives."""
    return render_template("personal/address.html", email=services().personal.address(token), done=False)


@blueprint.post("/address/<token>")
def confirm_address(token: str) -> str:
    """It does."""
    services().personal.confirm_address(token)
    return render_template("personal/address.html", email=services().personal.address(token), done=True)


@blueprint.get("/my/colleague/<id:colleague_id>")
def colleague(colleague_id: int) -> str:
    """What a colleague whom no mail reaches had asked for."""
    person, asked = colleagues.left_by(services().db, visitor().person_id, colleague_id)
    return render_template("personal/colleague.html", colleague=person, asked=asked)


@blueprint.post("/my/colleague/<id:colleague_id>")
def take_over(colleague_id: int) -> Answer:
    """Have it sent to oneself from now on."""
    colleagues.take_over(services().db, visitor().person_id, colleague_id, chosen_ids(request.form))
    flash(_("已保存，今后由您接收"))
    return redirect(url_for("alerts.mine"))
