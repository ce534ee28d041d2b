"""Callbacks of the mail service. They carry no cookie: a signature over time and body is their proof."""

from __future__ import annotations

from flask import Blueprint, abort, request

from domain.errors import InvalidValue
from subscriptions.bounces import Forged, take_callback
from webapp.security import SIGNATURE, TIMESTAMP
from webapp.services import services

blueprint = Blueprint("hooks", __name__, url_prefix="/hooks")


@blueprint.post("/bounces")
def bounces() -> tuple[dict[str, object], int]:
    """Keep what the mail service tells of our mails. Off without a key."""
    key, headers = services().bounce_key, request.headers
    if not key:
        abort(404)
    try:
        kept = take_callback(services().db, key, headers.get(TIMESTAMP, ""), headers[SIGNATURE], request.get_data())
    except Forged as error:
        return {"error": str(error)}, 401
    except InvalidValue as error:
        return {"error": str(error)}, 400
    return {"kept": kept}, 200
