//! 正文 — bodies go up before an entry names them, and come down as files, never as pages.

use std::sync::Arc;

use annals_events::{Hash, entry};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, ETAG, HeaderName};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use data_encoding::BASE64;
use serde_json::json;

use super::problem::Problem;
use super::route::Call;
use super::service::Service;
use super::{body, limits, query};

/// RFC 9530.
const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");

/// `PUT /v1/bodies`.
pub async fn put(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let promised = digest_promised(&call)?;
    let Ok(_permit) = service.uploads.try_acquire() else {
        return Err(Problem::unavailable("too many uploads are under way").retry(5));
    };
    let bytes = body::read(call.body, limits::BODY_BYTES).await?;
    let (length, sha256) = (bytes.len(), Hash::of(&[&bytes]));
    if promised.is_some_and(|promised| promised != sha256) {
        return Err(Problem::field("Content-Digest", "not the digest of what came"));
    }
    let id = service.app.upload(bytes).await?;
    let answer = json!({ "id": id.to_string(), "bytes": length, "sha256": sha256.to_string() });
    Ok(body::json(StatusCode::CREATED, &answer))
}

/// `sha-256=:<base64>:` among others; others alone are not checked and so not taken.
fn digest_promised(call: &Call) -> Result<Option<Hash>, Problem> {
    let Some(text) = call.header("content-digest")? else { return Ok(None) };
    let wrong = || Problem::field("Content-Digest", "not sha-256=:<base64>:");
    let own = text.split(',').find_map(|one| one.trim().strip_prefix("sha-256="));
    let inner = own.and_then(|own| own.strip_prefix(':')?.strip_suffix(':')).ok_or_else(wrong)?;
    let bytes = BASE64.decode(inner.as_bytes()).map_err(|_| wrong())?;
    Ok(Some(Hash(bytes.try_into().map_err(|_| wrong())?)))
}

/// `GET /v1/bodies/{id}`.
pub async fn get(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let id = query::hash(call.part("id"));
    let id = id.ok_or_else(|| Problem::field("id", "not 64 lower-case hex digits"))?;
    download(&service, id, "body.bin").await
}

/// A body that is evidence, as a file: whatever it holds, a browser does not show it as a page of
/// this host.
pub async fn download(service: &Service, id: Hash, name: &str) -> Result<Response, Problem> {
    let found = service.app.store().bodies(&[id.0]).await?;
    let Some(found) = found.into_iter().next() else {
        return Err(Problem::not_found("no entry names such a body"));
    };
    if entry::body_id(&found.salt, &found.bytes) != id {
        return Err(Problem::unsound("a body is not what was written: run `annals verify`"));
    }
    let digest = format!("sha-256=:{}:", BASE64.encode(&Hash::of(&[&found.bytes]).0));
    let mut response = body::text(StatusCode::OK, "application/octet-stream", found.bytes);
    let headers = response.headers_mut();
    for (header, value) in [
        (CONTENT_DISPOSITION, disposition(name)),
        (CONTENT_DIGEST, digest),
        (ETAG, format!("\"{id}\"")),
        (CACHE_CONTROL, "private, no-cache".to_owned()),
    ] {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(header, value);
        }
    }
    Ok(response)
}

/// RFC 6266: the last part of a path as a file's name, both in ASCII and in full.
fn disposition(path: &str) -> String {
    let name = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or("page");
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let ascii: String = name.chars().map(|c| if plain(c) { c } else { '_' }).take(100).collect();
    let full: String = name
        .chars()
        .take(100)
        .flat_map(|c| {
            let mut buffer = [0; 4];
            let bytes = c.encode_utf8(&mut buffer).bytes();
            bytes
                .map(|byte| match char::from(byte) {
                    c if plain(c) => c.to_string(),
                    _ => format!("%{byte:02X}"),
                })
                .collect::<Vec<String>>()
        })
        .collect();
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{full}")
}

#[cfg(test)]
mod tests {
    use super::disposition;

    #[test]
    fn a_path_becomes_a_name_that_is_only_a_name() {
        for (path, said) in [
            ("a/b.html", "attachment; filename=\"b.html\"; filename*=UTF-8''b.html"),
            ("政/", "attachment; filename=\"_\"; filename*=UTF-8''%E6%94%BF"),
            ("x\"\r\n", "attachment; filename=\"x___\"; filename*=UTF-8''x%22%0D%0A"),
            ("", "attachment; filename=\"page\"; filename*=UTF-8''page"),
        ] {
            assert_eq!(disposition(path), said);
        }
    }
}
