#!/usr/bin/env python3
"""A second verifier of exports, standard library only. It shares no code with ours, only the format's pages: events/README.md and
TYPES.md, IMPORT.md beside it. The tests hold both to each other: the same verdict, the same first bad position and check.

verify.py FILE|- [--genesis HEX] [--checkpoint FILE]... [--actor-key HEX]...
Prints one JSON object; exit 0 sound, 1 tampered, 2 incomplete, 3 unusable, 4 against the rulebook. Folds are not its job, nor judging, but
for the rules that follow from the lines of an import. What the signatures are is in strict.py, what the bytes and members are in forms.py,
what lines fix in imports.py; here is what holds between entries.
"""
import argparse
import base64
import functools
import hashlib
import json
import re
import sys

from forms import *
from imports import Imports
from strict import *

LIMIT = 90 << 20  # longest line
ENGINES = (1, 2)
CODES = {"sound": 0, "tampered": 1, "incomplete": 2, "unusable": 3, "against_the_rulebook": 4}


class Bad(Exception):
    """A finding: (position, line, what, detail)."""


class Unusable(Exception):
    pass


# ---- section 1: the tree; section 9: checkpoints ----------------------------------------------------------------------------
class Tree:
    def __init__(self):
        self.size, self.stack = 0, []

    def add(self, leaf):
        m = self.size
        while m & 1:
            leaf, m = sha(b"\x01", self.stack.pop(), leaf), m >> 1
        self.stack.append(leaf)
        self.size += 1

    def root(self):
        return functools.reduce(lambda right, left: sha(b"\x01", left, right), reversed(self.stack)) if self.stack else sha()


class Note:
    """A signed note that is a checkpoint; ValueError where it is none."""

    def __init__(self, data):
        body, gap, lines = data.partition(b"\n\n")
        m = re.fullmatch(rb"([^\n]+)\n(0|[1-9][0-9]{0,19})\n([A-Za-z0-9+/]{43}=)", body)
        if not gap or not m or not lines.endswith(b"\n") or not origin_(m[1].decode("utf-8")) or not number(m[2].decode()):
            raise ValueError("not a checkpoint")
        if len(data) > 65536 or lines.count(b"\n") > 64 or re.search(b"[\x00-\x09\x0b-\x1f]", data):
            raise ValueError("a note has at most 65,536 bytes, 64 signature lines and no control characters")
        self.text, self.origin, self.size, self.root = body + b"\n", m[1].decode(), int(m[2]), b64(m[3])
        self.signatures = set()
        for line in lines[:-1].decode("utf-8").split("\n"):
            m = re.fullmatch("\u2014 ([^\\s+]+) ([A-Za-z0-9+/=]+)", line)
            if not m or len(b64(m[2].encode())) < 5:
                raise ValueError("not a signature line")
            self.signatures.add((m[1], b64(m[2].encode())))

    def signed_by(self, keys):
        """Those of keys = [(type byte, name, public, ...)] that signed; ValueError if a known key's signature fails."""
        out = []
        for name, blob in self.signatures:
            known = [k for k in keys if k[1] == name and sha(name.encode(), b"\n", bytes([k[0]]), k[2])[:4] == blob[:4]]
            good = [k for k in known if self._verifies(k, blob[4:])]
            if known and not good:
                raise ValueError("the signature of %s fails" % name)
            out += good
        return out

    def _verifies(self, key, blob):
        if key[0] == 4:
            stamp = int.from_bytes(blob[:8], "big")
            return len(blob) == 72 and ed25519(key[2], b"cosignature/v1\ntime %d\n" % stamp + self.text, blob[8:])
        return ed25519(key[2], self.text, blob)


# ---- section 10: the lines of an export -------------------------------------------------------------------------------------
first_form = closed({"annals_export": integer(1, 1), "origin": origin_, "size": integer(1, 2**53 - 1)})
entry_form = closed({"header": text, "signature": closed({"key": hash_, "value": sig}), "facts": text, "facts_salt": hash_,
                     "private": lambda v: v is None or text(v), "private_salt": lambda v: v is None or hash_(v)})
