#!/usr/bin/env python3
"""A second verifier of exports, standard library only. It was written by somebody who had events/README.md and none of our code;
what had to be asked became text there. The tests hold annals-verify to it: the same verdict, the same first bad position.

verify.py FILE|- [--genesis HEX] [--checkpoint FILE]... [--actor-key HEX]...
Prints one JSON object; exit 0 sound, 1 tampered, 2 incomplete, 3 unusable. Folds and judging (exit 4) are not its job.
"""
import argparse
import base64
import datetime
import functools
import hashlib
import json
import re
import sys

LIMIT = 90 << 20  # longest line
CODES = {"sound": 0, "tampered": 1, "incomplete": 2, "unusable": 3}
KNOWN = set("""ledger.genesis ledger.epoch_started ledger.key_rotated ledger.act_proposed ledger.state_sealed ledger.import_opened
    ledger.import_closed platform.organisation_registered account.opened site.opened column.opened content.drafted content.review_passed
    content.published content.corrected content.moved content.withdrawn""".split())


class Bad(Exception):
    """A finding: (position, line, what, detail)."""


class Unusable(Exception):
    pass


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


# ---- section 6: Ed25519, strictly -------------------------------------------------------------------------------------------
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT = pow(2, (P - 1) // 4, P)  # a square root of -1
NEUTRAL = (0, 1, 1, 0)  # extended coordinates X, Y, Z, T: x = X/Z, y = Y/Z, xy = T/Z


def double(p):
    x, y, z, _ = p
    a, b, c = x * x % P, y * y % P, 2 * z * z % P
    e, g = (x + y) * (x + y) - a - b, b - a
    f, h = g - c, -a - b
    return e * f % P, g * h % P, f * g % P, e * h % P


def add(p, n):
    """p in extended coordinates plus n = (y + x, y - x, 2dxy)."""
    x, y, z, t = p
    a, b, c = (y - x) * n[1] % P, (y + x) * n[0] % P, t * n[2] % P
    e, f, g, h = b - a, 2 * z - c, 2 * z + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def affine(points):
    """(x, y) of each, with a single inversion."""
    run = [1]
    for p in points:
        run.append(run[-1] * p[2] % P)
    inverse, out = pow(run[-1], -1, P), []
    for p, before in zip(reversed(points), reversed(run[:-1])):
        i = inverse * before % P
        out.append((p[0] * i % P, p[1] * i % P))
        inverse = inverse * p[2] % P
    return out[::-1]


def niels(x, y):
    return (y + x) % P, (y - x) % P, 2 * D * x * y % P


class Table:
    """All digits of base 2**width of a scalar, times a point."""

    def __init__(self, x, y, width=4):
        self.width, p, bases = width, (x, y, 1, x * y % P), []
        for _ in range(-(-253 // width)):
            bases.append(p)
            for _ in range(width):
                p = double(p)
        points = []
        for base, n in zip(bases, [niels(*a) for a in affine(bases)]):
            p = base
            for _ in range(1, 1 << width):
                points.append(p)
                p = add(p, n)
        flat, step = [niels(*a) for a in affine(points)], (1 << width) - 1
        self.rows = [flat[i:i + step] for i in range(0, len(flat), step)]

    def times(self, scalar, start=NEUTRAL):
        """start + scalar * point, for 0 <= scalar <= L."""
        mask, width, p = (1 << self.width) - 1, self.width, start
        for row in self.rows:
            digit = scalar & mask
            if digit:
                p = add(p, row[digit - 1])
            scalar >>= width
        return p


def decode(data):
    """(x, y) of 32 bytes that encode a point canonically, else None."""
    n = int.from_bytes(data, "little")
    y, sign = n & (1 << 255) - 1, n >> 255
    if len(data) != 32 or y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * v**3 * pow(u * v**7, (P - 5) // 8, P) % P
    if (v * x * x + u) % P == 0:
        x = x * ROOT % P
    if (v * x * x - u) % P or (x == 0 and sign):
        return None
    return (P - x if x & 1 != sign else x), y


def encode(p):
    (x, y), = affine([p])
    return (y | (x & 1) << 255).to_bytes(32, "little")


def is_neutral(p):
    return p[0] % P == 0 and (p[1] - p[2]) % P == 0


def small_order(p):
    return is_neutral(double(double(double(p))))


@functools.lru_cache(maxsize=64)
def key_table(public):
    """The table of an accepted public key, else None."""
    point = decode(public)
    if point is None or small_order((*point, 1, point[0] * point[1] % P)):
        return None
    table = Table(*point)
    return table if is_neutral(table.times(L)) else None


BASE = Table(*decode((4 * pow(5, -1, P) % P).to_bytes(32, "little")), width=6)


def ed25519(public, message, signature):
    table, r, s = key_table(public), signature[:32], int.from_bytes(signature[32:], "little")
    if table is None or len(signature) != 64 or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % L
    point = BASE.times(s, table.times((L - k) % L))  # [S]B - [k]A; [L]A = 0 is known
    return encode(point) == r and not small_order(point)  # an encoding of ours is canonical, so R is too


# ---- section 2: JSON and the common forms -----------------------------------------------------------------------------------
def _pairs(items):
    value = dict(items)
    if len(value) != len(items):
        raise ValueError("repeated member")
    return value


def _int(text):
    if len(text) > 17 or text == "-0":
        raise ValueError("integer out of range")
    return int(text)


def _refuse(text):
    raise ValueError("not an integer: " + text[:20])


_json = json.JSONDecoder(object_pairs_hook=_pairs, parse_int=_int, parse_float=_refuse, parse_constant=_refuse)
_name = re.compile(r"[ !#-\[\]-\x7f]*").fullmatch


def parse(data):
    """JSON of bytes: no repeated members, no numbers but integers; ValueError otherwise."""
    try:
        return _json.decode(data.decode("utf-8"))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _allowed(value, inside):
    if isinstance(value, (dict, list)):
        if inside == 16:
            raise ValueError("nested too deeply")
        for item in value.values() if isinstance(value, dict) else value:
            _allowed(item, inside + 1)
        if isinstance(value, dict) and not all(map(_name, value)):
            raise ValueError("a member name needs an escape or is not ASCII")
    elif value is None or (isinstance(value, int) and abs(value) >= 2**53):
        raise ValueError("null, or an integer out of range")


def canonical(data, limit):
    if len(data) > limit:
        raise ValueError("longer than %d bytes" % limit)
    value = parse(data)
    _allowed(value, 0)
    if json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")) != data.decode("utf-8"):
        raise ValueError("not canonical JSON")
    return value


def b64(data):
    out = base64.b64decode(data, validate=True)
    if base64.b64encode(out) != data:
        raise ValueError("base64 is not strict")
    return out


def form(pattern):
    match = re.compile(pattern).fullmatch
    return lambda v: isinstance(v, str) and match(v) is not None


def one_of(words):
    return lambda v: isinstance(v, str) and v in words.split()


def integer(low=0, high=2**32 - 1):
    return lambda v: type(v) is int and low <= v <= high


def number(v):
    return _number(v) and int(v) < 2**64


def time(v):
    try:
        return _time(v) and bool(datetime.datetime(*map(int, re.split("[-T:.]", v[:26]))))
    except ValueError:
        return False


def text(v):
    return isinstance(v, str)


def closed(required, optional={}):
    """An object with exactly these members, each of its form."""
    every = {**required, **optional}
    return lambda v: isinstance(v, dict) and required.keys() <= v.keys() <= every.keys() and all(every[k](x) for k, x in v.items())


def listed(item, low, high):
    return lambda v: isinstance(v, list) and low <= len(v) <= high and all(map(item, v))


UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
THINGS = """site|column|domain_name|content|message|new_media|account|duty|inspection|rectification|work_order|incident|assessment
    |platform|ledger""".replace("\n    ", "")
_number, _time = form("0|[1-9][0-9]{0,19}"), form("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{6}Z")
hash_, sig, uuid, word = form("[0-9a-f]{64}"), form("[0-9a-f]{128}"), form(UUID), form("[a-z_]{1,48}")
stream, subject = form("(?:%s)/%s" % (THINGS, UUID)), form("(?:account|case|organisation|site)/" + UUID)
origin_ = form("(?=[^/])[a-z0-9._/-]{0,127}[a-z0-9._-]")

# ---- section 3: the header --------------------------------------------------------------------------------------------------
header_form = closed({
    "epoch": number, "facts_digest": hash_, "id": form("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"),
    "origin": origin_, "position": number, "prev": hash_, "provenance": one_of("commanded reported imported internal"),
    "recorded_at": time, "schema": integer(1), "stream": stream, "type": form("(?:%s)[.][a-z_]{1,48}" % THINGS), "v": integer(1, 1),
    "version": number,
}, {
    "about": listed(closed({"number": number, "subject": subject}), 1, 16),
    "actor": closed({"account": uuid, "authenticated": one_of("local token session certificate key"), "organisation": uuid},
                    {"authority": number, "on_behalf_of": uuid}),
    "actor_signature": closed({"algorithm": one_of("ed25519 sm2"), "key": hash_, "value": sig}), "cause": number,
    "clauses": listed(form("[A-Za-z0-9.:_-]{1,48}"), 1, 32),
    "command": closed({"digest": hash_, "index": integer(), "issued_at": time, "key": uuid, "name": word, "of": integer(1, 64),
                       "seen": hash_, "stream": stream}),
    "correlation": uuid, "occurred_at": time, "private_digest": hash_, "rulebook": number})


def rising(items):
    return all(a < b for a, b in zip(items, items[1:]))


def header_error(h):
    if not header_form(h):
        return "a member is missing, unknown or malformed"
    position, internal = int(h["position"]), h["provenance"] == "internal"
    lower = [h.get("cause", "-1"), h.get("actor", {}).get("authority", "-1")]
    if any(int(x) >= position for x in lower):
        return "cause or authority is not below position"
    if not rising([a["subject"] for a in h.get("about", [])]) or not rising(h.get("clauses", [])):
        return "about or clauses not sorted and distinct"
    if "clauses" in h and "rulebook" not in h:
        return "clauses without rulebook"
    if h["type"].split(".")[0] != h["stream"].split("/")[0]:
        return "type is not of the stream's thing"
    if "command" in h and h["command"]["index"] >= h["command"]["of"]:
        return "index is not below of"
    if internal and h.keys() & {"actor", "command", "rulebook", "actor_signature"}:
        return "internal, but with an actor, command, rulebook or actor_signature"
    return None if internal or {"actor", "command"} <= h.keys() else "no actor or command"


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
        self.text, self.origin, self.size, self.root = body + b"\n", m[1].decode(), int(m[2]), b64(m[3])
        self.signatures = set()
        for line in lines[:-1].decode("utf-8").split("\n"):
            m = re.fullmatch("\u2014 ([^\\s+\x00-\x1f\x7f]+) ([A-Za-z0-9+/=]+)", line)
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


# ---- section 5: keys --------------------------------------------------------------------------------------------------------
key_form = closed({"algorithm": one_of("ed25519"), "endorsements": listed(closed({"key": hash_, "value": sig}), 0, 64), "possession": sig,
                   "public": hash_, "role": one_of("root log cosigner entry")})
KEY_FACTS = {
    "ledger.genesis": closed({"build": text, "engine": integer(), "keys": listed(key_form, 4, 19), "purpose": one_of("production demo test"),
                              "suite": one_of("international"), "threshold": integer(1)}),
    "ledger.epoch_started": closed({"build": text, "engine": integer(), "head": closed({"leaf": hash_, "size": integer()}), "key": key_form}),
    "ledger.key_rotated": closed({"command": text, "key": key_form, "nonce": hash_, "retired": hash_}),
}

# ---- section 10: the lines of an export -------------------------------------------------------------------------------------
first_form = closed({"annals_export": integer(1, 1), "origin": origin_, "size": integer(1)})
entry_form = closed({"header": text, "signature": closed({"key": hash_, "value": sig}), "facts": text, "facts_salt": hash_,
                     "private": lambda v: v is None or text(v), "private_salt": lambda v: v is None or hash_(v)})
body_form = closed({"body": hash_, "salt": hash_, "base64": text})
end_form = closed({"end": closed({"size": integer(), "head": hash_, "lines": integer(0, 2**53), "sha256": hash_, "checkpoint": text,
                                  "state": listed(closed({"fold": word, "version": integer(), "digest": hash_}), 0, 10000)})})

class Verifier:
    def __init__(self, file, genesis=None, notes=(), actors=()):
        self.file, self.pinned, self.notes = file, genesis, list(notes)
        self.actors = {sha(a).hex(): a for a in actors}
        self.line, self.digest, self.tree, self.roots_at = 0, hashlib.sha256(), Tree(), {}
        self.origin = self.genesis = self.size = self.command = self.body = self.epoch = self.entry_key = None
        self.n, self.head, self.time, self.unknown = 0, "0" * 64, "", set()
        self.versions, self.abouts, self.command_keys, self.bodies, self.secrets = {}, {}, set(), set(), {}
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
            return "body", (value["body"], sha(b"annals/body/v1\n", bytes.fromhex(value["salt"]), b64(value["base64"].encode("utf-8"))).hex())
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
                broken = content[0] != self.body[0] or content[1] != content[0] if kind == "body" else True
                if broken and self.command and self.n == self.size:
                    self.need(False, "command", "unfinished at the end of the ledger", where)  # comes before `body` in section 4
                self.need(kind == "body" and content[0] == self.body[0], "body", "the body %s is not there" % self.body[0], where)
                self.need(content[1] == content[0], "body", "the bytes are not those of the body's id", where)
                self.bodies.add(content[0])
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
        need(int(h["version"]) == self.versions.get(h["stream"], 0), "version", "version does not follow in the stream")
        for a in h.get("about", []):
            need(int(a["number"]) == self.abouts.get(a["subject"], 0), "about", "the number about %s does not follow" % a["subject"])
        facts = self.part("facts", line, h["facts_digest"], 65536)
        private = self.part("private", line, h.get("private_digest"), 262144)
        self.genesis = self.genesis or leaf.hex()
        if kind in KEY_FACTS:
            self.keys(kind, h, facts)
        need(line["signature"]["key"] == sha(self.entry_key).hex(), "signature", "not by the entry key of the epoch")
        message = b"annals/entry/v1\n" + self.origin.encode() + b"\n" + leaf
        need(ed25519(self.entry_key, message, bytes.fromhex(line["signature"]["value"])), "signature", "the signature does not verify")
        self.commands(h, facts, private or {})
        if "actor_signature" in h:
            self.actor(h)
        body = facts.get("body") if kind.startswith("content.") else None
        need(body is None or hash_(body), "body", "the facts' body is not a hash")
        # all holds: on to the next
        self.body = (body, p) if body and body not in self.bodies else None
        self.n, self.head, self.epoch, self.time = p + 1, leaf.hex(), epoch, h["recorded_at"]
        self.versions[h["stream"]] = int(h["version"]) + 1
        self.abouts.update((a["subject"], int(a["number"]) + 1) for a in h.get("about", []))
        if kind not in KNOWN:
            self.unknown.add(kind)
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

    def keys(self, kind, h, facts):
        need = functools.partial(self.need, what="key")
        need(KEY_FACTS[kind](facts), detail="the facts are not of their form")
        if kind == "ledger.genesis":
            keys, self.threshold = facts["keys"], facts["threshold"]
            roles = ["root"] * (len(keys) - 3) + ["log", "cosigner", "entry"]
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
            public = self.bring(key, h, self.roots, self.threshold)
            need(facts["retired"] in active, detail="retired is not an active log key")
            self.logs[facts["retired"]][4] = self.n + 1
            self.logs[sha(public).hex()] = [1, self.origin, public, self.n + 1, None]

    def bring(self, k, h, superiors, least):
        need, public = functools.partial(self.need, what="key"), bytes.fromhex(k["public"])
        need(key_table(public) is not None, detail="not a canonical, torsion-free point")
        need(public not in self.publics, detail="introduced twice")
        self.publics.add(public)
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
        return public

    def commands(self, h, facts, private):
        need, c, before = functools.partial(self.need, what="command"), h.get("command"), self.command
        if before:
            need(c == {**before, "index": before["index"] + 1}, detail="the command before is not finished")
        elif c:
            need(c["index"] == 0, detail="a command that does not begin with index 0")
            need(bytes.fromhex(c["key"].replace("-", "")) not in self.command_keys, detail="the key of an earlier command")
            self.command_keys.add(bytes.fromhex(c["key"].replace("-", "")))
        self.command = c if c and c["index"] + 1 < c["of"] else None
        if h["provenance"] == "commanded":
            holder = facts if h["type"] in ("ledger.act_proposed", "ledger.key_rotated") else private
            need(text(holder.get("command")) and hash_(holder.get("nonce")), detail="it keeps no command")
            self.command_is(c, bytes.fromhex(holder["nonce"]), holder["command"])
            if h["type"] == "ledger.import_opened":
                self.import_opened(h, holder["command"])
        elif h["provenance"] == "imported" and c["name"] == "import_line":
            n, secret = facts.get("line"), self.secrets.get(facts.get("import"))
            if h["type"].startswith("content.") and integer(0, 2**53)(n) and secret:
                need(text(private.get("line")), detail="it keeps no line")
                self.command_is(c, sha(b"annals/import-nonce/v1\n", secret, n.to_bytes(8, "big")), private["line"])

    def command_is(self, c, nonce, command):
        digest = sha(b"annals/command-body/v1\n", nonce, command.encode("utf-8")).hex()
        self.need(digest == c["digest"], "command", "the command kept is not that of the digest")

    def import_opened(self, h, command):
        try:
            secret = parse(command.encode("utf-8"))["secret"]
            self.secrets.setdefault(h["stream"].split("/")[1], bytes.fromhex(secret) if hash_(secret) else None)
        except (ValueError, KeyError, TypeError):
            pass  # no secret: its lines cannot be recomputed

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
                raise Unusable("a checkpoint given is not one of this ledger")
            need(note.size <= self.n, "truncated", "a checkpoint given is larger than the export")
            root = self.roots_at[note.size] if note.size else sha()
            need(note.root == root, "root", "another root than that of a checkpoint given", matching)
            matching = note.size
        try:
            own = Note(end["checkpoint"])
        except ValueError as e:
            need(False, "checkpoint", str(e))
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
        if self.unknown:
            return "incomplete", None, "unknown types: " + " ".join(sorted(self.unknown))
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
