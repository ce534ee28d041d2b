"""How a proof is told: figures by name, what is broken, and the machine it ran on; never where on the machine."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Iterable, Mapping, Sequence


def say(text: str) -> None:
    """What goes on meanwhile."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def tell(title: str, figures: Mapping[str, object], broken: Sequence[str]) -> int:
    """Print a report; gives the exit status."""
    width = max(map(len, figures))
    print(title)
    print("\n".join(f"  {name:<{width}}  {value}" for name, value in figures.items()))
    print(f"  {'machine':<{width}}  {machine()}")
    print("HOLDS" if not broken else "\n".join(["BROKEN", *(f"  - {each}" for each in broken)]), flush=True)
    return 1 if broken else 0


def machine() -> str:
    load = os.getloadavg()[1]
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, load of the last 5 minutes {load:.1f}"


def spread(seconds: Iterable[float]) -> str:
    """How long something took, in milliseconds."""
    times = sorted(seconds)
    if not times:
        return "none"
    shares = "  ".join(f"p{share} {share_of(times, share) * 1000:.0f}" for share in (50, 95, 99))
    return f"{len(times)} times, ms: {shares}  max {times[-1] * 1000:.0f}"


def share_of(ordered: Sequence[float], share: int) -> float:
    """The value below which ``share`` percent lie; 0 when there is none."""
    return ordered[min(len(ordered) - 1, len(ordered) * share // 100)] if ordered else 0.0
