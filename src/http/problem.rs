//! Errors as RFC 9457 has them: one type, made from everything that can go wrong below.
//!
//! A problem says what the caller may know. What only the operator needs (an error of the
//! database, a place in memory) goes to the log, under the same trace.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::{Map, Value, json};

use crate::ledger::{FollowError, Refusal, WriteError};
use crate::store::StoreError;

/// What every type of problem begins with.
const TYPE: &str = "urn:annals:problem:";
/// What a caller waits before he tries again where nothing better is known.
const RETRY_SECONDS: u64 = 1;

/// See the module.
#[derive(Debug)]
pub struct Problem {
    /// The status.
    pub status: StatusCode,
    kind: &'static str,
    title: &'static str,
    detail: String,
    members: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident = $status:ident, $kind:literal, $title:literal;)*) => {
        impl Problem {
            $($(#[$doc])*
            pub fn $name(detail: impl Into<String>) -> Problem {
                Problem::new(StatusCode::$status, $kind, $title, detail.into())
            })*
        }
    };
}

problems! {
    /// The call is not understood.
    bad_request = BAD_REQUEST, "bad-request", "The request is not understood";
    /// Nobody known is calling.
    unauthorised = UNAUTHORIZED, "unauthorised", "A valid token is needed";
    /// He is known and may not.
    forbidden = FORBIDDEN, "forbidden", "This token may not do that";
    /// There is no such thing.
    not_found = NOT_FOUND, "not-found", "There is nothing here";
    /// There is, but not for this method.
    method = METHOD_NOT_ALLOWED, "method-not-allowed", "This method is not for this address";
    /// What is waited for has not come.
    not_yet = CONFLICT, "not-yet", "This position is not served yet";
    /// What was seen is not the newest.
    stale = PRECONDITION_FAILED, "stale", "The stream has newer entries";
    /// More than is taken.
    too_large = PAYLOAD_TOO_LARGE, "too-large", "The body is too large";
    /// A longer address than is taken.
    uri_too_long = URI_TOO_LONG, "uri-too-long", "The address is too long";
    /// Another kind of body than is taken.
    media_type = UNSUPPORTED_MEDIA_TYPE, "media-type", "This kind of body is not taken";
    /// The rules say no.
    refused = UNPROCESSABLE_ENTITY, "refused", "Refused by the rules";
    /// It would be beyond a limit of the entry format.
    beyond_limits = UNPROCESSABLE_ENTITY, "beyond-limits", "Beyond a limit of the ledger";
    /// The key was used.
    key_reused = UNPROCESSABLE_ENTITY, "key-reused", "The idempotency key was used otherwise";
    /// A slow caller.
    too_slow = REQUEST_TIMEOUT, "too-slow", "The request did not arrive in time";
    /// Ours.
    fault = INTERNAL_SERVER_ERROR, "fault", "The service failed";
    /// What is stored is not what was written.
    unsound = INTERNAL_SERVER_ERROR, "unsound", "The store is not as it was written";
    /// Not now.
    unavailable = SERVICE_UNAVAILABLE, "unavailable", "Not now";
    /// Somebody else writes.
    not_leader = SERVICE_UNAVAILABLE, "not-leader", "Another instance writes";
    /// Nobody writes until somebody has looked.
    stopped = SERVICE_UNAVAILABLE, "writing-stopped", "Writing has stopped";
}

impl Problem {
    fn new(status: StatusCode, kind: &'static str, title: &'static str, detail: String) -> Problem {
        Problem { status, kind, title, detail, members: Map::new(), headers: Vec::new() }
    }

    /// A query parameter, header or member is wrong; the value is not repeated.
    pub fn field(field: &str, detail: impl Into<String>) -> Problem {
        Problem::bad_request(detail).with("field", json!(field))
    }

    /// Add a member.
    pub fn with(mut self, name: &str, value: Value) -> Problem {
        self.members.insert(name.to_owned(), value);
        self
    }

