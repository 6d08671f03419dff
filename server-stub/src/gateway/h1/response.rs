//! Answers on their way out.

use super::{
    head::Terms,
    wire::{Transport, Wire},
};
use crate::delivery::Answer;
use axum::{
    body::{Body, HttpBody},
    http::{HeaderName, Response, StatusCode, header},
};
use std::{
    cell::RefCell,
    future::poll_fn,
    io::{self, Write},
    pin::Pin,
    time::{SystemTime, UNIX_EPOCH},
};

/// Bodies from this size on are sent by the kernel, if the transport is a socket: below, the second system call costs
/// more than the copy.
const SEND_FILE_FROM: u64 = 32 * 1024;

/// What an answer must look like for the request that it answers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) is_head: bool,
    pub(super) terms: Terms,
    pub(super) keep_alive: bool,
}

/// Writes media.
pub(super) async fn write_answer<S: Transport>(
    wire: &mut Wire<S>,
    answer: &Answer,
    keep_alive: bool,
    request_id: &str,
) -> io::Result<()> {
    let mut head = std::mem::take(&mut wire.output);
    head.clear();
    status_line(&mut head, answer.status);
    answer.write_fields(&mut head);
    head.extend_from_slice(b"x-request-id: ");
    head.extend_from_slice(request_id.as_bytes());
    head.extend_from_slice(b"\r\n");
    end_of_head(&mut head, keep_alive);
    let has_body = answer.has_body && answer.is_content() && answer.length > 0;
    let outcome = if has_body && answer.length >= SEND_FILE_FROM && wire.can_send_files() {
        wire.send_file(&head, &answer.file.file, answer.first, answer.length).await
    } else if has_body {
        match answer.bytes() {
            Some(body) => wire.write_two(&head, &body).await,
            None if wire.can_send_files() => {
                wire.send_file(&head, &answer.file.file, answer.first, answer.length).await
            }
            None => Err(io::ErrorKind::Unsupported.into()),
        }
    } else {
        wire.write_all(&head).await
    };
    wire.output = head;
    outcome?;
    wire.flush().await
}

/// Writes what the router has answered. True if the body came to the end that its head promised.
pub(super) async fn write<S: Transport>(
    wire: &mut Wire<S>,
    response: Response<Body>,
    shape: Shape,
) -> io::Result<bool> {
    let (parts, mut body) = response.into_parts();
    let status = parts.status;
    let may_have_body =
        !status.is_informational() && status != StatusCode::NO_CONTENT && status != StatusCode::NOT_MODIFIED;
    // A length that was promised is kept, whether or not the body knows it.
    let promised = parts.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let length = promised.or_else(|| body.size_hint().exact());
    let is_chunked = may_have_body && length.is_none() && shape.terms.is_1_1;
    // HTTP/1.0 has no other end for a body of unknown length.
    let keep_alive = shape.keep_alive && (length.is_some() || is_chunked || !may_have_body);

    let mut head = std::mem::take(&mut wire.output);
    head.clear();
    status_line(&mut head, status);
    for (name, value) in &parts.headers {
        if is_hop_by_hop(name) {
            continue;
        }
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    if may_have_body && promised.is_none() {
        match length {
            // Of an answer to HEAD the length is not known by its empty body.
            Some(_) if shape.is_head => {}
            Some(length) => write!(head, "content-length: {length}\r\n")?,
            None if is_chunked => head.extend_from_slice(b"transfer-encoding: chunked\r\n"),
            None => {}
        }
    }
    end_of_head(&mut head, keep_alive);
    let outcome = if may_have_body && !shape.is_head {
        let written = write_body(wire, &mut head, &mut body, is_chunked).await;
        written.and_then(|count| match length {
            Some(length) if count != length => Err(io::Error::other("the body is not as long as was promised")),
            _ => Ok(()),
        })
    } else {
        wire.write_all(&head).await
    };
    wire.output = head;
    outcome?;
    wire.flush().await?;
    Ok(keep_alive)
}

/// Writes the head together with the first piece of the body, then the rest. Returns how long the body was.
async fn write_body<S: Transport>(
    wire: &mut Wire<S>,
    head: &mut Vec<u8>,
    body: &mut Body,
    is_chunked: bool,
) -> io::Result<u64> {
    let mut count = 0;
    loop {
        // A body that does not come at once shall not hold the head back.
        let next = poll_fn(|cx| std::task::Poll::Ready(Pin::new(&mut *body).poll_frame(cx))).await;
        let frame = match next {
            std::task::Poll::Ready(frame) => frame,
            std::task::Poll::Pending => {
                wire.write_all(head).await?;
                head.clear();
                wire.flush().await?;
                poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await
            }
        };
        match frame {
            None => break,
            Some(Err(error)) => return Err(io::Error::other(error)),
            Some(Ok(frame)) => {
                let Ok(data) = frame.into_data() else { continue };
                if data.is_empty() {
                    continue;
                }
                count += data.len() as u64;
                if is_chunked {
                    write!(head, "{:x}\r\n", data.len())?;
                }
                wire.write_two(head, &data).await?;
                head.clear();
                if is_chunked {
                    head.extend_from_slice(b"\r\n");
                }
            }
        }
    }
    if is_chunked {
        head.extend_from_slice(b"0\r\n\r\n");
    }
    if !head.is_empty() {
        wire.write_all(head).await?;
    }
    Ok(count)
}

fn is_hop_by_hop(name: &HeaderName) -> bool {
    matches!(*name, header::CONNECTION | header::TRANSFER_ENCODING | header::UPGRADE)
}

fn status_line(out: &mut Vec<u8>, status: StatusCode) {
    match status {
        StatusCode::OK => out.extend_from_slice(b"HTTP/1.1 200 OK\r\n"),
        StatusCode::PARTIAL_CONTENT => out.extend_from_slice(b"HTTP/1.1 206 Partial Content\r\n"),
        status => {
            out.extend_from_slice(b"HTTP/1.1 ");
            out.extend_from_slice(status.as_str().as_bytes());
            out.push(b' ');
            out.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
            out.extend_from_slice(b"\r\n");
        }
    }
}

fn end_of_head(out: &mut Vec<u8>, keep_alive: bool) {
    thread_local! {
        static DATE: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
    }
    DATE.with_borrow_mut(|(second, text)| {
        let now = SystemTime::now();
        let now_s = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        if *second != now_s {
            *second = now_s;
            *text = httpdate::fmt_http_date(now);
        }
        out.extend_from_slice(b"date: ");
        out.extend_from_slice(text.as_bytes());
    });
    out.extend_from_slice(if keep_alive { b"\r\n\r\n" } else { b"\r\nconnection: close\r\n\r\n" });
}
