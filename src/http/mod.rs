//! 接口 — HTTP: status codes and JSON, and no rule. What may happen is judged below.
//!
//! Every route is a row of one table: the router, the test of who may call what, and the OpenAPI
//! document are all made from it, so that none of them can know of a route the others do not.

mod around;
mod bodies;
mod body;
mod commands;
mod docs;
mod entries;
mod entry;
mod events;
mod form;
mod health;
pub mod limits;
mod metrics;
mod openapi;
mod patient;
pub mod problem;
mod query;
pub mod route;
mod schema;
pub mod serve;
pub mod service;
mod sites;
mod trace;
mod walk;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::path::RawPathParams;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::routing::{MethodFilter, MethodRouter};

use self::route::Access::{Open, Read, Write};
use self::route::{Access, Handler, Param, Route, Takes};
use self::schema::Form;
use self::service::Service;

const JSON: &str = "application/json";
const LINES: &str = "application/x-ndjson";
const TEXT: &str = "text/plain";
const BYTES: &str = "application/octet-stream";
const NONE: &str = "";
const PROBLEM: &str = "application/problem+json";

const MIN_POSITION: Param = Param::query(
    "min_position",
    Form::Integer,
    "Wait up to 5 s until the entry at this position is served, else 409.",
);
const AFTER: Param =
    Param::query("after", Form::Word, "Go on behind this: `next` of an earlier answer.");
const LIMIT: Param = Param::query("limit", Form::Integer, "How many, 1 to 1000; 100 if not given.");
const AT: Param =
    Param::query("at", Form::Instant, "When it was shown; when `known` was recorded if not given.");
const KNOWN: Param =
    Param::query("known", Form::Integer, "As far as the entries up to this position tell.");
const ID: Param = Param::path("id", Form::Uuid, "Its UUID.");
const NAME: Param =
    Param::path("name", Form::Words(schema::names), "Name of a command of the table.");

const FILTERS: &[Param] = &[
    AFTER,
    LIMIT,
    MIN_POSITION,
    Param::query("stream", Form::Stream, "Of this stream."),
    Param::query("actor", Form::Subject, "Done by this account."),
    Param::query("organisation", Form::Subject, "About this organisation."),
    Param::query("site", Form::Subject, "About this site."),
    Param::query("account", Form::Subject, "About this account."),
    Param::query("type", Form::Word, "Of this type, e.g. content.published."),
    Param::query("clause", Form::Word, "Citing this clause."),
    Param::query("provenance", Form::Word, "commanded, reported, imported or internal."),
    Param::query("from", Form::Instant, "Effective at or after."),
    Param::query("to", Form::Instant, "Effective before."),
];

macro_rules! by {
    ($handler:path) => {
        |service, call| Box::pin($handler(service, call))
    };
}

