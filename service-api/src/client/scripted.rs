//! Signing in without a browser: for headless runs (`lumen-qa`) and tests, never for an app in front of a person.
//!
//! It does over HTTP what a browser and a person would do on the server's real pages: fetch the sign-in page, fill in
//! the form, send it with its hidden fields and cookies, and follow the redirect to the loopback listener. There is no
//! short cut on the server's side, so what is tested is what viewers use. An installed app must not do this (RFC 8252,
//! section 8.12): it would see the password.

use super::{
    Client, ClientError, SignIn, SignInError,
    http::{self, Http},
};
use crate::identity::Account;
use reqwest::{Method, Response, StatusCode, header};
use url::Url;

/// Longest sign-in page read, in bytes.
const PAGE_LIMIT: usize = 1 << 20;
/// Pages and redirects between the authorization address and the loopback redirect: sign-in, consent, and slack.
const STEPS: usize = 8;

impl Client {
    /// Signs in through the server's sign-in page as a script: for headless runs, with the e-mail and password of a
    /// test account. An app uses [`Client::begin_sign_in`] instead, where the password stays in the browser.
    ///
    /// # Errors
    /// As [`SignIn::finish`]; also [`SignInError::CredentialsRefused`] and [`SignInError::UnexpectedPage`].
    pub async fn sign_in_with_form(&self, email: &str, password: &str) -> Result<Account, SignInError> {
        let sign_in = self.begin_sign_in().await?;
        drive(&self.inner.http, sign_in, email, password).await
    }
}

async fn drive(http: &Http, sign_in: SignIn, email: &str, password: &str) -> Result<Account, SignInError> {
    let mut script = Script { http, cookies: Vec::new(), url: sign_in.url().clone(), redirect: sign_in.redirect_uri() };
    let redirect = script.run(email, password).await?;
    // The browser's last step and the app's waiting belong together: the page comes when the app is done.
    let visit = async { http.send_once(http.request(Method::GET, redirect).build().map_err(setup)?).await };
    let (account, _page) = tokio::join!(sign_in.finish(), visit);
    account
}

/// The pretended browser.
struct Script<'a> {
    http: &'a Http,
    cookies: Vec<(String, String)>,
    url: Url,
    redirect: Url,
}

impl Script<'_> {
    /// Returns the address on the loopback listener that the server sends the browser to.
    async fn run(&mut self, email: &str, password: &str) -> Result<Url, SignInError> {
        let mut form: Option<(Url, Vec<(String, String)>)> = None;
        let mut is_password_sent = false;
        for _ in 0..STEPS {
            let response = match form.take() {
                Some((action, fields)) => {
                    self.url = action;
                    self.send(Method::POST, Some(&fields)).await?
                }
                None => self.send(Method::GET, None).await?,
            };
            if response.status().is_redirection() {
                let target = self.redirect_target(&response)?;
                if is_same_endpoint(&target, &self.redirect) {
                    return Ok(target);
                }
                self.url = self.own(&target)?;
                continue;
            }
            if response.status().is_server_error() {
                let error = http::success(response).await.err().map(SignInError::Client);
                return Err(error.unwrap_or(SignInError::UnexpectedPage("an error page")));
            }
            let page = http::read_body(response, PAGE_LIMIT).await?;
            let page = String::from_utf8_lossy(&page);
            let Some(mut found) = Form::first_of(&page) else {
                return Err(SignInError::UnexpectedPage("no form"));
            };
            if found.password.is_some() && is_password_sent {
                let text = alert_of(&page).unwrap_or_else(|| "E-mail or password not accepted".to_owned());
                return Err(SignInError::CredentialsRefused(text));
            }
            if !found.is_post {
                return Err(SignInError::UnexpectedPage("the form is not sent by POST"));
            }
            if let Some(name) = found.password.take() {
                let user = found.user.take().ok_or(SignInError::UnexpectedPage("no field for the e-mail"))?;
                found.fields.push((user, email.to_owned()));
                found.fields.push((name, password.to_owned()));
                is_password_sent = true;
            }
            let action = self.url.join(&found.action).map_err(|_| SignInError::UnexpectedPage("a broken form"))?;
            form = Some((self.own(&action)?, found.fields));
        }
        Err(SignInError::UnexpectedPage("too many steps"))
    }

    async fn send(&mut self, method: Method, fields: Option<&[(String, String)]>) -> Result<Response, SignInError> {
        let mut request = self.http.request(method, self.url.clone()).header(header::ACCEPT, "text/html");
        if !self.cookies.is_empty() {
            let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        if let Some(fields) = fields {
            // What a browser sends with a form, and what servers check against forged ones.
            request = request.header(header::ORIGIN, self.http.origin().origin().ascii_serialization()).form(fields);
        }
        let response = self.http.send_once(request.build().map_err(setup)?).await?;
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            if let Some((name, value)) = cookie.to_str().ok().and_then(parse_cookie) {
                self.cookies.retain(|(kept, _)| *kept != name);
                if !value.is_empty() {
                    self.cookies.push((name, value));
                }
            }
        }
        Ok(response)
    }

    fn redirect_target(&self, response: &Response) -> Result<Url, SignInError> {
        let is_see_other = matches!(response.status(), StatusCode::SEE_OTHER | StatusCode::FOUND);
        let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
        location
            .filter(|_| is_see_other)
            .and_then(|location| self.url.join(location).ok())
            .ok_or(SignInError::UnexpectedPage("a redirect to nowhere"))
    }

    /// Passwords and cookies go to the service only.
    fn own(&self, url: &Url) -> Result<Url, SignInError> {
        self.http.absolute(url.as_str()).map_err(|_| SignInError::UnexpectedPage("it leads away from the service"))
    }
}

