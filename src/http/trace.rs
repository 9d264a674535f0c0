//! One name for a request in every log, here and at whoever called: W3C Trace Context.

use annals_events::hash::hex;
use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// Its header.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// What people quote to the support.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A request's place in a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// 32 hex digits.
    pub id: String,
    span: String,
    flags: String,
}

impl Trace {
    /// The caller's trace with a span of our own, or a new one.
    pub fn of(headers: &HeaderMap) -> Trace {
        let mut random = [0; 24];
        // Without random bytes the requests have one name; they are still answered.
        if let Err(error) = getrandom::fill(&mut random) {
            tracing::warn!(%error, "no random bytes for a trace");
        }
        let span = hex(&random[16..]);
        let given = headers.get(TRACEPARENT).and_then(|value| value.to_str().ok());
        match given.and_then(parse) {
            Some((id, flags)) => Trace { id: id.to_owned(), span, flags: flags.to_owned() },
            None => Trace { id: hex(&random[..16]), span, flags: "00".to_owned() },
        }
    }

    /// Answer it.
    pub fn write(&self, headers: &mut HeaderMap) {
        let parent = format!("00-{}-{}-{}", self.id, self.span, self.flags);
        for (name, text) in [(TRACEPARENT, parent), (REQUEST_ID, self.id.clone())] {
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.insert(name, value);
            }
        }
    }
}

/// Trace and flags of version 00; anything else is not ours to read.
fn parse(text: &str) -> Option<(&str, &str)> {
    let mut parts = text.split('-');
    let (version, id, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |text: &str, length: usize| {
        let digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        text.len() == length && text.bytes().all(digit)
    };
    let is_zero = |text: &str| text.bytes().all(|b| b == b'0');
    let good = version == "00"
        && parts.next().is_none()
        && is_hex(id, 32)
        && is_hex(span, 16)
        && is_hex(flags, 2)
        && !is_zero(id)
        && !is_zero(span);
    good.then_some((id, flags))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_taken_up_or_made() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        for (text, is_taken) in [
            (good, true),
            ("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false),
            ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", false),
            ("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x", false),
            ("secret", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(TRACEPARENT, HeaderValue::from_str(text).expect("ASCII"));
            let trace = Trace::of(&headers);
            assert_eq!(trace.id == good[3..35], is_taken, "{text}");
            assert!(parse(&format!("00-{}-{}-00", trace.id, trace.span)).is_some());
        }
    }
}
