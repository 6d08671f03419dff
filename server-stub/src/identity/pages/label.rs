//! What a browser or app is called in lists.

use axum::http::{HeaderMap, header};

/// Such as `Firefox on Windows`, from what it says of itself; good enough to recognise one's own, proof of nothing.
pub(crate) fn device_label(headers: &HeaderMap, otherwise: &str) -> String {
    let programs =
        [("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")];
    // The order matters: most of them also claim to be those after them.
    let program = found(headers, &programs).unwrap_or(otherwise);
    app_label(headers, program)
}

/// Such as `Lumen on Linux`: an app that signs in through the browser of the same machine.
pub(crate) fn app_label(headers: &HeaderMap, app: &str) -> String {
    let systems = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];
    match found(headers, &systems) {
        Some(system) => format!("{app} on {system}"),
        None => app.to_owned(),
    }
}

fn found(headers: &HeaderMap, table: &[(&str, &'static str)]) -> Option<&'static str> {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    table.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_apart() {
        let table = [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
            ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140", "Edge on Windows"),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPhone"),
            ("lumen/0.1.0", "Lumen"),
            ("", "Lumen"),
        ];
        for (agent, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(header::USER_AGENT, agent.parse().unwrap());
            assert_eq!(device_label(&headers, "Lumen"), expected);
        }
    }
}
