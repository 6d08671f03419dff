//! The description of the interface: OpenAPI 3.1, made from the types of the contract, and the pages that explain its
//! problems.
//!
//! [`OPERATIONS`] is the list of what there is; a test holds it against the router and the contract's routes, so that
//! nothing is answered that is not described here.

use super::ApiError;
use crate::app::Shared;
use axum::{
    extract::{Path, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};
use service_api::{
    catalog::{Home, Title},
    health::{Liveness, Readiness},
    identity::{Account, AuthorizationServer, Profile},
    licence::{ClearKeyLicence, ClearKeyRequest},
    playback::{PlaybackGrant, PlaybackRequest},
    problem::{self, Problem, ProblemCode},
    profile::Progress,
    routes,
};

type Schema = fn(&mut SchemaGenerator) -> schemars::Schema;

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    Everybody,
    SignedIn,
    /// The token of the admin's setting.
    Admin,
}

/// What comes in or goes out.
#[derive(Clone, Copy)]
enum Content {
    None,
    Json(Schema),
    /// Of this media type.
    Bytes(&'static str),
    Form,
}

/// One method of one address.
#[derive(Clone, Copy)]
struct Operation {
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    access: Access,
    query: &'static [&'static str],
    body: Content,
    status: &'static str,
    answer: Content,
    /// Statuses of problems beside those that every operation may have.
    problems: &'static [&'static str],
}

const fn get(path: &'static str, summary: &'static str, answer: Content) -> Operation {
    Operation {
        method: "get",
        path,
        summary,
        access: Access::SignedIn,
        query: &[],
        body: Content::None,
        status: "200",
        answer,
        problems: &[],
    }
}

impl Operation {
    const fn of(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    const fn open(self) -> Self {
        Self { access: Access::Everybody, ..self }
    }

    const fn admin(self) -> Self {
        Self { access: Access::Admin, ..self }
    }

    const fn query(self, query: &'static [&'static str]) -> Self {
        Self { query, ..self }
    }

    const fn takes(self, body: Content) -> Self {
        Self { body, ..self }
    }

    const fn with(self, status: &'static str) -> Self {
        Self { status, ..self }
    }

    const fn or(self, problems: &'static [&'static str]) -> Self {
        Self { problems, ..self }
    }
}

fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> schemars::Schema {
    generator.subschema_for::<T>()
}

const HTML: Content = Content::Bytes("text/html");
const JSON: Content = Content::Bytes("application/json");
const MEDIA: Content = Content::Bytes("*/*");

