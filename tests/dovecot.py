"""A real IMAP server on loopback, with a mailbox of one user in a folder of its own."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BINARY = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin")
PASSWORD = "pass:word/of-tests"
_CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
protocols = imap
ssl = no
disable_plaintext_auth = no
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
mail_location = maildir:{folder}/mail
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@contextmanager
def dovecot(port: int) -> Iterator[Path]:
    """Run the server for the block; gives the Maildir of its user ``bounces``."""
    assert BINARY
    folder = Path(tempfile.mkdtemp(prefix="zonewatch-dovecot-"))
    owner = pwd.getpwnam("mail") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    folder.chmod(0o755)
    for part in ("mail/new", "mail/cur", "mail/tmp", "home", "run"):
        (folder / part).mkdir(parents=True)
    for part in folder.rglob("*"):
        os.chown(part, owner.pw_uid, owner.pw_gid)
    (folder / "conf").write_text(_CONFIG.format(
        folder=folder, port=port, password=PASSWORD, uid=owner.pw_uid, gid=owner.pw_gid, user=owner.pw_name,
        group=grp.getgrgid(owner.pw_gid).gr_name))
    server = subprocess.Popen([BINARY, "-F", "-c", str(folder / "conf")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        _wait(port, server, folder)
        yield folder / "mail"
    finally:
        server.terminate()
        server.wait(10)
        shutil.rmtree(folder)


def put(maildir: Path, name: str, raw: bytes) -> None:
    """Deliver a mail, as a mail server would."""
    path = maildir / "tmp" / name
    path.write_bytes(raw)
    owner = maildir.stat()
    os.chown(path, owner.st_uid, owner.st_gid)
    path.rename(maildir / "new" / name)


def _wait(port: int, server: subprocess.Popen[bytes], folder: Path) -> None:
    for _ in range(100):
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as client:
                if client.recv(4) == b"* OK":
                    return
        except OSError:
            time.sleep(0.1)
    log = folder / "log"
    raise AssertionError(f"dovecot does not answer: {server.poll()} {log.read_text() if log.exists() else ''}")
