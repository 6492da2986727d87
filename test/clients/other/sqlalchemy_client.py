"""What an application with SQLAlchemy's ORM does. Usage: sqlalchemy_client.py URL MODELS"""
import json
import sys
from contextlib import contextmanager

import sqlalchemy
from sqlalchemy import BigInteger, Column, DateTime, FetchedValue, MetaData, Numeric, Table, Text
from sqlalchemy import create_engine, delete, select, update
from sqlalchemy.dialects.postgresql import ARRAY, UUID
from sqlalchemy.dialects.postgresql import insert as insert_on_conflict
from sqlalchemy.orm import Session, registry

from json_lines import serve

engine = create_engine(sys.argv[1].replace("postgres://", "postgresql+psycopg2://", 1))
models = json.loads(sys.argv[2])


TYPES = {
    "uuid": UUID(as_uuid=True),
    "text": Text,
    "text[]": ARRAY(Text),
    "uuid[]": ARRAY(UUID(as_uuid=True)),
    "timestamptz": DateTime(timezone=True),
    "numeric": Numeric,
    "bigint": BigInteger,
}
mapper = registry()


def map_class(name, table, key, columns):
    """A model with the columns that it declares, all of which the database fills where an INSERT doesn't."""
    declared = [
        Column(column, TYPES[kind], FetchedValue(), primary_key=column == key)
        for column, kind in columns.items()
    ]
    entity = type(name, (), {})
    # A table by itself: one table is mapped twice, under different keys.
    mapper.map_imperatively(entity, Table(table, MetaData(), *declared, schema="attio"))
    return entity


classes = {name: map_class(name, **model) for name, model in models.items()}

# The session of the transaction that is open.
open_session = None
# Objects that the application keeps, each with its session.
kept = []


@contextmanager
def unit_of_work():
    """The open transaction's session, or one of its own."""
    if open_session is not None:
        yield open_session
        open_session.flush()
        return
    with Session(engine) as session:
        yield session
        session.commit()


def transaction(work):
    global open_session
    with Session(engine) as session:
        open_session = session
        try:
            session.commit() if work() else session.rollback()
        finally:
            open_session = None


def key_of(model):
    return getattr(classes[model], models[model]["key"])


def assign(entity, values):
    for name, value in values.items():
        setattr(entity, name, value)
    return entity


def insert(model, row):
    with unit_of_work() as session:
        entity = assign(classes[model](), row)
        session.add(entity)
        session.flush()
        return getattr(entity, models[model]["key"])


def insert_many(model, rows):
    with unit_of_work() as session:
        session.bulk_insert_mappings(classes[model], rows)


def load(model, key):
    # Else the object is read once more after each commit.
    session = Session(engine, expire_on_commit=False)
    entity = session.execute(select(classes[model]).where(key_of(model) == key)).scalar_one()
    session.commit()
    kept.append((session, entity))
    row = {name: getattr(entity, name) for name in models[model]["columns"]}
    return {"row": row, "handle": len(kept) - 1}


def save(handle, change):
    session, entity = kept[handle]
    try:
        assign(entity, change)
        session.commit()
    except Exception:
        session.rollback()
        raise


def upsert(model, row):
    key = models[model]["key"]
    statement = insert_on_conflict(classes[model]).values(row)
    with unit_of_work() as session:
        session.execute(
            statement.on_conflict_do_update(
                index_elements=[key],
                set_={name: statement.excluded[name] for name in row if name != key},
            )
        )


def read_and_save(model, row):
    """Session.merge: SELECT by the key, then UPDATE or INSERT."""
    with unit_of_work() as session:
        session.merge(assign(classes[model](), row))


def update_where(condition, model, change):
    with unit_of_work() as session:
        statement = update(classes[model]).where(condition).values(change)
        return session.execute(statement, execution_options={"synchronize_session": False}).rowcount


def update_by_key(model, key, change):
    return update_where(key_of(model) == key, model, change)


def update_many(model, where, change):
    ((name, value),) = where.items()
    return update_where(getattr(classes[model], name) == value, model, change)


def remove(model, key):
    with unit_of_work() as session:
        statement = delete(classes[model]).where(key_of(model) == key)
        return session.execute(statement, execution_options={"synchronize_session": False}).rowcount


def version():
    return sqlalchemy.__version__


serve(
    {
        "insert": insert,
        "insertMany": insert_many,
        "load": load,
        "save": save,
        "upsert": upsert,
        "readAndSave": read_and_save,
        "update": update_by_key,
        "updateMany": update_many,
        "remove": remove,
        "version": version,
    },
    transaction,
)