/// Everything that is answered.
const OPERATIONS: &[Operation] = &[
    get(
        routes::OAUTH_METADATA,
        "What the authorization server can do (RFC 8414)",
        Content::Json(schema::<AuthorizationServer>),
    )
    .open(),
    get(routes::OAUTH_AUTHORIZE, "The sign-in page", HTML).open().or(&["303"]),
    get(routes::OAUTH_AUTHORIZE, "The form of the sign-in page", HTML)
        .of("post")
        .open()
        .takes(Content::Form)
        .or(&["303"]),
    get(routes::OAUTH_TOKEN, "Exchanges a code or a refresh token (RFC 6749)", JSON)
        .of("post")
        .open()
        .takes(Content::Form),
    get(routes::OAUTH_REVOKE, "Ends a session (RFC 7009)", Content::None).of("post").open().takes(Content::Form),
    get(routes::ME, "The account that is signed in", Content::Json(schema::<Account>)),
    get(routes::PROFILES, "The profiles of the account", Content::Json(schema::<Vec<Profile>>)),
    get(routes::HOME, "The home screen of a profile", Content::Json(schema::<Home>)),
    get(routes::PROGRESS, "How far a title was watched", Content::Json(schema::<Progress>)),
    get(routes::PROGRESS, "Saves how far a title was watched", Content::Json(schema::<Progress>))
        .of("put")
        .takes(Content::Json(schema::<Progress>)),
    get(routes::TITLE, "One title", Content::Json(schema::<Title>)).query(&["profile"]),
    get(routes::PLAYBACK, "Asks for permission to play", Content::Json(schema::<PlaybackGrant>))
        .of("post")
        .takes(Content::Json(schema::<PlaybackRequest>))
        .or(&["409"]),
    get(routes::LICENCE_CLEARKEY, "A W3C Clear Key licence", Content::Json(schema::<ClearKeyLicence>))
        .of("post")
        .takes(Content::Json(schema::<ClearKeyRequest>))
        .or(&["409", "410"]),
    get(routes::ARTWORK, "A picture of a title", MEDIA).open().or(&["206", "304", "412", "416"]),
    get(routes::MEDIA, "A manifest or segment; the token stands in the path", MEDIA)
        .open()
        .or(&["206", "304", "412", "416"]),
    get(routes::MEDIA, "What scripts of other origins may ask for", Content::None).of("options").open().with("204"),
    get(routes::CONTENT, "A manifest or segment; the token travels beside the address", MEDIA)
        .open()
        .or(&["206", "304", "412", "416"]),
    get(routes::CONTENT, "What scripts of other origins may ask for", Content::None).of("options").open().with("204"),
    get(routes::HEALTH_LIVE, "Is the process up?", Content::Json(schema::<Liveness>)).open(),
    get(routes::HEALTH_READY, "Is it worth sending requests here?", Content::Json(schema::<Readiness>)).open(),
    get(routes::METRICS, "Counters for Prometheus", Content::Bytes("text/plain")).admin(),
    get(routes::OPENAPI, "This document", JSON).open(),
    get(routes::PROBLEM, "What a problem's code means", HTML).open(),
    get(routes::ADMIN, "The admin page, for QA", HTML).admin().or(&["303"]),
    get(routes::ADMIN, "Changes what the admin page shows", HTML).of("post").admin().takes(Content::Form).or(&["303"]),
];

/// Statuses that every operation may answer with: limits, and failures of ours that are said as such.
const EVERYWHERE: [&str; 10] = ["400", "401", "403", "404", "408", "413", "414", "429", "431", "503"];

/// The document.
pub(super) fn document(origin: &str) -> Value {
    let mut generator = SchemaGenerator::new(
        SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into()),
    );
    let problem = generator.subschema_for::<Problem>();
    let mut paths = Map::new();
    for operation in OPERATIONS {
        // OpenAPI has no parameter over several segments: the star is ours.
        let path = operation.path.replace("{*", "{");
        let item = paths.entry(path).or_insert_with(|| json!({}));
        item[operation.method] = describe(operation, &mut generator);
    }
    let mut schemas = generator.take_definitions(true);
    schemas.sort_keys();
    let content = json!({ problem::CONTENT_TYPE: { "schema": problem } });
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Lumen",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Errors are application/problem+json with a stable code; each code has a page.",
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": origin }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": { "Problem": { "description": "Why not", "content": content } },
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer" },
                "admin": { "type": "http", "scheme": "bearer", "description": "The token of the admin's setting" },
            },
        },
    })
}

fn describe(operation: &Operation, generator: &mut SchemaGenerator) -> Value {
    let in_path = operation.path.split('{').skip(1).filter_map(|part| part.split('}').next());
    let mut parameters: Vec<Value> = in_path
        .map(|name| name.trim_start_matches('*'))
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string", "minLength": 1 } }))
        .collect();
    parameters.extend(
        operation
            .query
            .iter()
            .map(|name| json!({ "name": name, "in": "query", "required": false, "schema": { "type": "string" } })),
    );
    let mut responses = Map::new();
    let success = match content(operation.answer, generator) {
        Some(content) => json!({ "description": operation.summary, "content": content }),
        None => json!({ "description": operation.summary }),
    };
    responses.insert(operation.status.to_owned(), success.clone());
    for status in EVERYWHERE.iter().chain(operation.problems) {
        let answer = match *status {
            "206" => success.clone(),
            "303" => json!({ "description": "The browser goes on to another page" }),
            "304" => json!({ "description": "The client has it already" }),
            // OAuth and the pages have forms of their own for what is wrong with a request.
            "400" | "401" | "413"
                if matches!(operation.body, Content::Form) || operation.path == routes::OAUTH_AUTHORIZE =>
            {
                json!({ "description": "Why not, as OAuth or the page says it" })
            }
            "503" if operation.path == routes::HEALTH_READY => success.clone(),
            _ => json!({ "$ref": "#/components/responses/Problem" }),
        };
        responses.insert((*status).to_owned(), answer);
    }
    let mut described = json!({
        "operationId": operation_id(operation),
        "summary": operation.summary,
        "parameters": parameters,
        "responses": responses,
        "security": match operation.access {
            Access::Everybody => json!([]),
            Access::SignedIn => json!([{ "bearer": [] }]),
            Access::Admin => json!([{ "admin": [] }]),
        },
    });
    if let Some(content) = content(operation.body, generator) {
        described["requestBody"] = json!({ "required": true, "content": content });
    }
    described
}

