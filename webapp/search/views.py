"""The search page."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from webapp.search.forms import search_form
from webapp.search.gaps import gap
from webapp.search.page import search_page
from webapp.services import services
from webapp.sources.titles import source_names

blueprint = Blueprint("search", __name__, template_folder="templates")


@blueprint.get("/")
def index() -> str:
    """Search, or the newest notices of our industries."""
    page = search_page(services().search, search_form(request.args), source_names())
    lack = gap(services().db, page.criteria, page.results.total, source_names().titles)
    return render_template("search/index.html", page=page, gap=lack)
