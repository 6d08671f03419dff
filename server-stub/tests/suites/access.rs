//! B01: every route, every method, every role, against a table that is checked in.

use crate::common::{MIA, TestServer};
use reqwest::{Method, StatusCode};
use server_stub::{Rate, access_table};
use service_api::identity::Role;
use std::fmt::Write;

/// What `access-table.txt` must hold.
fn table_text() -> String {
    let mut text = String::new();
    for (method, path, roles) in access_table() {
        let who = match roles {
            None => "open".to_owned(),
            Some(roles) => roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(" "),
        };
        writeln!(text, "{method} {path}: {who}").unwrap();
    }
    text
}

#[test]
fn b01_table_is_the_one_that_was_agreed_on() {
    assert_eq!(table_text(), include_str!("access-table.txt"), "a change of who may do what is a change of that file");
}

#[tokio::test]
async fn b01_every_route_answers_every_role_and_method_as_the_table_says() {
    let server = TestServer::start_with(|config| {
        // Thousands of requests in seconds are what this is about.
        let rate = Rate { per_second: 1e6, burst: 1_000_000 };
        (config.limits.rate_per_address, config.limits.rate_per_session) = (rate, rate);
    })
    .await;
    let table = access_table();
    let methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];
    // A path that reaches no real thing: whoever is admitted gets "not found" or "cannot be understood".
    let real = |path: &str| {
        path.split('/').map(|part| if part.starts_with('{') { "x" } else { part }).collect::<Vec<_>>().join("/")
    };
    let mut roles: Vec<Option<Role>> = Role::ALL.map(Some).to_vec();
    roles.push(None);
    for role in roles {
        let mut tokens = None;
        if let Some(role) = role {
            server.set_role(MIA, role).await;
            tokens = Some(server.sign_in(MIA).await.tokens);
        }
        for (_, path, _) in &table {
            for method in methods {
                let mut request = server.request(Method::from_bytes(method.as_bytes()).unwrap(), &real(path));
                if let Some(tokens) = &tokens {
                    request = request.bearer_auth(&tokens.access_token);
                }
                let status = request.send().await.unwrap().status();
                let rule = table.iter().find(|(known, other, _)| known == method && other == path);
                let what = format!("{role:?} {method} {path}: {status}");
                match (rule, role) {
                    (None, _) => assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{what}"),
                    (Some((.., None)), _) => assert_ne!(status, StatusCode::METHOD_NOT_ALLOWED, "{what}"),
                    (Some((.., Some(_))), None) => assert_eq!(status, StatusCode::UNAUTHORIZED, "{what}"),
                    (Some((.., Some(roles))), Some(role)) if roles.contains(&role) => {
                        assert!(![401, 403, 405, 500].contains(&status.as_u16()), "{what}");
                    }
                    (Some(_), Some(_)) => assert_eq!(status, StatusCode::FORBIDDEN, "{what}"),
                }
            }
        }
    }
    for path in ["/", "/v1", "/v1/nowhere", "/admin/x", "/v1/admin/accounts/x/role/y"] {
        assert_eq!(server.get(path).send().await.unwrap().status(), StatusCode::NOT_FOUND, "{path}");
    }
}
