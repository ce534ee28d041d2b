"""Pages of the sources."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from domain.errors import Conflict, InvalidValue, NotFound
from domain.health import HealthState
from storage import captures, health, keys, runs, sources, tasks
from storage.findings import holdings
from storage.freshness import freshness, lapses
from webapp.accounts.visitor import visitor
from webapp.i18n import gettext as _
from webapp.i18n import lang
from webapp.notices.captures import download
from webapp.present import MAX_ID
from webapp.services import services
from webapp.sources import freshness as timely
from webapp.sources import held
from webapp.sources.page import overview, past_states

blueprint = Blueprint("sources", __name__, url_prefix="/sources", template_folder="templates")
MAX_WHY = 300
CAPTURES = 200
"""Answers of a run that its page lists."""


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
                               steps=timely.rows(freshness(session, slug)),
                               past=past_states(health.phases(session, slug), lang()),
                               held=held.of_source(slug, holdings(session, slug)))


@blueprint.get("/<slug>/freshness")
def freshness_log(slug: str) -> str:
    """How timely it is, notice by notice."""
    with services().db.read() as session:
        return render_template(
            "sources/freshness.html", view=sources.view(session, slug), lapses=lapses(session, slug, timely.SHOWN),
            steps=timely.rows(freshness(session, slug)))


@blueprint.get("/<slug>/freshness.csv")
def freshness_file(slug: str) -> Response:
    """The same as a file, whole."""
    with services().db.read() as session:
        return timely.file_of(sources.view(session, slug).slug, lapses(session, slug))


@blueprint.get("/<slug>/runs/<id:run_id>")
def run(slug: str, run_id: int) -> str:
    """What happened in a run, and the answers it got."""
    with services().db.read() as session:
        report, details = runs.with_details(session, slug, run_id)
        return render_template("sources/run.html", view=sources.view(session, slug), run=report, details=details,
                               captures=captures.of_run(session, run_id, CAPTURES))


@blueprint.get("/<slug>/runs/<id:run_id>/captures/<id:capture_id>")
def capture_body(slug: str, run_id: int, capture_id: int) -> Response:
    """An answer of a run, as it came."""
    with services().db.read() as session:
        runs.with_details(session, slug, run_id)
        found = captures.by_id(session, capture_id)
        if found.run_id != run_id:
            raise NotFound(f"run {run_id} has no capture {capture_id}")
    return download(services().captures, found)


@blueprint.post("/<slug>/key")
def set_key(slug: str) -> Response:
    """Keep the API key it asks for, or forget it."""
    key = request.form.get("key", "").strip()
    keys.keep(services().db, slug, key, services().secret_key, _actor())
    return _back(slug, _("已保存密钥，下次采集时使用") if key else _("已删除密钥"))


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
    if known.health.state is HealthState.NOT_CRAWLED:
        raise Conflict(_("此来源只有来源卡，没有采集程序"))
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