fn setup(error: reqwest::Error) -> ClientError {
    ClientError::Setup(error.without_url().to_string())
}

fn is_same_endpoint(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin() && one.path() == other.path()
}

/// Name and value; attributes do not matter to a browser that lives for seconds.
fn parse_cookie(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split(';').next()?.split_once('=')?;
    let name = name.trim();
    (!name.is_empty()).then(|| (name.to_owned(), value.trim().to_owned()))
}

/// The fields of a form, as far as the script needs them.
#[derive(Debug, Default, PartialEq, Eq)]
struct Form {
    action: String,
    is_post: bool,
    /// Hidden inputs and the first named submit button, ready to be sent.
    fields: Vec<(String, String)>,
    user: Option<String>,
    password: Option<String>,
}

impl Form {
    /// The form with a password field, else the first form of the page.
    fn first_of(page: &str) -> Option<Self> {
        let mut forms: Vec<Self> = Vec::new();
        let mut is_inside = false;
        let mut has_button = false;
        for tag in Tags::of(page) {
            match tag.name.as_str() {
                "form" => {
                    let is_post = tag.attribute("method").is_some_and(|method| method.eq_ignore_ascii_case("post"));
                    let action = tag.attribute("action").unwrap_or_default().to_owned();
                    forms.push(Self { action, is_post, ..Self::default() });
                    (is_inside, has_button) = (true, false);
                }
                "/form" => is_inside = false,
                "input" | "button" if is_inside => {
                    let Some(form) = forms.last_mut() else { continue };
                    let default = if tag.name == "button" { "submit" } else { "text" };
                    let kind = tag.attribute("type").unwrap_or(default).to_ascii_lowercase();
                    // Enter presses the first button of a form; the others, such as cancel, are not pressed.
                    let is_pressed = kind == "submit" && !has_button;
                    has_button |= kind == "submit";
                    let Some(name) = tag.attribute("name").filter(|name| !name.is_empty()) else { continue };
                    match kind.as_str() {
                        "hidden" => form.fields.push(tag.field(name)),
                        "submit" if is_pressed => form.fields.push(tag.field(name)),
                        "password" => form.password = Some(name.to_owned()),
                        "email" | "text" if form.user.is_none() => form.user = Some(name.to_owned()),
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        let index = forms.iter().position(|form| form.password.is_some()).unwrap_or(0);
        (index < forms.len()).then(|| forms.swap_remove(index))
    }
}

/// The text of the first element with `role="alert"`, where a page says what is wrong.
fn alert_of(page: &str) -> Option<String> {
    let mut tags = Tags::of(page);
    tags.find(|tag| tag.attribute("role") == Some("alert"))?;
    let mut text = String::new();
    for piece in page[tags.position..].split_inclusive('>').take(40) {
        let (words, tag) = piece.split_once('<').unwrap_or((piece, ""));
        text.push_str(words);
        if tag.starts_with("/p") || tag.starts_with("/div") || tag.starts_with("/section") {
            break;
        }
    }
    let text = decode_entities(&text);
    let words: Vec<_> = text.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" ").chars().take(200).collect())
}

/// One tag; attribute names in lower case, values decoded.
#[derive(Debug)]
struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    fn field(&self, name: &str) -> (String, String) {
        (name.to_owned(), self.attribute("value").unwrap_or_default().to_owned())
    }
}

/// Goes through the tags of a page. Good for pages that servers write, not for everything that browsers forgive.
#[derive(Debug)]
struct Tags<'a> {
    page: &'a str,
    position: usize,
}

impl<'a> Tags<'a> {
    fn of(page: &'a str) -> Self {
        Self { page, position: 0 }
    }

    fn skip_past(&mut self, end: &str) {
        self.position =
            self.page[self.position..].find(end).map_or(self.page.len(), |at| self.position + at + end.len());
    }
}

