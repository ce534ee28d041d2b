"""Large XML in a ZIP file: unpacked and read record by record, never as a whole."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any

from lxml import etree
from scrapy.http import Response

from crawlers.base import SourceSpider
from crawlers.errors import not_parsable, shape, too_large

LARGEST = 1_000_000_000
"""Bytes of an unpacked file."""
_CONTROLS = dict.fromkeys((*range(9), 11, 12, *range(14, 32)), " ")
_BLANKED = bytes(_CONTROLS.get(code, chr(code)).encode("latin-1")[0] for code in range(256))


class _Clean(io.RawIOBase):
    """A file without the control characters that some publishers leave in, which no XML may hold; ``marred`` counts the
    blocks that held any."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.marred = file, 0

    def read(self, size: int = -1) -> bytes:
        """A block, controls as blanks; in UTF-8 they are no part of other signs."""
        block = self.file.read(size)
        clean = block.translate(_BLANKED)
        self.marred += clean != block
        return clean


class ZippedXmlSpider(SourceSpider):
    """A spider whose answers are ZIP files with one XML file each, in UTF-8."""

    def elements(self, response: Response, root: str, name: str) -> Iterator[etree._Element]:
        """The elements of a name right below ``root``, each gone once the next is asked for. Raises Blocked, NotParsable,
        NoAnswer for a file that is too large, ShapeChanged for one that holds something else."""
        self._refuse_html(response)
        try:
            with zipfile.ZipFile(io.BytesIO(response.body)) as archive, self._open(archive, response.url) as file:
                yield from self._elements(_Clean(file), response.url, root, name)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
            raise not_parsable(response.url, "ZIP", error) from None
        except etree.XMLSyntaxError as error:
            raise not_parsable(response.url, "XML", error) from None

    @staticmethod
    def _open(archive: zipfile.ZipFile, url: str) -> IO[bytes]:
        found = [each for each in archive.infolist() if each.filename.lower().endswith(".xml")]
        if len(found) != 1:
            raise shape(url, f"it holds {len(found)} XML files")
        if found[0].file_size > LARGEST:
            raise too_large(url, f"{found[0].file_size:,} bytes unpacked, {LARGEST:,} are read")
        return archive.open(found[0])

    def _elements(self, file: _Clean, url: str, root: str, name: str) -> Iterator[etree._Element]:
        depth = 0
        source: Any = file
        for event, element in etree.iterparse(source, events=("start", "end"), resolve_entities=False, no_network=True,
                                              load_dtd=False, remove_comments=True, remove_pis=True):
            depth += 1 if event == "start" else -1
            if event == "start" and depth == 1:
                self._check_root(element, url, root)
            if event == "end" and depth == 1:
                if element.tag != name:
                    raise shape(url, f"a <{element.tag}> stands where a <{name}> is expected")
                yield element
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
        if file.marred:
            self.warn("control characters in the XML", url)

    @staticmethod
    def _check_root(element: etree._Element, url: str, root: str) -> None:
        docinfo: Any = element.getroottree().docinfo
        if docinfo.doctype:
            raise not_parsable(url, "XML", "it declares a document type (DOCTYPE), which we refuse")
        if element.tag != root:
            raise shape(url, f"the root element is <{element.tag}>, not <{root}>")
