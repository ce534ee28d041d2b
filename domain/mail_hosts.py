"""Mail hosters with millions of readers, for whom a limit on a domain means little."""

from __future__ import annotations

HOSTERS = frozenset((
    "qq.com", "vip.qq.com", "foxmail.com", "163.com", "vip.163.com", "126.com", "vip.126.com", "yeah.net", "188.com",
    "sina.com", "sina.cn", "vip.sina.com", "sohu.com", "aliyun.com", "139.com", "189.cn", "wo.cn", "21cn.com",
    "tom.com", "263.net", "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "live.cn",
    "msn.com", "yahoo.com", "yahoo.co.jp", "icloud.com", "me.com", "gmx.de", "gmx.net", "web.de", "mail.ru",
    "yandex.ru", "naver.com", "daum.net", "proton.me",
))


def is_hoster(domain: str) -> bool:
    """Whether anybody may have a mailbox at this domain."""
    return domain.lower() in HOSTERS
