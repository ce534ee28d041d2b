"""What protects every page: headers, the CSRF token, and ``next`` addresses that stay on this portal."""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import unquote, urlsplit

from flask import Flask, Response, request, session
from markupsafe import Markup
from werkzeug.exceptions import BadRequest

CSRF = "csrf_token"
SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))
ONE_CLICK = ("List-Unsubscribe", "One-Click")
"""The form field by which RFC 8058 tells a mail program's POST from a person's."""
ONE_CLICK_ENDPOINTS = frozenset(("alerts.unsubscribe_now", "alerts.outages_now", "follows.silence_now"))
SIGNATURE = "X-Zonewatch-Signature"
TIMESTAMP = "X-Zonewatch-Timestamp"
"""Headers of a callback: HMAC of time and body, and that time in seconds since 1970."""
CONTENT_SECURITY_POLICY = ("default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
                           "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
MAX_BODY_BYTES = 256 * 1024
NO_STORE = {"Cache-Control": "no-store"}
"""For pages with a secret on them."""


class WrongCsrfToken(BadRequest):
    """A form came without the token of this browser's session."""


def init(app: Flask, base_url: str) -> None:
    """Guard every request and harden every response."""
    app.config.update(
        SESSION_COOKIE_NAME="zonewatch", SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=base_url.startswith("https:"), MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_BODY_BYTES, MAX_FORM_PARTS=500)
    app.jinja_env.globals["csrf_field"] = csrf_field
    app.before_request(check_csrf)
    app.after_request(harden)


def harden(response: Response) -> Response:
    """Add the security headers; a view that set a stricter one keeps it."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "private, no-cache")
    return response


def csrf_token() -> str:
    """The token of this browser's session, made when a form first needs it."""
    if CSRF not in session:
        session[CSRF] = secrets.token_urlsafe(32)
    return str(session[CSRF])


def csrf_field() -> Markup:
    """The hidden field that every form with method POST carries."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(CSRF, csrf_token())


def is_one_click() -> bool:
    """Whether this is a mail program's one-click POST (RFC 8058): it has no cookie, its token in the address is proof."""
    return request.endpoint in ONE_CLICK_ENDPOINTS and request.form.get(ONE_CLICK[0]) == ONE_CLICK[1]


def is_callback() -> bool:
    """Whether a machine calls that signs what it says: the signature is its proof, and is checked by whoever takes it."""
    return request.endpoint == "hooks.bounces" and SIGNATURE in request.headers


def check_csrf() -> None:
    """Refuse an unsafe request without the session's token."""
    if request.method in SAFE_METHODS or request.endpoint is None or is_one_click() or is_callback():
        return
    sent, known = request.form.get(CSRF, ""), str(session.get(CSRF, ""))
    if not known or not hmac.compare_digest(sent.encode(), known.encode()):
        raise WrongCsrfToken


def own_path(address: str | None) -> str | None:
    """``address`` when it is a path on this portal, else None: no host, no scheme, no backslash, no control sign, neither as
    they stand nor percent-encoded, once or twice, in its path: something on the way may decode it."""
    if not address or len(address) > 2000:
        return None
    path, mark, query = address.partition("?")
    forms = (path, unquote(path), unquote(unquote(path)))
    return address if all(_is_own(form + mark + query) for form in forms) else None


def _is_own(address: str) -> bool:
    if not address.startswith("/") or address.startswith("//") or "\\" in address:
        return False
    if any(ord(sign) < 0x21 or ord(sign) == 0x7f for sign in address):
        return False
    parts = urlsplit(address)
    return not parts.scheme and not parts.netloc
