//! The API as OpenAPI 3.1, made from the table of routes and the table of commands.

use std::sync::{Arc, LazyLock};

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::problem::Problem;
use super::route::{Access, Call, Param, Place, Route, Takes};
use super::schema;
use super::service::Service;
use super::{PROBLEM, ROUTES, body};

/// Statuses that the wrapping of every route may answer, and what they mean.
const ALWAYS: &[(u16, &str)] = &[
    (400, "Not understood; `field` names what."),
    (414, "The address is too long."),
    (500, "The service failed, or the store is unsound."),
    (503, "Not now; `Retry-After` says when."),
];

/// The document.
pub static TEXT: LazyLock<String> = LazyLock::new(|| document().to_string());

/// `GET /v1/openapi.json`.
pub async fn get(_: Arc<Service>, _: Call) -> Result<Response, Problem> {
    Ok(body::text(StatusCode::OK, "application/json", TEXT.as_str()))
}

/// Everything but the page that shows this.
fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in ROUTES.iter().filter(|route| !route.path.starts_with("/docs")) {
        let path = paths.entry(route.path.to_owned()).or_insert_with(|| json!({}));
        path[route.method.as_str().to_lowercase()] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Annals",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "An audit-grade ledger. Errors are RFC 9457 problems; every read says \
                            in Annals-Position up to where it looked.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "bearerFormat": "annals_…" },
            },
        },
    })
}

fn operation(route: &Route) -> Value {
    let name = |text: &str| -> String {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty());
        words.collect::<Vec<&str>>().join("_")
    };
    let mut operation = json!({
        "operationId": format!("{}_{}", route.method.as_str().to_lowercase(), name(route.path)),
        "summary": route.summary,
        "parameters": route.params.iter().map(parameter).collect::<Vec<Value>>(),
        "responses": responses(route),
    });
    if route.access != Access::Open {
        operation["security"] = json!([{ "token": [] }]);
    }
    match route.takes {
        Takes::Nothing => {}
        Takes::Bytes => {
            operation["requestBody"] = json!({
                "required": true,
                "content": { "application/octet-stream": { "schema": {} } },
            });
        }
        Takes::Command => {
            let envelope = json!({ "$ref": "#/components/schemas/Envelope" });
            operation["requestBody"] = json!({
                "required": true,
                "content": { "application/json": { "schema": envelope } },
            });
        }
    }
    operation
}

fn parameter(param: &Param) -> Value {
    let place = match param.place {
        Place::Path => "path",
        Place::Query => "query",
        Place::Header => "header",
    };
    json!({
        "name": param.name,
        "in": place,
        "required": param.is_required,
        "description": param.doc,
        "schema": param.form.schema(),
    })
}

fn responses(route: &Route) -> Value {
    let mut responses: Map<String, Value> = Map::new();
    let mut add = |status: u16, kind: &str, what: &str| {
        let known = StatusCode::from_u16(status).ok();
        let reason = known.and_then(|status| status.canonical_reason()).unwrap_or_default();
        let what = if what.is_empty() { reason } else { what };
        let entry = responses.entry(status.to_string());
        let response = entry.or_insert_with(|| json!({ "description": what }));
        if !kind.is_empty() {
            response["content"][kind] = json!({ "schema": carried(route, kind) });
        }
    };
    for (status, kind) in route.gives {
        add(*status, kind, "");
    }
    for (status, what) in ALWAYS {
        add(*status, PROBLEM, what);
    }
    if route.access != Access::Open {
        add(401, PROBLEM, "No token, or one that is unknown, has ended or was revoked.");
    }
    if route.params.iter().any(|param| param.name == "min_position") {
        add(409, PROBLEM, "The entry at min_position is not served yet.");
    }
    if route.access == Access::Write {
        add(403, PROBLEM, "The token is for reading only.");
    }
    Value::Object(responses)
}

fn carried(route: &Route, kind: &str) -> Value {
    let named = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    match (kind, route.path) {
        (PROBLEM, _) => named("Problem"),
        ("application/json", "/v1/entries" | "/v1/streams/{thing}/{id}/entries") => {
            named("Entries")
        }
        ("application/json", "/v1/entries/{position}") => named("Entry"),
        ("application/json", "/v1/commands/{name}") => named("Receipt"),
        ("application/json" | "application/schema+json", _) => json!({ "type": "object" }),
        ("application/octet-stream", _) => json!({}),
        _ => json!({ "type": "string" }),
    }
}

fn schemas() -> Value {
    let hash = schema::Form::Hash.schema();
    let position = schema::Form::Integer.schema();
    let text = json!({ "type": "string" });
    let maybe = |kind: &str| json!({ "type": [kind, "null"] });
    let mut all = json!({
        "Problem": {
            "type": "object",
            "properties": {
                "type": text, "title": text, "status": { "type": "integer" }, "detail": text,
                "field": text, "clause": text, "rulebook": maybe("integer"),
            },
            "required": ["type", "title", "status", "detail"],
        },
        "Entry": {
            "type": "object",
            "description": "The exact bytes that were hashed, as text, with their salts.",
            "properties": {
                "position": position, "leaf": hash, "header": text,
                "signature": { "type": "object" },
                "facts": text, "facts_salt": hash,
                "private": maybe("string"), "private_salt": maybe("string"),
            },
            "required": ["position", "leaf", "header", "signature", "facts", "facts_salt"],
        },
        "Entries": {
            "type": "object",
            "properties": {
                "items": { "type": "array", "items": { "$ref": "#/components/schemas/Entry" } },
                "next": maybe("string"), "indexed_to": position, "size": position,
            },
            "required": ["items", "next", "indexed_to", "size"],
        },
        "Receipt": {
            "type": "object",
            "properties": {
                "entries": { "type": "array", "items": { "type": "object" } },
                "checkpoint": maybe("string"), "position": position,
                "rulebook": maybe("integer"), "state": { "const": "anchored" },
                "replayed": { "type": "boolean" }, "warnings": { "type": "array" },
            },
            "required": ["entries", "position", "state", "replayed", "warnings"],
        },
    });
    let mut commands = Vec::new();
    for command in schema::names().iter().filter_map(|name| schema::described(name)) {
        let name = format!("command.{}", command.name);
        commands.push(json!({ "$ref": format!("#/components/schemas/{name}") }));
        all[name] = schema::of_command(&command);
    }
    all["Envelope"] = json!({
        "type": "object",
        "properties": {
            "stream": schema::Form::Stream.schema(),
            "command": { "anyOf": commands },
            "nonce": hash, "seen": hash,
            "issued_at": schema::Form::Instant.schema(),
            "signature": { "type": "object" },
            "cause": position,
        },
        "required": ["stream", "command"],
        "additionalProperties": false,
    });
    all
}
