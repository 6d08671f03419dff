//! One file as an answer: validators, conditions, ranges. The rules stand here once; who writes the answer, the
//! connection itself or axum, is not their business.

use super::{
    body::{self, Damage, Extent},
    range::{Wanted, wanted},
    served_file::ServedFile,
};
use crate::gateway::ApiError;
use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use service_api::problem::ProblemCode;
use std::{fmt::Write, sync::Arc, time::UNIX_EPOCH};

/// The fields of a request that decide which answer it gets.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Conditions<'a> {
    pub(crate) range: Option<&'a str>,
    pub(crate) if_range: Option<&'a str>,
    pub(crate) if_match: Option<&'a str>,
    pub(crate) if_none_match: Option<&'a str>,
    pub(crate) if_modified_since: Option<&'a str>,
    pub(crate) if_unmodified_since: Option<&'a str>,
}

/// The same, owned, with repeated fields joined to lists.
#[derive(Debug, Default)]
pub(crate) struct ConditionFields([Option<String>; 6]);

impl ConditionFields {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let joined = |name: HeaderName| {
            let values: Vec<&str> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
            (!values.is_empty()).then(|| values.join(", "))
        };
        use header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE};
        Self([RANGE, IF_RANGE, IF_MATCH, IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE].map(joined))
    }

    pub(crate) fn as_conditions(&self) -> Conditions<'_> {
        let [range, if_range, if_match, if_none_match, if_modified_since, if_unmodified_since] =
            self.0.each_ref().map(Option::as_deref);
        Conditions { range, if_range, if_match, if_none_match, if_modified_since, if_unmodified_since }
    }
}

/// What a request for a file gets.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) file: Arc<ServedFile>,
    /// Where in the file the body begins.
    pub(crate) first: u64,
    /// Bytes of the body that a GET gets.
    pub(crate) length: u64,
    /// False for HEAD.
    pub(crate) has_body: bool,
}

impl Answer {
    /// Decides, in the order of RFC 9110, 13.2.2.
    pub(crate) fn to(conditions: &Conditions<'_>, is_head: bool, file: Arc<ServedFile>) -> Self {
        let length = file.length;
        let answer = |status, first, length| Self { status, file: file.clone(), first, length, has_body: !is_head };
        let fails = match conditions.if_match {
            Some(tags) => !list(tags).any(|tag| tag == "*" || tag == file.tag),
            None => conditions.if_unmodified_since.and_then(date).is_some_and(|since| file.modified_s > since),
        };
        if fails {
            return answer(StatusCode::PRECONDITION_FAILED, 0, 0);
        }
        let is_unchanged = match conditions.if_none_match {
            Some(tags) => list(tags).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == file.tag),
            None => conditions.if_modified_since.and_then(date).is_some_and(|since| file.modified_s <= since),
        };
        if is_unchanged {
            return answer(StatusCode::NOT_MODIFIED, 0, 0);
        }
        // A range is only defined for GET, and only of the file that the client means.
        let is_same = match conditions.if_range {
            None => true,
            // A date must be exactly ours; a weak tag is not a date and never matches.
            Some(tag) if tag.starts_with('"') => tag == file.tag,
            Some(text) => date(text).is_some_and(|date| date == file.modified_s),
        };
        let range = conditions.range.filter(|_| is_same && !is_head);
        match range.map_or(Wanted::Whole, |range| wanted(range, length)) {
            Wanted::Whole => answer(StatusCode::OK, 0, length),
            Wanted::Part { first, last } => answer(StatusCode::PARTIAL_CONTENT, first, last - first + 1),
            Wanted::Nothing => answer(StatusCode::RANGE_NOT_SATISFIABLE, 0, 0),
        }
    }

    /// Is this the file or a part of it, rather than a word about it?
    pub(crate) fn is_content(&self) -> bool {
        matches!(self.status, StatusCode::OK | StatusCode::PARTIAL_CONTENT)
    }

    /// `Content-Range`, where there is one.
    pub(crate) fn content_range(&self) -> Option<String> {
        match self.status {
            StatusCode::PARTIAL_CONTENT => {
                Some(format!("bytes {}-{}/{}", self.first, self.first + self.length - 1, self.file.length))
            }
            StatusCode::RANGE_NOT_SATISFIABLE => Some(format!("bytes */{}", self.file.length)),
            _ => None,
        }
    }

    /// Appends the fields of the answer as lines of HTTP/1.1, `Content-Length` included.
    pub(crate) fn write_fields(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.file.lines.as_bytes());
        let mut text = String::with_capacity(96);
        if let Some(range) = self.content_range() {
            text.push_str("content-range: ");
            text.push_str(&range);
            text.push_str("\r\n");
        }
        if self.is_content() {
            write!(text, "content-length: {}\r\n", self.length).expect("writing to a string cannot fail");
        }
        out.extend_from_slice(text.as_bytes());
    }

    /// For axum. Blocking where the file is not in memory and short.
    pub(crate) fn into_response(self, damage: Damage) -> std::io::Result<Response> {
        let mut response = match self.status {
            StatusCode::PRECONDITION_FAILED => {
                ApiError::new(self.status, ProblemCode::InvalidRequest, "The file is another one by now")
                    .into_response()
            }
            StatusCode::RANGE_NOT_SATISFIABLE => ApiError::unexplained(self.status).into_response(),
            status => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = status;
                response
            }
        };
        let headers = response.headers_mut();
        for line in self.file.lines.lines() {
            let (name, value) = line.split_once(": ").expect("lines are written as name and value");
            headers.insert(
                HeaderName::from_static(name_of(name)),
                HeaderValue::try_from(value).expect("lines are visible ASCII"),
            );
        }
        if let Some(range) = self.content_range() {
            headers.insert(header::CONTENT_RANGE, HeaderValue::try_from(range).expect("digits are visible ASCII"));
        }
        if self.is_content() {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(self.length));
            if self.has_body {
                *response.body_mut() = self.body(damage)?;
            }
        }
        Ok(response)
    }

    fn body(self, damage: Damage) -> std::io::Result<Body> {
        if damage.is_none()
            && let Some(bytes) = self.bytes()
        {
            return Ok(bytes.into());
        }
        body::of(Extent { file: self.file.file.clone(), first: self.first, length: self.length }, damage)
    }

    /// The body, if the file is in memory.
    pub(crate) fn bytes(&self) -> Option<axum::body::Bytes> {
        let whole = self.file.bytes.as_ref()?;
        let first = usize::try_from(self.first).ok()?;
        let end = first.checked_add(usize::try_from(self.length).ok()?)?;
        (end <= whole.len()).then(|| whole.slice(first..end))
    }
}

/// Names that [`ServedFile`] writes, as the static texts that `HeaderName` wants.
fn name_of(name: &str) -> &'static str {
    super::served_file::FIELD_NAMES.iter().find(|known| **known == name).copied().unwrap_or("x-unknown")
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim)
}

/// A date in seconds since 1970.
fn date(text: &str) -> Option<u64> {
    Some(httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?.as_secs())
}
