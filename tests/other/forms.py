"""Sections 2, 3, 5, 8 and 12 of events/README.md, TYPES.md and the form of PROFILE.md: which forms JSON, headers, parts, commands and lines of imports have, and what a
command or a line fixes in its entries. Part of verify.py."""
import base64
import datetime
import json
import re

from strict import sha

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
    if h.get("actor", {}).get("authenticated") == "key" and "actor_signature" not in h:
        return "authenticated by key without an actor_signature"
    if "command" in h and h["command"]["index"] >= h["command"]["of"]:
        return "index is not below of"
    if internal and h.keys() & {"actor", "command", "rulebook", "actor_signature"}:
        return "internal, but with an actor, command, rulebook or actor_signature"
    return None if internal or {"actor", "command"} <= h.keys() else "no actor or command"

# ---- sections 5 and 12: facts and private parts -----------------------------------------------------------------------------
SIZE = integer(0, 2**53 - 1)
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]")


def visible(v):
    return text(v) and _INVISIBLE.search(v) is None


def public_name(v):
    return visible(v) and 1 <= len(v) <= 200 and v == v.strip()


def words(low, high):
    """Text of so many bytes; ValueError where it is not Unicode."""
    return lambda v: text(v) and low <= len(v.encode("utf-8")) <= high


build = form("[a-z0-9.+-]{1,64}")
key_form = closed({"algorithm": one_of("ed25519 sm2"), "endorsements": listed(closed({"key": hash_, "value": sig}), 0, 1 << 20), "possession": sig,
                   "public": hash_, "role": one_of("root log cosigner entry")})
fold_form = closed({"digest": hash_, "fold": text, "version": integer()})
duty = one_of("administrator auditor editor reviewer approver information_officer")
act = one_of("open_import close_import rotate_key adopt_profile")
_WORD = "[a-z][a-z0-9_]{0,47}"
term, attribute, type_ = form(_WORD), form("%s(?:[.]%s)?" % (_WORD, _WORD)), form("%s[.]%s" % (_WORD, _WORD))
clause, _day = form("[A-Za-z0-9.:_-]{1,48}"), form("[0-9]{4}-[0-9]{2}-[0-9]{2}")


def day(v):
    try:
        return _day(v) and bool(datetime.date(*map(int, v.split("-"))))
    except ValueError:
        return False


def flag(v):
    return v is True or v is False


def true(v):
    return v is True


def each(item):
    """A list of any length."""
    return listed(item, 0, 1 << 20)


def some(item):
    """A list that is left out when it is empty."""
    return listed(item, 1, 1 << 20)


def ordered(item, low, high):
    shape = listed(item, low, high)
    return lambda v: shape(v) and rising(v)


def mapped(name, value):
    """An object of such names and values that is left out when it is empty."""
    return lambda v: isinstance(v, dict) and len(v) > 0 and all(name(k) and value(x) for k, x in v.items())


_pairs_of = mapped(term, term)


def attributes(v):
    return _pairs_of(v) and len(v) <= 16


_kept = {"command": text, "nonce": hash_}
_imported = {"approver": uuid, "author": uuid, "change": one_of("created updated renamed removed"), "import": uuid, "line": SIZE}
_shown = closed({"body": hash_, "bytes": SIZE, "site": uuid}, _imported)
_page = closed({"path": text}, {**_kept, "from": text, "line": text, "title": text})
_changed = closed({"site": uuid}, _imported)
_note = closed(_kept, {"note": text})
_act = closed({"act": act, "command": text, "digest": hash_, "nonce": hash_})
_record = closed({"kind": term}, {"documents": ordered(hash_, 1, 32), "parts": ordered(term, 1, 32), "period": day, "site": uuid})
_of_site, _because, _nothing = closed({"site": uuid}), closed({"reason": term}), closed({})
_scoped = closed({"role": term, "scope": stream})
_began = closed({"site": uuid}, {"attributes": attributes})

