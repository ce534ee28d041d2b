"""Mailbox of the demo: a real SMTP server on this machine and a page that shows what arrived."""

from __future__ import annotations

import email
import email.policy
import html
import socket
import threading
from email.message import EmailMessage
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

PAGE = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>body{{font:16px/1.6 system-ui,"Noto Sans CJK SC",sans-serif;max-width:60rem;margin:2rem auto;
padding:0 1rem}}table{{border-collapse:collapse;width:100%}}td,th{{text-align:left;padding:.5rem;border-bottom:1px solid
#ccc}}iframe{{width:100%;height:80vh;border:1px solid #ccc}}pre{{white-space:pre-wrap;background:#f3f3f3;padding:1rem}}
</style><h1>{title}</h1>{body}</html>"""


def _free_port() -> int:
    """A port nobody listens on; the SMTP controller cannot choose one itself."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


class Mailbox:
    """Takes mail by SMTP on a free port and shows it on a page on another."""

    def __init__(self, page_port: int) -> None:
        self.mails: list[EmailMessage] = []
        self._smtp = Controller(self, hostname="127.0.0.1", port=_free_port())
        self._smtp.start()
        self._page = ThreadingHTTPServer(("127.0.0.1", page_port), self._handler())
        threading.Thread(target=self._page.serve_forever, daemon=True).start()

    @property
    def smtp_url(self) -> str:
        """Address for MAIL_URL."""
        return f"smtp://127.0.0.1:{self._smtp.port}"

    @property
    def page_url(self) -> str:
        """Address of the page."""
        return f"http://127.0.0.1:{self._page.server_port}/"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep a mail (called by the SMTP server)."""
        content = cast(bytes, envelope.content)
        self.mails.append(email.message_from_bytes(content, policy=email.policy.default))
        return "250 kept"

    def close(self) -> None:
        """Stop both servers."""
        self._smtp.stop()
        self._page.shutdown()
        self._page.server_close()

    def _list(self) -> str:
        rows = "".join("<tr><td>" + "<td>".join((
            f'<a href="/{number}">{html.escape(str(mail["Subject"]))}</a>', html.escape(str(mail["To"])),
            html.escape(str(mail["Date"])))) for number, mail in enumerate(self.mails))
        return PAGE.format(title="演示邮箱", body=f"<table><tr><th>主题<th>收件人<th>时间{rows}</table>")

    def _mail(self, number: int) -> str:
        mail = self.mails[number]
        headers = "\n".join(f"{name}: {value}" for name, value in mail.items() if not name.startswith("Content"))
        body = f'<p><a href="/">← 全部邮件</a><iframe sandbox="allow-popups" src="/{number}/html"></iframe>'
        return PAGE.format(title=html.escape(str(mail["Subject"])), body=f"{body}<pre>{html.escape(headers)}</pre>")

    def answer(self, path: str) -> str | None:
        """The page at a path; None when there is none."""
        first, _, rest = path.strip("/").partition("/")
        if not first:
            return self._list()
        if not first.isdigit() or int(first) >= len(self.mails):
            return None
        if rest == "html":
            part = self.mails[int(first)].get_body(("html", "plain"))
            return str(part.get_content()) if part else ""
        return self._mail(int(first))

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        mailbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page = mailbox.answer(self.path)
                payload = (page or "not here").encode()
                self.send_response(HTTPStatus.NOT_FOUND if page is None else HTTPStatus.OK)
                self.send_header("Content-Type", "text/html;charset=UTF-8")
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, format: str, *args: object) -> None:
                """The demo's screen is for people."""

        return Handler
