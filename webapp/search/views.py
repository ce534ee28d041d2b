"""The search page with its suggestions, and the same search as feeds and files."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, render_template, request

from domain.criteria import Criteria
from webapp.search import export, feeds
from webapp.search.forms import MOST_ROWS, search_form
from webapp.search.gaps import gap
from webapp.search.page import search_page
from webapp.search.suggest import suggestions
from webapp.services import services
from webapp.sources.titles import source_names

blueprint = Blueprint("search", __name__, template_folder="templates")


@blueprint.get("/")
def index() -> str:
    """Search, or the newest notices of our industries."""
    page = search_page(services().search, search_form(request.args), source_names())
    lack = gap(services().db, page.criteria, page.results.total, source_names().titles)
    return render_template("search/index.html", page=page, gap=lack)


@blueprint.get("/feed.atom")
def atom() -> Response:
    """The newest notices for feed readers."""
    return feeds.answer(services().search, _criteria(), source_names(), services().base_url, feeds.atom)


@blueprint.get("/feed.json")
def json_feed() -> Response:
    """The same as JSON Feed."""
    return feeds.answer(services().search, _criteria(), source_names(), services().base_url, feeds.json_feed)


@blueprint.get("/export.csv")
def csv_file() -> Response:
    """The notices as a CSV file."""
    return export.csv(_export())


@blueprint.get("/export.xlsx")
def xlsx_file() -> Response:
    """The notices as a workbook."""
    return export.xlsx(_export())


@blueprint.get("/suggest")
def suggest() -> Response:
    """What the text that is being typed may become, as JSON; the same for everybody, for a minute."""
    answer = jsonify(suggestions(services().search, search_form(request.args)))
    answer.headers["Cache-Control"] = "private, max-age=60"
    answer.headers["Vary"] = "Cookie"
    return answer


def _criteria() -> Criteria:
    form = search_form(request.args)
    return services().search.understand(form.text, form.criteria).criteria


def _export() -> export.Export:
    criteria = _criteria()
    found = services().search.found(criteria, sort=search_form(request.args).order(criteria), limit=MOST_ROWS)
    return export.Export(found, criteria, source_names(), services().base_url)
