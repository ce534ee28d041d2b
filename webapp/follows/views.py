"""Following a notice, ending that by a page or by a link in a mail, and calendars. GET never acts."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug import Response as BaseResponse

from webapp.accounts.visitor import visitor
from webapp.alerts.forms import chosen_ids
from webapp.follows.page import follows_of, is_followed, may_follow
from webapp.i18n import gettext as _
from webapp.i18n import lang
from webapp.present import reader_zone
from webapp.security import is_one_click, own_path
from webapp.services import services

blueprint = Blueprint("follows", __name__, template_folder="templates")
for _function in (follows_of, is_followed, may_follow):
    blueprint.add_app_template_global(_function)


@blueprint.post("/notices/<id:notice_id>/follow")
def follow(notice_id: int) -> BaseResponse:
    """Be reminded of its deadlines."""
    services().deadlines.follow(visitor().known, notice_id)
    flash(_("已关注。截止前 30、14、7、3 天会发邮件提醒您，日期有变更也会告诉您。"))
    return redirect(url_for("notices.show", notice_id=notice_id))


@blueprint.post("/notices/<id:notice_id>/unfollow")
def end(notice_id: int) -> BaseResponse:
    """Be reminded no more."""
    services().deadlines.end(visitor().person_id, notice_id)
    flash(_("已取消关注，不再提醒"))
    return redirect(own_path(request.form.get("back")) or url_for("notices.show", notice_id=notice_id))


@blueprint.get("/notices/<id:notice_id>/deadline.ics")
def file(notice_id: int) -> Response:
    """Its deadlines for a calendar."""
    found = services().deadlines.file_of(notice_id, lang(), reader_zone())
    answer = Response(found.text, content_type=f"{found.type}; charset=utf-8")
    answer.headers.set("Content-Disposition", "attachment", filename=found.name)
    return answer


@blueprint.get("/follow/stop/<token>")
def silence(token: str) -> str:
    """What a link in a reminder can end."""
    return render_template("follows/silence.html", offered=services().deadlines.silence_offer(token))


@blueprint.post("/follow/stop/<token>")
def silence_now(token: str) -> str:
    """End what was ticked; a mail program's one click ends all that the mail named."""
    ended = services().deadlines.silence(token, None if is_one_click() else chosen_ids(request.form))
    return render_template("follows/silenced.html", ended=ended)


@blueprint.post("/my/<id:subscription_id>/reminds")
def remind(subscription_id: int) -> BaseResponse:
    """Let a subscription follow what it matches, or no longer."""
    reminds = request.form.get("reminds") == "yes"
    services().deadlines.set_reminds(visitor().person_id, subscription_id, reminds)
    flash(_("以后命中的信息会自动关注截止日期") if reminds else _("以后命中的信息不再自动关注"))
    return redirect(url_for("alerts.mine"))


@blueprint.post("/my/calendar")
def renew() -> BaseResponse:
    """Give the person's calendar a new address."""
    services().deadlines.renew_calendar(visitor().person_id)
    flash(_("日历地址已更换，旧地址不再有效"))
    return redirect(url_for("alerts.mine"))


@blueprint.get("/calendar/<token>.ics")
def calendar(token: str) -> Response:
    """The deadlines that a person follows. The address is all the proof: calendar programs bring no cookie."""
    own = services().deadlines.calendar(token)
    if request.if_none_match.contains_weak(own.tag):
        answer = Response(status=304)
    else:
        answer = Response(services().deadlines.calendar_text(own), content_type="text/calendar; charset=utf-8")
    answer.set_etag(own.tag, weak=True)
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return answer
