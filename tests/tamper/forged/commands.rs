//! What a command fixes in its entry.

use serde_json::json;

use super::*;

const OTHER: &str = "content/01a20db5-b570-7b35-af66-8e3b1a854802";

const COMMANDS: &[Forged] = &[
    ("seen", &[PUBLISHED], |p| p.header["command"]["seen"] = zeros(), (1, 21, "command")),
    ("a digest", &[PUBLISHED], |p| p.header["command"]["digest"] = zeros(), (1, 21, "command")),
    (
        "an index",
        &[PUBLISHED],
        |p| {
            p.header["command"]["index"] = json!(1);
            p.header["command"]["of"] = json!(2);
        },
        (1, 21, "command"),
    ),
    ("unfinished", &[WITHDRAWN], |p| p.header["command"]["of"] = json!(2), (1, 23, "command")),
    (
        "a stream",
        &[PUBLISHED],
        |p| {
            p.header["command"]["stream"] = json!(OTHER);
            p.header["command"]["seen"] = zeros();
        },
        (1, 21, "command"),
    ),
    (
        "a key used twice",
        &[PUBLISHED, MOVED],
        |p| {
            p.header["command"]["key"] = json!("01a20db5-b570-7b35-af66-8e3b1a854802");
        },
        (1, 22, "command"),
    ),
    ("a name", &[DRAFTED], |p| p.header["command"]["name"] = json!("draft"), (1, 19, "command")),
    ("white space", &[DRAFTED], |p| in_command(p, "\":\"", "\": \""), (1, 19, "command")),
    ("garbage", &[DRAFTED], |p| in_command(p, "{", "["), (1, 19, "command")),
    ("a public name", &[SITE], |p| p.facts["name"] = json!("b"), (1, 15, "command")),
    ("a column's title", &[COLUMN], |p| p.private["title"] = json!("b"), (1, 16, "command")),
    ("a person", &[EDITOR], |p| p.private["name"] = json!("b"), (1, 17, "command")),
    ("a duty", &[EDITOR], |p| p.facts["duty"] = json!("approver"), (1, 17, "command")),
    ("a title", &[DRAFTED], |p| p.private["title"] = json!("b"), (1, 19, "command")),
    ("a path", &[DRAFTED], |p| p.private["path"] = json!("b"), (1, 19, "command")),
    ("a length", &[DRAFTED], |p| p.facts["bytes"] = json!(1), (1, 19, "command")),
    (
        "an empty path",
        &[DRAFTED],
        |p| {
            p.private["path"] = json!("");
            in_command(p, "\"news/1.html\"", "\"\"");
        },
        (1, 19, "command"),
    ),
    ("an opinion", &[PASSED], |p| p.private["opinion"] = json!("b"), (1, 20, "command")),
    ("a level", &[PASSED], |p| p.facts["level"] = json!("initial"), (1, 20, "command")),
    ("a former path", &[MOVED], |p| p.private["from"] = json!("b"), (1, 22, "command")),
    ("a reason", &[WITHDRAWN], |p| p.private["reason"] = json!("b"), (1, 23, "command")),
    ("an act", &[PROPOSED], |p| p.facts["act"] = json!("rotate_key"), (1, 5, "command")),
    ("an act's digest", &[PROPOSED], |p| p.facts["digest"] = zeros(), (1, 5, "command")),
    ("lines", &[IMPORT], |p| p.facts["lines"] = json!(5), (1, 6, "command")),
    (
        "a secret",
        &[IMPORT],
        |p| {
            let secret = secret().to_string();
            in_command(p, &secret, "zz");
        },
        (1, 6, "command"),
    ),
    (
        "a log key",
        &[ROTATED],
        |p| {
            let retired = p.facts["retired"].as_str().expect("a hash").to_owned();
            in_command(p, &retired, &Hash::ZERO.to_string());
        },
        (1, 25, "command"),
    ),
    (
        "no command",
        &[PUBLISHED],
        |p| {
            let members = p.private.as_object_mut().expect("an object");
            members.remove("command");
            members.remove("nonce");
        },
        (1, 21, "command"),
    ),
];

#[test]
fn both_verifiers_agree_on_entries_that_say_other_things_than_their_commands() {
    ask(COMMANDS);
}
