"""The everyday way to build a mail: one template rendered whole for each reader, the message by the standard library. The
peer of the bench, and what tests hold ours against."""

from __future__ import annotations

from collections.abc import Mapping
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime

from storage.emails import Email
from storage.publishers import SourceName
from subscriptions.alert import counted, named
from subscriptions.gist import gist, line
from subscriptions.inert import one_line
from subscriptions.mime import LONGEST_NAME, address
from subscriptions.news import News
from subscriptions.render import Written, render


class _Verbatim(UnstructuredHeader, BaseHeader):
    """A header on one line as it is: the library would encode a long link into pieces."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_headers = HeaderRegistry()
for _name in ("list-unsubscribe", "message-id"):
    _headers.map_to_type(_name, _Verbatim)
POLICY = SMTP.clone(header_factory=_headers)


def whole(news: News, sources: Mapping[str, SourceName], shape: tuple[int, int], base_url: str, unsubscribe: str,
          all_url: str) -> Written:
    """The alert with its notices, in one rendering. ``shape``: how many in full, how many by their title."""
    full, titles = shape
    lang, told = news.person.lang, news.told
    return render(
        "alert", lang, base_url=base_url, unsubscribe=unsubscribe, all_url=all_url, labels=named(news),
        top=line(told[0].stored, base_url, lang), changed=told[0].before is not None,
        items=[gist(each, sources, base_url, lang) for each in told[:full]],
        titles=[line(each.stored, base_url, lang) for each in told[full:full + titles]],
        **counted(news, [each.stored.grade for each in told], full, titles))


def message(email: Email, cte: str | None = "base64") -> EmailMessage:
    """The mail as the standard library builds it; without ``cte`` it finds the best encoding itself, which takes longer."""
    letter = email.letter
    found = EmailMessage(policy=POLICY)
    found["From"] = address(letter.sender)
    found["To"] = address(letter.address)
    found["Subject"] = one_line(letter.subject)
    found["Date"] = format_datetime(email.created_at)
    found["Message-ID"] = one_line(letter.message_id)
    found["Auto-Submitted"] = "auto-generated"
    for name, value in letter.headers.items():
        found[name] = one_line(value, 900)
    found.set_content(letter.text, cte=cte)
    found.add_alternative(letter.html, subtype="html", cte=cte)
    for each in letter.attachments:
        kind, *rest = each.type.split(";")
        found.add_attachment(each.text, subtype=kind.partition("/")[2], cte="base64",
                             filename=one_line(each.name, LONGEST_NAME),
                             params=dict(part.strip().split("=", 1) for part in rest))
    return found
