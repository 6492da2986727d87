"""What an application with Django's ORM does. Usage: django_client.py URL MODELS"""
import json
import sys
import uuid
from urllib.parse import unquote, urlparse

import django
from django.conf import settings

from json_lines import serve

url = urlparse(sys.argv[1])
settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": url.hostname,
            "PORT": url.port,
            "USER": unquote(url.username or ""),
            "PASSWORD": unquote(url.password or ""),
            "NAME": url.path[1:],
            "OPTIONS": {"options": "-c search_path=attio,public"},
        }
    },
    USE_TZ=True,
)
django.setup()

from django.contrib.postgres.fields import ArrayField  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402

FIELDS = {
    "uuid": lambda: models.UUIDField(null=True),
    "text": lambda: models.TextField(null=True),
    "text[]": lambda: ArrayField(models.TextField(), null=True),
    "uuid[]": lambda: ArrayField(models.UUIDField(), null=True),
    "timestamptz": lambda: models.DateTimeField(null=True),
    "numeric": lambda: models.DecimalField(max_digits=30, decimal_places=9, null=True),
    "bigint": lambda: models.BigIntegerField(null=True),
}


def make_model(name, table, key, columns):
    """A model as `inspectdb` writes it, without the mirror's own columns: an INSERT names every field."""
    fields = {
        column: FIELDS[kind]()
        for column, kind in columns.items()
        if not column.startswith("_") and column != key
    }
    fields[key] = models.UUIDField(primary_key=True, default=uuid.uuid4)
    meta = type("Meta", (), {"app_label": "crm", "managed": False, "db_table": table})
    return type(name, (models.Model,), {"__module__": __name__, "Meta": meta, **fields})


classes = {name: make_model(name, **model) for name, model in json.loads(sys.argv[2]).items()}
# Objects that the application keeps.
kept = []


def in_transaction(work):
    with transaction.atomic():
        transaction.set_rollback(not work())


def assign(entity, values):
    for name, value in values.items():
        setattr(entity, name, value)
    return entity


def insert(model, row):
    return classes[model].objects.create(**row).pk


def insert_many(model, rows):
    classes[model].objects.bulk_create([classes[model](**row) for row in rows])


def load(model, key):
    entity = classes[model].objects.get(pk=key)
    kept.append(entity)
    row = {field.column: getattr(entity, field.attname) for field in entity._meta.fields}
    return {"row": row, "handle": len(kept) - 1}


def save(handle, change):
    assign(kept[handle], change).save()


def upsert(model, row):
    """Django 3.2 has no ON CONFLICT DO UPDATE of its own; 4.1 and later have bulk_create(update_conflicts=True)."""
    meta = classes[model]._meta
    quote = connection.ops.quote_name
    names = [quote(name) for name in row]
    sets = ", ".join(f"{name} = excluded.{name}" for name in names if name != quote(meta.pk.column))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quote(meta.db_table)} ({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))})"
            f" ON CONFLICT ({quote(meta.pk.column)}) DO UPDATE SET {sets}",
            list(row.values()),
        )


def read_and_save(model, row):
    """SELECT by the key, then UPDATE or INSERT."""
    key = classes[model]._meta.pk.column
    values = {name: value for name, value in row.items() if name != key}
    classes[model].objects.update_or_create(pk=row[key], defaults=values)


def update(model, key, change):
    return classes[model].objects.filter(pk=key).update(**change)


def update_many(model, where, change):
    return classes[model].objects.filter(**where).update(**change)


def remove(model, key):
    return classes[model].objects.filter(pk=key).delete()[0]


def version():
    return django.get_version()


serve(
    {
        "insert": insert,
        "insertMany": insert_many,
        "load": load,
        "save": save,
        "upsert": upsert,
        "readAndSave": read_and_save,
        "update": update,
        "updateMany": update_many,
        "remove": remove,
        "version": version,
    },
    in_transaction,
)
