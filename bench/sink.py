"""Postfix's smtp-sink, which takes mail and throws it away: as fast a mail server as there is."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

_PLACES = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))


@contextmanager
def smtp_sink() -> Iterator[str]:
    """The address of a running one, as MAIL_URL takes it."""
    program = shutil.which("smtp-sink", path=_PLACES)
    if program is None:
        sys.exit("smtp-sink is not on this machine: it comes with Debian's postfix")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    as_nobody = ("-u", "nobody") if os.geteuid() == 0 else ()
    process = subprocess.Popen([program, *as_nobody, f"127.0.0.1:{port}", "100"])
    try:
        _wait_for(port)
        yield f"smtp://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    sys.exit("smtp-sink did not start")
