"""The operator's page."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from domain.errors import InvalidValue, NotFound
from domain.health import WRONG
from storage import bounces, changes, emails, lineage, overview, runs, sources, tasks
from subscriptions.explain import Account, account, person_at
from subscriptions.recover import overdue
from webapp.accounts.visitor import visitor
from webapp.i18n import gettext as _
from webapp.i18n import lang
from webapp.services import services
from webapp.sources.titles import source_titles

blueprint = Blueprint("admin", __name__, url_prefix="/admin", template_folder="templates")
TASKS = 20


@blueprint.get("")
def index() -> str:
    """Sources in trouble, held runs, mail and index queues, what was lost on the way, tasks."""
    lost = overdue(services().db)
    with services().db.read() as session:
        unwell = [view for view in sources.views(session) if view.health.state in WRONG]
        return render_template(
            "admin/index.html", unwell=unwell, held=runs.held(session), mails=emails.counts(session), titles=source_titles(),
            bounces=bounces.overview(session),
            waiting={name: changes.pending(session, name) for name in changes.CONSUMERS},
            lost=lost, tasks=overview.recent_tasks(session, TASKS))


@blueprint.post("/rebuild")
def rebuild() -> Response:
    """Ask for the search index to be written anew."""
    with services().db.write() as session:
        tasks.ask(session, tasks.REBUILD, f"person:{visitor().person_id}")
    flash(_("已登记重建索引的任务"))
    return redirect(url_for("admin.index"))


@blueprint.get("/explain")
def explain() -> str | tuple[str, int]:
    """Why an address was told of a notice, or was not."""
    notice, address = request.args.get("notice", "").strip(), request.args.get("address", "").strip()
    found, error = None, ""
    if notice and address:
        try:
            found = _account(notice, address)
        except (InvalidValue, NotFound):
            error = _("没有找到这条信息，或没有人确认过这个邮箱。信息可用编号、原文编号或“来源:原文编号”。")
    page = render_template("admin/explain.html", notice=notice, address=address, account=found, error=error)
    return (page, 404) if error else page


def _account(notice: str, address: str) -> Account:
    with services().db.read() as session:
        notice_id = lineage.find(session, notice)
    return account(services().db, notice_id, person_at(services().db, address), lang())
