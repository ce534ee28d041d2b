"""What mail servers send back, written by hand after RFC 3464, RFC 5965 and what 163, QQ, Postfix and Exchange do."""

from __future__ import annotations

from base64 import b64encode

POSTFIX = """From: MAILER-DAEMON@mx.firm.example (Mail Delivery System)
To: bounces@portal.example
Subject: Undelivered Mail Returned to Sender
Date: {date}
Message-ID: <{own}@mx.firm.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.firm.example.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.firm.example
Arrival-Date: {date}

Final-Recipient: rfc822; {recipient}
Original-Recipient: rfc822;{recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {words}

--b
{original}
--b--
"""
HEADERS_ONLY = """Content-Type: text/rfc822-headers

From: alerts@portal.example
To: {recipient}
Subject: =?utf-8?b?6aKE6K2m?=
Message-ID: {message_id}
"""
WHOLE = """Content-Type: message/rfc822

From: alerts@portal.example
To: {recipient}
Subject: x
Message-ID: {message_id}

Text
"""
COMPLAINT = """From: feedback@isp.example
To: bounces@portal.example
Subject: complaint
Date: {date}
Message-ID: <{own}@isp.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="c"

--c
Content-Type: text/plain

This is an email abuse report.

--c
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Generator/1.0
Version: 1
Original-Rcpt-To: <{recipient}>

--c
{original}
--c--
"""
AWAY = """From: {recipient}
To: bounces@portal.example
Subject: =?utf-8?b?6Ieq5Yqo5Zue5aSN?=
In-Reply-To: {message_id}
{header}
Content-Type: text/plain; charset=utf-8

On holiday until Monday; user unknown, quota full, 5.1.1.
"""
OF_163 = """From: Postmaster@163.com
To: bounces@portal.example
Subject: =?gbk?B?z7XNs83L0MU=?=
Date: {date}
Content-Type: text/html; charset=gbk

<html><body>您的邮件 {recipient} 被退回： User not found</body></html>
"""


def original(recipient: str, message_id: str, whole: bool = False) -> str:
    return (WHOLE if whole else HEADERS_ONLY).format(recipient=recipient, message_id=message_id)


def in_base64(recipient: str, message_id: str) -> str:
    """The original as some servers attach it, against the standard."""
    inner = f"To: {recipient}\nMessage-ID: {message_id}\n\nText\n"
    return ("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
            f"{b64encode(inner.encode()).decode()}\n")


def within(report: str) -> str:
    """A report that somebody passed on as an attachment."""
    return ("From: admin@firm.example\nTo: bounces@portal.example\nSubject: Fw\nMIME-Version: 1.0\n"
            f'Content-Type: multipart/mixed; boundary="w"\n\n--w\nContent-Type: message/rfc822\n\n{report}\n--w--\n')
