"""What the classifier does with every notice of a loaded store, against the judgement of a person who read them.

    python -m tests.prove.field list      every notice with a product type at medium confidence or better, as TSV
    python -m tests.prove.field sample    200 rejected ones that hold a term of ours, drawn by seed, as TSV
    python -m tests.prove.field check     the verdicts of docs/proof against what is found and drawn now

The store is that of ZONEWATCH_DATA_DIR; it is only read, and classified anew. ``check`` names what nobody has judged yet:
it is to be read, judged and written into the files by hand.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.classification import Classification
from domain.classify import classify
from domain.classify.ablation import Plain, classify_plainly
from domain.notice import Notice
from storage import notices
from tests.prove.report import say, tell
from zonewatch.cli import installation

PROOF = Path(__file__).resolve().parents[2] / "docs" / "proof"
FOUND, REJECTED = PROOF / "classification.tsv", PROOF / "classification-rejected.tsv"
SEED, DRAWN = "20261126", 200
PRECISION, WRONGLY_REJECTED = 0.95, 4
RIGHT, WRONG, DOUBTFUL = "right", "wrong", "doubtful"
RIGHTLY, WRONGLY = "rightly rejected", "wrongly rejected"


@dataclass(frozen=True, slots=True)
class Row:
    """A notice to be judged: what it is, and what was found."""

    source: str
    external_id: str
    types: str
    confidence: str
    title: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What a verdict is about: other types of the same notice want another verdict."""
        return self.source, self.external_id, self.types


def field() -> tuple[list[Row], list[Row]]:
    """All notices with a sure product type, and all rejected ones (no sure type, no sure rule) that hold a term."""
    found, rejected = [], []
    with installation().db.read() as session:
        for stored in (each for batch in notices.everything(session) for each in batch):
            classification = classify(stored.notice)
            if classification.sure_product_types():
                found.append(_row(stored.notice, classification))
            elif not classification.is_relevant and classify_plainly(Plain.ANY, stored.notice).product_types:
                rejected.append(_row(stored.notice, classification))
    say(f"{len(found)} with a product type, {len(rejected)} rejected ones that hold a term")
    return sorted(found, key=_order), rejected


def _row(notice: Notice, found: Classification) -> Row:
    types = sorted(found.sure_product_types())
    levels = " ".join(found.product_types[name].value for name in types)
    return Row(notice.source, notice.external_id, " ".join(types), levels, " ".join(notice.title.split()))


def _order(row: Row) -> tuple[str, str]:
    return row.source, row.external_id


def drawn(rejected: Iterable[Row]) -> list[Row]:
    """The sample: those whose hash with the seed is least, so that it hardly changes with the classifier."""
    return sorted(sorted(rejected, key=_lot)[:DRAWN], key=_order)


def _lot(row: Row) -> str:
    return hashlib.sha256(f"{SEED}|{row.source}|{row.external_id}".encode()).hexdigest()


def verdicts(file: Path) -> dict[tuple[str, str, str], str]:
    """The verdicts of a file, by what they are about."""
    with file.open(encoding="utf-8", newline="") as lines:
        return {(row["source"], row["external_id"], row.get("types") or ""): row["verdict"]
                for row in csv.DictReader(lines, delimiter="\t")}


def _unjudged(rows: Sequence[Row], judged: dict[tuple[str, str, str], str], known: Iterable[str]) -> Iterator[str]:
    for row in rows:
        if judged.get(row.key) not in set(known):
            yield f"not judged: {row.source} {row.external_id} {row.types} – {row.title[:100]}"


def check() -> int:
    """Count the verdicts on what is found and drawn now; status 1 when a figure does not hold or one is missing."""
    found, rejected = field()
    sample = drawn(rejected)
    of_found, of_rejected = verdicts(FOUND), verdicts(REJECTED)
    counts = Counter(of_found.get(row.key) for row in found)
    wrongly = [row for row in sample if of_rejected.get(row.key) == WRONGLY]
    precision = counts[RIGHT] / max(1, len(found))
    broken = [*_unjudged(found, of_found, (RIGHT, WRONG, DOUBTFUL)), *_unjudged(sample, of_rejected, (RIGHTLY, WRONGLY))]
    if precision < PRECISION:
        broken.append(f"precision {precision:.4f} is under {PRECISION}")
    if len(wrongly) > WRONGLY_REJECTED:
        broken.append(f"{len(wrongly)} wrongly rejected, more than {WRONGLY_REJECTED}")
    return tell("Field precision of the classifier", {
        "with a product type": len(found), "right": counts[RIGHT], "doubtful": counts[DOUBTFUL], "wrong": counts[WRONG],
        "precision (right of all)": f"{precision:.4f}", "rejected ones that hold a term": len(rejected),
        f"drawn of them, seed {SEED}": len(sample), "wrongly rejected": len(wrongly)}, broken)


def _write(rows: Iterable[Row]) -> None:
    writer = csv.writer(sys.stdout, delimiter="\t", lineterminator="\n")
    writer.writerow(("source", "external_id", "types", "confidence", "title"))
    writer.writerows((row.source, row.external_id, row.types, row.confidence, row.title) for row in rows)


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove.field", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("list", "sample", "check"))
    what = parser.parse_args().what
    if what == "check":
        return check()
    found, rejected = field()
    _write(found if what == "list" else drawn(rejected))
    return 0


if __name__ == "__main__":
    sys.exit(main())
