"""The operator's page."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug import Response

from domain.health import WRONG
from storage import changes, emails, overview, runs, sources, tasks
from subscriptions.recover import overdue
from webapp.accounts.visitor import visitor
from webapp.i18n import gettext as _
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
            waiting={name: changes.pending(session, name) for name in changes.CONSUMERS},
            lost=lost, tasks=overview.recent_tasks(session, TASKS))


@blueprint.post("/rebuild")
def rebuild() -> Response:
    """Ask for the search index to be written anew."""
    with services().db.write() as session:
        tasks.ask(session, tasks.REBUILD, f"person:{visitor().person_id}")
    flash(_("已登记重建索引的任务"))
    return redirect(url_for("admin.index"))
