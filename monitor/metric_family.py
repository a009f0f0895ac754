"""A family of Prometheus series that is kept as finished text, since there may be a great many of them."""

from collections.abc import Callable, Mapping

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


class Family:
    """One gauge family as text: every sample is a finished line's beginning and its value, found by its labels' values."""

    def __init__(self, name: str, about: str) -> None:
        self._name = f"cutwatch_{name}"
        self._about = about
        self._labels: tuple[str, ...] = ()
        self._samples: dict[tuple[str, ...], tuple[str, str]] = {}

    def set(self, labels: Mapping[str, str], value: float) -> None:
        """Set one sample; `labels` are always the same, in the order in which they are to be written."""
        self._labels = tuple(labels)
        written = ",".join(f'{label}="{text.translate(_ESCAPES)}"' for label, text in labels.items())
        self._samples[tuple(labels.values())] = (f"{self._name}{{{written}}}", repr(float(value)))

    def raise_to(self, labels: Mapping[str, str], value: float) -> None:
        """Set one sample unless it is higher already."""
        known = self._samples.get(tuple(labels.values()))
        if known is None or float(known[1]) < value:
            self.set(labels, value)

    def keep(self, wanted: Callable[[Mapping[str, str]], bool]) -> None:
        """Drop every sample whose labels are not wanted any more."""
        self._samples = {
            values: sample for values, sample in self._samples.items() if wanted(dict(zip(self._labels, values, strict=True)))
        }

    def clear(self) -> None:
        """Drop all samples."""
        self._samples.clear()

    def render(self) -> str:
        """The family in Prometheus' text format, or nothing while it has no sample."""
        if not self._samples:
            return ""
        head = f"# HELP {self._name} {self._about}\n# TYPE {self._name} gauge\n"
        return head + "\n".join(map(" ".join, self._samples.values())) + "\n"
