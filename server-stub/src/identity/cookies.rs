//! Cookies: read by exact name, written with every restriction that the connection allows.
//!
//! Over `https` a name begins with `__Host-`, which a browser accepts only from this very host and over TLS. On loopback,
//! where the server speaks plain HTTP, browsers would drop such a cookie.

use axum::http::{HeaderMap, HeaderValue, header};

/// The signed-in browser.
pub(crate) const SESSION: &str = "lumen_session";
/// The random value that ties forms to a browser.
pub(crate) const FORM: &str = "lumen_sign_in";
/// That somebody has signed in here before.
pub(crate) const KNOWN: &str = "lumen_known";
/// The memory of a sign-in at another provider.
pub(crate) const FEDERATION: &str = "lumen_federation";

fn full_name(is_secure: bool, name: &str) -> String {
    if is_secure { format!("__Host-{name}") } else { name.to_owned() }
}

/// The value of a cookie.
pub(crate) fn get<'a>(is_secure: bool, headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let name = full_name(is_secure, name);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
        .filter(|value| !value.is_empty())
}

/// A `Set-Cookie` value; zero seconds delete the cookie.
pub(crate) fn set(is_secure: bool, name: &str, value: &str, seconds: i64, same_site: &str) -> HeaderValue {
    let secure = if is_secure { "; Secure" } else { "" };
    let name = full_name(is_secure, name);
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite={same_site}{secure}");
    HeaderValue::try_from(text).expect("base64url and attributes are visible ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secure_cookie_is_bound_to_the_host_and_read_by_its_whole_name() {
        let cookie = set(true, SESSION, "x", 60, "Lax");
        assert_eq!(cookie, "__Host-lumen_session=x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("a=b; lumen_session=plain; __Host-lumen_session=y"));
        assert_eq!(get(true, &headers, SESSION), Some("y"));
        assert_eq!(get(false, &headers, SESSION), Some("plain"));
        assert_eq!(get(false, &headers, FORM), None);
    }
}