impl Iterator for Tags<'_> {
    type Item = Tag;

    fn next(&mut self) -> Option<Tag> {
        loop {
            self.skip_past("<");
            let rest = &self.page[self.position..];
            if rest.is_empty() {
                return None;
            }
            if rest.starts_with("!--") {
                self.skip_past("-->");
                continue;
            }
            let name_length = rest.find(|c: char| c.is_ascii_whitespace() || c == '>').unwrap_or(rest.len());
            let name = rest[..name_length].trim_end_matches('/').to_ascii_lowercase();
            let (attributes, length) = parse_attributes(&rest[name_length..]);
            self.position += name_length + length;
            if name == "style" || name == "script" {
                self.skip_past(&format!("</{name}"));
                continue;
            }
            return Some(Tag { name, attributes });
        }
    }
}

/// Reads attributes up to and including `>`; returns them and the number of bytes read.
fn parse_attributes(text: &str) -> (Vec<(String, String)>, usize) {
    let mut attributes = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if rest.is_empty() {
            break;
        }
        if let Some(after) = rest.strip_prefix('>') {
            rest = after;
            break;
        }
        let name_length = rest
            .char_indices()
            .skip(1)
            .find(|(_, c)| c.is_ascii_whitespace() || matches!(c, '=' | '>' | '/'))
            .map_or(rest.len(), |(at, _)| at);
        let name = rest[..name_length].to_ascii_lowercase();
        rest = rest[name_length..].trim_start();
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start();
            let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
            (value, rest) = match quote {
                Some(quote) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
                None => {
                    after.split_at(after.find(|c: char| c.is_ascii_whitespace() || c == '>').unwrap_or(after.len()))
                }
            };
        }
        attributes.push((name, decode_entities(value)));
    }
    (attributes, text.len() - rest.len())
}

/// The entities that escaping functions produce.
fn decode_entities(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        decoded.push_str(&rest[..at]);
        rest = &rest[at..];
        let entity = rest[1..].split_once(';').map(|(entity, _)| entity).filter(|entity| entity.len() <= 8);
        let character = entity.and_then(|entity| match entity {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            "nbsp" => Some(' '),
            _ => {
                let number = entity.strip_prefix('#')?;
                let code = match number.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                    None => number.parse().ok()?,
                };
                char::from_u32(code)
            }
        });
        match (character, entity) {
            (Some(character), Some(entity)) => {
                decoded.push(character);
                rest = &rest[entity.len() + 2..];
            }
            _ => {
                decoded.push('&');
                rest = &rest[1..];
            }
        }
    }
    decoded.push_str(rest);
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_with_the_password_is_found() {
        let page = r#"<!doctype html><!-- <form> --><style>a > b { color: red }</style>
            <form action="/search"><input name=q></form>
            <FORM method="POST" action='/oauth/authorize?a=1&amp;b=2'>
              <input type="hidden" name="csrf" value="a&quot;b&#39;c&#x26;d">
              <input type=email name=email required/><input type="password" name="password" />
              <input type="checkbox" name="stay"><button name="action" value="sign-in">Sign in</button>
              <button name="action" value="cancel">Cancel</button>
            </FORM>"#;
        let form = Form::first_of(page).unwrap();
        assert!(form.is_post);
        assert_eq!(form.action, "/oauth/authorize?a=1&b=2");
        assert_eq!((form.user.as_deref(), form.password.as_deref()), (Some("email"), Some("password")));
        let fields = [("csrf", "a\"b'c&d"), ("action", "sign-in")];
        assert_eq!(form.fields, fields.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn the_first_button_is_pressed_even_if_it_has_no_name() {
        let page = r#"<form method="post"><input type="hidden" name="token" value="t">
            <input name="email" type="email"><input name="password" type="password">
            <button type="submit">Sign in</button><button type="submit" name="cancel" value="1">Cancel</button></form>
            <form method="post"><button type="submit" name="demo" value="x">Mia</button></form>"#;
        let form = Form::first_of(page).unwrap();
        assert_eq!(form.fields, [("token".to_owned(), "t".to_owned())]);
        assert_eq!(form.action, "");
    }

    #[test]
    fn the_alert_is_read() {
        let page =
            "<p>Hello</p><p class='x' role=\"alert\">E-mail or <b>password</b> &amp; such\n are wrong</p><p>More</p>";
        assert_eq!(alert_of(page).as_deref(), Some("E-mail or password & such are wrong"));
        assert_eq!(alert_of("<p>nothing</p>"), None);
    }

    #[test]
    fn broken_pages_end() {
        for page in
            ["", "<", "<form", "<form method=", "<form a='", "<!--", "<form><input name=\"", "<é", "&#xFFFFFFFF;<a =>"]
        {
            let _ = Form::first_of(page);
            let _ = alert_of(page);
        }
    }

    #[test]
    fn cookies_are_parsed() {
        assert_eq!(parse_cookie("a=b; Path=/; HttpOnly"), Some(("a".to_owned(), "b".to_owned())));
        assert_eq!(parse_cookie("a=b=c"), Some(("a".to_owned(), "b=c".to_owned())));
        assert_eq!(parse_cookie("=b"), None);
        assert_eq!(parse_cookie("none"), None);
    }
}
