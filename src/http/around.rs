//! What happens around every answer: who calls and may he, limits, panics, headers, a line in the
//! log, a count. No route is reached by another way.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use annals_events::account::Access as AccountAccess;
use axum::extract::Request;
use axum::extract::path::RawPathParams;
use axum::extract::rejection::RawPathParamsRejection;
use axum::http::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::response::Response;
use futures_util::FutureExt;
use tokio::time::timeout;
use tracing::Instrument;

use super::limits;
use super::metrics::Metrics;
use super::problem::Problem;
use super::query::Query;
use super::route::{Access, Call, Route};
use super::service::Service;
use super::trace::Trace;
use crate::tokens::{Bearer, Scope};

/// The newest entry an answer takes into account.
pub const POSITION: HeaderName = HeaderName::from_static("annals-position");

/// Nothing is loaded, framed or sent anywhere by what the API answers.
const STRICT: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// The page about the API: its own files and its own service. Its script sets styles of elements.
const DOCS: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                    img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
                    form-action 'self'; frame-ancestors 'none'";

/// Answer a call of a route.
pub async fn answer(
    route: &'static Route,
    service: Arc<Service>,
    path: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
) -> Response {
    let begun = Begun::new(route.path, &request);
    let span = tracing::info_span!("request", trace = begun.trace.id);
    let handled = handle(route, service.clone(), path, request);
    let response = caught(&service.metrics, handled).instrument(span.clone()).await;
    let method = route.method.as_str();
    span.in_scope(|| begun.finish(&service, method, response))
}

/// The answer of a handler, whatever becomes of it.
async fn caught(
    metrics: &Metrics,
    handled: impl Future<Output = Result<Response, Problem>>,
) -> Response {
    match AssertUnwindSafe(handled).catch_unwind().await {
        Ok(Ok(response)) => response,
        Ok(Err(problem)) => problem.into_response(),
        Err(_) => {
            metrics.panics.fetch_add(1, Ordering::Relaxed);
            tracing::error!("a handler panicked");
            Problem::fault("the service failed; the log says why").into_response()
        }
    }
}

/// Answer a call of no route.
pub async fn nowhere(service: Arc<Service>, request: Request) -> Response {
    let begun = Begun::new("none", &request);
    let problem = if is_too_long(&request) {
        Problem::uri_too_long("an address has at most 8 KiB")
    } else {
        Problem::not_found("there is no such address; /v1/openapi.json lists all")
    };
    begun.finish(&service, "any", problem.into_response())
}

/// Answer a call of a path with a method it does not have.
pub async fn not_allowed(
    path: &'static str,
    allowed: String,
    service: Arc<Service>,
    request: Request,
) -> Response {
    let begun = Begun::new(path, &request);
    let problem = Problem::method(format!("allowed here: {allowed}"));
    let problem = match HeaderValue::try_from(allowed) {
        Ok(allowed) => problem.header(ALLOW, allowed),
        Err(_) => problem,
    };
    begun.finish(&service, "any", problem.into_response())
}

struct Begun {
    at: Instant,
    path: &'static str,
    trace: Trace,
}

impl Begun {
    fn new(path: &'static str, request: &Request) -> Begun {
        Begun { at: Instant::now(), path, trace: Trace::of(request.headers()) }
    }

    fn finish(self, service: &Service, method: &str, mut response: Response) -> Response {
        let headers = response.headers_mut();
        self.trace.write(headers);
        secure(headers, self.path, service.settings.is_tls);
        let (status, took) = (response.status().as_u16(), self.at.elapsed());
        service.metrics.served(method, self.path, status, took);
        let (route, trace) = (self.path, self.trace.id);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        tracing::info!(method, route, status, micros, trace, "answered");
        response
    }
}

fn secure(headers: &mut HeaderMap, path: &str, is_tls: bool) {
    let is_docs = path.starts_with("/docs");
    let policy = HeaderValue::from_static(if is_docs { DOCS } else { STRICT });
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if is_tls {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(STRICT_TRANSPORT_SECURITY, year);
    }
}

fn is_too_long(request: &Request) -> bool {
    request.uri().path_and_query().is_some_and(|all| all.as_str().len() > limits::URI_BYTES)
}

