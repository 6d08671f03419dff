//! From packets to elementary streams.

use super::clock::{Clock, above_zero};
use super::packet::{Packet, Packets};
use super::pes::PesReader;
use super::section::Sections;
use super::splice::Splice;
use super::tables::{self, StreamEntry, StreamKind};
use crate::container::es::audio::AudioCodec;
use crate::container::es::{CLOCK_RATE, ElementaryStream, audio, latm, video};
use crate::container::{ContainerError, Demuxed, SampleCipher};
use crate::manifest::TimedEvent;
use abr::MediaTime;
use bytes::Bytes;
use std::collections::HashMap;

const ASSOCIATION_PID: u16 = 0;
/// Streams that begin within a segment because its tables change.
const MAX_STREAMS: usize = 256;
/// Metadata and splice streams of a program.
const MAX_DATA_STREAMS: usize = 8;
/// ID3 tags and splices of a segment.
const MAX_EVENTS: usize = 10_000;

/// See [`super::demux`].
pub(super) fn demux(media: &Bytes, cipher: Option<&SampleCipher>) -> Result<Demuxed, ContainerError> {
    let packets = Packets::find(media).ok_or(ContainerError::Malformed("transport packet"))?;
    let mut demuxer = Demuxer::default();
    // Tables may come behind the first packets of their streams. Those with a wrong checksum are read only if there are
    // no others: some packagers never made one.
    if !demuxer.find_program(packets.clone(), false)? && !demuxer.find_program(packets.clone(), true)? {
        return Err(demuxer.no_program());
    }
    let mut rest = packets;
    rest.by_ref().try_for_each(|packet| demuxer.packet(&packet))?;
    let cut_short = rest.is_cut_short();
    Ok(Demuxed { cut_short, ..demuxer.finish(cipher)? })
}

#[derive(Debug, Default)]
struct Demuxer<'a> {
    clock: Clock,
    /// Counter and payload of the last packet of each PID that is read.
    continuity: HashMap<u16, (u8, &'a [u8])>,
    association: TableReader,
    /// Program maps by PID.
    maps: Vec<(u16, TableReader)>,
    /// PID of the map of the program that is played.
    program: Option<u16>,
    lenient: bool,
    /// Nothing but tables is read.
    tables_only: bool,
    active: Vec<Stream>,
    ended: Vec<Stream>,
    splices: Vec<Splice>,
    /// Types of streams in programs of which nothing can be played.
    unsupported: Vec<u8>,
}

/// Sections of one PID, and the last that was read: tables are repeated much more often than they change.
#[derive(Debug, Default)]
struct TableReader {
    sections: Sections,
    last: Vec<u8>,
}

#[derive(Debug)]
struct Stream {
    entry: StreamEntry,
    reader: Reader,
}

#[derive(Debug)]
enum Reader {
    Packets(PesReader),
    Sections(Sections),
}

/// What a packet's counter says of those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Continuity {
    Next,
    Repeated,
    Lost,
}

impl<'a> Demuxer<'a> {
    /// Reads tables until there is a program to play.
    fn find_program(&mut self, mut packets: Packets<'a>, lenient: bool) -> Result<bool, ContainerError> {
        (self.lenient, self.tables_only) = (lenient, true);
        (self.association, self.maps) = (TableReader::default(), Vec::new());
        while self.program.is_none()
            && let Some(packet) = packets.next()
        {
            self.packet(&packet)?;
        }
        self.tables_only = false;
        self.continuity.clear();
        Ok(self.program.is_some())
    }

    fn no_program(&self) -> ContainerError {
        if self.unsupported.is_empty() {
            return ContainerError::Missing("PMT");
        }
        let mut names: Vec<&str> = self.unsupported.iter().map(|kind| tables::name(*kind)).collect();
        names.sort_unstable();
        names.dedup();
        ContainerError::Unsupported(format!("MPEG-TS with {}", names.join(", ")))
    }

    fn packet(&mut self, packet: &Packet<'a>) -> Result<(), ContainerError> {
        let is_table = packet.pid == ASSOCIATION_PID || self.maps.iter().any(|(pid, _)| *pid == packet.pid);
        let is_stream = !self.tables_only && self.active.iter().any(|stream| stream.entry.pid == packet.pid);
        if !is_table && !is_stream {
            return Ok(());
        }
        let continuity = self.continuity(packet);
        let Some(payload) = packet.payload.filter(|_| continuity != Continuity::Repeated) else { return Ok(()) };
        let lost = continuity == Continuity::Lost;
        if is_stream {
            self.media(packet, payload, lost);
        }
        if is_table { self.table(packet, payload, lost) } else { Ok(()) }
    }