/// Every route there is.
pub static ROUTES: &[Route] = &[
    get("/healthz", Open, "The process is alive.", by!(health::alive)).gives(&[(200, JSON)]),
    get("/readyz", Open, "It serves, and how far it is; 503 if not.", by!(health::ready))
        .gives(&[(200, JSON), (503, JSON)]),
    get("/metrics", Open, "Counters for Prometheus.", by!(health::metrics)).gives(&[(200, TEXT)]),
    get("/checkpoint", Open, "The newest signed checkpoint.", by!(health::checkpoint))
        .gives(&[(200, TEXT), (404, PROBLEM)]),
    get("/v1/entries", Read, "Entries by any combination of conditions.", by!(entries::list))
        .params(FILTERS)
        .gives(&[(200, JSON), (200, LINES)]),
    get("/v1/entries/{position}", Read, "One entry, its bytes and neighbours.", by!(entries::one))
        .params(&[Param::path("position", Form::Integer, "Its position."), MIN_POSITION])
        .gives(&[(200, JSON), (404, PROBLEM)]),
    get("/v1/streams/{thing}/{id}/entries", Read, "Entries of one thing.", by!(entries::of_stream))
        .params(&[
            Param::path("thing", Form::Word, "What kind of thing."),
            ID,
            AFTER,
            LIMIT,
            MIN_POSITION,
        ])
        .gives(&[(200, JSON), (200, LINES), (404, PROBLEM)]),
    get("/v1/events", Read, "Entries as they are written.", by!(events::follow))
        .params(&[
            Param::query("after", Form::Word, "Begin behind this position; now if not given."),
            Param::header("Last-Event-ID", Form::Integer, "The same, as browsers send it."),
            MIN_POSITION,
        ])
        .gives(&[(200, "text/event-stream")]),
    put("/v1/bodies", "Upload a body that an entry will name.", by!(bodies::put))
        .params(&[Param::header("Content-Digest", Form::Word, "sha-256=:<base64>:, checked.")])
        .gives(&[(201, JSON), (408, PROBLEM), (413, PROBLEM)]),
    get("/v1/bodies/{id}", Read, "A body that an entry names, as a file.", by!(bodies::get))
        .params(&[Param::path("id", Form::Hash, "The body's id."), MIN_POSITION])
        .gives(&[(200, BYTES), (404, PROBLEM)]),
    get("/v1/commands", Read, "All commands.", by!(commands::list))
        .params(&[MIN_POSITION])
        .gives(&[(200, JSON)]),
    get("/v1/commands/{name}/schema", Read, "What a command takes.", by!(commands::schema_of))
        .params(&[NAME, MIN_POSITION])
        .gives(&[(200, "application/schema+json"), (404, PROBLEM)]),
    post("/v1/commands/{name}", "Give a command.", by!(commands::give))
        .params(&[
            NAME,
            Param::header("Idempotency-Key", Form::Uuid, "The client's own, unique for ever.")
                .required(),
            Param::header("If-Match", Form::Word, "\"<version>\" or \"<leaf>\" of the stream."),
        ])
        .gives(&[
            (201, JSON),
            (200, JSON),
            (404, PROBLEM),
            (408, PROBLEM),
            (412, PROBLEM),
            (413, PROBLEM),
            (415, PROBLEM),
            (422, PROBLEM),
        ]),
    get("/v1/sites", Read, "All sites.", by!(sites::list))
        .params(&[AFTER, LIMIT, MIN_POSITION])
        .gives(&[(200, JSON)]),
    get("/v1/sites/{id}", Read, "One site.", by!(sites::one))
        .params(&[ID, MIN_POSITION])
        .gives(&[(200, JSON), (404, PROBLEM)]),
    get("/v1/sites/{id}/pages", Read, "Its pages as of any moment.", by!(sites::pages))
        .params(&[ID, AT, KNOWN, AFTER, LIMIT, MIN_POSITION])
        .gives(&[(200, JSON), (404, PROBLEM)]),
    get(
        "/v1/sites/{id}/page",
        Read,
        "One page as of any moment, as a file.",
        by!(sites::page_bytes),
    )
    .params(&[
        ID,
        Param::query("path", Form::Text, "Where it stands.").required(),
        AT,
        KNOWN,
        MIN_POSITION,
    ])
    .gives(&[(200, BYTES), (404, PROBLEM)]),
    get("/v1/openapi.json", Read, "This API as OpenAPI 3.1.", by!(openapi::get))
        .params(&[MIN_POSITION])
        .gives(&[(200, JSON)]),
    get("/docs", Open, "The page about the API.", by!(docs::home)).gives(&[(308, NONE)]),
    get("/docs/", Open, "The page about the API.", by!(docs::file)).gives(&[(200, "text/html")]),
    get("/docs/{*file}", Open, "Its files.", by!(docs::file))
        .params(&[Param::path("file", Form::Word, "Which.")])
        .gives(&[(200, BYTES), (404, PROBLEM)]),
];

const fn get(path: &'static str, access: Access, summary: &'static str, handler: Handler) -> Route {
    Route {
        method: Method::GET,
        path,
        access,
        summary,
        params: &[],
        takes: Takes::Nothing,
        gives: &[],
        within: limits::REQUEST_TIME,
        handler,
    }
}

const fn put(path: &'static str, summary: &'static str, handler: Handler) -> Route {
    Route {
        method: Method::PUT,
        path,
        access: Write,
        summary,
        params: &[],
        takes: Takes::Bytes,
        gives: &[],
        within: limits::UPLOAD_TIME,
        handler,
    }
}

const fn post(path: &'static str, summary: &'static str, handler: Handler) -> Route {
    Route {
        method: Method::POST,
        path,
        access: Write,
        summary,
        params: &[],
        takes: Takes::Command,
        gives: &[],
        within: limits::REQUEST_TIME,
        handler,
    }
}

/// The router: every row of the table, and an answer for everything else.
pub fn router(service: Arc<Service>) -> Router {
    let mut paths: BTreeMap<&'static str, Vec<&'static Route>> = BTreeMap::new();
    for route in ROUTES {
        paths.entry(route.path).or_default().push(route);
    }
    let mut router = Router::new();
    for (path, routes) in paths {
        router = router.route(path, methods(path, &routes));
    }
    let nowhere =
        |State(service): State<Arc<Service>>, request: Request| around::nowhere(service, request);
    router.fallback(nowhere).with_state(service)
}

fn methods(path: &'static str, routes: &[&'static Route]) -> MethodRouter<Arc<Service>> {
    let mut allowed: Vec<&str> = routes.iter().map(|route| route.method.as_str()).collect();
    if allowed.contains(&"GET") {
        allowed.push("HEAD");
    }
    let allowed = allowed.join(", ");
    let mut methods = MethodRouter::new();
    for route in routes.iter().copied() {
        let filter = MethodFilter::try_from(route.method.clone());
        let filter = filter.expect("the table has methods that axum knows");
        methods = methods.on(
            filter,
            move |State(service): State<Arc<Service>>,
                  path: Result<RawPathParams, RawPathParamsRejection>,
                  request: Request| around::answer(route, service, path, request),
        );
    }
    methods.fallback(move |State(service): State<Arc<Service>>, request: Request| {
        around::not_allowed(path, allowed.clone(), service, request)
    })
}
