"""Floor 1: everything that is kept. The only importer of sqlalchemy and alembic."""