    fn continuity(&mut self, packet: &Packet<'a>) -> Continuity {
        if packet.discontinuity {
            self.continuity.remove(&packet.pid);
        }
        let Some(payload) = packet.payload else { return Continuity::Next };
        match self.continuity.insert(packet.pid, (packet.counter, payload)) {
            Some((counter, last)) if counter == packet.counter && last == payload => Continuity::Repeated,
            // Some packagers do not count at all.
            Some((counter, _)) if counter == packet.counter || (counter + 1) & 0xf == packet.counter => {
                Continuity::Next
            }
            Some(_) => Continuity::Lost,
            None => Continuity::Next,
        }
    }

    fn media(&mut self, packet: &Packet<'_>, payload: &[u8], lost: bool) {
        for stream in self.active.iter_mut().filter(|stream| stream.entry.pid == packet.pid) {
            match &mut stream.reader {
                Reader::Packets(reader) => {
                    if lost || packet.scrambled {
                        reader.lose(packet.start);
                    }
                    if packet.scrambled {
                        reader.scrambled = true;
                    } else {
                        reader.push(payload, packet.start, &mut self.clock);
                    }
                }
                Reader::Sections(sections) => {
                    if lost {
                        sections.reset();
                    }
                    let (clock, splices) = (&self.clock, &mut self.splices);
                    sections.push(payload, packet.start, |section| {
                        if splices.len() < MAX_EVENTS {
                            splices.extend(Splice::parse(section, clock));
                        }
                    });
                }
            }
        }
    }

    fn table(&mut self, packet: &Packet<'_>, payload: &[u8], lost: bool) -> Result<(), ContainerError> {
        let is_association = packet.pid == ASSOCIATION_PID;
        let reader = if is_association {
            Some(&mut self.association)
        } else {
            self.maps.iter_mut().find(|(pid, _)| *pid == packet.pid).map(|(_, reader)| reader)
        };
        let Some(TableReader { sections, last }) = reader else { return Ok(()) };
        if lost {
            sections.reset();
        }
        let mut changed: Vec<Vec<u8>> = Vec::new();
        sections.push(payload, packet.start, |section| {
            if section != last.as_slice() {
                *last = section.to_vec();
                changed.push(section.to_vec());
            }
        });
        for section in changed {
            if is_association {
                self.associate(&section);
            } else {
                self.map(packet.pid, &section)?;
            }
        }
        Ok(())
    }

    fn associate(&mut self, section: &[u8]) {
        let Some(table) = tables::association(section).filter(|table| table.sound || self.lenient) else { return };
        self.maps.retain(|(pid, _)| table.content.contains(pid));
        for pid in table.content {
            if !self.maps.iter().any(|(known, _)| *known == pid) {
                self.maps.push((pid, TableReader::default()));
            }
        }
        self.program = self.program.filter(|program| self.maps.iter().any(|(pid, _)| pid == program));
    }

    fn map(&mut self, pid: u16, section: &[u8]) -> Result<(), ContainerError> {
        let Some(table) = tables::map(section).filter(|table| table.sound || self.lenient) else { return Ok(()) };
        if self.program.is_some_and(|program| program != pid) {
            return Ok(());
        }
        let wanted = choose(&table.content);
        if !wanted.iter().any(|entry| matches!(entry.kind, StreamKind::Video { .. }) || entry.kind.is_heard()) {
            self.unsupported.extend(table.content.iter().filter_map(|entry| match entry.kind {
                StreamKind::Other(kind) => Some(kind),
                _ => None,
            }));
            self.unsupported.truncate(MAX_STREAMS);
            return Ok(());
        }
        let seen = wanted.iter().any(|entry| matches!(entry.kind, StreamKind::Video { .. }));
        let unseen = table.content.iter().find_map(|entry| match entry.kind {
            StreamKind::Other(kind) => tables::picture(kind),
            _ => None,
        });
        if let (false, Some(codec)) = (seen, unseen) {
            return Err(ContainerError::NoDecoder(codec.to_owned()));
        }
        self.program = Some(pid);
        self.ended.extend(self.active.extract_if(.., |stream| !wanted.contains(&stream.entry)));
        for entry in wanted {
            if !self.active.iter().any(|stream| stream.entry == entry) {
                let reader = match entry.kind {
                    StreamKind::Splice => Reader::Sections(Sections::default()),
                    _ => Reader::Packets(PesReader::default()),
                };
                self.active.push(Stream { entry, reader });
            }
        }
        if self.active.len() + self.ended.len() > MAX_STREAMS {
            return Err(ContainerError::LimitExceeded { what: "streams in a segment", max: MAX_STREAMS as u64 });
        }
        Ok(())
    }

