//! The service's face: every route through the router in this process, and once over a socket.

mod access;
mod bodies;
mod commands;
mod entries;
mod events;
mod health;
mod limits;
mod openapi;
mod sites;
mod socket;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use annals::app::App;
use annals::http::route::Route;
use annals::http::service::{Service, Settings};
use annals::http::{ROUTES, router};
use annals::store::SharedStore;
use annals::tokens::{Scope, create};
use annals_events::id::AccountId;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;

use crate::harness::{Kind, Place, Town, code, text};

/// How long a test waits for anything.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A served ledger with a town on it.
pub struct Desk {
    pub place: Place,
    pub town: Town,
    pub service: Arc<Service>,
    pub router: Router,
    /// The administrator's token to write.
    pub write: String,
    /// His token to read.
    pub read: String,
}

impl Desk {
    pub async fn new(kind: Kind) -> Desk {
        Desk::with(kind, Settings::default()).await
    }

    pub async fn with(kind: Kind, settings: Settings) -> Desk {
        let place = Place::new(kind).await;
        let app = place.app().await;
        let town = Town::build(&app, &place).await;
        // What is served follows what is written by some milliseconds.
        app.ledger().catch_up().await.expect("folded");
        let service = Service::new(app, settings).await;
        let router = router(service.clone());
        let store = service.app.store().clone();
        let write = token(&store, &service.app, place.administrator(), Scope::Write).await;
        let read = token(&store, &service.app, place.administrator(), Scope::Read).await;
        Desk { place, town, service, router, write, read }
    }

    /// A token of another account.
    pub async fn token_of(&self, account: AccountId) -> String {
        token(self.service.app.store(), &self.service.app, account, Scope::Write).await
    }

    /// Stop, and let the auditor look at what was written.
    pub async fn close(self) {
        let Desk { place, service, router, .. } = self;
        drop(router);
        let service = Arc::into_inner(service).expect("nobody holds the service any more");
        service.app.stop().await.expect("a clean stop");
        let verified = place.annals(&["verify"]);
        assert_eq!(code(&verified), 0, "{}", text(&verified.stdout));
    }

    pub fn ask(&self, route: &'static str) -> Ask<'_> {
        Ask::new(self, route)
    }

    /// Read something with the token to read.
    pub async fn get(&self, route: &'static str, path: &[&str], query: &str) -> Reply {
        self.ask(route).path(path).query(query).token(&self.read).send().await
    }

    /// Give a command that must be written; answers the receipt.
    pub async fn command(&self, token: &str, name: &str, stream: &str, command: Value) -> Value {
        let body = json!({ "stream": stream, "command": command });
        let reply = self.post(token, name, body).send().await;
        assert_eq!(reply.status, 201, "{name}: {}", reply.text());
        reply.json()
    }

    /// A command about to be given under a new key.
    pub fn post(&self, token: &str, name: &str, body: Value) -> Ask<'_> {
        self.ask("POST /v1/commands/{name}")
            .path(&[name])
            .token(token)
            .header("content-type", "application/json")
            .header("idempotency-key", &Uuid::now_v7().to_string())
            .body(body.to_string())
    }
}

async fn token(store: &SharedStore, app: &App, account: AccountId, scope: Scope) -> String {
    create(store, account, scope, app.now(), 30).await.expect("a token").1
}

/// The row of the table that is meant: a test cannot ask for a route that is not there.
pub fn row(route: &str) -> &'static Route {
    let found = ROUTES.iter().find(|row| name(row) == route);
    found.unwrap_or_else(|| panic!("{route}: no such route"))
}

pub fn name(route: &Route) -> String {
    format!("{} {}", route.method, route.path)
}

/// A request.
pub struct Ask<'a> {
    desk: &'a Desk,
    method: String,
    uri: String,
    headers: Vec<(String, String)>,
    body: Body,
}

impl<'a> Ask<'a> {
    fn new(desk: &'a Desk, route: &'static str) -> Ask<'a> {
        let row = row(route);
        let (method, uri) = (row.method.to_string(), row.path.to_owned());
        Ask { desk, method, uri, headers: Vec::new(), body: Body::empty() }
    }

    /// What no table has.
    pub fn raw(desk: &'a Desk, method: &str, uri: &str) -> Ask<'a> {
        let (method, uri) = (method.to_owned(), uri.to_owned());
        Ask { desk, method, uri, headers: Vec::new(), body: Body::empty() }
    }

    /// The parts of the path, in order.
    pub fn path(mut self, parts: &[&str]) -> Self {
        for part in parts {
            let (begin, rest) = self.uri.split_once('{').expect("a part of the path");
            let (_, end) = rest.split_once('}').expect("its end");
            self.uri = format!("{begin}{part}{end}");
        }
        self
    }

    pub fn query(mut self, query: &str) -> Self {
        if !query.is_empty() {
            self.uri = format!("{}?{query}", self.uri);
        }
        self
    }

    pub fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn body(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self
    }

    /// The answer, its body still coming.
    pub async fn begin(self) -> axum::response::Response {
        let mut request = Request::builder().method(self.method.as_str()).uri(self.uri);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(self.body).expect("a request");
        self.desk.router.clone().oneshot(request).await.expect("routers do not fail")
    }

    pub async fn send(self) -> Reply {
        let (parts, body) = self.begin().await.into_parts();
        let body = tokio::time::timeout(PATIENCE, to_bytes(body, usize::MAX)).await;
        let body = body.expect("the body ends").map(|bytes| bytes.to_vec()).unwrap_or_default();
        Reply { status: parts.status, headers: parts.headers, body }
    }
}

/// An answer.
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn text(&self) -> String {
        text(&self.body)
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }

    /// A problem of this status about this field.
    pub fn is_about(&self, status: u16, field: &str) {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert_eq!(problem["field"], field, "{problem}");
    }
}

/// Makes of each `async fn name(Kind)` the tests `name::sqlite` and `name::postgres`.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {$(
        mod $name {
            use crate::harness::Kind;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$name(Kind::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                super::$name(Kind::Postgres).await;
            }
        }
    )*};
}
pub(crate) use on_both;
