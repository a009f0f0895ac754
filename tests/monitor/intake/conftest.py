"""The database of the stories here is made as the store's own stories make it."""

from tests.monitor.store.conftest import database, migrated, on_server, server, store, template

__all__ = ["database", "migrated", "on_server", "server", "store", "template"]
