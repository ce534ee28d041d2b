"""SourceSpider: what every spider shares. A spider has a card, asks for pages, and turns answers into Page items."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, ClassVar
from urllib.parse import urlencode, urlsplit

from lxml import etree
from scrapy import Request
from scrapy.exceptions import CloseSpider
from scrapy.http import Response
from twisted.python.failure import Failure

from crawlers.encodings import NoText, Text, read, scars
from crawlers.errors import Blocked, SourceError, bad_status, from_exception, html_instead, is_html, not_parsable, shape
from crawlers.fetch.capture import META, Captured
from crawlers.fields import Fields
from crawlers.items import Page
from crawlers.job import MOST_NOTED, BadRecord
from crawlers.values import Values
from domain.errors import InvalidValue
from domain.notice import Notice
from domain.source import Source
from storage.ingest import Unit

MANY = 10
"""Records of a page from which on it tells something that an optional field stands in none of them."""
REFUSALS_TAKEN = 3
"""Pages refused before a run stops asking: who is turned away and goes on will be turned away for longer."""

_encode = json.JSONEncoder(ensure_ascii=False).encode
Output = Iterator[Page | Request]
Reader = Callable[..., Output]


def used_up(records: list[Any]) -> Iterator[Any]:
    """The records of a list in order, which is emptied on the way: of a large dump each is gone once it was looked at."""
    records.reverse()
    while records:
        yield records.pop()


def decoded(response: Response, form: str) -> Text:
    """An answer as text. Raises NotParsable when no encoding that is stated for it holds."""
    try:
        return read(response.body, (response.headers.get("Content-Type") or b"").decode("latin-1"))
    except NoText as error:
        raise not_parsable(response.url, form, error) from None


@dataclass(slots=True)
class Records:
    """The records of a page: the notices made of them, those that made none, and those that are what they were when their
    notices were stored (``known``, by external id). ``hashes`` are those of the records of ``notices``."""

    notices: list[Notice] = field(default_factory=list)
    bad: list[BadRecord] = field(default_factory=list)
    known: dict[str, None] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)

    def take_known(self, external_id: str) -> bool:
        """Note a record that needs no reading; gives whether it is the first of its notice."""
        fresh = external_id not in self.known and external_id not in self.hashes
        if fresh:
            self.known[external_id] = None
        return fresh

    def take(self, notice: Notice, record_hash: str) -> bool:
        """Note a notice as read; gives whether it stands. One whose known record came before does not."""
        if notice.external_id in self.known:
            return False
        self.notices.append(notice)
        if record_hash:
            self.hashes.setdefault(notice.external_id, record_hash)
        return True


class SourceSpider(Values):
    """Base of all spiders. A subclass sets ``card`` and writes ``start`` and its readers: generators that take a response
    and yield Pages and further requests made by ``ask``. A reader raises SourceError for an answer it cannot use; the
    account of the run then says so, and nothing of that answer is stored."""

    card: ClassVar[Source]
    whole_records: ClassVar[bool] = False
    """Whether a record says everything that its notice holds: then one that is what it was need not be read again."""
    fields: ClassVar[Fields | None] = None
    """What the records given to ``each`` are known to hold, for it to tell when an optional field got another name."""
    allowed_domains: ClassVar[list[str]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "card" in cls.__dict__:
            cls.name = cls.card.slug
            cls.allowed_domains = list(cls.card.hosts)

    def ask(self, url: str, read: Reader, *, unit: str = "", entry: bool = False, archive: bool = False,
            form: Mapping[str, str] | None = None, json: object = None, **known: Any) -> Request:
        """A request whose answer goes to ``read`` with ``known``: JSON values that are kept with the capture, so that it can
        be read again. ``unit`` names an answer that is not read again while it stays what it was; ``entry`` marks one
        without which nothing can be found, ``archive`` an old one that says nothing about the shape of new ones; ``form``,
        or ``json``, is posted. Raises ShapeChanged for an address that is not on a host of the card."""
        if not self._is_ours(url):
            raise shape(url, "this is no address of the source")
        meta = {"asked": self.job.account.ask(url), "unit": unit, "entry": entry, "archive": archive,
                "handle_httpstatus_list": [304]}
        request = Request(url, callback=self._answered, errback=self._unanswered, meta=meta,
                          cb_kwargs={"read": read, "known": known})
        if form is None and json is None:
            return request
        body, kind = (_encode(json), "json") if form is None else (urlencode(form), "x-www-form-urlencoded")
        return request.replace(method="POST", body=body, headers={"Content-Type": f"application/{kind}"})

    def _is_ours(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
        except ValueError:  # such as "http://[::1"
            return False
        return parts.scheme in ("http", "https") and parts.hostname in self.card.hosts

    def is_read(self, unit: str) -> bool:
        """Whether the answer of a unit need not be asked for, because what it holds is stored; the account counts that."""
        known = self.job.units.get(unit)
        if known:
            self.job.account.unchanged(known.items)
        return known is not None

    def page(self, response: Response, records: Records, *, unit: str = "", **more: Any) -> Page:
        """The Page of an answer; with ``unit`` it need not be read again once its notices are stored."""
        captured: Captured = response.meta[META]
        mark = Unit(unit, captured.sha256, captured.etag, captured.last_modified) if unit else None
        return Page(response.url, records.notices, tuple(records.bad), captured.id, mark, known=tuple(records.known),
                    hashes=records.hashes, entry=response.meta["entry"], archive=response.meta["archive"], **more)

    def each(self, response: Response, records: Iterable[Any], make: Callable[[Any], Notice]) -> Records:
        """The notices that ``make`` reads from records. One for which it raises InvalidValue is bad and left out; any
        SourceError loses the page. Raises ShapeChanged when an optional one of ``fields`` seems to have been renamed."""
        return self.made(response.url, enumerate(self.looked_at(records, response.url), 1), make)

    def looked_at(self, records: Iterable[Any], url: str) -> Iterator[Any]:
        """The records as they are; behind the last one it raises as ``each`` says."""
        count, names = 0, set[str]()
        looks = self.fields is not None and bool(self.fields.optional)
        for count, record in enumerate(records, 1):  # noqa: B007
            if looks:
                names.update(self.names(record))
            yield record
        if self.fields is not None and count >= MANY:
            self.fields.check_all(names, url)

    def made(self, url: str, records: Iterable[tuple[int, Any]], make: Callable[[Any], Notice]) -> Records:
        """The notices of records with their places in an answer, as ``each`` makes them."""
        found = Records()
        for place, record in records:
            try:
                record_hash = self._hash(record) if self.whole_records else ""
                if external_id := self.job.records.get(record_hash):
                    stands = found.take_known(external_id)
                else:
                    stands = found.take(make(record), record_hash)
            except InvalidValue as error:
                found.bad.append(BadRecord(f"{url} #{place}", str(error)))
            except RecursionError:
                found.bad.append(BadRecord(f"{url} #{place}", "it is nested too deeply"))
            else:
                self.job.account.duplicates += not stands
        return found

    def names(self, record: Any) -> Iterable[str]:
        """The names of the fields that a record holds: keys of a mapping, child elements of an element."""
        if isinstance(record, etree._Element):
            return (str(child.tag) for child in record)
        return record if isinstance(record, Mapping) else ()

    def _hash(self, record: object) -> str:
        text = _encode(record).encode("utf-8", "surrogatepass")
        return f"{self.card.parser_version}:{blake2b(text, digest_size=16).hexdigest()}"

    def _answered(self, response: Response, read: Reader, known: dict[str, Any]) -> Output:
        account, meta = self.job.account, response.meta
        account.answered(meta["asked"])
        stored = self.job.units.get(meta["unit"])
        captured: Captured | None = meta.get(META)
        if stored and (response.status == 304 or (captured and captured.sha256 == stored.sha256)):
            account.unchanged(stored.items)
            return
        try:
            if captured is None:
                raise bad_status(response.url, response.status)
            yield from read(response, **known)
        except SourceError as error:
            self._lose(response.url, error, meta)

    def _unanswered(self, failure: Failure) -> None:
        request: Request = failure.request  # type: ignore[attr-defined]
        self.job.account.answered(request.meta["asked"])
        error = from_exception(request.url, failure.value)
        if error:
            self._lose(request.url, error, request.meta)
        else:
            self.logger.error("%s: %r", request.url, failure.value)
            self.job.account.broke(failure.value)

    def _lose(self, url: str, error: SourceError, meta: Mapping[str, Any]) -> None:
        losses = self.job.account.losses
        self.job.account.lose(url, error, meta["entry"], meta["archive"])
        if len(losses) <= MOST_NOTED:
            self.logger.warning("%s", error)
        if sum(isinstance(loss.error, Blocked) for loss in losses) == REFUSALS_TAKEN:
            raise CloseSpider("blocked")

    def xml(self, response: Response, root: str) -> etree._Element:
        """The root element of an XML answer. Raises Blocked, NotParsable, or ShapeChanged when it is not ``root``."""
        self._refuse_html(response)
        parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True,
                                 encoding="utf-8")
        try:
            found = etree.fromstring(self.text(response, "XML").encode("utf-8"), parser)
        except (etree.XMLSyntaxError, ValueError) as error:
            raise not_parsable(response.url, "XML", error) from None
        docinfo: Any = found.getroottree().docinfo
        if docinfo.doctype:
            raise not_parsable(response.url, "XML", "it declares a document type (DOCTYPE), which we refuse")
        if found.tag != root:
            raise shape(response.url, f"the root element is <{found.tag}>, not <{root}>")
        return found

    def json(self, response: Response, kind: type) -> Any:
        """A JSON answer. Raises Blocked, NotParsable, or ShapeChanged when it is no ``kind`` (list or dict)."""
        self._refuse_html(response)
        try:
            found = self._loads(response)
        except (ValueError, RecursionError) as error:
            raise not_parsable(response.url, "JSON", error) from None
        if not isinstance(found, kind):
            raise shape(response.url, f"the answer is a {type(found).__name__}, not a {kind.__name__}")
        return found

    def _loads(self, response: Response) -> Any:
        """JSON is UTF-8, whatever is said of it; only what is not may be what its header says."""
        try:
            found = json.loads(response.body)
        except UnicodeDecodeError:
            return json.loads(self.text(response, "JSON"))
        self._warn_of_scars(response.body, response.url)
        return found

    def text(self, response: Response, form: str) -> str:
        """An answer as text, in the encoding that it is in. Raises NotParsable when no encoding that is stated for it
        holds; warns of labels that are not true, and of text that was spoilt before it reached us."""
        found = decoded(response, form)
        for label in found.untrue:
            self.warn(f"said to be {label!r}, but is {found.encoding}", response.url)
        self._warn_of_scars(found.utf8, response.url)
        return found.content

    def _warn_of_scars(self, body: bytes, url: str) -> None:
        for what in scars(body):
            self.warn(what, url)

    def _refuse_html(self, response: Response) -> None:
        if is_html(response):
            raise html_instead(response.url, response.body)

