"""Pages of the product types."""

from __future__ import annotations

from flask import Blueprint, render_template

from domain.errors import NotFound
from domain.product_type import PRODUCT_TYPES
from storage import notices
from storage.findings import findings
from webapp.products import page
from webapp.services import services
from webapp.sources.titles import source_titles

blueprint = Blueprint("products", __name__, url_prefix="/products", template_folder="templates")


@blueprint.get("")
def index() -> str:
    """All product types by industry, with what has come for each."""
    with services().db.read() as session:
        found = findings(session)
    return render_template("products/index.html", years=page.recent_years(), groups=page.overview(found))


@blueprint.get("/<product_type>")
def show(product_type: str) -> str:
    """What has come for one product type, by market and kind."""
    if product_type not in PRODUCT_TYPES:
        raise NotFound(f"there is no product type {product_type!r}")
    with services().db.read() as session:
        found = page.product_page(findings(session), product_type)
        newest = notices.by_ids(session, found.newest)
    return render_template("products/show.html", page=found, newest=[newest[each] for each in found.newest],
                           titles=source_titles())