fn content(content: Content, generator: &mut SchemaGenerator) -> Option<Value> {
    match content {
        Content::None => None,
        Content::Json(schema) => Some(json!({ "application/json": { "schema": schema(generator) } })),
        Content::Bytes(kind) => Some(json!({ kind: {} })),
        Content::Form => Some(json!({
            "application/x-www-form-urlencoded": { "schema": { "type": "object", "additionalProperties": { "type": "string" } } },
        })),
    }
}

fn operation_id(operation: &Operation) -> String {
    let words = operation.path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    std::iter::once(operation.method).chain(words).collect::<Vec<_>>().join("_")
}

/// `GET /openapi.json`.
pub(super) async fn openapi(State(app): State<Shared>, headers: HeaderMap) -> Result<Response, ApiError> {
    let mut response = super::conditional::json(&headers, &document(&app.origin))?;
    let fields = response.headers_mut();
    fields.remove(header::VARY);
    fields.insert(header::CACHE_CONTROL, axum::http::HeaderValue::from_static("public, max-age=300"));
    Ok(response)
}

/// `GET /problems/{code}`.
pub(super) async fn problem_page(Path(code): Path<String>) -> Result<Response, ApiError> {
    let known: Option<ProblemCode> = serde_json::from_value(Value::String(code.clone())).ok();
    let text = known
        .filter(|code| *code != ProblemCode::Other)
        .and_then(meaning)
        .ok_or_else(|| ApiError::not_found("problem"))?;
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{code} – Lumen</title><h1>{code}</h1><p>{text}</p></html>"
    );
    Ok(([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response())
}

/// From the schema of the codes: what their documentation says.
fn meaning(code: ProblemCode) -> Option<String> {
    let name = serde_json::to_value(code).ok()?;
    let schema = schemars::schema_for!(ProblemCode).to_value();
    let variants = schema["oneOf"].as_array()?;
    let variant = variants.iter().find(|variant| variant["const"] == name)?;
    Some(variant["description"].as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Paths of the contract, read from its source.
    fn contract() -> BTreeSet<String> {
        let source = include_str!("../../../service-api/src/routes.rs");
        let values = source.lines().filter(|line| line.starts_with("pub const") && !line.contains("CLIENT_ID"));
        values.filter_map(|line| line.split('"').nth(1)).map(str::to_owned).collect()
    }

    #[test]
    fn every_route_of_the_contract_is_described_and_nothing_else() {
        let described: BTreeSet<String> = OPERATIONS.iter().map(|operation| operation.path.to_owned()).collect();
        assert_eq!(described, contract());
    }

    #[test]
    fn document_is_complete_in_itself() {
        let document = document("http://127.0.0.1:7800");
        let text = document.to_string();
        for reference in text.split("\"$ref\":\"#").skip(1) {
            let pointer = reference.split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
        let ids: BTreeSet<_> = OPERATIONS.iter().map(operation_id).collect();
        assert_eq!(ids.len(), OPERATIONS.len(), "each operation has a name of its own");
        assert!(document.pointer("/components/schemas/Problem").is_some());
    }

    #[test]
    fn every_code_has_a_page() {
        for code in ["not-found", "media-token-invalid", "rate-limited", "internal"] {
            let code: ProblemCode = serde_json::from_value(json!(code)).unwrap();
            assert!(meaning(code).is_some_and(|text| text.len() > 5), "{code:?}");
        }
    }
}
