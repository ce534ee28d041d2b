"""The search page."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, render_template, request

from webapp.search.forms import search_form
from webapp.search.gaps import gap
from webapp.search.page import search_page
from webapp.search.suggest import suggestions
from webapp.services import services
from webapp.sources.titles import source_titles

blueprint = Blueprint("search", __name__, template_folder="templates")


@blueprint.get("/")
def index() -> str:
    """Search, or the newest notices of our industries."""
    page = search_page(services().search, search_form(request.args), source_titles())
    lack = gap(services().db, page.criteria, page.results.total, source_titles())
    return render_template("search/index.html", page=page, gap=lack)


@blueprint.get("/suggest")
def suggest() -> Response:
    """What the text that is being typed may become, as JSON; the same for everybody, for a minute."""
    answer = jsonify(suggestions(services().search, search_form(request.args)))
    answer.headers["Cache-Control"] = "private, max-age=60"
    answer.headers["Vary"] = "Cookie"
    return answer
