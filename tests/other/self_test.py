#!/usr/bin/env python3
"""Tests of verify.py: public vectors, crafted keys and signatures, and small ledgers made here from README.md alone."""
import base64
import hashlib
import io
import json
import os
import subprocess
import sys
import tempfile
import unittest

import verify as v

HERE = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(HERE, "..", "testdata", "tlog-vectors.json"), encoding="utf-8") as _f:
    TLOG = json.load(_f)


# ---- a signer, for tests only -----------------------------------------------------------------------------------------------
def little(n):
    return n.to_bytes(32, "little")


def challenge(r, public, message):
    return int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % v.L


def secret(seed):
    h = hashlib.sha512(seed).digest()
    return (int.from_bytes(h[:32], "little") & (1 << 254) - 8 | 1 << 254) % v.L, h[32:]


def public(seed):
    return v.encode(v.BASE.times(secret(seed)[0]))


def sign(seed, message, public_=None):
    a, prefix = secret(seed)
    r = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % v.L
    point = v.encode(v.BASE.times(r))
    return point + little((r + challenge(point, public_ or public(seed), message) * a) % v.L)


def plus(a, b):
    """The encoding of the sum of two encoded points."""
    (x, y), n = v.decode(a), v.niels(*v.decode(b))
    return v.encode(v.add((x, y, 1, x * y % v.P), n))


EIGHT = bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")  # a point of order 8
SMALL = [little(1), little(v.P - 1), little(0), little(1 << 255), EIGHT, bytes(EIGHT[:31]) + bytes([EIGHT[31] | 128]),
         little(v.P - int.from_bytes(EIGHT, "little")), little(v.P - int.from_bytes(EIGHT, "little") | 1 << 255)]