body_form = closed({"body": hash_, "salt": hash_, "base64": text})
end_form = closed({"end": closed({"size": SIZE, "head": hash_, "lines": SIZE, "sha256": hash_, "checkpoint": text, "state": listed(fold_form, 0, 1 << 20)})})


class Verifier:
    def __init__(self, file, genesis=None, notes=(), actors=()):
        self.file, self.pinned, self.notes = file, genesis, list(notes)
        self.actors = {sha(a).hex(): a for a in actors}
        self.line, self.digest, self.tree, self.roots_at = 0, hashlib.sha256(), Tree(), {}
        self.origin = self.genesis = self.ledger = self.size = self.command = self.body = self.epoch = self.entry_key = None
        self.n, self.head, self.time, self.unknown, self.engine = 0, "0" * 64, "", set(), True
        self.keys_unread = False  # an entry that brings keys could not be read
        self.streams, self.abouts, self.command_keys, self.secrets = {}, {}, set(), {}
        self.bodies = {}  # id: length and plain SHA-256
        self.imports, self.broken = Imports(), []
        self.publics, self.roots, self.logs, self.cosigners, self.threshold = set(), {}, {}, [], 0
        self.checked = self.not_checked = 0

    def need(self, holds, what, detail, position=None):
        if not holds:
            raise Bad(self.n if position is None else position, self.line, what, detail)

    # -- reading
    def read(self):
        """(kind, content) of the next line; ValueError if it cannot be read; kind None at the end of the file."""
        raw = self.file.readline(LIMIT)
        self.line += 1
        if not raw:
            return None, None
        if not raw.endswith(b"\n"):
            if len(raw) == LIMIT:
                raise Unusable("a line is longer than 90 MiB")
            raise ValueError("the line is not ended by a line feed")
        value = parse(raw[:-1])
        if end_form(value):
            return "end", {**value["end"], "checkpoint": value["end"]["checkpoint"].encode("utf-8")}
        self.digest.update(raw)
        if entry_form(value) and (value["private"] is None) == (value["private_salt"] is None):
            return "entry", {k: v.encode("utf-8") if k in ("header", "facts", "private") and v is not None else v for k, v in value.items()}
        if body_form(value):
            data = b64(value["base64"].encode("utf-8"))
            return "body", (value["body"], sha(b"annals/body/v1\n", bytes.fromhex(value["salt"]), data).hex(), (len(data), sha(data).hex()))
        if first_form(value):
            return "first", value
        raise ValueError("not a line of an export")

    def run(self):
        try:
            kind, first = self.read()
        except ValueError as e:
            raise Unusable("the first line is not an export's: %s" % e) from None
        if kind != "first":
            raise Unusable("the first line is not an export's")
        self.origin, self.size = first["origin"], first["size"]
        while True:
            where = self.body[1] if self.body else self.n
            expected = "body" if self.body else "entry" if self.n < self.size else "end"
            try:
                kind, content = self.read()
            except ValueError as e:
                raise Bad(where, self.line, "end" if expected == "end" else "line", str(e)) from None
            self.need(kind, "truncated", "the file ends without an end line")
            if expected == "body":
                broken = kind != "body" or content[0] != self.body[0] or content[1] != content[0] or self.body_error(content[2], self.body[2])
                if broken and self.command and self.n == self.size:
                    self.need(False, "command", "unfinished at the end of the ledger", where)  # comes before `body` in section 4
                self.need(kind == "body" and content[0] == self.body[0], "body", "the body %s is not there" % self.body[0], where)
                self.need(content[1] == content[0], "body", "the bytes are not those of the body's id", where)
                self.need(not broken, "body", broken, where)
                self.bodies[content[0]] = content[2]
                self.body = None
            elif kind == "end":
                return self.end(content)
            elif expected == "end" and kind != "body":
                self.need(False, "end", "more lines than the size says")
            else:
                self.need(kind == "entry", "line", "a line of another kind where an entry is expected")
                self.entry(content)

    # -- section 4
    def entry(self, line):
        need, p = self.need, self.n
        try:
            h = canonical(line["header"], 4096)
            error = header_error(h) if line["header"].isascii() else "not ASCII"
        except ValueError as e:
            error = str(e)
        need(not error, "header", error)
        leaf, kind, epoch = sha(b"\x00", line["header"]), h["type"], int(h["epoch"])
        need(h["position"] == str(p), "position", "position is not %d" % p)
        need(h["origin"] == self.origin, "origin", "another origin")
        need(h["prev"] == self.head, "link", "prev is not the leaf of the entry before")
        need((kind == "ledger.genesis") == (p == 0), "genesis", "genesis is the first entry and no other")
        need(p or self.pinned in (None, leaf.hex()), "genesis", "the genesis leaf is not the pinned one")
        starts = p and kind == "ledger.epoch_started"
        need(epoch == 0 if not p else epoch > self.epoch if starts else epoch == self.epoch, "epoch", "epoch does not follow")
        need(h["recorded_at"] >= self.time, "time", "recorded before the entry before")
        need(h.get("occurred_at", "") <= h["recorded_at"], "time", "occurred after it was recorded")
        need(int(h["version"]) == self.streams.get(h["stream"], (0,))[0], "version", "version does not follow in the stream")
        for a in h.get("about", []):
            need(int(a["number"]) == self.abouts.get(a["subject"], 0), "about", "the number about %s does not follow" % a["subject"])
        known = TYPES.get(kind) if h["schema"] == 1 else None
        facts = self.part("facts", line, h["facts_digest"], 1048576 if kind == "platform.profile_adopted" else 65536)
        need(not known or known[0](facts), "facts", "not the facts of this type")
        private = self.part("private", line, h.get("private_digest"), 262144)
        need(not known or private is None or (known[1] and known[1](private)), "private", "not a private part of this type")
        self.genesis = self.genesis or leaf.hex()
        if kind in BRING_KEYS:
            self.bring_keys(kind, h, facts, known)
        if self.entry_key:
            need(line["signature"]["key"] == sha(self.entry_key).hex(), "signature", "not by the entry key of the epoch")
            message = b"annals/entry/v1\n" + self.origin.encode() + b"\n" + leaf
            need(ed25519(self.entry_key, message, bytes.fromhex(line["signature"]["value"])), "signature", "the signature does not verify")
        self.commands(h, facts, private, known)
        said = self.imported(h, facts, private) if known and kind.startswith("content.") and h["provenance"] == "imported" else None
        if "actor_signature" in h:
            self.actor(h)
        self.named(h, facts, said)
        broken = self.imports.check(h, facts, private, said) if known else []
        if self.engine and not self.unknown and known:
            self.broken += ["entry %d: annals:%s" % (p, rule) for rule in broken]
        # all holds: on to the next
        self.n, self.head, self.epoch, self.time = p + 1, leaf.hex(), epoch, h["recorded_at"]
        self.streams[h["stream"]] = (int(h["version"]) + 1, leaf.hex())
        self.abouts.update((a["subject"], int(a["number"]) + 1) for a in h.get("about", []))
        if not known:
            self.unknown.add("%s schema %d" % (kind, h["schema"]))
        self.tree.add(leaf)
        if any(note.size == self.n for note in self.notes):
            self.roots_at[self.n] = self.tree.root()

    def part(self, what, line, digest, limit):
        data, salt = line[what], line[what + "_salt"]
        self.need((data is None) == (salt is None) == (digest is None), what, "it is there and its salt or digest is not, or the reverse")
        if data is None:
            return None
        self.need(sha(b"annals/%s/v1\n" % what.encode(), bytes.fromhex(salt), data).hex() == digest, what, "another digest")
        try:
            value = canonical(data, limit)
        except ValueError as e:
            self.need(False, what, str(e))
        self.need(isinstance(value, dict), what, "not an object")
        return value

    def bring_keys(self, kind, h, facts, known):
        if kind != "ledger.key_rotated":
            self.entry_key = None
        if known:
            self.engine = self.engine and facts.get("engine", 1) in ENGINES
            try:
                self.keys(kind, h, facts)
            except Bad:
                if not self.keys_unread:
                    raise  # else it may follow from keys that were not read
        else:
            self.keys_unread = True

    def keys(self, kind, h, facts):
        need = functools.partial(self.need, what="key")
        if kind == "ledger.genesis":
            keys, self.threshold, self.ledger = facts["keys"], facts["threshold"], h["stream"]
            roles = ["root"] * (len(keys) - 3) + ["log", "cosigner", "entry"]
            need(4 <= len(keys) <= 19 and self.threshold >= 1, detail="not 1 to 16 roots with a threshold among them")
            need([k["role"] for k in keys] == roles, detail="other roles than roots, log, cosigner, entry")
            for k in keys[:-3]:
                public = self.bring(k, h, {}, 0)
                self.roots[sha(public).hex()] = public
            log = self.bring(keys[-3], h, self.roots, self.threshold)
            fingerprint = sha(log).hex()
            self.logs[fingerprint] = [1, self.origin, log, 1, None]  # type byte, name, public, first and last size
            self.cosigners.append([4, self.origin + "/cosigner", self.bring(keys[-2], h, {fingerprint: log}, 1)])
            self.entry_key = self.bring(keys[-1], h, {fingerprint: log}, 1)
            return
        active, key = {f: k[2] for f, k in self.logs.items() if k[4] is None}, facts["key"]
        if kind == "ledger.epoch_started":
            need(key["role"] == "entry" and len(key["endorsements"]) == 1, detail="not an entry key endorsed by exactly one")
            need(facts["head"] == {"leaf": h["prev"], "size": self.n}, detail="head is not that of the ledger")
            self.entry_key = self.bring(key, h, active, 1)
        else:
            need(key["role"] == "log", detail="not a log key")
            need(facts["retired"] in active, detail="retired is not an active log key")
            public = self.bring(key, h, self.roots, self.threshold)
            self.logs[facts["retired"]][4] = self.n + 1
            self.logs[sha(public).hex()] = [1, self.origin, public, self.n + 1, None]

    def bring(self, k, h, superiors, least):
        need, public = functools.partial(self.need, what="key"), bytes.fromhex(k["public"])
        need(key_table(public) is not None, detail="not a canonical, torsion-free point")
        need(k["algorithm"] == "ed25519", detail="not an Ed25519 key")
        need(public not in self.publics, detail="introduced twice")
        need(h["stream"] == (self.ledger or h["stream"]), detail="in another stream than genesis")
        genesis = self.genesis if self.n else "0" * 64
        rest = [k["role"], self.origin, genesis, h["epoch"], h["position"], h["prev"], "ed25519", k["public"]]
        message = ["".join(x + "\n" for x in [first] + rest).encode() for first in ("annals/key/v1", "annals/key-possession/v1")]
        need(ed25519(public, message[1], bytes.fromhex(k["possession"])), detail="no proof of possession")
        by = [e["key"] for e in k["endorsements"]]
        need(rising(by), detail="endorsements not sorted and distinct")
        need(set(by) <= superiors.keys(), detail="endorsed by a key that may not")
        need(len(by) >= least, detail="endorsed by too few")
        for e in k["endorsements"]:
            need(ed25519(superiors[e["key"]], message[0], bytes.fromhex(e["value"])), detail="an endorsement does not verify")
        self.publics.add(public)
        return public

    def commands(self, h, facts, private, known):
        need, c, before = functools.partial(self.need, what="command"), h.get("command"), self.command
        if before:
            need(c == {**before, "index": before["index"] + 1}, detail="the command before is not finished")
        elif c:
            need(c["index"] == 0, detail="a command that does not begin with index 0")
            need(bytes.fromhex(c["key"].replace("-", "")) not in self.command_keys, detail="the key of an earlier command")
            newest = self.streams.get(c["stream"], (0, "0" * 64))[1]
            need(c["stream"].startswith("ledger/") or c["seen"] == newest, detail="seen is not the newest entry of the command's stream")
            self.command_keys.add(bytes.fromhex(c["key"].replace("-", "")))
        self.command = c if c and c["index"] + 1 < c["of"] else None
        if h["provenance"] not in ("commanded", "reported"):
            return
        holder = facts if known and known[1] is None else private
        kept = kept_command(holder) or (None if known else kept_command(facts))
        need(kept or not known, detail="it keeps no command")
        need(not kept or command_digest(bytes.fromhex(kept[1]), kept[0]) == c["digest"], detail="the command kept is not that of the digest")
        if known:
            need(c["stream"] == h["stream"], detail="written to another stream than the command names")
            error = command_error(h, facts, private, *kept)
            need(not error, detail=error)
            if h["type"] == "ledger.import_opened":
                self.secrets[h["stream"].split("/")[1]] = bytes.fromhex(parse(kept[0].encode("utf-8"))["secret"])

    def imported(self, h, facts, private):
        """The line that an imported entry of content keeps, compared where the import's secret is known; None if it cannot be read."""
        need = functools.partial(self.need, what="command")
        try:
            line = history_line((private or {}).get("line") or "")
        except ValueError:
            line = None
        whole = all(k in facts for k in ("author", "change", "import", "line"))
        secret = self.secrets.get(facts["import"]) if whole else None
        if secret:
            need(line, detail="an imported entry keeps its line")
            nonce = sha(b"annals/import-nonce/v1\n", secret, facts["line"].to_bytes(8, "big"))
            need(command_digest(nonce, private["line"]) == h["command"]["digest"], detail="the line kept is not that of the digest")
            error = line_error(h, facts, private, line)
            need(not error, detail=error)
        shown = self.imports.shown.get(h["stream"].split("/")[1])
        if line and shown and not self.unknown and h["type"] == "content.moved" and self.command is None and "sha256" in line:
            need(line["sha256"] == shown, detail="the line brings other bytes than the page had")
        return line

    def named(self, h, facts, line):
        """The body that the facts name is known, or must come next."""
        self.body, body = None, facts.get("body")
        if not h["type"].startswith("content.") or not hash_(body):
            return
        length = facts.get("bytes")
        said = (length if SIZE(length) else None, line and line.get("sha256"))
        if body in self.bodies:
            error = self.body_error(self.bodies[body], said)
            self.need(not error, "body", error)
        else:
            self.body = (body, self.n, said)

    @staticmethod
    def body_error(found, said):
        """What a body (length, plain SHA-256) has otherwise than it is said to have, else ""."""
        wrong = [what for what, a, b in zip(("length", "plain digest"), found, said) if b is not None and a != b]
        return "it has another %s than is said" % wrong[0] if wrong else ""

    def actor(self, h):
        s, c = h["actor_signature"], h["command"]
        if s["key"] not in self.actors:
            self.not_checked += 1
            return
        rows = ["annals/command/v1", self.origin, self.genesis, s["key"]] + [c[k] for k in "name key stream seen issued_at digest".split()]
        good = s["algorithm"] == "ed25519" and ed25519(self.actors[s["key"]], "".join(r + "\n" for r in rows).encode(), bytes.fromhex(s["value"]))
        self.need(good, "actor_signature", "it does not verify under the key given")
        self.checked += 1

    # -- the end, sections 9 and 10
    def end(self, end):
        need, line = self.need, self.line
        self.need(not self.command, "command", "unfinished at the end of the ledger", self.n - 1)
        need(end["size"] == self.size == self.n, "end", "another size")
        need(end["head"] == self.head, "end", "head is not the last leaf")
        need(end["lines"] == line - 1, "end", "another number of lines")
        need(end["sha256"] == self.digest.hexdigest(), "end", "another sha256")
        need(not self.file.read(1), "trailing", "bytes after the end line")
        matching = 0
        for note in sorted(self.notes, key=lambda note: (not self.acceptable(note), note.size)):
            if not self.acceptable(note):
                if self.keys_unread:
                    continue  # signed, perhaps, by a key that was not read
                raise Unusable("a checkpoint given is not one of this ledger")
            need(note.size <= self.n, "truncated", "a checkpoint given is larger than the export")
            root = self.roots_at[note.size] if note.size else sha()
            need(note.root == root, "root", "another root than that of a checkpoint given", matching)
            matching = note.size
        try:
            own = Note(end["checkpoint"])
        except ValueError as e:
            need(self.keys_unread, "checkpoint", str(e))
            return
        if self.keys_unread and not self.acceptable(own):
            return
        need(own.size == self.n and self.acceptable(own), "checkpoint", "of another origin or size, or not signed by a log key valid for the size")
        need(own.root == self.tree.root(), "root", "not the root of the leaves", matching)

    def acceptable(self, note):
        """Of this ledger, signed by a log key valid for its size, and no line of a known key fails."""
        try:
            return note.origin == self.origin and self.log_signed(note, note.signed_by(list(self.logs.values()) + self.cosigners))
        except ValueError:
            return False

    @staticmethod
    def log_signed(note, signers):
        return any(k[0] == 1 and k[3] <= note.size <= (k[4] or note.size) for k in signers)

    def result(self):
        """(verdict, first_bad, remark)."""
        try:
            self.run()
        except Bad as e:
            return "tampered", dict(zip(("position", "line", "what", "detail"), e.args)), ""
        except Unusable as e:
            return "unusable", None, str(e)
        except (OSError, MemoryError) as e:
            return "unusable", None, "the input cannot be read: %s" % e
        if self.broken:
            return "against_the_rulebook", None, self.broken[0]
        if self.unknown:
            return "incomplete", None, "not known here: " + ", ".join(sorted(self.unknown))
        if not self.engine:
            return "incomplete", None, "an epoch was judged by an engine not known here"
        return ("sound", None, "") if self.pinned else ("incomplete", None, "consistent, author unknown")


