//! Where mails go: a folder, or a relay on this machine.
//!
//! The relay is spoken to in plain SMTP (RFC 5321) and only on a loopback address: a link in a mail is as good as a
//! password. Transport security, queueing and reputation are what relays (Postfix, OpenSMTPD, msmtpd) are for.

use super::Mail;
use async_trait::async_trait;
use std::{
    fmt, io,
    net::SocketAddr,
    path::PathBuf,
    time::{Duration, SystemTime},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};
use uuid::Uuid;

/// How long a relay may take for one mail.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Longest line of a relay's answer (RFC 5321, 4.5.3.1.5 allows 512), in bytes.
const MAX_LINE: u64 = 1_024;
/// Most lines of one answer.
const MAX_LINES: usize = 100;

/// Delivers mails. Called by one task, one mail at a time; may take its time.
#[async_trait]
pub trait MailSink: Send + Sync + fmt::Debug {
    /// Delivers one mail.
    ///
    /// # Errors
    /// [`MailError`]; the mail is lost then, and whoever waits for it asks again.
    async fn deliver(&self, mail: Mail) -> Result<(), MailError>;
}

/// Why a mail was not delivered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MailError {
    /// An address that no mail can be sent to.
    #[error("the address cannot be written to")]
    Address,
    /// The relay refused; its answer is not told, it may hold the address.
    #[error("the relay does not take the mail: it answers {0}")]
    Refused(u16),
    /// The relay cannot be talked to.
    #[error("the relay cannot be talked to")]
    Relay(#[source] io::Error),
    /// The folder cannot be written.
    #[error("the mail cannot be written to a file")]
    Folder(#[source] io::Error),
    /// The relay is on another machine.
    #[error("the mail relay must be on this machine; let it send the mails on over TLS")]
    NotHere,
}

/// Writes each mail to a file of a folder, for machines without a relay: `ls` and a mail program show them.
#[derive(Debug)]
pub struct FolderSink {
    folder: PathBuf,
}

impl FolderSink {
    /// Mails to this folder, which is made with mode 0700.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }
}

#[async_trait]
impl MailSink for FolderSink {
    async fn deliver(&self, mail: Mail) -> Result<(), MailError> {
        let message = message("Lumen <lumen@localhost>", &mail)?;
        let folder = self.folder.clone();
        let written = tokio::task::spawn_blocking(move || {
            let mut builder = std::fs::DirBuilder::new();
            builder.recursive(true);
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            {
                use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
                builder.mode(0o700);
                options.mode(0o600);
            }
            builder.create(&folder)?;
            // The name holds no address; the files sort by time.
            let mut file = options.open(folder.join(format!("{}.eml", Uuid::now_v7())))?;
            io::Write::write_all(&mut file, message.as_bytes())
        });
        written.await.map_err(|error| MailError::Folder(io::Error::other(error)))?.map_err(MailError::Folder)
    }
}

/// Hands mails to a relay on this machine.
#[derive(Debug)]
pub struct RelaySink {
    relay: SocketAddr,
    from: String,
}

impl RelaySink {
    /// A sink for the relay at a loopback address; `from` is the sender's address, such as `lumen@example.org`.
    ///
    /// # Errors
    /// [`MailError::NotHere`] for any other machine, [`MailError::Address`] for a sender that is none.
    pub fn new(relay: SocketAddr, from: impl Into<String>) -> Result<Self, MailError> {
        let from = from.into();
        if !relay.ip().is_loopback() {
            return Err(MailError::NotHere);
        }
        if is_plain(&from) { Ok(Self { relay, from }) } else { Err(MailError::Address) }
    }

    async fn talk(&self, mail: &Mail) -> Result<(), MailError> {
        let message = message(&format!("Lumen <{}>", self.from), mail)?;
        let mut relay = BufReader::new(TcpStream::connect(self.relay).await.map_err(MailError::Relay)?);
        expect(&mut relay, 220).await?;
        let steps = [
            ("EHLO localhost".to_owned(), 250),
            (format!("MAIL FROM:<{}> BODY=8BITMIME", self.from), 250),
            (format!("RCPT TO:<{}>", mail.to), 250),
            ("DATA".to_owned(), 354),
        ];
        for (command, code) in steps {
            send(&mut relay, &format!("{command}\r\n")).await?;
            expect(&mut relay, code).await?;
        }
        // A line that begins with a dot would end the mail (RFC 5321, 4.5.2).
        let stuffed = message.replace("\r\n.", "\r\n..");
        send(&mut relay, &format!("{stuffed}\r\n.\r\n")).await?;
        expect(&mut relay, 250).await?;
        // The mail is delivered, whatever is said to this.
        let _ = send(&mut relay, "QUIT\r\n").await;
        Ok(())
    }
}

#[async_trait]
impl MailSink for RelaySink {
    async fn deliver(&self, mail: Mail) -> Result<(), MailError> {
        let late = |_| MailError::Relay(io::ErrorKind::TimedOut.into());
        timeout(TIMEOUT, self.talk(&mail)).await.map_err(late)?
    }
}

async fn send(relay: &mut BufReader<TcpStream>, text: &str) -> Result<(), MailError> {
    relay.get_mut().write_all(text.as_bytes()).await.map_err(MailError::Relay)
}

/// Reads an answer, of one line or several, and compares its code.
async fn expect(relay: &mut BufReader<TcpStream>, code: u16) -> Result<(), MailError> {
    let broken = || MailError::Relay(io::ErrorKind::InvalidData.into());
    for _ in 0..MAX_LINES {
        let mut line = Vec::new();
        (&mut *relay).take(MAX_LINE).read_until(b'\n', &mut line).await.map_err(MailError::Relay)?;
        let number = line.get(..3).and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<u16>().ok());
        let number = number.ok_or_else(broken)?;
        if line.get(3) == Some(&b'-') {
            continue;
        }
        return if number == code { Ok(()) } else { Err(MailError::Refused(number)) };
    }
    Err(broken())
}

