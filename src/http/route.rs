//! What a row of the table of routes says.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Method};
use axum::response::Response;

use super::problem::Problem;
use super::query::Query;
use super::schema::Form;
use super::service::Service;
use crate::tokens::Bearer;

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Open,
    /// Whoever has a token.
    Read,
    /// Whoever has a token to write.
    Write,
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the path.
    Path,
    /// In the query.
    Query,
    /// In a header.
    Header,
}

/// A parameter of a route.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// Where it stands.
    pub place: Place,
    /// What it looks like.
    pub form: Form,
    /// Whether it must be there.
    pub is_required: bool,
    /// What it means.
    pub doc: &'static str,
}

impl Param {
    /// A part of the path.
    pub const fn path(name: &'static str, form: Form, doc: &'static str) -> Param {
        Param { name, place: Place::Path, form, is_required: true, doc }
    }

    /// One of the query that may be left out.
    pub const fn query(name: &'static str, form: Form, doc: &'static str) -> Param {
        Param { name, place: Place::Query, form, is_required: false, doc }
    }

    /// A header that may be left out.
    pub const fn header(name: &'static str, form: Form, doc: &'static str) -> Param {
        Param { name, place: Place::Header, form, is_required: false, doc }
    }

    /// The same, but it must be there.
    pub const fn required(self) -> Param {
        Param { is_required: true, ..self }
    }
}

/// What a request's body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Nothing.
    Nothing,
    /// A command in its envelope.
    Command,
    /// Any bytes.
    Bytes,
}

/// What becomes of a call.
pub type Answer = Pin<Box<dyn Future<Output = Result<Response, Problem>> + Send>>;
/// Who answers.
pub type Handler = fn(Arc<Service>, Call) -> Answer;

/// A row of the table.
pub struct Route {
    /// The method; GET stands for HEAD too.
    pub method: Method,
    /// The path, as axum writes it.
    pub path: &'static str,
    /// Who may call.
    pub access: Access,
    /// What it is for, in a line.
    pub summary: &'static str,
    /// Its parameters.
    pub params: &'static [Param],
    /// Its body.
    pub takes: Takes,
    /// Statuses of its own with what they carry, the good ones first.
    pub gives: &'static [(u16, &'static str)],
    /// How long it may take to begin its answer.
    pub within: Duration,
    /// Who answers.
    pub handler: Handler,
}

impl Route {
    /// With these parameters.
    pub const fn params(mut self, params: &'static [Param]) -> Route {
        self.params = params;
        self
    }

    /// With these answers.
    pub const fn gives(mut self, gives: &'static [(u16, &'static str)]) -> Route {
        self.gives = gives;
        self
    }
}

/// One call of a route, as far as it is understood.
pub struct Call {
    /// Parts of the path by name.
    pub path: Vec<(String, String)>,
    /// The query.
    pub query: Query,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, not read yet.
    pub body: Body,
    /// Who calls; on an open route nobody.
    pub bearer: Option<Bearer>,
    /// How many entries are served: what is answered is of this size or more.
    pub size: u64,
}

impl Call {
    /// A part of the path.
    pub fn part(&self, name: &str) -> &str {
        let part = self.path.iter().find(|(known, _)| known == name);
        part.map_or("", |(_, value)| value.as_str())
    }

    /// A header that is text and comes once.
    pub fn header(&self, name: &str) -> Result<Option<&str>, Problem> {
        let mut all = self.headers.get_all(name).iter();
        let Some(value) = all.next() else { return Ok(None) };
        match value.to_str() {
            Ok(text) if all.next().is_none() => Ok(Some(text)),
            Ok(_) => Err(Problem::field(name, "given twice")),
            Err(_) => Err(Problem::field(name, "not visible ASCII")),
        }
    }
}
