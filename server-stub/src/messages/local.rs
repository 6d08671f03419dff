//! Consumers in the same process.

use super::{Answer, Delivery, Message, MessageError, MessageLog, Subscription};
use async_trait::async_trait;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot};

/// Deliveries that wait for a consumer; more make the relay wait, and the outbox keeps them.
const WAITING: usize = 256;

/// A log without a broker: a message is published when every consumer has handled it, and until then it is in the
/// outbox, which is what makes it durable.
#[derive(Debug, Default)]
pub struct LocalLog {
    consumers: Mutex<HashMap<String, Consumer>>,
}

#[derive(Clone, Debug)]
struct Consumer {
    sender: mpsc::Sender<Envelope>,
    receiver: Arc<AsyncMutex<mpsc::Receiver<Envelope>>>,
}

#[derive(Debug)]
struct Envelope {
    message: Message,
    /// `None` for done, otherwise the pause before it comes again.
    answer: oneshot::Sender<Option<Duration>>,
}

impl LocalLog {
    /// Without consumers, every message counts as handled.
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl MessageLog for LocalLog {
    async fn publish(&self, message: &Message) -> Result<(), MessageError> {
        let consumers: Vec<Consumer> =
            self.consumers.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        for consumer in consumers {
            loop {
                let (answer, answered) = oneshot::channel();
                let envelope = Envelope { message: message.clone(), answer };
                consumer.sender.send(envelope).await.map_err(|_| MessageError::Closed)?;
                match answered.await {
                    Ok(None) => break,
                    Ok(Some(pause)) => tokio::time::sleep(pause).await,
                    // The consumer dropped it unanswered; as with a broker, it comes again.
                    Err(_) => {}
                }
            }
        }
        Ok(())
    }

    async fn subscribe(&self, consumer: &str) -> Result<Box<dyn Subscription>, MessageError> {
        let mut consumers = self.consumers.lock().unwrap_or_else(PoisonError::into_inner);
        let consumer = consumers.entry(consumer.to_owned()).or_insert_with(|| {
            let (sender, receiver) = mpsc::channel(WAITING);
            Consumer { sender, receiver: Arc::new(AsyncMutex::new(receiver)) }
        });
        Ok(Box::new(LocalSubscription(consumer.receiver.clone())))
    }
}

struct LocalSubscription(Arc<AsyncMutex<mpsc::Receiver<Envelope>>>);

#[async_trait]
impl Subscription for LocalSubscription {
    async fn next(&mut self) -> Result<Delivery, MessageError> {
        let Envelope { message, answer } = self.0.lock().await.recv().await.ok_or(MessageError::Closed)?;
        Ok(Delivery { message, answer: Box::new(LocalAnswer(answer)) })
    }
}

struct LocalAnswer(oneshot::Sender<Option<Duration>>);

#[async_trait]
impl Answer for LocalAnswer {
    async fn done(self: Box<Self>) -> Result<(), MessageError> {
        self.0.send(None).map_err(|_| MessageError::Closed)
    }

    async fn again(self: Box<Self>, pause: Duration) -> Result<(), MessageError> {
        self.0.send(Some(pause)).map_err(|_| MessageError::Closed)
    }
}