async fn handle(
    route: &'static Route,
    service: Arc<Service>,
    path: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let Ok(_permit) = service.requests.try_acquire() else {
        return Err(Problem::unavailable("too many requests are under way").retry(1));
    };
    in_time(route.within, begin(route, service.clone(), path, request)).await
}

async fn in_time(
    within: Duration,
    handled: impl Future<Output = Result<Response, Problem>>,
) -> Result<Response, Problem> {
    match timeout(within, handled).await {
        Ok(answered) => answered,
        Err(_) => {
            tracing::warn!("a request took too long");
            let seconds = within.as_secs();
            let detail = format!("not answered within {seconds} s; a command may be written still");
            Err(Problem::unavailable(detail).retry(1))
        }
    }
}

async fn begin(
    route: &'static Route,
    service: Arc<Service>,
    path: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
) -> Result<Response, Problem> {
    if is_too_long(&request) {
        return Err(Problem::uri_too_long("an address has at most 8 KiB"));
    }
    let bearer = match route.access {
        Access::Open => None,
        Access::Read => Some(authenticate(&service, request.headers()).await?),
        Access::Write => {
            let bearer = authenticate(&service, request.headers()).await?;
            if bearer.scope < Scope::Write {
                return Err(Problem::forbidden("this token is for reading only"));
            }
            Some(bearer)
        }
    };
    let path = path.map_err(|_| Problem::field("path", "not percent-encoded UTF-8"))?;
    let path = path.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let (parts, body) = request.into_parts();
    let query = Query::read(parts.uri.query().unwrap_or_default(), route.params)?;
    if let Some(position) = query.number("min_position")? {
        service.wait_for(position).await?;
    }
    let size = service.size().await;
    let call = Call { path, query, headers: parts.headers, body, bearer, size };
    let mut response = (route.handler)(service, call).await?;
    let is_read = route.method == Method::GET && route.access != Access::Open;
    if is_read && !response.headers().contains_key(POSITION) {
        let newest = HeaderValue::from(size.saturating_sub(1));
        response.headers_mut().insert(POSITION, newest);
    }
    Ok(response)
}

/// Whose call this is.
async fn authenticate(service: &Service, headers: &HeaderMap) -> Result<Bearer, Problem> {
    let ask = |value: &'static str, detail: &str| {
        Problem::unauthorised(detail).header(WWW_AUTHENTICATE, HeaderValue::from_static(value))
    };
    let unknown = || {
        let detail = "the token is unknown, has ended or was revoked";
        ask("Bearer realm=\"annals\", error=\"invalid_token\"", detail)
    };
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let Some(given) = all.next() else {
        return Err(ask("Bearer realm=\"annals\"", "send Authorization: Bearer with a token"));
    };
    let given = given.to_str().ok().filter(|_| all.next().is_none()).ok_or_else(unknown)?;
    let secret = match given.split_once(' ') {
        Some((scheme, secret)) if scheme.eq_ignore_ascii_case("bearer") => secret.trim(),
        _ => return Err(unknown()),
    };
    let bearer = service.known.bearer(service.app.store(), secret, service.app.now()).await?;
    let bearer = bearer.ok_or_else(unknown)?;
    let serving = service.app.ledger().follower().serving().await;
    let account = serving.state.accounts.get(bearer.account);
    if account.is_none_or(|account| account.access == AccountAccess::Unusable) {
        return Err(unknown());
    }
    Ok(bearer)
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;

    #[tokio::test]
    async fn a_handler_that_panics_or_hangs_is_answered_for() {
        let metrics = Metrics::new();
        let panicking = async { panic!("with a secret") };
        let response = caught(&metrics, panicking).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let bytes = axum::body::to_bytes(response.into_body(), 4_096).await.expect("a body");
        assert!(!String::from_utf8_lossy(&bytes).contains("secret"));
        assert!(metrics.to_text(&[]).contains("annals_panics_total 1"));
        let hanging = in_time(Duration::from_millis(20), std::future::pending());
        let response = caught(&metrics, hanging).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()["retry-after"], "1");
    }
}
