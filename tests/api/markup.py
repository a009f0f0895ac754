"""Reads a page as strictly as a browser does not: every element closed, every reference met, nothing that runs."""

from html.parser import HTMLParser

VOID = {"br", "hr", "img", "input", "link", "meta"}

EMPTY_IN_SVG = {"line", "rect"}


class Page(HTMLParser):
    """A parsed page. Mistakes are collected in `mistakes`; `cells` are those of its tables, in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.mistakes: list[str] = []
        self.ids: list[str] = []
        self.references: list[str] = []
        self.headings: list[int] = []
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.cells: list[str] = []
        self.feed(text)
        self.close()
        if not text.startswith("<!doctype html>"):
            self.mistakes.append("no doctype")
        self.mistakes += [f"<{tag}> is never closed" for tag in self.open]
        self.mistakes += [f"#{name} is nowhere" for name in self.references if name not in self.ids]
        self.mistakes += [f"#{name} stands twice" for name in set(self.ids) if self.ids.count(name) > 1]
        self._check_headings()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        if tag not in VOID:
            self.open.append(tag)
        if tag in {"td", "th"}:
            self.cells.append("")
        if tag in {"h1", "h2", "h3", "h4", "h5", "h6"}:
            self.headings.append(int(tag[1]))
        self._note(tag, given)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID | EMPTY_IN_SVG:
            self.mistakes.append(f"<{tag}/> is no void element")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.mistakes.append(f"</{tag}> closes {self.open[-1:]} at {self.getpos()}")
            return
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.cells and {"td", "th"} & set(self.open):
            self.cells[-1] += data

    def _note(self, tag: str, given: dict[str, str | None]) -> None:
        if name := given.get("id"):
            self.ids.append(name)
        self.references += (given.get("aria-labelledby") or "").split()
        href = given.get("href") or given.get("src") or ""
        self.links += [href] if href else []
        self.references += [href[1:]] if href.startswith("#") else []
        self.mistakes += [
            f"<{tag} {name}> would run or need an inline style" for name in given if name.startswith("on") or name == "style"
        ]
        if tag in {"script", "style", "iframe", "object", "embed", "base"}:
            self.mistakes.append(f"<{tag}> has no place here")

    def _check_headings(self) -> None:
        if self.headings.count(1) != 1:
            self.mistakes.append("a page has one h1")
        steps = zip([0, *self.headings], self.headings, strict=False)
        self.mistakes += [f"h{after} follows h{before}" for before, after in steps if after > before + 1]

    def count(self, tag: str) -> int:
        """How many elements of this name there are."""
        return sum(name == tag for name, _ in self.tags)
