"""The service process: takes in what probers saw, keeps it, tells those who must know, and answers readers."""

from monitor.service.context import Context, Health, Place, VantageStatus

__all__ = ["Context", "Health", "Place", "VantageStatus"]
