"""Pages with status 200 that say, to people, that there is nothing to see: a block, an apology, a check for robots.

Where data was asked for, any page is refused by the reader. Where pages are the data, these must be told from them, or a
source would pass for empty.
"""

from __future__ import annotations

import re

from lxml import etree
from scrapy import Request
from scrapy.http import Response

from crawlers.encodings import NoText, read
from crawlers.errors import Refusal, html_instead, is_html
from crawlers.text import line

_SAID = re.compile(
    r"access (?:to this \w+ )?(?:is |has been )?(?:denied|blocked|restricted)|technical difficult|attention required"
    r"|request (?:has been )?(?:rejected|blocked|unsuccessful)|requested url was rejected|pardon our interruption"
    r"|just a moment"
    r"|(?:service|site|page|system|server) (?:is )?(?:currently |temporarily )*(?:unavailable|not available|down)"
    r"|temporarily (?:unavailable|out of service|down)|(?:under|down for|site) maintenance"
    r"|are you (?:a )?(?:human|robot)|not a robot|verify(?:ing)? (?:that )?you(?:'re| are)|security (?:check|verification)"
    r"|captcha|too many requests|rate limit|unusual (?:traffic|activity)|automated (?:requests|access|queries)"
    r"|we apologi[sz]e|apology|bad gateway|gateway time-?out|internal server error"
    r"|(?:enable|requires|accept|turn on) (?:javascript|cookies)|session (?:has )?expired|sign in to continue"
    r"|访问(?:过于频繁|受限|被拒绝|异常)|拒绝访问|禁止访问|安全验证|人机验证|验证码|系统维护|网站维护|正在维护|服务(?:暂时)?不可用"
    r"|系统繁忙|网络繁忙|稍后(?:再试|重试)|アクセスが集中|メンテナンス中|접속이 차단|점검 중", re.I)
_WHOLE = re.compile(r"\W*(?:\d{3}\W+)?(?:error|forbidden|unauthori[sz]ed|log ?in|sign ?in|blocked|unavailable)\W*", re.I)
_UNSEEN = ("script", "style", "noscript", "template")
_LOOKED_AT = 1_000_000
_LONGEST_HEADING, _SHORT_PAGE = 80, 600
"""Characters. A longer heading is news that happens to use such words; a page where people see more is read."""


def excuse(response: Response) -> bool:
    """Whether an HTML page says that what was asked for is not to be had now."""
    try:
        text = read(response.body, (response.headers.get("Content-Type") or b"").decode("latin-1")).content
    except NoText:
        text = response.body.decode("latin-1")
    page = etree.fromstring(text[:_LOOKED_AT].encode(), etree.HTMLParser(encoding="utf-8"))
    if page is None:
        return False
    headings = [line("".join(map(str, found.itertext()))) for found in page.iter("title", "h1")]
    if any(len(said) > _LONGEST_HEADING for said in headings):
        return False
    if any(_SAID.search(said) or _WHOLE.fullmatch(said) for said in headings):
        return True
    etree.strip_elements(page, *_UNSEEN, with_tail=False)
    seen = line(" ".join(map(str, page.itertext())))
    return len(seen) < _SHORT_PAGE and bool(_SAID.search(seen))


class ExcuseMiddleware:
    """Gives up an answer that is an excuse: blocked, neither news nor an empty list. It has been captured by then."""

    def process_response(self, request: Request, response: Response) -> Response:
        """Raises Refusal."""
        if "asked" in request.meta and 200 <= response.status < 300 and is_html(response) and excuse(response):
            raise Refusal(html_instead(response.url, response.body))
        return response
