//! Transport streams without tables: a range that a list of key frames names, out of the middle of a segment.

use super::demuxer;
use super::packet::{Packets, SIZE};
use crate::container::{ContainerError, Demuxed, SampleCipher};
use bytes::Bytes;

/// PID of the made map: the highest that is not stuffing, where nobody else puts anything.
const MAP_PID: u16 = 0x1ffe;
/// Packets of a picture that are looked at for its codec.
const LOOKED_AT: usize = 64;

/// As [`super::demux`], with the tables of `EXT-X-MAP` where the media have none.
pub(super) fn demux_with(
    media: &Bytes,
    tables: Option<&[u8]>,
    cipher: Option<&SampleCipher>,
) -> Result<Demuxed, ContainerError> {
    match (demuxer::demux(media, cipher), tables) {
        (Err(ContainerError::Missing("PMT")), Some(tables)) => demuxer::demux(&behind(tables, media)?, cipher),
        (read, _) => read,
    }
}

/// As [`demux_with`]; without any tables the picture's stream is found by how its packets begin.
pub(super) fn demux(
    media: &Bytes,
    tables: Option<&[u8]>,
    cipher: Option<&SampleCipher>,
) -> Result<Demuxed, ContainerError> {
    match demux_with(media, tables, cipher) {
        Err(ContainerError::Missing("PMT")) => {
            let tables = guess(media, cipher.is_some()).ok_or(ContainerError::Missing("PMT"))?;
            demuxer::demux(&behind(&tables, media)?, cipher)
        }
        read => read,
    }
}

/// The media behind these packets.
fn behind(tables: &[u8], media: &Bytes) -> Result<Bytes, ContainerError> {
    let packets = Packets::find(media).filter(|packets| packets.stride() == SIZE);
    let first = packets.map(|packets| packets.position()).ok_or(ContainerError::Malformed("transport packet"))?;
    Ok([tables, &media[first..]].concat().into())
}

/// Tables for the first stream that begins as a picture's does.
fn guess(media: &[u8], encrypted: bool) -> Option<Vec<u8>> {
    let packets = Packets::find(media)?.take(LOOKED_AT).filter(|packet| packet.start);
    let (pid, payload) = packets
        .filter_map(|packet| Some((packet.pid, packet.payload?)))
        .find(|(_, payload)| matches!(payload, [0, 0, 1, 0xe0..=0xef, ..]))?;
    let data = payload.get(9 + usize::from(*payload.get(8)?)..)?;
    let start = data.windows(3).position(|bytes| bytes == [0, 0, 1])?;
    // Delimiter and parameter sets of H.265. In H.264 these bytes would be types that do not begin a picture.
    let h265 = matches!(data.get(start + 3)?, 0x40 | 0x42 | 0x44 | 0x46);
    let stream_type = match (h265, encrypted) {
        (true, _) => 0x24,
        (false, false) => 0x1b,
        (false, true) => 0xdb,
    };
    let [high, low] = pid.to_be_bytes();
    let [map_high, map_low] = MAP_PID.to_be_bytes();
    let association = section(0, &[0, 1, 0xe0 | map_high, map_low]);
    let map = section(2, &[0xe0 | high, low, 0xf0, 0, stream_type, 0xe0 | high, low, 0xf0, 0]);
    Some([packet(0, &association), packet(MAP_PID, &map)].concat())
}

/// A table without a checksum: those are read where there are no others.
fn section(id: u8, body: &[u8]) -> Vec<u8> {
    let length = body.len() + 9;
    [&[id, 0xb0, length as u8, 0, 1, 0xc1, 0, 0][..], body, &[0; 4]].concat()
}

fn packet(pid: u16, section: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x47, 0x40 | (pid >> 8) as u8, pid as u8, 0x10, 0];
    packet.extend_from_slice(section);
    packet.resize(SIZE, 0xff);
    packet
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::Sample;

    fn segment() -> Bytes {
        Bytes::from_static(include_bytes!("fixtures/h264_eac3.ts"))
    }

    fn pictures(demuxed: Demuxed) -> Vec<Sample> {
        demuxed.streams.into_iter().next().unwrap().samples
    }

    /// Packets of the segment that are no tables.
    fn without_tables() -> (Vec<u8>, Bytes) {
        let is_table = |packet: &&[u8]| {
            let pid = u16::from(packet[1] & 0x1f) << 8 | u16::from(packet[2]);
            pid < 0x20 || pid == 0x1000
        };
        let whole = segment();
        let (tables, media): (Vec<&[u8]>, Vec<&[u8]>) = whole.chunks_exact(SIZE).partition(is_table);
        (tables.concat(), media.concat().into())
    }

    #[test]
    fn conformance_16_a_key_frame_without_tables_is_read() {
        let (_, media) = without_tables();
        assert_eq!(demuxer::demux(&media, None), Err(ContainerError::Missing("PMT")));
        let (whole, alone) = (demuxer::demux(&segment(), None).unwrap(), demux(&media, None, None).unwrap());
        let data = |samples: Vec<Sample>| samples.into_iter().map(|sample| sample.data).collect::<Vec<_>>();
        assert_eq!(data(pictures(alone)), data(pictures(whole)));
    }

    #[test]
    fn tables_of_their_own_are_put_before_media_that_have_none() {
        let (tables, media) = without_tables();
        let read = demux_with(&media, Some(&tables), None).unwrap();
        assert_eq!(read.streams.len(), demuxer::demux(&segment(), None).unwrap().streams.len());
        assert!(demux_with(&media, Some(&[]), None).is_err());
    }

    #[test]
    fn what_begins_like_no_picture_is_refused() {
        let packets: Bytes = packet(0x100, b"nothing").repeat(6).into();
        assert_eq!(demux(&packets, None, None), Err(ContainerError::Missing("PMT")));
    }
}
