"""Pages of the sources."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from domain.errors import InvalidValue
from storage import health, runs, sources, tasks
from webapp.accounts.visitor import visitor
from webapp.i18n import gettext as _
from webapp.i18n import lang
from webapp.present import MAX_ID
from webapp.services import services
from webapp.sources.page import overview, past_states

blueprint = Blueprint("sources", __name__, url_prefix="/sources", template_folder="templates")
MAX_WHY = 300


@blueprint.get("")
def index() -> str:
    """All sources with their health."""
    with services().db.read() as session:
        return render_template("sources/index.html", page=overview(sources.views(session)))


@blueprint.get("/<slug>")
def show(slug: str) -> str:
    """One source: its card, what it holds, its recent runs, how its state changed."""
    with services().db.read() as session:
        return render_template("sources/show.html", view=sources.view(session, slug), runs=runs.latest(session, slug, 20),
                               past=past_states(health.phases(session, slug), lang()))


@blueprint.post("/<slug>/pause")
def pause(slug: str) -> Response:
    """Stop crawling it; readers see the explanation."""
    why = " ".join(request.form.get("why", "").split())
    if not why or len(why) > MAX_WHY:
        raise InvalidValue(_("请用 300 字以内说明暂停原因，读者会看到这句话"))
    sources.pause(services().db, slug, why, _actor())
    return _back(slug, _("已暂停采集"))


@blueprint.post("/<slug>/resume")
def resume(slug: str) -> Response:
    """Crawl it again."""
    sources.resume(services().db, slug, _actor())
    return _back(slug, _("已恢复采集"))


@blueprint.post("/<slug>/crawl")
def crawl(slug: str) -> Response:
    """Ask for a run now."""
    with services().db.read() as session:
        known = sources.view(session, slug)
    with services().db.write() as session:
        tasks.ask(session, tasks.CRAWL, _actor(), {"slug": known.slug})
    return _back(slug, _("已登记采集任务，调度进程将尽快执行"))


@blueprint.post("/<slug>/release")
def release(slug: str) -> Response:
    """Let a held run alert."""
    run_id = request.form.get("run", type=int, default=0)
    report = runs.release(services().db, run_id if 0 < run_id <= MAX_ID else 0, _actor())
    return _back(report.slug, _("已放行：这次采集的预警将开始发送"))


def _actor() -> str:
    return f"person:{visitor().person_id}"


def _back(slug: str, message: str) -> Response:
    flash(message)
    return redirect(url_for("sources.show", slug=slug))
