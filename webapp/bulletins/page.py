"""What the lists of bulletins and of notices to pick show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from domain.bulletin import Bulletin
from domain.organisation import Zone
from indexer.service import SearchService
from webapp.search.forms import SearchForm, page_number, search_form
from webapp.search.page import SearchPage, search_page
from webapp.sources.titles import SourceNames
from zone.bulletins.service import PAGE_SIZE, BulletinService


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of published bulletins, of one zone or of all."""

    bulletins: Sequence[Bulletin]
    zones: Mapping[int, Zone]
    chosen: str
    page: int
    has_more: bool

    @property
    def zone_to_follow(self) -> int | None:
        """The zone whose bulletins the subscribe page should offer first: the chosen one, else any."""
        chosen = [zone.id for zone in self.zones.values() if zone.slug == self.chosen]
        return next(iter([*chosen, *self.zones]), None)


def listing(service: BulletinService, args: MultiDict[str, str]) -> Listing:
    """The page that an address asks for; an unknown zone holds no bulletins."""
    zones = {zone.id: zone for zone in service.zones()}
    chosen, page = args.get("zone", ""), page_number(args.get("page", ""))
    found = service.published([zone.id for zone in zones.values() if chosen in ("", zone.slug)], page)
    return Listing(found[:PAGE_SIZE], zones, chosen, page, len(found) > PAGE_SIZE)


def pick_page(service: SearchService, args: MultiDict[str, str], names: SourceNames) -> SearchPage:
    """The search from which an editor picks."""
    form: SearchForm = search_form(args)
    return search_page(service, form, names)
