"""What review forgets: migrations follow the models, settings are explained, locks name no host, files stay small."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from storage.models import Base
from storage.session import MIGRATIONS, Database, newest_revision
from tests.conftest import ROOT
from zonewatch.settings import DEFAULTS, PURPOSES


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, text=True, capture_output=True, check=True).stdout.split("\n")
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


def test_migrations_have_one_head_and_make_the_schema_of_the_models(db: Database) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [newest_revision()]
    with db.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_every_setting_is_explained() -> None:
    assert DEFAULTS.keys() == PURPOSES.keys()


def test_no_file_is_large_and_no_lock_names_a_host() -> None:
    for path in tracked():
        assert path.stat().st_size < 1_000_000, path
    for lock in ("requirements.lock", "requirements-dev.lock"):
        assert not re.search(r"https?://", (ROOT / lock).read_text()), lock


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 80


def test_the_project_names_no_path_of_a_machine() -> None:
    for path in tracked():
        if path.suffix in {".py", ".md", ".toml", ".yml", ".html", ".txt"} and path != Path(__file__):
            assert not re.search(r"/(work|root|home/[a-z]+)/", path.read_text(encoding="utf-8")), path