class Arguments(argparse.ArgumentParser):
    def error(self, message):
        raise Unusable(message)


def main(argv=None):
    v, bad = Verifier(None), None
    try:
        parser = Arguments(description=__doc__.split("\n")[0])
        parser.add_argument("file")
        parser.add_argument("--genesis")
        parser.add_argument("--checkpoint", action="append", default=[])
        parser.add_argument("--actor-key", nargs="+", action="extend", default=[])
        a = parser.parse_args(argv)
        if not all(map(hash_, a.actor_key + [a.genesis or "0" * 64])) or a.genesis == "":
            raise Unusable("--genesis and --actor-key take 64 lower-case hex digits")
        actors = [bytes.fromhex(k) for k in a.actor_key]
        if not all(map(key_table, actors)):
            raise Unusable("an --actor-key is not an acceptable public key")
        notes = []
        for path in a.checkpoint:
            with open(path, "rb") as f:
                notes.append(Note(f.read(1 << 20)))
        with (sys.stdin.buffer if a.file == "-" else open(a.file, "rb")) as f:
            v = Verifier(f, a.genesis, notes, actors)
            verdict, bad, remark = v.result()
    except (Unusable, OSError, ValueError) as e:
        verdict, remark = "unusable", str(e)
    except Exception as e:  # a defect of this program must not look like a verdict on the ledger
        verdict, remark = "unusable", "the verifier failed: %r" % e
    if remark:
        print("verify.py: " + remark, file=sys.stderr)
    print(json.dumps({"verdict": verdict, "origin": v.origin, "size": v.n, "head": v.head if v.n else None,
                      "root": v.tree.root().hex() if v.n else None, "pinned": v.pinned is not None, "first_bad": bad,
                      "actor_signatures": {"checked": v.checked, "not_checked": v.not_checked}}))
    return CODES[verdict]


if __name__ == "__main__":
    sys.exit(main())
