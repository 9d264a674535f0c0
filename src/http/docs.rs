//! The page about the API: Swagger UI as it came with its crate, from this program alone.

use std::sync::{Arc, LazyLock};

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use utoipa_swagger_ui::Config;

use super::problem::Problem;
use super::route::Call;
use super::service::Service;
use super::{body, openapi};

static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    // The validator is somebody else's host.
    Arc::new(Config::from("/docs/openapi.json").validator_url("none").persist_authorization(false))
});

/// `GET /docs`.
pub async fn home(_: Arc<Service>, _: Call) -> Result<Response, Problem> {
    let mut response = body::text(StatusCode::PERMANENT_REDIRECT, "text/plain", "/docs/");
    response.headers_mut().insert(LOCATION, HeaderValue::from_static("/docs/"));
    Ok(response)
}

/// `GET /docs/` and the files beside it.
pub async fn file(_: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let path = match call.part("file") {
        "openapi.json" => {
            return Ok(body::text(StatusCode::OK, "application/json", openapi::TEXT.as_str()));
        }
        "" => "index.html",
        path => path,
    };
    let found = utoipa_swagger_ui::serve(path, CONFIG.clone())
        .map_err(|error| Problem::fault(error.to_string()))?;
    let found = found.ok_or_else(|| Problem::not_found("there is no such file"))?;
    let mut response = body::text(StatusCode::OK, "text/plain", found.bytes.into_owned());
    let headers = response.headers_mut();
    if let Ok(kind) = HeaderValue::try_from(found.content_type) {
        headers.insert(CONTENT_TYPE, kind);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("max-age=3600"));
    Ok(response)
}
