"""OONI measurements of the test Web Connectivity, as published: read within bounds, into our own facts.

A stranger made the file. It is read strictly: what cannot be a measurement is refused with the reason (`Unusable`), and what
a measurement leaves out is left out here too. Source: ooni/spec ts-017, df-001, df-002, df-005, df-006.
"""

from probes.imported.measurement.document import documents
from probes.imported.measurement.fields import Unusable
from probes.imported.measurement.published import Measurement, Theirs, read_measurement

__all__ = ["Measurement", "Theirs", "Unusable", "documents", "read_measurement"]