    fn finish(mut self, cipher: Option<&SampleCipher>) -> Result<Demuxed, ContainerError> {
        self.ended.append(&mut self.active);
        let mut demuxed = Demuxed::default();
        let mut scrambled = false;
        let mut streams = Vec::new();
        for Stream { entry, reader } in self.ended {
            if let Reader::Packets(reader) = reader {
                scrambled |= reader.scrambled;
                streams.push((entry.kind, reader.finish()));
            }
        }
        let pieces = streams.iter().flat_map(|(_, stream)| &stream.pieces);
        let first = pieces.flat_map(|piece| [piece.pts, piece.dts]).flatten().min().unwrap_or(0);
        let shift = above_zero(first);
        for (kind, mut stream) in streams {
            for piece in &mut stream.pieces {
                piece.pts = piece.pts.map(|pts| pts + shift);
                piece.dts = piece.dts.map(|dts| dts + shift);
            }
            match kind {
                StreamKind::Video { codec, encrypted } => {
                    let cipher = needed(cipher, encrypted && !stream.data.is_empty())?;
                    demuxed.streams.extend(video::stream(codec, stream, cipher)?);
                }
                StreamKind::Audio { codec, encrypted } => {
                    let cipher = needed(cipher, encrypted && !stream.data.is_empty())?;
                    demuxed.streams.extend(audio::streams(codec, stream, cipher)?);
                }
                StreamKind::Latm => {
                    demuxed.streams.extend(audio::streams(AudioCodec::Adts, latm::to_adts(stream), None)?);
                }
                StreamKind::Metadata => demuxed.events.extend(tags(stream, first + shift)),
                StreamKind::Splice | StreamKind::Other(_) => {}
            }
        }
        if demuxed.streams.is_empty() && scrambled {
            return Err(ContainerError::UnsupportedScheme("conditional access".into()));
        }
        demuxed.events.extend(self.splices.into_iter().map(|splice| splice.event(first, shift)));
        demuxed.events.sort_by_key(|event| event.start);
        Ok(demuxed)
    }
}

/// The first video, the first audio, and what else is read of a program.
fn choose(streams: &[StreamEntry]) -> Vec<StreamEntry> {
    let first = |wanted: fn(&StreamKind) -> bool| streams.iter().find(|entry| wanted(&entry.kind));
    let data = streams.iter().filter(|entry| matches!(entry.kind, StreamKind::Metadata | StreamKind::Splice));
    let video = first(|kind| matches!(kind, StreamKind::Video { .. }));
    let audio = first(|kind| kind.is_heard());
    video.into_iter().chain(audio).chain(data.take(MAX_DATA_STREAMS)).copied().collect()
}

/// The cipher for a stream. Those that are in the clear stay so, whatever the playlist says.
fn needed(cipher: Option<&SampleCipher>, encrypted: bool) -> Result<Option<&SampleCipher>, ContainerError> {
    match (cipher, encrypted) {
        (_, false) => Ok(None),
        (Some(cipher), true) => Ok(Some(cipher)),
        (None, true) => Err(ContainerError::UnsupportedScheme("SAMPLE-AES without a key".into())),
    }
}

/// ID3 tags; one may take several packets.
fn tags(stream: ElementaryStream, first: i64) -> Vec<TimedEvent> {
    let data = Bytes::from(stream.data);
    let starts: Vec<_> =
        stream.pieces.iter().filter(|piece| data[piece.offset..].starts_with(b"ID3")).take(MAX_EVENTS).collect();
    let ends = starts.iter().skip(1).map(|piece| piece.offset).chain([data.len()]);
    let tags = starts.iter().zip(ends).map(|(piece, end)| TimedEvent {
        scheme: super::ID3_SCHEME.into(),
        value: String::new(),
        id: String::new(),
        start: MediaTime::from_ticks(piece.pts.unwrap_or(first), CLOCK_RATE),
        duration: None,
        payload: data.slice(piece.offset..end),
    });
    tags.collect()
}