/// RFC 5322, with lines that end in CRLF.
fn message(from: &str, mail: &Mail) -> Result<String, MailError> {
    if !is_plain(&mail.to) || !mail.subject.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return Err(MailError::Address);
    }
    let date = httpdate::fmt_http_date(SystemTime::now()).replace("GMT", "+0000");
    let text = mail.text.replace("\r\n", "\n").replace('\n', "\r\n");
    Ok(format!(
        "From: {from}\r\nTo: <{}>\r\nSubject: {}\r\nDate: {date}\r\nMessage-ID: <{}@lumen>\r\n\
         Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: 8bit\r\n\r\n{text}",
        mail.to,
        mail.subject,
        Uuid::now_v7()
    ))
}

/// Nothing that a header or command could trip over.
fn is_plain(address: &str) -> bool {
    let odd =
        |character: char| character.is_control() || character.is_whitespace() || "<>\",;:\\()".contains(character);
    address.contains('@') && address.len() <= 254 && !address.contains(odd)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    fn mail() -> Mail {
        let text = "Grüße\n.\nend".to_owned();
        Mail { to: "mia@lumen.example".to_owned(), subject: "Hello".to_owned(), text }
    }

    #[tokio::test]
    async fn relay_gets_the_mail_and_its_refusal_is_told() {
        assert!(matches!(RelaySink::new("192.0.2.1:25".parse().unwrap(), "a@b"), Err(MailError::NotHere)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sink = RelaySink::new(listener.local_addr().unwrap(), "lumen@lumen.example").unwrap();
        let relay = tokio::spawn(async move {
            let mut taken = String::new();
            for is_willing in [true, false] {
                let (socket, _) = listener.accept().await.unwrap();
                let mut socket = BufReader::new(socket);
                socket.get_mut().write_all(b"220 hello\r\n").await.unwrap();
                let mut is_data = false;
                loop {
                    let mut line = String::new();
                    if socket.read_line(&mut line).await.unwrap() == 0 {
                        break;
                    }
                    taken.push_str(&line);
                    let answer = match line.as_str() {
                        ".\r\n" => {
                            is_data = false;
                            "250 taken\r\n"
                        }
                        _ if is_data => continue,
                        "DATA\r\n" => {
                            is_data = true;
                            "354 go on\r\n"
                        }
                        line if line.starts_with("EHLO") => "250-relay\r\n250 8BITMIME\r\n",
                        line if line.starts_with("RCPT") && !is_willing => "550 no such mia\r\n",
                        _ => "250 ok\r\n",
                    };
                    socket.get_mut().write_all(answer.as_bytes()).await.unwrap();
                }
            }
            taken
        });
        sink.deliver(mail()).await.unwrap();
        assert!(matches!(sink.deliver(mail()).await, Err(MailError::Refused(550))));
        let taken = relay.await.unwrap();
        assert!(taken.contains("RCPT TO:<mia@lumen.example>\r\n") && taken.contains("Grüße\r\n..\r\nend\r\n.\r\n"));
    }

    #[tokio::test]
    async fn folder_holds_a_private_file_per_mail() {
        let folder = tempfile::tempdir().unwrap();
        let sink = FolderSink::new(folder.path().join("mail"));
        sink.deliver(mail()).await.unwrap();
        sink.deliver(mail()).await.unwrap();
        let files: Vec<_> = std::fs::read_dir(folder.path().join("mail")).unwrap().map(Result::unwrap).collect();
        assert_eq!(files.len(), 2);
        assert!(std::fs::read_to_string(files[0].path()).unwrap().contains("To: <mia@lumen.example>"));
        assert!(!format!("{:?}", mail()).contains("end"));
        let evil = Mail { to: "a@b.example>\r\nBcc: c@d.example".to_owned(), ..mail() };
        assert!(matches!(sink.deliver(evil).await, Err(MailError::Address)));
    }
}
