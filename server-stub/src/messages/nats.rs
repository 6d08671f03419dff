//! NATS JetStream behind the outbox.
//!
//! The broker must be at least 2.10.23 (earlier ones lost streams when their process crashed) and must sync each write
//! (`sync_interval: always`): with its default a power cut takes up to two minutes of confirmed messages. A client
//! cannot see that setting; [`check_durability`] asks the broker's monitoring port.

use super::{Answer, Delivery, Message, MessageError, MessageLog, Subscription};
use async_nats::{
    ConnectOptions, HeaderMap,
    jetstream::{
        self, AckKind,
        consumer::{AckPolicy, DeliverPolicy, PullConsumer, pull},
        stream::{self, StorageType},
    },
};
use async_trait::async_trait;
use futures_util::StreamExt;
use std::{fmt, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const STREAM: &str = "LUMEN";
const SUBJECTS: &str = "lumen";
const KEY_HEADER: &str = "Lumen-Key";
const ID_HEADER: &str = "Nats-Msg-Id";

/// How long a confirmation may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long the broker recognises a message that comes twice: an outage after which the relay tries again.
const DUPLICATES: Duration = Duration::from_secs(20 * 60);
/// How long the broker keeps messages for consumers that are away.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3_600);
/// How long a consumer may take; then the message is given to another one.
const HANDLING: Duration = Duration::from_secs(30);
/// Between attempts to subscribe anew.
const PAUSE: Duration = Duration::from_millis(200);

/// Where the broker is and how to sign in.
#[derive(Clone)]
pub struct NatsConfig {
    /// Such as `nats://broker:4222`, or `tls://` with TLS; several with commas.
    pub address: String,
    /// User and password.
    pub user: Option<(String, String)>,
    /// Copies of each message, on as many brokers of a cluster.
    pub replicas: usize,
}

impl fmt::Debug for NatsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may hold a password.
        f.debug_struct("NatsConfig").field("replicas", &self.replicas).finish_non_exhaustive()
    }
}

/// A stream of the broker.
#[derive(Clone, Debug)]
pub struct NatsLog {
    context: jetstream::Context,
    replicas: usize,
}

impl NatsLog {
    /// Connects, and makes the stream if it is not there. Afterwards the connection is kept up for ever.
    ///
    /// # Errors
    /// [`MessageError::Settings`], [`MessageError::Unavailable`]
    pub async fn connect(config: &NatsConfig) -> Result<Self, MessageError> {
        let mut options = ConnectOptions::new()
            .name("lumen-server")
            .connection_timeout(TIMEOUT)
            .request_timeout(Some(TIMEOUT))
            .reconnect_delay_callback(|attempt| PAUSE * u32::try_from(attempt.min(10)).unwrap_or(10));
        if let Some((user, password)) = &config.user {
            options = options.user_and_password(user.clone(), password.clone());
        }
        let addresses: Vec<&str> = config.address.split(',').map(str::trim).collect();
        let client = options.connect(addresses).await.map_err(unavailable)?;
        let version = client.server_info().version;
        if !is_new_enough(&version) {
            let advice = format!("the broker is {version}; before 2.10.23 they lose streams in a crash");
            return Err(MessageError::Settings(advice));
        }
        let mut context = jetstream::new(client);
        context.set_timeout(TIMEOUT);
        let log = Self { context, replicas: config.replicas.max(1) };
        log.stream().await?;
        Ok(log)
    }

    async fn stream(&self) -> Result<stream::Stream, MessageError> {
        let wanted = stream::Config {
            name: STREAM.to_owned(),
            subjects: vec![format!("{SUBJECTS}.>")],
            storage: StorageType::File,
            num_replicas: self.replicas,
            duplicate_window: DUPLICATES,
            max_age: KEPT,
            ..stream::Config::default()
        };
        self.context.get_or_create_stream(wanted).await.map_err(unavailable)
    }
}

#[async_trait]
impl MessageLog for NatsLog {
    async fn publish(&self, message: &Message) -> Result<(), MessageError> {
        let mut headers = HeaderMap::new();
        headers.insert(ID_HEADER, message.id.as_str());
        headers.insert(KEY_HEADER, message.key.as_str());
        let subject = format!("{SUBJECTS}.{}", message.topic);
        let sent = self.context.publish_with_headers(subject, headers, message.body.clone().into());
        let confirmed = async { sent.await.map_err(unavailable)?.await.map_err(unavailable) };
        // While it is not connected the client keeps what is sent to it and says nothing.
        tokio::time::timeout(TIMEOUT, confirmed).await.map_err(unavailable)?.map(drop)
    }

