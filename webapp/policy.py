"""Who may open what: every endpoint of the portal stands in ROUTES, one that does not is closed to everybody."""

from __future__ import annotations

from enum import StrEnum

from flask import Flask, abort, redirect, request, url_for
from werkzeug import Response

from webapp.accounts.visitor import Visitor, visitor
from webapp.security import SAFE_METHODS, own_path
from webapp.services import services


class Access(StrEnum):
    """Whom a route is for. A subscriber is anybody signed in; editors and operators are signed in as well, and both are
    staff."""

    PUBLIC = "public"
    SUBSCRIBER = "subscriber"
    EDITOR = "editor"
    STAFF = "staff"
    OPERATOR = "operator"


ROUTES: dict[str, Access] = {
    "static": Access.PUBLIC,
    "search.index": Access.PUBLIC,
    "search.atom": Access.PUBLIC,
    "search.json_feed": Access.PUBLIC,
    "search.csv_file": Access.PUBLIC,
    "search.xlsx_file": Access.PUBLIC,
    "search.suggest": Access.PUBLIC,
    "notices.show": Access.PUBLIC,
    "notices.capture": Access.PUBLIC,
    "notices.capture_body": Access.PUBLIC,
    "notices.give_grade": Access.EDITOR,
    "notices.end_grade": Access.EDITOR,
    "alerts.subscribe": Access.PUBLIC,
    "alerts.subscribe_now": Access.PUBLIC,
    "alerts.confirm": Access.PUBLIC,
    "alerts.confirm_now": Access.PUBLIC,
    "alerts.unsubscribe": Access.PUBLIC,
    "alerts.unsubscribe_now": Access.PUBLIC,
    "alerts.outages": Access.PUBLIC,
    "alerts.outages_now": Access.PUBLIC,
    "alerts.told": Access.PUBLIC,
    "alerts.mine": Access.SUBSCRIBER,
    "alerts.choose": Access.SUBSCRIBER,
    "alerts.rest": Access.SUBSCRIBER,
    "alerts.end": Access.SUBSCRIBER,
    "alerts.why": Access.SUBSCRIBER,
    "editing.show": Access.SUBSCRIBER,
    "editing.save": Access.SUBSCRIBER,
    "sharing.share": Access.SUBSCRIBER,
    "sharing.join": Access.SUBSCRIBER,
    "sharing.compare": Access.SUBSCRIBER,
    "sharing.follow_suit": Access.SUBSCRIBER,
    "follows.follow": Access.SUBSCRIBER,
    "follows.end": Access.SUBSCRIBER,
    "follows.file": Access.PUBLIC,
    "follows.silence": Access.PUBLIC,
    "follows.silence_now": Access.PUBLIC,
    "follows.remind": Access.SUBSCRIBER,
    "follows.renew": Access.SUBSCRIBER,
    "follows.calendar": Access.PUBLIC,
    "bulletins.index": Access.PUBLIC,
    "bulletins.show": Access.PUBLIC,
    "bulletins.new": Access.EDITOR,
    "bulletins.create": Access.EDITOR,
    "bulletins.edit": Access.EDITOR,
    "bulletins.save": Access.EDITOR,
    "bulletins.pick": Access.EDITOR,
    "bulletins.add": Access.EDITOR,
    "bulletins.arrange": Access.EDITOR,
    "bulletins.check": Access.EDITOR,
    "bulletins.publish": Access.EDITOR,
    "readers.show": Access.EDITOR,
    "readers.enlist": Access.EDITOR,
    "review.index": Access.STAFF,
    "review.show": Access.STAFF,
    "review.decide": Access.STAFF,
    "review.undo": Access.STAFF,
    "products.index": Access.PUBLIC,
    "products.show": Access.PUBLIC,
    "sources.index": Access.PUBLIC,
    "sources.show": Access.PUBLIC,
    "sources.freshness_log": Access.PUBLIC,
    "sources.freshness_file": Access.PUBLIC,
    "sources.run": Access.OPERATOR,
    "sources.capture_body": Access.OPERATOR,
    "sources.set_key": Access.OPERATOR,
    "sources.pause": Access.OPERATOR,
    "sources.resume": Access.OPERATOR,
    "sources.crawl": Access.OPERATOR,
    "sources.release": Access.OPERATOR,
    "accounts.sign_in": Access.PUBLIC,
    "accounts.ask": Access.PUBLIC,
    "accounts.code": Access.PUBLIC,
    "accounts.enter_code": Access.PUBLIC,
    "accounts.paper": Access.PUBLIC,
    "accounts.enter_paper": Access.PUBLIC,
    "accounts.second": Access.PUBLIC,
    "accounts.enter_second": Access.PUBLIC,
    "accounts.arrive": Access.PUBLIC,
    "accounts.enter": Access.PUBLIC,
    "accounts.sign_out": Access.SUBSCRIBER,
    "personal.privacy": Access.PUBLIC,
    "personal.agree": Access.SUBSCRIBER,
    "personal.data": Access.SUBSCRIBER,
    "personal.export": Access.SUBSCRIBER,
    "personal.erase": Access.SUBSCRIBER,
    "personal.erased": Access.PUBLIC,
    "personal.ask_address": Access.SUBSCRIBER,
    "personal.address": Access.PUBLIC,
    "personal.confirm_address": Access.PUBLIC,
    "personal.colleague": Access.SUBSCRIBER,
    "personal.take_over": Access.SUBSCRIBER,
    "hooks.bounces": Access.PUBLIC,
    "security.show": Access.SUBSCRIBER,
    "security.begin": Access.SUBSCRIBER,
    "security.confirm": Access.SUBSCRIBER,
    "security.ask_address": Access.SUBSCRIBER,
    "security.address": Access.PUBLIC,
    "security.add_address": Access.PUBLIC,
    "members.index": Access.STAFF,
    "members.issue": Access.STAFF,
    "members.withdraw": Access.STAFF,
    "admin.index": Access.OPERATOR,
    "admin.explain": Access.OPERATOR,
    "admin.rebuild": Access.OPERATOR,
}


def init(app: Flask) -> None:
    """Enforce the table before every request."""
    app.before_request(enforce)


def may(who: Visitor, access: Access) -> bool:
    """Whether a visitor may open routes of this kind."""
    return {
        Access.PUBLIC: True,
        Access.SUBSCRIBER: who.is_signed_in,
        Access.EDITOR: bool(who.zones),
        Access.STAFF: who.is_staff,
        Access.OPERATOR: who.is_operator,
    }[access]


def enforce() -> Response | None:
    """Let the request pass, send a stranger to the sign-in page, or refuse."""
    if request.endpoint is None:
        return None
    access = ROUTES.get(request.endpoint)
    if access is None:
        abort(403)
    if may(visitor(), access):
        return _to_second_factor(access)
    if visitor().is_signed_in or request.method not in SAFE_METHODS:
        abort(403)
    return redirect(url_for("accounts.sign_in", next=own_path(request.full_path.rstrip("?"))))


def _to_second_factor(access: Access) -> Response | None:
    """Where the installation requires it, staff come to their pages only once they have set up a second factor."""
    is_for_staff = access in (Access.EDITOR, Access.STAFF, Access.OPERATOR)
    if not (is_for_staff and services().staff_totp and visitor().should_have_second):
        return None
    if request.method not in SAFE_METHODS:
        abort(403)
    return redirect(url_for("security.show"))