TYPES = {  # facts, private part (None: none is allowed)
    "ledger.genesis": (closed({"build": build, "engine": integer(), "keys": listed(key_form, 0, 1 << 20), "purpose": one_of("production demo test"),
                               "suite": one_of("international"), "threshold": integer()}), None),
    "ledger.epoch_started": (closed({"build": build, "engine": integer(), "head": closed({"leaf": hash_, "size": SIZE}), "key": key_form}), None),
    "ledger.key_rotated": (closed({"command": text, "key": key_form, "nonce": hash_, "retired": hash_}), None),
    "ledger.act_proposed": (_act, None),
    "ledger.state_sealed": (closed({"folds": listed(fold_form, 0, 1 << 20), "size": SIZE}), None),
    "ledger.import_opened": (closed({"cut_over": time, "format": one_of("annals/history/v1"), "lines": SIZE, "site": uuid, "source": hash_}), closed(_kept)),
    "ledger.import_closed": (closed({"lines": SIZE, "source": hash_}), closed(_kept)),
    "platform.organisation_registered": (closed({"name": public_name}, {"attributes": attributes, "parent": uuid}), closed(_kept)),
    "platform.act_proposed": (_act, None),
    "platform.profile_adopted": (closed({"command": text, "nonce": hash_}), None),
    "platform.calendar_adopted": (closed({"off": ordered(day, 0, 366), "on": ordered(day, 0, 366), "year": integer()}), _note),
    "platform.exemption_granted": (closed({"clause": clause, "from": time, "subject": stream, "until": time}), _note),
    "platform.exemption_ended": (closed({"exemption": SIZE}), _note),
    "platform.evidence_recorded": (_record, _note),
    "account.opened": (closed({"access": one_of("usable unusable"), "duty": duty, "organisation": uuid},
                              {"attributes": attributes, "import": uuid, "line": SIZE, "person": uuid}), closed({"name": text}, _kept)),
    "account.applied": (closed({"organisation": uuid, "role": term}), _note),
    "account.role_granted": (_scoped, _note),
    "account.role_revoked": (_scoped, _note),
    "account.suspended": (_nothing, _note),
    "account.resumed": (_nothing, _note),
    "account.cancelled": (_because, _note),
    "account.evidence_recorded": (_record, _note),
    "site.opened": (closed({"name": public_name, "organisation": uuid}, {"attributes": attributes, "import": uuid, "line": SIZE}), closed(_kept)),
    "site.taken_offline": (closed({"planned_end": time, "reason": term}), _note),
    "site.shut_down": (_because, _note),
    "site.restored": (_nothing, _note),
    "site.closed": (_because, _note),
    "site.evidence_recorded": (_record, _note),
    "column.opened": (_began, closed({**_kept, "title": text})),
    "column.closed": (_of_site, _note),
    "content.drafted": (closed({"body": hash_, "bytes": SIZE, "site": uuid}, {"column": uuid}), _page),
    "content.review_passed": (closed({"body": hash_, "level": term, "site": uuid}, {"gates": ordered(term, 1, 16)}), closed(_kept, {"opinion": text})),
    "content.published": (_shown, _page),
    "content.corrected": (_shown, _page),
    "content.moved": (_changed, _page),
    "content.withdrawn": (_changed, closed({}, {**_kept, "line": text, "path": text, "reason": text})),
    "content.submitted": (closed({"body": hash_, "site": uuid}, {"attributes": attributes, "provider": uuid}), _note),
    "content.returned": (closed({"body": hash_, "level": term, "site": uuid}), _note),
    "content.revised": (closed({"body": hash_, "bytes": SIZE, "level": term, "site": uuid}), _note),
    "content.archived": (_of_site, _note),
    "content.evidence_recorded": (_record, _note),
    "message.received": (_began, _note),
    "message.assigned": (closed({"organisation": uuid, "site": uuid}), _note),
    "message.reply_promised": (closed({"by": day, "site": uuid}), _note),
    "message.reply_drafted": (_of_site, _note),
    "message.reply_passed": (closed({"level": term, "reply": SIZE, "site": uuid}), _note),
    "message.answered": (closed({"reply": SIZE, "site": uuid}), _note),
    "message.published": (_of_site, _note),
    "message.evidence_recorded": (_record, _note),
    "incident.detected": (_began, _note),
    "incident.reported": (closed({"site": uuid, "to": term}), _note),
    "incident.responder_arrived": (closed({"post": term, "site": uuid}), _note),
    "incident.isolated": (_of_site, _note),
    "incident.content_removed": (closed({"site": uuid, "urgent": flag}, {"content": uuid}), _note),
    "incident.restored": (_of_site, _note),
    "incident.authority_told": (closed({"authority": term, "site": uuid}), _note),
    "incident.force_majeure_declared": (closed({"ground": term, "site": uuid}), _note),
    "incident.evidence_recorded": (_record, _note),
    "incident.closed": (_of_site, _note),
    "incident.archive_purged": (_of_site, _note),
}
BRING_KEYS = ("ledger.genesis", "ledger.epoch_started", "ledger.key_rotated")

