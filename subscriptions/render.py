"""Templates of mails: subject, text and HTML of one mail, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

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
        """How many bytes the HTML takes, by which mail readers cut; the text is never the longer one."""
        return len(self.html.encode())


def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
                       auto_reload=False, autoescape=lambda name: name is not None and name.endswith(".html"))


_TEMPLATES = _environment()


def render(mail: str, lang: str, **facts: object) -> Written:
    """The mail ``templates/<mail>`` filled with facts. What strangers wrote is escaped in HTML; that it holds no line
    break and no invisible sign is up to the caller."""
    return written(*(part(f"{mail}/{name}", lang, **facts) for name in ("subject.txt", "body.txt", "body.html")))


def part(template: str, lang: str, **facts: object) -> str:
    """One template filled with facts, which is a whole text or a piece of one."""
    return _TEMPLATES.get_template(template).render(
        facts, _=_sayer(lang), html_lang="zh-CN" if is_chinese(lang) else "en", service=SERVICE)


def written(subject: str, text: str, html: str) -> Written:
    """A mail of rendered parts."""
    return Written(one_line(subject, 200), text.strip() + "\n", html)


@cache
def _sayer(lang: str) -> Callable[..., str]:
    return partial(say, lang=lang)
