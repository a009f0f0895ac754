"""The database of the stories here is made as the store's own stories make it."""

from tests.monitor.store.conftest import database, store, template

__all__ = ["database", "store", "template"]
