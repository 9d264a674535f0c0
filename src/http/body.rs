//! Bodies of requests, read within limits, and of answers.

use axum::body::{Body, HttpBody};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use futures_util::StreamExt;
use serde_json::Value;
use tokio::time::timeout;

use super::limits;
use super::problem::Problem;

/// The whole body, at most so many bytes; who sends too slowly is told.
pub async fn read(body: Body, most: usize) -> Result<Vec<u8>, Problem> {
    let too_large = || Problem::too_large(format!("at most {most} bytes are taken"));
    // Said before it is sent: nobody has to send it all to hear no.
    if body.size_hint().lower() > most as u64 {
        return Err(too_large());
    }
    let mut pieces = body.into_data_stream();
    let mut bytes = Vec::new();
    loop {
        match timeout(limits::PIECE_TIME, pieces.next()).await {
            Ok(None) => return Ok(bytes),
            Ok(Some(Ok(piece))) if bytes.len() + piece.len() > most => return Err(too_large()),
            Ok(Some(Ok(piece))) => bytes.extend_from_slice(&piece),
            Ok(Some(Err(_))) => return Err(Problem::bad_request("the body broke off")),
            Err(_) => return Err(Problem::too_slow("no more of the body came")),
        }
    }
}

/// An answer in JSON.
pub fn json(status: StatusCode, value: &Value) -> Response {
    text(status, "application/json", value.to_string())
}

/// An answer of another type.
pub fn text(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
