"""Tables for a single test, with our column types, on either database."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

from api.db.engine import Database
from api.db.models import Base


def create_base() -> type[DeclarativeBase]:
    """Return a declarative base for the tables of one test."""

    class Tables(DeclarativeBase):
        metadata = MetaData()
        type_annotation_map = Base.type_annotation_map

    return Tables


@contextmanager
def open_database(tables: type[DeclarativeBase], url: str) -> Iterator[Database]:
    """Yield a database with *tables*, which are dropped at the end of the block."""
    database = Database(url)
    tables.metadata.create_all(database.engine)
    yield database
    tables.metadata.drop_all(database.engine)
    database.close()
