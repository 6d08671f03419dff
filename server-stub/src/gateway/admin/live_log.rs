//! The log of requests as it is written, as server-sent events.

use crate::{
    app::Shared,
    gateway::{access::OPERATORS, auth},
};
use axum::{
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, stream};
use std::{convert::Infallible, time::Duration};
use tokio::{
    sync::broadcast::error::RecvError,
    time::{Instant, interval_at},
};

/// How often it is looked whether the one who reads may still do so.
const CHECK_EVERY: Duration = Duration::from_secs(10);

/// The log from now on, for as long as the one who asks may see it.
pub(super) fn stream(
    app: &Shared,
    headers: HeaderMap,
    is_browser: bool,
) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
    let check = interval_at(Instant::now() + CHECK_EVERY, CHECK_EVERY);
    let state = (app.request_log.listen(), check, app.clone(), headers);
    let events = stream::unfold(state, move |(mut receiver, mut check, app, headers)| async move {
        loop {
            let entry = tokio::select! {
                biased;
                () = app.stopping.cancelled() => return None,
                _ = check.tick() => {
                    if !may_go_on(&app, &headers, is_browser).await {
                        return None;
                    }
                    continue;
                }
                entry = receiver.recv() => entry,
            };
            match entry {
                Ok(entry) => {
                    let event = Event::default().json_data(&entry).unwrap_or_default();
                    return Some((Ok(event), (receiver, check, app, headers)));
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(CHECK_EVERY))
}

/// Is the one who reads still signed in, and an operator? Whatever cannot be found out is no.
async fn may_go_on(app: &Shared, headers: &HeaderMap, is_browser: bool) -> bool {
    let role = if is_browser {
        app.identity.browser(headers).await.ok().flatten().map(|browser| browser.role)
    } else {
        auth::bearer_of(app, headers).await.ok().map(|who| who.role)
    };
    role.is_some_and(|role| OPERATORS.contains(&role))
}
