//! The document says what the service does: every route, every command, and no dangling name.

use std::collections::BTreeSet;

use annals::http::ROUTES;
use annals::http::route::Access;
use serde_json::Value;

use super::{Desk, on_both};
use crate::harness::Kind;

on_both!(the_document_has_every_route);

async fn the_document_has_every_route(kind: Kind) {
    let desk = Desk::new(kind).await;
    let document = desk.get("GET /v1/openapi.json", &[], "").await.json();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    for route in ROUTES.iter().filter(|route| !route.path.starts_with("/docs")) {
        let operation = &document["paths"][route.path][route.method.as_str().to_lowercase()];
        assert!(operation.is_object(), "{}", route.path);
        assert!(ids.insert(operation["operationId"].to_string()), "{operation}");
        assert_eq!(operation["security"].is_array(), route.access != Access::Open);
        for (status, _) in route.gives {
            assert!(operation["responses"][status.to_string()].is_object(), "{status}");
        }
        let is_write = route.access == Access::Write;
        assert_eq!(operation["responses"]["403"].is_object(), is_write, "{}", route.path);
    }
    let mut names = BTreeSet::new();
    references(&document, &mut names);
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        let path = name.trim_start_matches('#');
        assert!(document.pointer(path).is_some(), "{name} is nowhere");
    }
    desk.close().await;
}

fn references(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            names.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|value| references(value, names));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, names)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_about_the_api_comes_from_this_program_alone() {
    let desk = Desk::new(Kind::Sqlite).await;
    let moved = desk.ask("GET /docs").send().await;
    assert_eq!((moved.status.as_u16(), moved.header("location")), (308, "/docs/"));
    let home = desk.ask("GET /docs/").send().await;
    assert_eq!(home.status, 200);
    assert!(home.header("content-type").starts_with("text/html"));
    assert!(!home.text().contains("<script>") && !home.text().contains("<style>"));
    let mut files: Vec<String> = Vec::new();
    for attribute in ["src=\"", "href=\""] {
        let html = home.text();
        files.extend(html.split(attribute).skip(1).filter_map(|rest| {
            rest.split('"').next().map(|file| file.trim_start_matches("./").to_owned())
        }));
    }
    assert!(files.len() >= 4, "{files:?}");
    for file in &files {
        assert!(!file.contains("//"), "{file} is another host's");
        let reply = desk.ask("GET /docs/{*file}").path(&[file]).send().await;
        assert_eq!(reply.status, 200, "{file}");
        if file == "swagger-initializer.js" {
            assert!(reply.text().contains("/docs/openapi.json"), "{}", reply.text());
            assert!(!reply.text().contains("http"), "{}", reply.text());
        }
    }
    let document = desk.ask("GET /docs/{*file}").path(&["openapi.json"]).send().await.json();
    assert_eq!(document, desk.get("GET /v1/openapi.json", &[], "").await.json());
    let absent = desk.ask("GET /docs/{*file}").path(&["../../Cargo.toml"]).send().await;
    assert_eq!(absent.status, 404);
    desk.close().await;
}
