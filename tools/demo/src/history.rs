//! 旧站 — a history of four lines, as an older system might hand it over.

use annals_events::Hash;
use serde_json::json;

/// The two files of a history: one JSON object a line.
#[derive(Clone, Debug)]
pub struct History {
    /// What happened to which page.
    pub changes: String,
    /// The bodies it names.
    pub bodies: String,
}

/// A page that is created, changed without approval, renamed and removed.
pub fn history() -> History {
    let texts = ["<h1>青河概况</h1>\n", "<h1>青河概况</h1>\n<p>青河市位于青河两岸。</p>\n"];
    let sha256 = |text: &str| Hash::of(&[text.as_bytes()]).to_string();
    let named = |text: &str| (sha256(text), text.len());
    let ((first, first_bytes), (second, second_bytes)) = (named(texts[0]), named(texts[1]));
    let changes = [
        json!({
            "seq": 0, "at": "2019-05-06T09:00:00+08:00", "author": "旧站编辑甲",
            "approved_by": "旧站审核乙", "change": "created", "path": "gaikuang.html",
            "title": "青河概况", "sha256": first, "bytes": first_bytes,
        }),
        json!({
            "seq": 1, "at": "2019-06-11T15:20:00+08:00", "author": "旧站编辑甲",
            "approved_by": null, "change": "updated", "path": "gaikuang.html",
            "title": "青河概况", "sha256": second, "bytes": second_bytes,
        }),
        json!({
            "seq": 2, "at": "2020-01-02T10:00:00+08:00", "author": "旧站编辑甲",
            "approved_by": "旧站审核乙", "change": "renamed", "path": "zjqh/gaikuang.html",
            "from": "gaikuang.html", "sha256": second, "bytes": second_bytes,
        }),
        json!({
            "seq": 3, "at": "2023-12-29T17:00:00+08:00", "author": "旧站编辑甲",
            "approved_by": "旧站审核乙", "change": "removed", "path": "zjqh/gaikuang.html",
        }),
    ];
    let bodies = texts.map(|text| json!({ "sha256": sha256(text), "body": text }));
    History { changes: lines(&changes), bodies: lines(&bodies) }
}

fn lines(objects: &[serde_json::Value]) -> String {
    objects.iter().map(|object| format!("{object}\n")).collect()
}
