"""The raw answer a notice was read from: shown as facts, handed out as a file, never rendered."""

from __future__ import annotations

from flask import Response

from domain.errors import NotFound
from storage import captures, notices
from storage.captures import SESSION_HEADERS, CaptureRef, CaptureStore
from storage.session import Database

SANDBOX = "default-src 'none'; sandbox; frame-ancestors 'none'"
_TEXTS = ("text/", "application/json", "application/xml")


def capture_of(db: Database, notice_id: int) -> CaptureRef:
    """The capture of the present reading of a notice. Raises NotFound when none is kept."""
    with db.read() as session:
        stored = notices.by_id(session, notice_id)
        if stored.capture_id is None:
            raise NotFound(f"notice {notice_id} has no capture")
        return captures.by_id(session, stored.capture_id)


def shown_headers(capture: CaptureRef) -> list[tuple[str, str]]:
    """Its headers without those that belong to a session."""
    return sorted((name, value) for name, value in capture.headers.items() if name.lower() not in SESSION_HEADERS)


def download(store: CaptureStore, capture: CaptureRef) -> Response:
    """Its bytes as a file that no browser opens as a page. Raises NotFound when they were removed."""
    media_type = next((value for name, value in capture.headers.items() if name.lower() == "content-type"), "")
    is_text = media_type.startswith(_TEXTS)
    response = Response(store.get(capture.sha256), content_type="text/plain" if is_text else "application/octet-stream")
    name = f"{capture.sha256[:16]}.{'txt' if is_text else 'bin'}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Content-Security-Policy"] = SANDBOX
    return response
