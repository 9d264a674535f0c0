"""IMPORT.md section 3 and the rules of TYPES.md that follow from it: what the lines of an import fix between its entries. Part of verify.py.

An entry can be all that its own line says and still be of another page, in another person's name, or one too few: the line knows paths
and names, the facts know ids. Such an entry was written against the rules; nothing was altered since."""
import hashlib
import uuid

SHOWN = ("content.published", "content.corrected")


def thing_id(import_, line, index):
    numbers = line.to_bytes(8, "big") + index.to_bytes(8, "big")
    raw = bytearray(hashlib.sha256(b"annals/import-id/v1\n" + uuid.UUID(import_).bytes + numbers).digest()[:16])
    raw[6], raw[8] = raw[6] & 15 | 128, raw[8] & 63 | 128
    return str(uuid.UUID(bytes=bytes(raw)))


class Import:
    def __init__(self):
        self.persons, self.paths = {}, {}  # name: account; path: page
        self.begin()

    def begin(self):
        """A line begins: names of accounts it opened, times of what came before its content, its page, the types still to come."""
        self.opened, self.times, self.page, self.to_come = [], [], None, []


class Imports:
    def __init__(self):
        self.open, self.shown = {}, {}  # page: plain digest that a line last let it show

    def check(self, h, facts, private, line):
        """The rules that the next entry breaks; `line` is that of its history, where it keeps one that can be read."""
        kind, own = h["type"], h["stream"].split("/")[1]
        if kind == "ledger.import_opened":
            self.open[own] = Import()
        elif kind == "ledger.import_closed":
            self.open.pop(own, None)
        if h["provenance"] != "imported":
            return []
        broken = list(self.entry(h, facts, private or {}, line))
        if kind in SHOWN and line and line.get("sha256"):
            self.shown[own] = line["sha256"]
        return broken

    def entry(self, h, facts, private, line):
        kind, own, command = h["type"], h["stream"].split("/")[1], h["command"]
        content = kind.startswith("content.")
        known = not content or all(k in facts for k in ("author", "change", "import", "line"))
        of = self.open.get(facts.get("import")) if known else None
        if not of:
            return
        if command["index"] == 0:
            of.begin()
        if content and line:
            yield from self.content(of, own, h, facts, line)
        else:
            if kind == "account.opened":
                name = private.get("name")
                if name is not None and name in of.persons:
                    yield "import_person"
                if name is not None:
                    of.persons[name] = own
                of.opened.append(name)
                if facts["duty"] != "editor" or facts["access"] != "unusable" or facts.keys() & {"attributes", "person"}:
                    yield "account_of_import"
            if kind in ("account.opened", "site.opened") and facts["organisation"] != h["actor"]["organisation"]:
                yield kind.split(".")[0] + "_of_import"
            of.times.append(h.get("occurred_at"))
            if of.page:
                yield "import_entries"
        if command["index"] + 1 == command["of"] and (of.to_come or not of.page):
            yield "import_entries"

    def content(self, of, own, h, facts, line):
        if not of.page:
            new = {n for n in (line["author"], line.get("approved_by")) if n is not None and (n in of.opened or n not in of.persons)}
            due = [n for n in (line["author"], line.get("approved_by")) if n in new]
            if of.opened != list(dict.fromkeys(due)) or any(at != line["at"] for at in of.times):
                yield "import_entries"
            change = line["change"]
            page = None if change == "created" else of.paths.get(line["from"] if change == "renamed" else line["path"])
            if change == "removed" or not page:
                of.to_come = ["content.withdrawn" if change == "removed" else "content.published"]
            elif change == "updated":
                of.to_come = ["content.corrected"]
            else:
                of.to_come = ["content.moved"] + ["content.corrected"] * (self.shown.get(page) != line["sha256"])
            of.paths.pop(line.get("from"), None)
            if change == "removed":
                of.paths.pop(line["path"], None)
            else:
                of.paths[line["path"]] = own
            of.page = page or thing_id(facts["import"], line["seq"], h["command"]["index"])
        if own != of.page:
            yield "import_page"
        approver = of.persons.get(line["approved_by"]) if "approved_by" in line else None
        if of.persons.get(line["author"]) != facts["author"] or approver != facts.get("approver"):
            yield "import_person"
        if not of.to_come or of.to_come.pop(0) != h["type"]:
            yield "import_entries"
