"""Reads the configuration and explains every mistake in it."""

from monitor.configuration.advice import warnings
from monitor.configuration.loader import load
from monitor.configuration.problems import ConfigurationError, Problem

__all__ = ["ConfigurationError", "Problem", "load", "warnings"]
