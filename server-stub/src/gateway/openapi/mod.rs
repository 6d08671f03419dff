//! The description of the interface: OpenAPI 3.1, made from the types of the contract, and the pages that explain its
//! problems.
//!
//! [`OPERATIONS`] is the list of what there is; a test holds it against the router and the contract's routes, so that
//! nothing is answered that is not described here.

mod operations;

use super::{
    ApiError,
    access::{Access, TABLE},
};
use crate::app::Shared;
use axum::{
    extract::{Path, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use operations::OPERATIONS;
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};
use service_api::{
    identity::Role,
    problem::{self, Problem, ProblemCode},
    routes,
};

type Schema = fn(&mut SchemaGenerator) -> schemars::Schema;

/// What comes in or goes out.
#[derive(Clone, Copy)]
enum Content {
    None,
    Json(Schema),
    /// Of this media type.
    Bytes(&'static str),
    Form,
    /// A form, or nothing.
    MaybeForm,
}

/// How an operation says what is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusals {
    /// As problems.
    Problems,
    /// As pages; limits say it as problems there too.
    Pages,
    /// As OAuth prescribes; limits as problems.
    OAuth,
}

/// One method of one address.
#[derive(Clone, Copy)]
struct Operation {
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    refusals: Refusals,
    /// Is a token looked for, where the access table leaves that to the operation?
    checks_token: bool,
    query: &'static [&'static str],
    body: Content,
    status: &'static str,
    answer: Content,
    /// Statuses beside those that every operation may have.
    others: &'static [&'static str],
}

const fn get(path: &'static str, summary: &'static str, answer: Content) -> Operation {
    Operation {
        method: "get",
        path,
        summary,
        refusals: Refusals::Problems,
        checks_token: false,
        query: &[],
        body: Content::None,
        status: "200",
        answer,
        others: &[],
    }
}

impl Operation {
    const fn of(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    const fn page(self) -> Self {
        Self { refusals: Refusals::Pages, ..self }
    }

    const fn protocol(self) -> Self {
        Self { refusals: Refusals::OAuth, ..self }
    }

    const fn checks_token(self) -> Self {
        Self { checks_token: true, ..self }
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

    const fn or(self, others: &'static [&'static str]) -> Self {
        Self { others, ..self }
    }

    /// Who may call, as the access table says it: nobody in particular, or these roles.
    fn roles(&self) -> Option<&'static [Role]> {
        let method = self.method.to_uppercase();
        let row = TABLE.iter().find(|(known, path, _)| *known == method && *path == self.path);
        match row.map(|(.., access)| access) {
            Some(Access::Roles(roles) | Access::Page(roles)) => Some(roles),
            Some(Access::Open) | None => None,
        }
    }
}

fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> schemars::Schema {
    generator.subschema_for::<T>()
}

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
    let problem = json!({ "schema": problem });
    let response = |description: &str, more: &[&str]| {
        let mut content = json!({ problem::CONTENT_TYPE: problem });
        for kind in more {
            content[kind] = json!({});
        }
        json!({ "description": description, "content": content })
    };
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
            "responses": {
                "Problem": response("Why not", &[]),
                "Page": response("Why not, for people", &["text/html"]),
                "OAuthError": response("Why not, as OAuth says it", &["application/json"]),
            },
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer" } },
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
    for status in EVERYWHERE.iter().chain(operation.others) {
        let answer = match *status {
            "206" => success.clone(),
            "303" => json!({ "description": "The browser goes on to another page" }),
            "304" => json!({ "description": "The client has it already" }),
            "503" if operation.path == routes::HEALTH_READY => success.clone(),
            _ => match operation.refusals {
                Refusals::Problems => json!({ "$ref": "#/components/responses/Problem" }),
                Refusals::Pages => json!({ "$ref": "#/components/responses/Page" }),
                Refusals::OAuth => json!({ "$ref": "#/components/responses/OAuthError" }),
            },
        };
        responses.insert((*status).to_owned(), answer);
    }
    let roles = operation.roles();
    let mut described = json!({
        "operationId": operation_id(operation),
        "summary": operation.summary,
        "parameters": parameters,
        "responses": responses,
        "security": if roles.is_some() || operation.checks_token { json!([{ "bearer": [] }]) } else { json!([]) },
    });
    if let Some(roles) = roles {
        described["x-roles"] = roles.iter().map(|role| role.name()).collect();
    }
    if let Some(content) = content(operation.body, generator) {
        let is_required = !matches!(operation.body, Content::MaybeForm);
        described["requestBody"] = json!({ "required": is_required, "content": content });
    }
    described
}

fn content(content: Content, generator: &mut SchemaGenerator) -> Option<Value> {
    match content {
        Content::None => None,
        Content::Json(schema) => Some(json!({ "application/json": { "schema": schema(generator) } })),
        Content::Bytes(kind) => Some(json!({ kind: {} })),
        Content::Form | Content::MaybeForm => Some(json!({
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
    let mut response = crate::gateway::conditional::json(&headers, &document(&app.origin))?;
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
        let source = include_str!("../../../../service-api/src/routes.rs");
        let values = source.lines().filter(|line| line.starts_with("pub const") && !line.contains("CLIENT_ID"));
        values.filter_map(|line| line.split('"').nth(1)).map(str::to_owned).collect()
    }

    #[test]
    fn every_route_of_the_contract_is_described_and_nothing_else() {
        let described: BTreeSet<String> = OPERATIONS.iter().map(|operation| operation.path.to_owned()).collect();
        assert_eq!(described, contract());
    }

    #[test]
    fn access_table_and_description_name_the_same_operations() {
        let described: BTreeSet<_> =
            OPERATIONS.iter().map(|operation| (operation.method.to_uppercase(), operation.path)).collect();
        let admitted: BTreeSet<_> = TABLE.iter().map(|(method, path, _)| ((*method).to_owned(), *path)).collect();
        assert_eq!(described, admitted);
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