class Ed25519(unittest.TestCase):
    RFC8032 = [  # section 7.1: secret, public, message, signature
        ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
         "", "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
         "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
        ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
         "72", "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
         "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
        ("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
         "af82", "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
         "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
        ("833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42", "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
         hashlib.sha512(b"abc").hexdigest(), "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
         "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"),
    ]

    def test_rfc8032(self):
        for row in self.RFC8032:
            seed, key, message, signature = map(bytes.fromhex, row)
            self.assertEqual(public(seed), key)
            self.assertEqual(sign(seed, message), signature)
            self.assertTrue(v.ed25519(key, message, signature))
            self.assertFalse(v.ed25519(key, message + b"x", signature))
            for i in range(64):
                self.assertFalse(v.ed25519(key, message, signature[:i] + bytes([signature[i] ^ 1]) + signature[i + 1:]))

    def test_s_out_of_range(self):
        signature = sign(b"s" * 32, b"m")
        s = int.from_bytes(signature[32:], "little")
        self.assertTrue(v.ed25519(public(b"s" * 32), b"m", signature))
        for multiple in range(1, 15):
            self.assertFalse(v.ed25519(public(b"s" * 32), b"m", signature[:32] + little(s + multiple * v.L)))
        for length in (0, 31, 32, 63, 65):
            self.assertFalse(v.ed25519(public(b"s" * 32), b"m", (signature + b"\0")[:length]))

    def test_small_order_keys(self):
        self.assertEqual(len(set(SMALL)), 8)
        for key in SMALL:
            self.assertIsNotNone(v.decode(key))
            self.assertIsNone(v.key_table(key))
            self.assertFalse(v.ed25519(key, b"m", little(1) + little(0)))

    def test_not_canonical_or_no_point(self):
        for key in (little(v.P), little(v.P + 1), little(2**255 - 1), little(1 | 1 << 255), little(v.P - 1 | 1 << 255), little(2), b"", b"x" * 31):
            self.assertIsNone(v.decode(key))
            self.assertIsNone(v.key_table(key))

    def test_mixed_order_key(self):
        a = secret(b"a" * 32)[0]
        for t in SMALL[1:]:
            key = plus(public(b"a" * 32), t)
            self.assertIsNotNone(v.decode(key))
            self.assertIsNone(v.key_table(key))
            for i in range(200):  # until k is a multiple of 8: then [S]B = R + [k]A even without the cofactor
                r = v.encode(v.BASE.times(1000 + i))
                k = challenge(r, key, b"m")
                if k % 8 == 0:
                    break
            self.assertFalse(v.ed25519(key, b"m", r + little((1000 + i + k * a) % v.L)))

    def test_small_and_mixed_order_r(self):
        seed = b"r" * 32
        a, key = secret(seed)[0], public(seed)
        for r in SMALL + [little(v.P), little(v.P + 1), little(1 | 1 << 255)]:
            self.assertFalse(v.ed25519(key, b"m", r + little(challenge(r, key, b"m") * a % v.L)))
        for t in SMALL[1:]:  # accepted by every cofactored equation
            r = plus(v.encode(v.BASE.times(77)), t)
            self.assertFalse(v.ed25519(key, b"m", r + little((77 + challenge(r, key, b"m") * a) % v.L)))
        r = v.encode(v.BASE.times(77))
        self.assertTrue(v.ed25519(key, b"m", r + little((77 + challenge(r, key, b"m") * a) % v.L)))


class Vectors(unittest.TestCase):
    """Those of ../../events/testdata."""

    def read(self, name):
        with open(os.path.join(HERE, "..", "..", "events", "testdata", name), encoding="utf-8") as f:
            return json.load(f)

    def test_crafted_signatures(self):
        rows = self.read("crafted-signatures.json")
        self.assertGreater(len(rows), 10)
        for row in rows:
            parts = [bytes.fromhex(row[k]) for k in ("public", "text", "signature")]
            self.assertEqual(v.ed25519(*parts), row["strict"], row["why"])

    def test_actor_signed(self):
        vectors = self.read("actor-signed.json")
        self.assertEqual([e["good"] for e in vectors["entries"]], [True] + [False] * 10)
        for entry in vectors["entries"]:
            header = v.canonical(entry["header"].encode(), 4096)
            self.assertIsNone(v.header_error(header))
            w = v.Verifier(None, None, (), [bytes.fromhex(vectors["public"])])
            w.origin, w.genesis = header["origin"], vectors["genesis"]
            try:
                w.actor(header)
                good = True
            except v.Bad as e:
                self.assertEqual(e.args[2], "actor_signature")
                good = False
            self.assertEqual((good, w.checked), (entry["good"], int(good)), entry["differs"])


class Tlog(unittest.TestCase):
    def test_trees(self):
        tree = v.Tree()
        self.assertEqual(tree.root().hex(), TLOG["roots"][0])
        for leaf, root in zip(TLOG["leaves"], TLOG["roots"][1:]):
            self.assertEqual(v.sha(b"\0", bytes.fromhex(leaf["data_hex"])).hex(), leaf["leaf_hash"])
            tree.add(bytes.fromhex(leaf["leaf_hash"]))
            self.assertEqual(tree.root().hex(), root)

    def keys(self):
        name, witness = "ledger.example.gov.cn/2026", TLOG["witness"]
        return [[1, name, bytes.fromhex(TLOG["log"]["pub"]), 1, None], [4, witness["name"], public(bytes.fromhex(witness["seed"]))]]

    def test_notes(self):
        self.assertEqual(public(bytes.fromhex(TLOG["log"]["seed"])).hex(), TLOG["log"]["pub"])
        for name, size, signers in (("checkpoint5", 5, 1), ("checkpoint8", 8, 1), ("checkpoint8_cosigned", 8, 2), ("checkpoint300", 300, 1)):
            note = v.Note(TLOG[name].encode())
            self.assertEqual((note.size, note.origin), (size, "ledger.example.gov.cn/2026"))
            self.assertEqual(note.root.hex(), TLOG["root300"] if size == 300 else TLOG["roots"][size])
            self.assertEqual(len(note.signed_by(self.keys())), signers)

    def test_notes_altered(self):
        good = TLOG["checkpoint8_cosigned"]
        for was, now in (("\n8\n", "\n7\n"), ("XcnaeacG", "XcnaeacH"), ("0Kq8SsLF", "0Kq8SsLG"), ("AAABlU/E", "AAABlU/F")):
            with self.assertRaises(ValueError):
                v.Note(good.replace(was, now).encode()).signed_by(self.keys())
        for bad in (good.replace("\n8\n", "\n08\n"), good.replace("\n8\n", "\n+8\n"), good[:-1], good + "\n", good.replace("\u2014 ", "- "),
                    good.replace("Qyg=\n", "Qyh=\n"), good.replace("\n\n", "\nextension\n\n"), "", good.split("\n\u2014")[0], good.replace("MYgU=", "MYgV=")):
            with self.assertRaises(ValueError):
                v.Note(bad.encode())
        other = good.replace("0Kq8Ss", "0Kq9Ss")  # another key id: ignored
        self.assertEqual([k[0] for k in v.Note(other.encode()).signed_by(self.keys())], [4])


class Canonical(unittest.TestCase):
    def test_accepted(self):
        deep = "[" * 16 + "]" * 16
        for good in ('{}', '[]', '""', '0', '-1', 'true', '9007199254740991', '-9007199254740991', '{"":1,"A":[],"a":{"b":false}}', deep,
                     r'"\b\t\n\f\r\u0000\u001f\"\\/"', '"é\U0001f600\u2028\x7f"', '{"a b":1,"a~":2}', "[" * 15 + '{"a":1}' + "]" * 15):
            v.canonical(good.encode(), 100)

    def test_refused(self):
        for bad in ('', ' {}', '{} ', '{"a": 1}', '{"b":1,"a":1}', '{"a":1,"a":1}', 'null', '[null]', '1.0', '1e0', '-0', '01', '+1', '9007199254740992',
                    '-9007199254740992', '1' * 5000, r'"\u0041"', r'"\/"', r'"\u001F"', r'"\u000a"', r'"\ud83d\ude00"', r'"\ud800"', '"\x01"', '{"é":1}',
                    r'{"a\"":1}', r'{"\u0061":1}', "[" * 17 + "]" * 17, "[" * 60000, "[" * 16 + '{"a":1}' + "]" * 16, 'NaN', '-Infinity', '{"a":1}{}', '\ufeff{}'):
            with self.assertRaises(ValueError, msg=bad[:50]):
                v.canonical(bad.encode(), 65536)
        for bad in (b'"\xff"', b'"\xed\xa0\x80"', b'"\xc0\x80"', b'{}\0', '"é"'.encode("utf-16")):
            with self.assertRaises(ValueError):
                v.canonical(bad, 65536)
        with self.assertRaises(ValueError):
            v.canonical(b'"' + b"a" * 99 + b'"', 100)

    def test_forms(self):
        for good in ("2026-11-24T13:18:57.123456Z", "0001-01-01T00:00:00.000000Z", "2024-02-29T23:59:59.999999Z"):
            self.assertTrue(v.time(good))
        for bad in ("2026-11-24T13:18:60.123456Z", "2023-02-29T00:00:00.000000Z", "0000-01-01T00:00:00.000000Z", "2026-11-24T13:18:57.123Z",
                    "2026-11-24T24:00:00.000000Z", "2026-11-24 13:18:57.123456Z", 5, "2026-11-24T13:18:57.123456Z\n", "２026-11-24T13:18:57.123456Z"):
            self.assertFalse(v.time(bad))
        self.assertTrue(v.number("0") and v.number("18446744073709551615"))
        self.assertFalse(any(map(v.number, ("18446744073709551616", "01", "", "-1", "1\n", 1, "٣"))))
        self.assertTrue(all(map(v.origin_, ("a", "a/b", "-.x_9", "a" * 128))))
        self.assertFalse(any(map(v.origin_, ("", "/a", "a/", "A", "a" * 129, "a b", "/"))))
        self.assertTrue(v.subject("case/00000000-0000-0000-0000-000000000000") and v.stream("work_order/00000000-0000-0000-0000-000000000000"))


# ---- ledgers ----------------------------------------------------------------------------------------------------------------
def dumps(value):
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def uid(n, version="4"):
    return "%08x-0000-%s000-8000-000000000000" % (n, version)


class Ledger:
    """A writer that can be told to err: `alter` maps (position, place) to a function on the header, line and so on."""

    def __init__(self, alter=None, origin="ledger.test/1"):
        self.origin, self.alter, self.lines, self.leaves = origin, alter or {}, [], []
        self.seeds = {name: name.encode().ljust(32, b".") for name in ("root1", "root2", "log", "log2", "cosigner", "entry", "entry2", "actor")}
        self.epoch, self.entry_key, self.versions, self.log_keys, self.commands = 0, "entry", {}, ["log"], 0
        self.abouts, self.tips = {}, {}

    def change(self, place, value):
        f = self.alter.get((len(self.leaves), place))
        return f(value) if f else value

    def prev(self):
        return self.leaves[-1].hex() if self.leaves else "0" * 64

    def fp(self, name):
        return v.sha(public(self.seeds[name])).hex()

    def key(self, name, role, epoch, by):
        rest = [role, self.origin, self.leaves[0].hex() if self.leaves else "0" * 64, str(epoch), str(len(self.leaves)), self.prev(), "ed25519",
                public(self.seeds[name]).hex()]
        message = {w: ("".join(x + "\n" for x in [w] + rest)).encode() for w in ("annals/key/v1", "annals/key-possession/v1")}
        endorsements = [{"key": self.fp(b), "value": sign(self.seeds[b], message["annals/key/v1"]).hex()} for b in by]
        return self.change(name, {"algorithm": "ed25519", "endorsements": sorted(endorsements, key=lambda e: e["key"]), "role": role,
                                  "possession": sign(self.seeds[name], message["annals/key-possession/v1"]).hex(), "public": rest[-1]})

    def command(self, name, stream, text, nonce=None, of=1):
        self.commands += 1
        text = text if isinstance(text, str) else dumps(text).decode()
        nonce = nonce or v.sha(b"%d" % self.commands)
        digest = v.sha(b"annals/command-body/v1\n", nonce, text.encode()).hex()
        return {"digest": digest, "index": 0, "issued_at": "2026-01-01T00:00:00.000000Z", "key": uid(self.commands), "name": name, "of": of,
                "seen": self.tips.get(stream, "0" * 64), "stream": stream}, {"command": text, "nonce": nonce.hex()}

    def line(self, place, n, text, of=1):
        """The command that line n of an import is."""
        n8, place16 = n.to_bytes(8, "big"), bytes.fromhex(place.replace("-", ""))
        key = bytearray(v.sha(b"annals/import-key/v1\n", place16, n8)[:16])
        key[6], key[8] = key[6] % 16 + 0x80, key[8] % 64 + 0x80
        k = key.hex()
        command, _ = self.command("import_line", "ledger/" + place, text, v.sha(b"annals/import-nonce/v1\n", b"\xab" * 32, n8), of)
        return {**command, "key": "-".join((k[:8], k[8:12], k[12:16], k[16:20], k[20:]))}

    def entry(self, kind, stream, facts, private=None, command=None, provenance=None, body=None, actor_signed=False, about=(), occurred_at=None):
        p = len(self.leaves)
        facts, private = self.change("facts", facts), self.change("private", private)
        facts_bytes = self.change("facts_bytes", dumps(facts))
        private_bytes = None if private is None else dumps(private)
        salts = [v.sha(b"salt %d %d" % (p, i)) for i in (0, 1)]
        h = {"epoch": str(self.epoch), "facts_digest": v.sha(b"annals/facts/v1\n", salts[0], facts_bytes).hex(), "id": uid(p, "7"), "origin": self.origin,
             "position": str(p), "prev": self.prev(), "provenance": provenance or ("commanded" if command else "internal"),
             "recorded_at": "2026-01-01T00:00:00.%06dZ" % p, "schema": 1, "stream": stream, "type": kind, "v": 1,
             "version": str(self.versions.get(stream, 0))}
        if private is not None:
            h["private_digest"] = v.sha(b"annals/private/v1\n", salts[1], private_bytes).hex()
        if occurred_at:
            h["occurred_at"] = occurred_at
        if about:
            h["about"] = [{"number": str(self.abouts.get(s, 0)), "subject": s} for s in about]
            self.abouts.update((s, self.abouts.get(s, 0) + 1) for s in about)
        if command:
            h["command"] = command
            h["actor"] = {"account": uid(1), "authenticated": "token", "organisation": uid(2)}
        if actor_signed:
            rows = ["annals/command/v1", self.origin, self.leaves[0].hex(), self.fp("actor")]
            rows += [command[k] for k in "name key stream seen issued_at digest".split()]
            h["actor_signature"] = {"algorithm": "ed25519", "key": self.fp("actor"),
                                    "value": sign(self.seeds["actor"], "".join(r + "\n" for r in rows).encode()).hex()}
        header = self.change("header_bytes", dumps(self.change("header", h)))
        leaf = v.sha(b"\0", header)
        signature = sign(self.seeds[self.entry_key], b"annals/entry/v1\n" + self.origin.encode() + b"\n" + leaf)
        line = {"header": header.decode(), "signature": {"key": self.fp(self.entry_key), "value": signature.hex()}, "facts": facts_bytes.decode(),
                "facts_salt": salts[0].hex(), "private": private_bytes and private_bytes.decode(), "private_salt": private_bytes and salts[1].hex()}
        line = self.change("line", line)
        self.versions[stream] = self.versions.get(stream, 0) + 1
        self.put(line)
        if body is not None:
            salt, data = body
            self.put(self.change("body", {"body": facts["body"], "salt": salt.hex(), "base64": base64.b64encode(data).decode()}))
        self.leaves.append(leaf)
        self.tips[stream] = leaf.hex()

    def put(self, line):
        for one in line if isinstance(line, list) else [line]:
            raw = one if isinstance(one, bytes) else json.dumps(one, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            self.lines.append(raw)

    def note(self, size=None, by=None, cosigned=False, root=None):
        tree = v.Tree()
        for leaf in self.leaves[:size]:
            tree.add(leaf)
        text = "%s\n%d\n%s\n" % (self.origin, size or tree.size, base64.b64encode(root or tree.root()).decode())
        out = text + "\n"
        for name in by or self.log_keys:
            key_id = v.sha(self.origin.encode(), b"\n\x01", public(self.seeds[name]))[:4]
            out += "\u2014 %s %s\n" % (self.origin, base64.b64encode(key_id + sign(self.seeds[name], text.encode())).decode())
        if cosigned:
            name, t = self.origin + "/cosigner", 1767225600
            key_id = v.sha(name.encode(), b"\n\x04", public(self.seeds["cosigner"]))[:4]
            signature = sign(self.seeds["cosigner"], b"cosignature/v1\ntime %d\n" % t + text.encode())
            out += "\u2014 %s %s\n" % (name, base64.b64encode(key_id + t.to_bytes(8, "big") + signature).decode())
        return out

    def export(self, end=None, first=None, tail=b"", note=None):
        first = {"annals_export": 1, "origin": self.origin, "size": len(self.leaves), **(first or {})}
        data = dumps(first) + b"\n" + b"".join(self.lines)
        e = {"size": len(self.leaves), "head": self.prev(), "lines": len(self.lines) + 1, "sha256": v.sha(data).hex(),
             "checkpoint": note or self.note(cosigned=True), "state": [], **(end or {})}
        return data + json.dumps({"end": e}, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" + tail

    def genesis(self):
        keys = [self.key("root1", "root", 0, []), self.key("root2", "root", 0, []), self.key("log", "log", 0, ["root1", "root2"]),
                self.key("cosigner", "cosigner", 0, ["log"]), self.key("entry", "entry", 0, ["log"])]
        self.entry("ledger.genesis", "ledger/" + uid(0), {"build": "b", "engine": 1, "keys": keys, "purpose": "test", "suite": "international", "threshold": 2})


def sample(alter=None, big=0):
    """Positions: 0 genesis, 1 import, 2 commanded content, 3 imported content, 4 the same body again, 5 epoch, 6 log key, 7 seal, 8-9 one command."""
    w = Ledger(alter)
    w.genesis()
    place, site = uid(50), uid(60)
    opened = {"cut_over": "2025-01-01T00:00:00.000000Z", "lines": 5, "site": site, "source": "c" * 64}
    command, kept = w.command("open_import", "ledger/" + place, {**opened, "secret": "ab" * 32})
    w.entry("ledger.import_opened", "ledger/" + place, {**opened, "format": "annals/history/v1"}, kept, command,
            about=["account/" + uid(1), "organisation/" + uid(2)])
    salt, data = v.sha(b"body salt"), b"b" * big + "text \u6587".encode()
    body = v.sha(b"annals/body/v1\n", salt, data).hex()
    facts, page = {"body": body, "bytes": len(data), "site": site}, {"path": "/a", "title": "\u6587 \u0001\n"}
    command, kept = w.command("publish_content", "content/" + uid(70), {**facts, **page})
    w.entry("content.published", "content/" + uid(70), facts, {**kept, **page}, command, body=(salt, data), about=["account/" + uid(1), "site/" + site])
    body2 = v.sha(b"annals/body/v1\n", salt, b"").hex()
    said = {"author": uid(80), "change": "created", "import": place, "line": 3, "site": site}
    text = '{"seq":3,"at":"2014-03-01T11:52:45.5+08:00","author":"w","change":"created","path":"/b","sha256":"%s","bytes":0,"more":[null,1.5]}' % v.sha(b"").hex()
    w.entry("content.published", "content/" + uid(71), {"body": body2, "bytes": 0, **said}, {"line": text, "path": "/b"}, w.line(place, 3, text),
            "imported", (salt, b""), about=["site/" + site], occurred_at="2014-03-01T03:52:45.500000Z")
    command, kept = w.command("correct_content", "content/" + uid(70), {**facts, "path": "/a"})
    w.entry("content.corrected", "content/" + uid(70), facts, {**kept, "path": "/a"}, command)
    w.epoch, w.entry_key = 3, "entry2"
    w.entry("ledger.epoch_started", "ledger/" + uid(0), {"build": "b", "engine": 1, "head": {"leaf": w.prev(), "size": 5}, "key": w.key("entry2", "entry", 3, ["log"])})
    new = w.key("log2", "log", 3, ["root1", "root2"])
    command, kept = w.command("rotate_key", "ledger/" + uid(0), {"public": new["public"], "retired": w.fp("log")})
    w.entry("ledger.key_rotated", "ledger/" + uid(0), {**kept, "key": new, "retired": w.fp("log")}, None, command)
    w.entry("ledger.state_sealed", "ledger/" + uid(0), {"folds": [], "size": 7})
    text = json.dumps({"seq": 4, "at": "2014-03-02T00:00:00Z", "author": "w", "approved_by": None, "change": "renamed", "path": "/c", "from": "/b",
                       "sha256": v.sha(data).hex(), "bytes": len(data)})
    command, said = w.line(place, 4, text, of=2), {**said, "change": "renamed", "line": 4}
    for i, (kind, facts) in enumerate((("moved", {}), ("corrected", {"body": body, "bytes": len(data)}))):
        w.entry("content." + kind, "content/" + uid(71), {**facts, **said}, {"from": "/b", "line": text, "path": "/c"}, {**command, "index": i}, "imported",
                actor_signed=True, occurred_at="2014-03-02T00:00:00.000000Z")
    w.log_keys = ["log2"]
    return w


# Every check of the format holds in the sample, which is no history: nobody opened an account for its author.
HOLDS = "against_the_rulebook"


def check(data, pin=None, notes=(), actors=()):
    w = v.Verifier(io.BytesIO(data), pin, [v.Note(n.encode()) for n in notes], actors)
    verdict, bad, remark = w.result()
    return verdict, bad and (bad["position"], bad["what"]), w


class Exports(unittest.TestCase):
    def bad(self, position, what, alter=None, **export):
        self.assertEqual(check(sample(alter).export(**export))[:2], ("tampered", (position, what)), str(alter))

    def test_sound(self):
        w = sample()
        verdict, bad, result = check(w.export(), w.leaves[0].hex(), [w.note(5, ["log"]), w.note(7, ["log", "log2"]), w.note(10)], [public(w.seeds["actor"])])
        self.assertEqual((verdict, bad, result.n, result.checked, result.not_checked), (HOLDS, None, 10, 2, 0))
        self.assertEqual(result.broken[0], "entry 3: annals:import_entries")
        verdict, bad, result = check(w.export())
        self.assertEqual((verdict, bad, result.checked, result.not_checked), (HOLDS, None, 0, 2))
        w = Ledger()
        w.genesis()
        self.assertEqual(check(w.export(), w.leaves[0].hex())[:2], ("sound", None))
        self.assertEqual(check(w.export())[:2], ("incomplete", None))
        self.assertEqual(check(w.export(), "0" * 64)[1], (0, "genesis"))
        w.entry("ledger.unheard_of", "ledger/" + uid(0), {})
        self.assertEqual(check(w.export(), w.leaves[0].hex())[0], "incomplete")

    def test_header_and_chain(self):
        def header(p, **to):
            return {(p, "header"): lambda h: {k: x for k, x in {**h, **to}.items() if x != ""}}
        zeros = "0" * 64
        for p, what, to in [
                (2, "header", {"x": 1}), (2, "header", {"v": 2}), (2, "header", {"schema": 0}), (2, "header", {"actor": ""}), (7, "header", {"rulebook": "1"}),
                (2, "header", {"cause": "2"}), (2, "header", {"clauses": ["a"]}), (2, "header", {"clauses": ["b", "a"], "rulebook": "1"}),
                (2, "header", {"about": []}), (2, "header", {"type": "account.published"}), (2, "header", {"id": uid(2)}), (2, "header", {"stream": "x/" + uid(2)}),
                (2, "header", {"epoch": 0}), (2, "header", {"recorded_at": "2026-01-01T00:00:60.000000Z"}), (2, "position", {"position": "3"}),
                (2, "origin", {"origin": "other"}), (0, "origin", {"origin": "other"}), (2, "link", {"prev": zeros}), (0, "link", {"prev": "1" * 64}),
                (7, "genesis", {"type": "ledger.genesis"}), (0, "genesis", {"type": "ledger.other"}), (2, "epoch", {"epoch": "1"}), (5, "epoch", {"epoch": "0"}),
                (0, "epoch", {"epoch": "1"}), (2, "time", {"recorded_at": "2025-01-01T00:00:00.000000Z"}), (2, "time", {"occurred_at": "2027-01-01T00:00:00.000000Z"}),
                (2, "version", {"version": "1"}), (4, "version", {"version": "2"}), (2, "about", {"about": [{"number": "0", "subject": "account/" + uid(1)}]}),
                (2, "facts", {"facts_digest": zeros}), (2, "private", {"private_digest": zeros}), (2, "private", {"private_digest": ""}),
                (7, "private", {"private_digest": zeros})]:
            self.bad(p, what, header(p, **to))
        self.bad(2, "header", {(2, "header_bytes"): lambda b: b.replace(b":", b": ", 1)})
        self.bad(2, "header", {(2, "header_bytes"): lambda b: b"{}"})
        self.bad(2, "header", {(2, "header_bytes"): lambda b: b"[" * 4000})
        self.bad(2, "facts", {(2, "facts_bytes"): lambda b: b + b" "})
        self.bad(2, "facts", {(2, "facts"): lambda f: {**f, "x": "x" * 65536}})
        self.bad(2, "private", {(2, "private"): lambda f: {**f, "x": "x" * 262144}})

    def test_keys(self):
        def drop(k):
            return {**k, "endorsements": k["endorsements"][:-1]}
        for p, name, change in [
                (0, "root1", lambda k: {**k, "possession": "0" * 128}), (0, "root1", lambda k: {**k, "public": EIGHT.hex()}), (0, "log", drop), (0, "entry", drop),
                (0, "cosigner", lambda k: {**k, "role": "entry"}), (0, "log", lambda k: {**k, "endorsements": k["endorsements"][::-1]}), (5, "entry2", drop),
                (0, "log", lambda k: {**k, "endorsements": k["endorsements"][:1] * 2}), (6, "log2", drop), (6, "log2", lambda k: {**k, "role": "root"}),
                (0, "root2", lambda k: {**k, "algorithm": "sm2"})]:
            self.bad(p, "key", {(p, name): change})
        for p, to in [(5, {"head": {"leaf": "0" * 64, "size": 5}}), (6, {"retired": "0" * 64}), (0, {"threshold": 3}), (0, {"threshold": 0}), (0, {"keys": []})]:
            self.bad(p, "key", {(p, "facts"): lambda f: {**f, **to}})
        for p in (5, 6):
            self.bad(p, "key", {(p, "header"): lambda h: {**h, "stream": "ledger/" + uid(9), "version": "0"}})
        w = Ledger()
        w.genesis()
        w.epoch = 1
        w.entry("ledger.epoch_started", "ledger/" + uid(0), {"build": "b", "engine": 1, "head": {"leaf": w.prev(), "size": 1}, "key": w.key("entry", "entry", 1, ["log"])})
        self.assertEqual(check(w.export())[1], (1, "key"))  # introduced twice

    def test_signatures_and_commands(self):
        self.bad(3, "signature", {(3, "line"): lambda x: {**x, "signature": {**x["signature"], "value": "0" * 128}}})
        self.bad(3, "signature", {(3, "line"): lambda x: {**x, "signature": {**x["signature"], "key": "0" * 64}}})

        def command(p, **to):
            return {(p, "header"): lambda h: {**h, "command": {**h["command"], **to}}}
        self.bad(2, "command", command(2, digest="0" * 64))
        self.bad(3, "command", command(3, digest="0" * 64))
        self.bad(2, "command", {(2, "private"): lambda x: {"path": x["path"]}})
        self.bad(6, "command", command(6, digest="0" * 64))
        self.bad(2, "command", command(2, index=1, of=2))
        self.bad(2, "command", command(2, of=2))
        self.bad(4, "command", command(3, of=2))
        self.bad(4, "command", command(4, seen="0" * 64))
        self.bad(4, "command", command(4, stream="content/" + uid(72), seen="0" * 64))
        self.bad(4, "command", command(4, seen="0" * 64))
        self.bad(4, "command", command(4, stream="content/" + uid(72), seen="0" * 64))
        self.bad(4, "command", command(4, key=uid(2)))
        self.bad(9, "command", command(9, name="other"))
        self.bad(9, "command", {**command(8, of=3), (9, "header"): command(9, of=3)[9, "header"]})
        self.bad(3, "command", {(3, "private"): lambda x: {**x, "line": "{}"}})
        self.bad(2, "command", {(2, "private"): lambda x: {**x, "nonce": "0" * 64}})
        w = Ledger()
        w.genesis()
        command, kept = w.command("publish_both", "content/" + uid(70), "{}", of=2)
        w.entry("content.unheard", "content/" + uid(70), {"body": "0" * 64}, kept, command, body=(b"s" * 32, b""))
        self.assertEqual(check(w.export())[1], (1, "command"))  # unfinished comes before the wrong body
        w = sample({(8, "header"): lambda h: {**h, "actor_signature": {**h["actor_signature"], "value": "0" * 128}}})
        self.assertEqual(check(w.export(), None, (), [public(w.seeds["actor"])])[1], (8, "actor_signature"))
        self.assertEqual(check(w.export())[0], HOLDS)

    def test_bodies(self):
        self.bad(2, "body", {(2, "body"): lambda b: []})
        self.bad(2, "body", {(2, "body"): lambda b: {**b, "base64": "AAAA"}})
        self.bad(2, "body", {(2, "body"): lambda b: {**b, "body": "0" * 64}})
        self.bad(2, "line", {(2, "body"): lambda b: {**b, "base64": "AAB="}})
        self.bad(2, "line", {(2, "body"): lambda b: {**b, "x": 1}})
        self.bad(3, "line", {(2, "body"): lambda b: [b, b]})
        w = sample(big=20 << 20)
        self.assertEqual(check(w.export(), w.leaves[0].hex())[0], HOLDS)
        line = next(x for x in w.lines if len(x) > 20 << 20)
        for broken in (line[:-3] + b"\n", line[:-1], line.replace(b"YmJi", b"Ym=i", 1), line.replace(b"YmJi", b"Ym i", 1), line[:-2] + b',"x":1}\n',
                       line[:1 << 23] + b"\n" + line[1 << 23:]):
            self.bad(2, "line", {(2, "body"): lambda b: broken})
        self.bad(2, "body", {(2, "body"): lambda b: line.replace(b"YmJi", b"YmJj", 1)})

    def test_lines_and_end(self):
        for f in (lambda x: {**x, "x": 1}, lambda x: b"\n", lambda x: b"\xff\n", lambda x: b"[" * 100000 + b"\n", lambda x: {**x, "facts": None},
                  lambda x: {**x, "facts": "\\"} and b'{"header":"\\ud800"}\n', lambda x: b"x" * (9 << 20) + b"\n", lambda x: {**x, "private_salt": "0" * 64 if x["private"] is None else None},
                  lambda x: json.dumps(x, separators=(",", ":"))[:-1].encode() + b',"facts":""}\n'):
            self.bad(3, "line", {(3, "line"): f})
        w = sample({(3, "line"): lambda x: json.dumps({**x, "facts": x["facts"]}, indent=None).encode() + b"\r\n"})
        self.assertEqual(check(w.export(), w.leaves[0].hex())[0], HOLDS)  # white space and order are free
        z = "0" * 64
        for end in ({"size": 9}, {"head": z}, {"lines": 1}, {"sha256": z}, {"x": 1}, {"size": "10"}):
            self.bad(10, "end", end=end)
        self.bad(10, "trailing", tail=b"\n")
        self.bad(9, "end", first={"size": 9})
        self.bad(10, "end", first={"size": 11})
        w = sample()
        for note in ("", w.note(by=["log"]), w.note(9), w.note().replace("\n10\n", "\n9\n"), w.note(by=["entry"])):
            self.bad(10, "checkpoint", end={"checkpoint": note})
        self.bad(0, "root", note=w.note(root=b"r" * 32))
        data = w.export()
        lines = data.splitlines(True)
        self.assertEqual(check(b"".join(lines[:-1]))[1], (10, "truncated"))
        self.assertEqual(check(b"".join(lines[:4]))[1], (2 + 1, "truncated"))
        self.assertEqual(check(data[:-1])[1], (10, "end"))

    def test_checkpoints_given(self):
        w = sample()
        pin = w.leaves[0].hex()
        self.assertEqual(check(w.export(), pin, [w.note(5, ["log"]), w.note(8, root=b"x" * 32)])[1], (5, "root"))
        self.assertEqual(check(w.export(), pin, [w.note(9, ["log"])])[0], "unusable")
        self.assertEqual(check(w.export(), pin, [w.note(12)])[1], (10, "truncated"))
        self.assertEqual(check(w.export(), pin, [w.note(5, ["entry"])])[0], "unusable")
        self.assertEqual(check(w.export(end={"head": "0" * 64}), pin, [w.note(5, ["entry"])])[1], (10, "end"))
        self.assertEqual(check(w.export(), pin, [Ledger(origin="other").note(5)])[0], "unusable")

    def test_history_lines(self):
        line = '{"seq":0,"at":"2020-01-01T00:00:00Z","author":"x","change":"created","path":"p","sha256":"%s","bytes":3%s}'
        deep = "[" * 63 + "]" * 63
        for more in ("", ',"z":-0', ',"z":' + "9" * 5000, ',"z":' + deep, ',"z":"\\ud800"', ',"z":1e999999', ',"z":"[{[{"', ',"z":"\\"' + "[" * 99 + '"'):
            self.assertEqual(v.history_line(line % ("a" * 64, more))["bytes"], 3, more[:40])
        for more in (',"z":[%s]' % deep, ',"z":' + "[" * 5000 + "]" * 5000, ',"\\ud800":1', ',"z":NaN', ',"z":"\x01"', ',"seq":0'):
            self.assertRaises(ValueError, v.history_line, line % ("a" * 64, more))
        good = line % ("a" * 64, "")
        for was, now in (('"seq":0', '"seq":-0'), ('"seq":0', '"seq":' + "9" * 5000), (':3', ':-0'), (':3', ':3.0'), ("00Z", "00\u221208:00"), ("00Z", "00+24:00")):
            self.assertRaises(ValueError, v.history_line, good.replace(was, now))
        self.assertEqual(v.history_line(good.replace("00Z", "00-08:00"))["at"], "2020-01-01T08:00:00.000000Z")

    def test_unusable(self):
        data = sample().export()
        for bad in (b"", b"\n", b"{}\n", data.replace(b'"annals_export":1', b'"annals_export":2'), data.replace(b'"size":10', b'"size":0', 1), data[5:]):
            self.assertEqual(check(bad)[0], "unusable")

    def test_hostile_bytes(self):
        data = sample().export()
        lines = data.splitlines(True)
        for i in range(0, len(data), 311):  # every such altered byte is found, and no exception escapes
            for byte in (0, 0x20, 0x22, 0xff, data[i] ^ 1):
                if byte != data[i]:
                    self.assertIn(check(data[:i] + bytes([byte]) + data[i + 1:])[0], ("tampered", "unusable"))
        for i in range(len(lines)):
            self.assertNotEqual(check(b"".join(lines[:i] + lines[i + 1:]))[0], "incomplete")
            self.assertNotEqual(check(b"".join(lines[:i] + lines[i:i + 1] * 2 + lines[i + 1:]))[0], "incomplete")
        for i in range(0, len(data), 997):
            self.assertNotEqual(check(data[:i])[0], "incomplete")

    def test_command_line(self):
        w = sample()
        with tempfile.TemporaryDirectory() as d:
            export, note = os.path.join(d, "export"), os.path.join(d, "note")
            for path, data in ((export, w.export()), (note, w.note(8).encode())):
                with open(path, "wb") as f:
                    f.write(data)
            pin, actor = w.leaves[0].hex(), public(w.seeds["actor"]).hex()
            for args, code in (([export, "--genesis", pin, "--checkpoint", note, "--actor-key", actor], 4), (["-", "--genesis", pin], 4), ([export], 4),
                               ([export, "--genesis", "1" * 64], 1), ([export, "--genesis", "1"], 3), ([export, "--nonsense"], 3), ([], 3), ([d], 3),
                               ([export + "x"], 3), ([export, "--checkpoint", export], 3), ([export, "--actor-key", EIGHT.hex()], 3)):
                run = subprocess.run([sys.executable, os.path.join(HERE, "verify.py")] + args, input=w.export(), capture_output=True)
                self.assertEqual(run.returncode, code, (args, run))
                self.assertEqual(v.CODES[json.loads(run.stdout)["verdict"]], code)
                self.assertNotIn(b"Traceback", run.stderr)


if __name__ == "__main__":
    result = unittest.main(exit=False).result
    failed = len(result.failures) + len(result.errors)
    print("%d passed, %d failed" % (result.testsRun - failed, failed))
    sys.exit(1 if failed else 0)