# ---- PROFILE.md: a whole profile --------------------------------------------------------------------------------------------
_when = mapped(attribute, each(term))
_amount = closed({"n": integer(), "unit": one_of("minute hour day working_day week month year")})
_rule = {"clause": clause, "covers": each(clause), "force": one_of("must principle advisory may vague"), "title": public_name}
_step = closed({"level": term}, {"clause": clause, "gates": some(term), "provider": true, "revises": true, "roles": some(term)})


def _rules(required, optional={}):
    return some(closed({**_rule, **required}, optional))


profile_form = closed({"id": term, "interpreter": public_name, "semantics": integer(), "title": public_name, "version": integer()}, {
    "attributes": some(closed({"name": term, "of": term, "values": each(term)})),
    "beyond": mapped(clause, public_name),
    "deadlines": _rules({"from": type_, "met_by": each(type_)},
                        {"outer": _amount, "until": attribute, "waived_by": some(type_), "when": _when, "with": _when, "within": _amount}),
    "document": public_name,
    "duties": _rules({"evidence": term, "every": one_of("day working_day week month quarter year once"), "of": term}, {"when": _when, "within": _amount}),
    "evidence": _rules({"kind": term, "of": term, "parts": each(term)}),
    "freshness": _rules({"of": term, "within": _amount}, {"when": _when}),
    "issued": day,
    "permissions": _rules({"on": each(type_)}, {"never_together": some(term), "roles": some(term), "when": _when}),
    "preconditions": _rules({"of": term, "on": each(type_)}, {"after": some(type_), "evidence": some(term), "fresh": true, "when": _when, "with": _when}),
    "quotas": _rules({"counts": term, "most": integer(), "on": each(type_)}, {"when": _when}),
    "retentions": _rules({"from": type_, "keep": _amount, "on": each(type_)}),
    "routes": _rules({"on": each(type_), "steps": each(_step)}, {"distinct": some(each(term)), "evidence": some(term), "publishers": some(term), "when": _when}),
    "shapes": _rules({"field": attribute, "on": each(type_)}, {"never": some(term), "one_of": some(term), "required": true, "when": _when, "within": _amount}),
    "spans": _rules({"of": term, "within": _amount}, {"becomes": term, "when": _when}),
    "superior": some(public_name),
    "terms": some(closed({"kind": term, "title": public_name, "word": term})),
})

