"""Mailbox of the demo: a real SMTP server on this machine and pages that show what arrived."""

from __future__ import annotations

import email
import email.policy
import html
import re
import socket
import threading
from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import cast
from zoneinfo import ZoneInfo

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

ABOUT = """<p>平台用 SMTP 把邮件寄到本机的这个邮箱，没有一封寄到外面。<br>
在门户登录或新增订阅，信也会到这里；页面每 10 秒刷新一次。</p>"""
SANDBOX = "allow-same-origin allow-popups allow-popups-to-escape-sandbox"
"""No scripts; links lead out of the frame, and the pages they open are free of it."""
HERE = ZoneInfo("Asia/Shanghai")
"""The time zone of the portal's readers."""
FIELDS = (("发件人", "From"), ("收件人", "To"), ("时间", "Date"))
_HEAD = re.compile(r"<head>", re.I)


def _free_port() -> int:
    """A port nobody listens on; the SMTP controller cannot choose one itself."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


class Mailbox:
    """Takes mail by SMTP on a free port and shows it, by reader, on a page on another. ``readers`` says who is behind an
    address; those without mail are named too."""

    def __init__(self, page_port: int, readers: Mapping[str, str]) -> None:
        self.mails: list[EmailMessage] = []
        self._readers = readers
        self._page = ThreadingHTTPServer(("127.0.0.1", page_port), self._handler())
        self._smtp = Controller(self, hostname="127.0.0.1", port=_free_port())
        self._smtp.start()
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

    def of(self, address: str) -> list[EmailMessage]:
        """What arrived for an address."""
        return [mail for mail in self.mails if mail["To"] == address]

    def close(self) -> None:
        """Stop both servers."""
        self._smtp.stop()
        self._page.shutdown()
        self._page.server_close()

    def answer(self, path: str) -> str | None:
        """The page at a path; None when there is none."""
        first, _, rest = path.partition("?")[0].strip("/").partition("/")
        if not first:
            return self._list()
        if not (first.isascii() and first.isdigit()) or int(first) >= len(self.mails):
            return None
        mail = self.mails[int(first)]
        return _letter(mail) if rest == "html" else None if rest else _mail_page(mail, first)

    def _list(self) -> str:
        by_reader: dict[str, list[int]] = {address: [] for address in self._readers}
        for number, mail in enumerate(self.mails):
            by_reader.setdefault(str(mail["To"]), []).append(number)
        return _page("演示邮箱", ABOUT + "".join(
            self._of_reader(address, numbers) for address, numbers in by_reader.items()), refresh=True)

    def _of_reader(self, address: str, numbers: list[int]) -> str:
        lines = "".join(f'<li><a href="/{number}">{_text(self.mails[number]["Subject"])}</a> '
                        f'<span class="quiet">{_when(self.mails[number])}</span></li>' for number in reversed(numbers))
        who = html.escape(self._readers.get(address, ""))
        return (f'<section><h2>{who or html.escape(address)}</h2>{f"<p>{html.escape(address)}</p>" if who else ""}'
                f'{f"<ul>{lines}</ul>" if lines else "<p class=quiet>没有邮件</p>"}</section>')

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        mailbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page = mailbox.answer(self.path)
                payload = (page or _page("没有这封邮件", '<p><a href="/">← 全部邮件</a></p>')).encode()
                self.send_response(HTTPStatus.NOT_FOUND if page is None else HTTPStatus.OK)
                self.send_header("Content-Type", "text/html;charset=UTF-8")
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, format: str, *args: object) -> None:
                """The demo's screen is for people."""

        return Handler


def _mail_page(mail: EmailMessage, number: str) -> str:
    """A mail in its frame, with what mail programs do not show folded under it."""
    facts = "".join(f"<div><dt>{label}</dt><dd>{_when(mail) if name == 'Date' else _text(mail[name])}</dd></div>"
                    for label, name in FIELDS)
    headers = "\n".join(f"{name}: {value}" for name, value in mail.items())
    return _page(str(mail["Subject"]), f"""<p><a href="/">← 全部邮件</a></p><dl>{facts}</dl>
<iframe title="邮件正文" src="/{number}/html" sandbox="{SANDBOX}"></iframe>
<details><summary>纯文本正文（不显示网页格式的邮箱看到的）</summary><pre>{_text(_body(mail, "plain"))}</pre></details>
<details><summary>邮件头（邮箱据此显示自己的退订按钮）</summary><pre>{_text(headers)}</pre></details>""")


def _letter(mail: EmailMessage) -> str:
    """The mail's own page; its links open beside it, as in a mail program."""
    return _HEAD.sub('<head><base target="_blank">', _body(mail, "html"), count=1)


def _body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return str(part.get_content()) if part else ""


def _when(mail: EmailMessage) -> str:
    sent: datetime = mail["Date"].datetime
    return f"{sent.astimezone(HERE):%Y-%m-%d %H:%M}"


def _text(value: object) -> str:
    return html.escape(str(value))


def _page(title: str, body: str, *, refresh: bool = False) -> str:
    frame = (files("zonewatch.demo") / "templates" / "mailbox.html").read_text(encoding="utf-8")
    return frame.replace("{refresh}", '<meta http-equiv="refresh" content="10">' if refresh else "").replace(
        "{title}", html.escape(title)).replace("{body}", body)