    async fn subscribe(&self, consumer: &str) -> Result<Box<dyn Subscription>, MessageError> {
        let wanted = pull::Config {
            durable_name: Some(consumer.to_owned()),
            deliver_policy: DeliverPolicy::New,
            ack_policy: AckPolicy::Explicit,
            ack_wait: HANDLING,
            // One at a time, whoever shares the name: a message that comes again comes before the next.
            max_ack_pending: 1,
            ..pull::Config::default()
        };
        let consumer = self.stream().await?.get_or_create_consumer(consumer, wanted).await.map_err(unavailable)?;
        Ok(Box::new(NatsSubscription { consumer, messages: None }))
    }
}

struct NatsSubscription {
    consumer: PullConsumer,
    messages: Option<pull::Stream>,
}

#[async_trait]
impl Subscription for NatsSubscription {
    async fn next(&mut self) -> Result<Delivery, MessageError> {
        loop {
            let messages = match &mut self.messages {
                Some(messages) => messages,
                none => match self.consumer.messages().await {
                    Ok(messages) => none.insert(messages),
                    Err(error) => {
                        tracing::debug!(%error, "cannot subscribe; trying again");
                        tokio::time::sleep(PAUSE).await;
                        continue;
                    }
                },
            };
            match messages.next().await {
                Some(Ok(message)) => {
                    if let Some(delivery) = delivery(message) {
                        return Ok(delivery);
                    }
                }
                // The broker was away; what it had sent and we had not answered comes again.
                Some(Err(error)) => {
                    tracing::debug!(%error, "a subscription broke off");
                    self.messages = None;
                    tokio::time::sleep(PAUSE).await;
                }
                None => self.messages = None,
            }
        }
    }
}

/// The message in our words; `None` for what somebody else has put into the stream, which then comes again and stays
/// for a person to look at.
fn delivery(message: jetstream::Message) -> Option<Delivery> {
    let header = |name: &str| message.headers.as_ref()?.get(name).map(|value| value.as_str().to_owned());
    let (Some(id), Some(key)) = (header(ID_HEADER), header(KEY_HEADER)) else {
        tracing::warn!("there is a message in the stream that no server of ours has written");
        return None;
    };
    let topic = message.subject.strip_prefix(SUBJECTS)?.strip_prefix('.')?.to_owned();
    let body = String::from_utf8(message.payload.to_vec()).ok()?;
    Some(Delivery { message: Message { id, topic, key, body }, answer: Box::new(NatsAnswer(message)) })
}

struct NatsAnswer(jetstream::Message);

#[async_trait]
impl Answer for NatsAnswer {
    async fn done(self: Box<Self>) -> Result<(), MessageError> {
        self.0.ack().await.map_err(MessageError::Unavailable)
    }

    async fn again(self: Box<Self>, pause: Duration) -> Result<(), MessageError> {
        self.0.ack_with(AckKind::Nak(Some(pause))).await.map_err(MessageError::Unavailable)
    }
}

fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> MessageError {
    MessageError::Unavailable(Box::new(error))
}

fn is_new_enough(version: &str) -> bool {
    let numbers: Vec<u32> = version.split(['.', '-']).map_while(|part| part.parse().ok()).collect();
    numbers.as_slice() >= [2, 10, 23].as_slice()
}

/// Does the broker sync each write? Asks its monitoring port (`http: 8222` in its configuration).
///
/// # Errors
/// [`MessageError::Settings`] says what to change, [`MessageError::Unavailable`] that nobody answers there.
pub async fn check_durability(monitor: &str) -> Result<String, MessageError> {
    let asked = tokio::time::timeout(TIMEOUT, ask(monitor)).await.map_err(unavailable)?;
    let answer = asked.map_err(unavailable)?;
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let settings = MessageError::Settings;
    let document: serde_json::Value =
        serde_json::from_str(body).map_err(|_| settings("its monitoring port does not speak JSON".to_owned()))?;
    let version = document["version"].as_str().unwrap_or("unknown").to_owned();
    if !is_new_enough(&version) {
        return Err(settings(format!("it is {version}; before 2.10.23 they lose streams in a crash")));
    }
    let config = &document["jetstream"]["config"];
    if config.is_null() {
        return Err(settings("JetStream is off; start it with -js".to_owned()));
    }
    if config["sync_always"].as_bool() != Some(true) {
        let advice = "a power cut loses confirmed messages; set jetstream { sync_interval: always }";
        return Err(settings(advice.to_owned()));
    }
    Ok(version)
}

/// A document of a few kilobytes over plain HTTP.
async fn ask(monitor: &str) -> std::io::Result<String> {
    let mut socket = TcpStream::connect(monitor).await?;
    socket.write_all(format!("GET /varz HTTP/1.0\r\nhost: {monitor}\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    socket.take(1024 * 1024).read_to_string(&mut answer).await?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_that_lose_streams_are_refused() {
        for (version, is_fine) in [
            ("2.9.10", false),
            ("2.10.22", false),
            ("2.10.23", true),
            ("2.11.0-RC.1", true),
            ("2.15.1", true),
            ("", false),
        ] {
            assert_eq!(is_new_enough(version), is_fine, "{version}");
        }
    }
}
