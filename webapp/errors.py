"""Pages for what went wrong: what happened, what to do next, in the reader's language; never a trace or a version."""

from __future__ import annotations

import logging
import math

from flask import Flask, g, render_template
from werkzeug.exceptions import HTTPException, InternalServerError

from domain.errors import Conflict, InvalidValue, NotFound, ZonewatchError
from indexer.port import IndexMissing, IndexUnavailable
from subscriptions.limits import LimitReached
from subscriptions.tokens import BadToken
from webapp.accounts.visitor import Visitor
from webapp.i18n import N_, lang, translated
from webapp.security import WrongCsrfToken, is_one_click

log = logging.getLogger("zonewatch.web")

PAGES: dict[int, tuple[str, str]] = {
    400: (N_("请求有误"), N_("请检查网址或表单内容后重试。")),
    403: (N_("没有权限"), N_("您没有打开此页面或执行此操作的权限。如需权限，请联系协会或平台运维人员。")),
    404: (N_("页面不存在"), N_("网址可能有误，或内容尚未公开。您可以从检索页重新查找。")),
    405: (N_("不支持此操作"), N_("此网址不支持这种请求方式。请从页面上的按钮操作。")),
    409: (N_("现在不能执行此操作"), N_("状态可能已被他人改变。请返回上一页刷新后再试。")),
    410: (N_("链接已失效"), N_("此链接已过期、不完整或已被使用。请重新订阅或登录，以获取新的邮件链接。")),
    413: (N_("提交的内容过大"), N_("请缩短内容后再提交。")),
    429: (N_("请稍后再试"), N_("同时生成的文件太多。请过一会儿再下载，或缩小检索条件。")),
    503: (N_("检索暂时不可用"), N_("检索索引正在重建，通常几分钟内恢复。已收集的信息和预警不受影响。")),
    500: (N_("系统出错"), N_("错误已记录。请稍后再试；已收集的信息和订阅不受影响。")),
}
CSRF_PAGE = (N_("表单已失效"), N_("页面打开太久，或浏览器未接受 Cookie。请返回上一页，刷新后重新提交。"))
TOO_OFTEN = (N_("请稍后再试"), N_("为防止滥用，同一邮箱、同一网络在一段时间内能做的次数有限。"))
NO_ENGINE = (N_("检索暂时不可用"), N_("检索服务暂时没有应答，请稍后再试。已收集的信息和预警不受影响。"))
_STATUS: tuple[tuple[type[ZonewatchError], int], ...] = (
    (NotFound, 404), (Conflict, 409), (InvalidValue, 400), (IndexUnavailable, 503))


def init(app: Flask) -> None:
    """Answer every error with a page of ours."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(ZonewatchError, _of_service)
    app.register_error_handler(Exception, _unforeseen)


def page(code: int, texts: tuple[str, str] | None = None, details: str = "") -> tuple[str, int]:
    """An error page; ``details`` is a sentence of a service, shown escaped."""
    if code >= 500:
        g.setdefault("visitor", Visitor())  # the store may be what failed: do not ask it who is there
    title, advice = texts or PAGES.get(code, PAGES[400 if code < 500 else 500])
    return render_template("error.html", code=code, title=title, advice=advice, details=details), code


def _http(error: HTTPException) -> tuple[str, int] | HTTPException:
    if isinstance(error, WrongCsrfToken):
        return page(400, CSRF_PAGE)
    code = error.code or 500
    return error if 300 <= code < 400 else page(code)


def retry_after(error: LimitReached) -> dict[str, str]:
    """The header that tells a program when to come again."""
    return {"Retry-After": str(math.ceil(error.wait.total_seconds()))}


def _of_service(error: ZonewatchError) -> tuple[str, int] | tuple[str, int, dict[str, str]]:
    if isinstance(error, LimitReached):
        return *page(429, TOO_OFTEN, str(error)), retry_after(error)
    if isinstance(error, BadToken):
        return page(401 if is_one_click() else 410, PAGES[410], error.text(lang()))
    if isinstance(error, IndexUnavailable) and not isinstance(error, IndexMissing):
        log.warning("a search failed: %s", error)
        return page(503, NO_ENGINE)
    code = next((code for kind, code in _STATUS if isinstance(error, kind)), 400)
    return page(code, details=translated(str(error)) if code == 400 else "")


def _unforeseen(error: Exception) -> tuple[str, int]:
    log.error("a page failed", exc_info=error)
    return page(InternalServerError.code)
