"""Templates of mails: subject, text and HTML of one mail, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from subscriptions.inert import one_line
from subscriptions.phrases import TEMPLATES, is_chinese, say

SERVICE = "出口质量安全信息"
"""What the service calls itself; a phrase."""


@dataclass(frozen=True, slots=True)
class Written:
    """A rendered mail."""

    subject: str
    text: str
    html: str

    @property
    def size(self) -> int:
        """About how many bytes it takes on the wire, base64 included."""
        return (len(self.text.encode()) + len(self.html.encode())) * 4 // 3 + 4096


def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
                       autoescape=lambda name: name is not None and name.endswith(".html"))


_TEMPLATES = _environment()


def render(mail: str, lang: str, **facts: object) -> Written:
    """The mail ``templates/<mail>`` filled with facts. What strangers wrote is escaped in HTML; that it holds no line
    break and no invisible sign is up to the caller."""
    known = {**facts, "_": partial(say, lang=lang), "html_lang": "zh-CN" if is_chinese(lang) else "en", "service": SERVICE}
    subject, text, html = (_TEMPLATES.get_template(f"{mail}/{part}").render(known)
                           for part in ("subject.txt", "body.txt", "body.html"))
    return Written(one_line(subject, 200), text.strip() + "\n", html)