# ---- section 8: commands ----------------------------------------------------------------------------------------------------
path, sentence = words(1, 4096), words(1, 16384)
_publish = closed({"body": hash_, "bytes": SIZE, "path": path, "site": uuid}, {"title": sentence})
COMMANDS = {  # form, type, members that go to the facts, and to the private part (None: the command is kept in the facts), constants of the facts
    "register_organisation": (closed({"name": public_name}, {"attributes": attributes, "parent": uuid}), "platform.organisation_registered",
                              "attributes name parent", "", {}),
    "adopt_profile": (closed({"effective_from": time, "profile": profile_form}), "platform.profile_adopted", "", None, {}),
    "open_account": (closed({"duty": duty, "name": sentence, "organisation": uuid}, {"attributes": attributes, "person": uuid}), "account.opened",
                     "attributes duty organisation person", "name", {"access": "usable"}),
    "open_site": (closed({"name": public_name, "organisation": uuid}, {"attributes": attributes}), "site.opened", "attributes name organisation", "", {}),
    "open_column": (closed({"site": uuid, "title": sentence}, {"attributes": attributes}), "column.opened", "attributes site", "title", {}),
    "draft_content": (closed({"body": hash_, "bytes": SIZE, "path": path, "site": uuid}, {"column": uuid, "title": sentence}), "content.drafted",
                      "body bytes column site", "path title", {}),
    "pass_review": (closed({"body": hash_, "level": term, "site": uuid}, {"gates": ordered(term, 1, 16), "opinion": sentence}), "content.review_passed",
                    "body gates level site", "opinion", {}),
    "publish_content": (_publish, "content.published", "body bytes site", "path title", {}),
    "correct_content": (_publish, "content.corrected", "body bytes site", "path title", {}),
    "move_content": (closed({"from": words(0, 4096), "path": path, "site": uuid}), "content.moved", "site", "from path", {}),
    "withdraw_content": (closed({"reason": sentence, "site": uuid}), "content.withdrawn", "site", "reason", {}),
    "propose_act": (closed({"act": act, "digest": hash_}), "ledger.act_proposed", "act digest", None, {}),
    "open_import": (closed({"cut_over": time, "lines": SIZE, "secret": hash_, "site": uuid, "source": hash_}), "ledger.import_opened",
                    "cut_over lines site source", "", {"format": "annals/history/v1"}),
    "close_import": (closed({"lines": SIZE, "source": hash_}), "ledger.import_closed", "lines source", "", {}),
    "rotate_key": (closed({"public": hash_, "retired": hash_}), "ledger.key_rotated", None, None, {}),
}
DEEDS = {}  # of each name the type, and whether it is told: never, always, or where it says when it happened
for _told, _names in {
        "never": """adopt_calendar platform.calendar_adopted grant_exemption platform.exemption_granted end_exemption platform.exemption_ended
            apply_for_account account.applied grant_role account.role_granted revoke_role account.role_revoked suspend_account account.suspended
            resume_account account.resumed cancel_account account.cancelled take_site_offline site.taken_offline close_site site.closed
            close_column column.closed submit_content content.submitted return_content content.returned revise_content content.revised
            archive_content content.archived assign_message message.assigned promise_reply message.reply_promised draft_reply message.reply_drafted
            pass_reply message.reply_passed answer_message message.answered publish_message message.published close_incident incident.closed
            purge_incident_archive incident.archive_purged""",
        "always": """record_platform_evidence platform.evidence_recorded record_account_evidence account.evidence_recorded
            report_shutdown site.shut_down record_site_evidence site.evidence_recorded record_content_evidence content.evidence_recorded
            receive_message message.received record_message_evidence message.evidence_recorded detect_incident incident.detected
            report_incident incident.reported report_arrival incident.responder_arrived report_isolation incident.isolated
            report_removal incident.content_removed report_restoration incident.restored tell_authority incident.authority_told
            declare_force_majeure incident.force_majeure_declared record_incident_evidence incident.evidence_recorded""",
        "with_time": "restore_site site.restored"}.items():
    _all = _names.split()
    DEEDS.update({name: (type_written, _told) for name, type_written in zip(_all[::2], _all[1::2])})


def kept_command(part):
    """(text, nonce) that a part keeps, else None."""
    return (part["command"], part["nonce"]) if part and text(part.get("command")) and hash_(part.get("nonce")) else None


def command_digest(nonce, command):
    return sha(b"annals/command-body/v1\n", nonce, command.encode("utf-8")).hex()


def written(name, c, kept):
    """What a command writes: (type, facts, private part, provenance, occurred_at); None where it is not of its form."""
    if name in DEEDS:
        kind, told = DEEDS[name]
        if not closed({"facts": TYPES[kind][0]}, {"note": sentence, **({} if told == "never" else {"occurred_at": time})})(c):
            return None
        reported = told == "always" or "occurred_at" in c
        private = {**kept, **{k: c[k] for k in ("note",) if k in c}}
        return kind, c["facts"], private, "reported" if reported else "commanded", c.get("occurred_at")
    shape, kind, public, closed_, constants = COMMANDS[name]
    if not shape(c):
        return None
    if c.get("act") == "adopt_profile":
        kind = "platform.act_proposed"
    facts = {**constants, **{k: c[k] for k in (public or "").split() if k in c}, **(kept if closed_ is None else {})}
    private = None if closed_ is None else {**kept, **{k: c[k] for k in closed_.split() if k in c}}
    return kind, facts, private, "commanded", None


