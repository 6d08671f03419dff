//! What has happened, told to whoever wants to know.
//!
//! Four nouns. A **message** ([`Message`]) is written into the **outbox** ([`Outbox`]) by the same transaction as the
//! business write that it tells of, so that there is never one without the other. The **relay** takes messages from the
//! outbox to a **log** ([`MessageLog`]): consumers in this process ([`LocalLog`]), or NATS JetStream ([`NatsLog`]).
//!
//! Promises, tested on both logs by `tests/contracts/messages.rs`: a message that was committed is delivered at least once;
//! messages with the same key arrive in their order; one that a consumer could not handle comes again before the next.
//! What comes again has the same id, so that [`Outbox::is_first_time`] lets it take effect once.

mod local;
mod nats;
mod outbox;
mod relay;

pub use local::LocalLog;
pub use nats::{NatsConfig, NatsLog, check_durability};
pub use outbox::Outbox;
pub use relay::Relay;

use async_trait::async_trait;
use std::{fmt, time::Duration};

/// Largest body of a message, in bytes: messages name things, they do not carry them.
pub const MAX_BODY: usize = 64 * 1024;

/// Something that has happened.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Unique; the same however often it is delivered.
    pub id: String,
    /// What kind of thing, as `noun.verb`: letters of the small alphabet, digits, `-` and dots.
    pub topic: String,
    /// What it happened to. Messages with the same key stay in order.
    pub key: String,
    /// JSON.
    pub body: String,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Key and body are about people.
        f.debug_struct("Message").field("id", &self.id).field("topic", &self.topic).finish_non_exhaustive()
    }
}

/// Why a message is not where it should be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// The log cannot be reached or does not confirm. Worth another try.
    #[error("the message log does not answer")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The log was set up in a way that loses messages.
    #[error("the message log cannot be used: {0}")]
    Settings(String),
    /// The topic, the key or the body is not one that every log takes.
    #[error("a message has an impossible topic, or is too large")]
    Invalid,
    /// The outbox cannot be read or written.
    #[error("the outbox cannot be used")]
    Store(#[from] sqlx::Error),
    /// The log has ended.
    #[error("the message log is closed")]
    Closed,
}

/// Takes messages and hands them to consumers.
#[async_trait]
pub trait MessageLog: fmt::Debug + Send + Sync {
    /// Returns when the message is kept: after a power cut it is still delivered. Called by the relay, for one message
    /// of a key at a time.
    async fn publish(&self, message: &Message) -> Result<(), MessageError>;

    /// Deliveries for a consumer. All who subscribe under one name share them; a new name begins with what is published
    /// from now on, a known one where it stopped.
    async fn subscribe(&self, consumer: &str) -> Result<Box<dyn Subscription>, MessageError>;
}

/// Deliveries for one consumer.
#[async_trait]
pub trait Subscription: Send {
    /// Waits for the next delivery. The one before must have been answered; otherwise it comes again some time.
    async fn next(&mut self) -> Result<Delivery, MessageError>;
}

/// A message that wants to be handled.
pub struct Delivery {
    /// The message.
    pub message: Message,
    answer: Box<dyn Answer>,
}

impl Delivery {
    /// It is handled, durably; it does not come again, or if so by accident.
    ///
    /// # Errors
    /// [`MessageError::Unavailable`]: it may come again.
    pub async fn done(self) -> Result<(), MessageError> {
        self.answer.done().await
    }

    /// It could not be handled; it comes again after the pause, before later ones of its key.
    ///
    /// # Errors
    /// [`MessageError::Unavailable`]: it comes again when the log notices.
    pub async fn again(self, pause: Duration) -> Result<(), MessageError> {
        self.answer.again(pause).await
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery").field("message", &self.message).finish_non_exhaustive()
    }
}

/// How a log hears what became of a delivery.
#[async_trait]
trait Answer: Send + Sync {
    async fn done(self: Box<Self>) -> Result<(), MessageError>;
    async fn again(self: Box<Self>, pause: Duration) -> Result<(), MessageError>;
}

/// Topics are parts of subjects of the broker, so their alphabet is small.
fn is_topic(topic: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    topic.len() <= 64 && topic.split('.').all(|part| !part.is_empty() && part.chars().all(plain))
}
