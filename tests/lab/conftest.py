from tests.lab.fixtures import start_world, webhook_sink

__all__ = ["start_world", "webhook_sink"]