def command_error(h, facts, private, command, nonce):
    """What differs between an entry and the command it keeps, else None."""
    kind, name = h["type"], h["command"]["name"]
    if name not in COMMANDS and name not in DEEDS or h["command"]["of"] != 1:
        return "no command of this name, or one that writes a single entry wrote more"
    try:
        c = canonical(command.encode("utf-8"), 786432 if name == "adopt_profile" else 131072)
        wrote = written(name, c, {"command": command, "nonce": nonce})
    except ValueError as e:
        return str(e)
    if not wrote or wrote[0] != kind:
        return "the command is not of its form or writes another type"
    if kind == "ledger.key_rotated":
        return None if (facts["key"]["public"], facts["retired"]) == (c["public"], c["retired"]) else "other keys than the command's"
    if (facts, private) != wrote[1:3]:
        return "facts or private part differ from what the command writes"
    return None if (h["provenance"], h.get("occurred_at")) == wrote[3:] else "provenance or time differ from what the command writes"


# ---- section 8: lines of an import ------------------------------------------------------------------------------------------
def _top(pairs):
    return pairs


def _lenient(text):
    """An integer of a member that is ignored may have any length; what no integer of a line can be is none here."""
    return int(text) if len(text) <= 20 and text != "-0" else text.encode()


_loose = json.JSONDecoder(object_pairs_hook=_top, parse_int=_lenient, parse_constant=_refuse)
_string = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_AT = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:[.]([0-9]+))?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))")
_person = lambda v: visible(v) and words(1, 512)(v)  # noqa: E731
_line = closed({"at": text, "author": _person, "change": _imported["change"], "path": path, "seq": integer(0, 2**64 - 1)},
               {"approved_by": _person, "bytes": SIZE, "from": path, "sha256": hash_, "title": words(0, 16384)})
LINE_TYPES = {"content.published": "created renamed updated", "content.corrected": "updated renamed", "content.moved": "renamed",
              "content.withdrawn": "removed"}


def instant(v):
    """An RFC 3339 instant as this format writes times; ValueError otherwise."""
    m = _AT.fullmatch(v)
    if not m:
        raise ValueError("not an instant")
    minutes = int(m[9]) * 60 + int(m[10]) if m[8] else 0
    if minutes >= 1440 or (m[10] and int(m[10]) > 59):
        raise ValueError("not an offset")
    at = datetime.datetime(*[int(m[i]) for i in range(1, 7)], int(((m[7] or "") + "000000")[:6]))
    try:
        at -= datetime.timedelta(minutes=-minutes if m[8] == "-" else minutes)
    except OverflowError:
        raise ValueError("not in the years 0001 to 9999") from None
    return "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ" % (at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond)


def history_line(line):
    """The line of a history, with `at` in UTC; ValueError where it is none."""
    if len(line.encode("utf-8")) > 65536 or not line.lstrip(" \t\n\r").startswith("{"):
        raise ValueError("too long, or not an object")
    deep = most = 0
    for bracket in re.findall(r"[\[{}\]]", _string.sub("", line)):
        deep = deep + 1 if bracket in "[{" else max(deep - 1, 0)
        most = max(most, deep)
    if most > 64:
        raise ValueError("nested too deeply")
    pairs = _loose.decode(line)
    for name, _ in pairs:
        name.encode("utf-8")  # ValueError for half a surrogate pair
    members = "approved_by at author bytes change from path seq sha256 title".split()
    known = [(k, v) for k, v in pairs if k in members]
    value = {k: v for k, v in known if v is not None or k not in "approved_by bytes from sha256 title".split()}
    if len(known) != len({k for k, v in known}) or not _line(value):
        raise ValueError("not a line of a history")
    body = value["change"] != "removed"
    if (value["change"] == "renamed") != ("from" in value) or body != ("sha256" in value) or body != ("bytes" in value):
        raise ValueError("from goes with renamed; sha256 and bytes go with all but removed")
    return {**value, "at": instant(value["at"])}


def line_error(h, facts, private, line):
    """What differs between an imported entry and its line, else None."""
    kind = h["type"]
    if line["change"] not in LINE_TYPES[kind].split():
        return "the type does not fit the change"
    if (facts["change"], facts["line"], h.get("occurred_at")) != (line["change"], line["seq"], line["at"]):
        return "change, line or time differ"
    if ("approver" in facts) != ("approved_by" in line):
        return "the approver differs"
    same = ["path"] if kind == "content.withdrawn" else ["path", "title", "from"]
    if any(private.get(k) != line.get(k) for k in same) or "reason" in private:
        return "path, title or from differ"
    return None if facts.get("bytes") == (line.get("bytes") if "body" in facts else None) else "bytes differ"
