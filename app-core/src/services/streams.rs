//! Streams at the service: kept while a title is open, ended with it, told about when they are lost.

use super::{Services, Shared};
use crate::{app::Msg, heartbeat, permit::Permit, refusal::explain};
use player_core::PlayerHandle;
use service_api::GrantId;
use std::{future::pending, time::Duration};

/// How long the end of what was got ahead may take.
const END_WITHIN: Duration = Duration::from_secs(2);

impl Services {
    /// Ends a stream on another device, to make room for an attempt that was refused.
    pub(super) fn stop_elsewhere(&self, attempt: u64, grant: GrantId) {
        self.answer(
            |shared| async move {
                let client = shared.client()?;
                match client.end_playback(&grant).await {
                    Ok(()) => Ok(()),
                    Err(error) => Err(explain(client, shared.device().id.as_deref(), &error).await),
                }
            },
            move |answer| Msg::StoppedElsewhere { attempt, answer },
        );
    }
}

impl Shared {
    /// Is heard of for as long as the player lives; never ends by itself. What the service refuses is told once.
    pub(super) async fn keep_stream(&self, permit: &Permit, player: &PlayerHandle, attempt: u64) {
        let error = heartbeat::keep(permit, player.subscribe()).await;
        tracing::info!(%error, "the stream is lost");
        if let Ok(client) = &self.client {
            let failure = explain(client, self.device().id.as_deref(), &error).await;
            self.tell(Msg::StreamLost { attempt, failure });
        }
        pending().await
    }

    /// Gives back what was got ahead and is not wanted any more.
    pub(super) async fn end_ahead(&self) {
        let ahead = {
            let mut state = self.lock();
            state.grants.clear();
            state.ahead.take()
        };
        let (Some(grant), Ok(client)) = (ahead, &self.client) else { return };
        match tokio::time::timeout(END_WITHIN, client.end_playback(&grant)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "what was got ahead could not be given back"),
            Err(_) => tracing::debug!("what was got ahead could not be given back in time"),
        }
    }
}
