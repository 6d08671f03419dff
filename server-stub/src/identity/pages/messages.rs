//! Pages that only say something.

use super::layout::{Page, escape};
use axum::{http::StatusCode, response::Response};

/// A heading, a sentence and perhaps where to go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MessagePage<'a> {
    pub(crate) heading: &'a str,
    pub(crate) text: &'a str,
    /// Path of this server and what the link says.
    pub(crate) link: Option<(&'a str, &'a str)>,
}

/// The page as a response.
pub(crate) fn message(status: StatusCode, page: MessagePage<'_>) -> Response {
    let link = page.link.map(|(path, text)| {
        format!(r#"<p><a class="primary as-button" href="{}">{}</a></p>"#, escape(path), escape(text))
    });
    let main = format!(
        "<h1>{}</h1>\n<p class=\"lead\">{}</p>\n{}",
        escape(page.heading),
        escape(page.text),
        link.unwrap_or_default()
    );
    Page { title: page.heading, main, leads_to: None, has_script: false }.respond(status)
}
