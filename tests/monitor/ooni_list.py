"""A small list of fingerprints in the form of OONI's, made for tests."""

import csv
import io

COLUMNS = "name,scope,other_names,location_found,pattern_type,pattern,confidence_no_fp,expected_countries,source,exp_url,notes"


def http_row(
    name: str,
    pattern: str,
    *,
    scope: str = "nat",
    place: str = "body",
    kind: str = "contains",
    confidence: str = "5",
    countries: str = "RU",
) -> str:
    """One row, without its end of line."""
    written = io.StringIO()
    csv.writer(written, lineterminator="").writerow([name, scope, "", place, kind, pattern, confidence, countries, "us", "", ""])
    return written.getvalue()


HTTP = "".join(
    f"{row}\n"
    for row in (
        COLUMNS,
        http_row("ooni.ru_1", "closed by order 17", countries="RU,BY"),
        http_row("ooni.ru_2", "http://block.example.ru", place="header.location", kind="prefix"),
        http_row("ooni.ir_2", "Guard/1", place="header.server", kind="prefix", countries="IR"),
    )
)

DNS = f"{COLUMNS}\nooni.ir_1,nat,,dns,full,10.10.34.34,10,IR,us,,\n"