    /// Add a header.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Problem {
        self.headers.push((name, value));
        self
    }

    /// Say when to come back.
    pub fn retry(self, seconds: u64) -> Problem {
        self.header(RETRY_AFTER, HeaderValue::from(seconds.max(RETRY_SECONDS)))
    }

    /// The object.
    pub fn to_json(&self) -> Value {
        let mut object = self.members.clone();
        object.insert("type".to_owned(), json!(format!("{TYPE}{}", self.kind)));
        object.insert("title".to_owned(), json!(self.title));
        object.insert("status".to_owned(), json!(self.status.as_u16()));
        object.insert("detail".to_owned(), json!(self.detail));
        Value::Object(object)
    }

    /// The answer.
    pub fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.to_json().to_string()));
        *response.status_mut() = self.status;
        let json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        for (name, value) in self.headers {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl From<WriteError> for Problem {
    fn from(error: WriteError) -> Problem {
        match error {
            WriteError::Refused(refusal) => refusal.into(),
            WriteError::TooLarge(detail) => Problem::beyond_limits(detail),
            WriteError::KeyReused => {
                Problem::key_reused(error.to_string()).with("field", json!("Idempotency-Key"))
            }
            WriteError::Retryable(why) => {
                tracing::warn!(why, "a command was not acknowledged");
                let detail = "not acknowledged: repeat it with the same idempotency key";
                Problem::unavailable(detail).retry(RETRY_SECONDS)
            }
            WriteError::NotLeader { left_millis, .. } => {
                let left = u64::try_from(left_millis).unwrap_or(0).div_ceil(1_000);
                Problem::not_leader("another instance holds the ledger").retry(left)
            }
            WriteError::Clock(fault) => {
                tracing::error!(%fault, "the clock is not believed");
                Problem::stopped("nothing is written while this host's clock is wrong").retry(10)
            }
            WriteError::Stopped(why) => {
                tracing::error!(why, "writing has stopped");
                Problem::stopped("nothing is written until the operator has looked").retry(60)
            }
            WriteError::Fault(why) => {
                tracing::error!(why, "a command failed");
                Problem::fault("the command was not written; the log says why")
            }
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        Problem::refused(refusal.detail)
            .with("clause", json!(refusal.clause))
            .with("rulebook", refusal.rulebook.into())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Problem {
        match error {
            StoreError::Unavailable(_) => {
                tracing::warn!(%error, "the store did not answer");
                Problem::unavailable("the store does not answer").retry(RETRY_SECONDS)
            }
            StoreError::Corrupt(_) => {
                tracing::error!(%error, "the store is unsound");
                Problem::unsound("run `annals verify`: it names the first bad entry")
            }
            StoreError::Refused(_) | StoreError::Schema(_) => {
                tracing::error!(%error, "the store refused");
                Problem::fault("the store refused; the log says why")
            }
        }
    }
}

impl From<FollowError> for Problem {
    fn from(error: FollowError) -> Problem {
        match error {
            FollowError::Store(error) => error.into(),
            FollowError::Bad { position, what, .. } => {
                tracing::error!(%error, "an entry does not hold");
                Problem::unsound("an entry does not hold: run `annals verify`")
                    .with("position", json!(position))
                    .with("what", json!(what))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ClockFault;

    #[test]
    fn every_way_a_command_fails_has_its_status_and_keeps_its_secrets() {
        let secret = || "secret".to_owned();
        let refusal = Refusal::of_structure("x", "no");
        let lost = WriteError::NotLeader { holder: secret(), epoch: 3, left_millis: 2_001 };
        let back = ClockFault::Ahead {
            now: annals_events::Time::default(),
            by_millis: 6_000,
            reference: "the store's clock",
        };
        for (error, status, kind, retry) in [
            (WriteError::Refused(refusal), 422, "refused", None),
            (WriteError::TooLarge("title: too long".into()), 422, "beyond-limits", None),
            (WriteError::KeyReused, 422, "key-reused", None),
            (WriteError::Retryable(secret()), 503, "unavailable", Some("1")),
            (lost, 503, "not-leader", Some("3")),
            (WriteError::Clock(back), 503, "writing-stopped", Some("10")),
            (WriteError::Stopped(secret()), 503, "writing-stopped", Some("60")),
            (WriteError::Fault(secret()), 500, "fault", None),
        ] {
            let problem = Problem::from(error);
            let object = problem.to_json();
            assert_eq!(
                (&object["status"], &object["type"]),
                (&json!(status), &json!(format!("{TYPE}{kind}")))
            );
            assert!(!object.to_string().contains("secret"), "{object}");
            let response = problem.into_response();
            let given = response.headers().get(RETRY_AFTER);
            assert_eq!(given.map(|value| value.to_str().expect("ASCII")), retry);
        }
        for (error, status) in [
            (StoreError::Unavailable(secret()), 503),
            (StoreError::Refused(secret()), 500),
            (StoreError::Schema(secret()), 500),
            (StoreError::Corrupt(secret()), 500),
        ] {
            let object = Problem::from(error).to_json();
            assert_eq!(object["status"], status);
            assert!(!object.to_string().contains("secret"), "{object}");
        }
        let bad = FollowError::Bad { position: 7, what: "link", detail: secret() };
        let object = Problem::from(bad).to_json();
        assert_eq!((&object["status"], &object["position"]), (&json!(500), &json!(7)));
    }
}
