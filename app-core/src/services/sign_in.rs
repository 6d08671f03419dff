//! Signing in: through the browser of this machine, or with a code that is entered elsewhere.

use super::Services;
use crate::{
    app::Msg,
    code::SignInCode,
    failure::{Failure, Remedy},
    language,
};
use service_api::client::SignInError;
use std::sync::Arc;

impl Services {
    pub(super) fn begin_sign_in(&self) {
        let shared = Arc::clone(&self.shared);
        let task = self.spawn(async move {
            let client = match shared.client() {
                Ok(client) => client.clone(),
                Err(failure) => return shared.tell(Msg::SignInStarted(Err(failure))),
            };
            match client.begin_sign_in().await {
                Ok(attempt) => {
                    shared.tell(Msg::SignInStarted(Ok(attempt.url().clone())));
                    let answer = attempt.finish().await.map_err(|error| describe(&error));
                    shared.tell(Msg::SignedIn(answer));
                }
                Err(error) => shared.tell(Msg::SignInStarted(Err(describe(&error)))),
            }
        });
        if let Some(old) = self.shared.lock().sign_in.replace(task) {
            old.abort();
        }
    }

    /// Shows a code, and the next one when it has expired, until somebody has entered one.
    pub(super) fn begin_code_sign_in(&self) {
        let shared = Arc::clone(&self.shared);
        let task = self.spawn(async move {
            let client = match shared.client() {
                Ok(client) => client.clone(),
                Err(failure) => return shared.tell(Msg::SignInStarted(Err(failure))),
            };
            let name = shared.device().name.unwrap_or_default();
            let show = |code: &service_api::client::DeviceCode| shared.tell(Msg::CodeGiven(SignInCode::of(code)));
            let answer = client.sign_in_on_device(&name, show).await;
            shared.tell(Msg::SignedIn(answer.map_err(|error| describe(&error))));
        });
        if let Some(old) = self.shared.lock().sign_in.replace(task) {
            old.abort();
        }
    }
}

fn describe(error: &SignInError) -> Failure {
    Failure {
        sentence: language::foreign(&error.viewer_message()),
        remedy: Remedy::TryAgain,
        code: if error.is_offline() { "unreachable" } else { "sign-in-failed" }.to_owned(),
        detail: error.to_string(),
        elsewhere: Vec::new(),
    }
}
