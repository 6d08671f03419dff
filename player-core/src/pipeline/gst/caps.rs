//! Our formats as GStreamer's caps.

use crate::container::CodecConfig;
use bytes::Bytes;
use gstreamer as gst;

/// Caps of the samples as they leave our demuxers; `None` for what is not decoded by GStreamer.
pub(super) fn sample_caps(codec: &CodecConfig) -> Option<gst::Caps> {
    Some(match codec {
        CodecConfig::H264 { avcc, width, height } => {
            nal_units("video/x-h264", "avc").codec_data(avcc).size(*width, *height).caps()
        }
        CodecConfig::H264ByteStream => nal_units("video/x-h264", "byte-stream").caps(),
        CodecConfig::H265 { hvcc, width, height } => {
            nal_units("video/x-h265", "hvc1").codec_data(hvcc).size(*width, *height).caps()
        }
        CodecConfig::H265ByteStream => nal_units("video/x-h265", "byte-stream").caps(),
        CodecConfig::Vp8 { width, height } => Builder::new("video/x-vp8").size(*width, *height).caps(),
        CodecConfig::Vp9 { width, height } => {
            Builder::new("video/x-vp9").text("alignment", "super-frame").size(*width, *height).caps()
        }
        CodecConfig::Av1 { av1c, width, height } => {
            let builder = Builder::new("video/x-av1").text("stream-format", "obu-stream").text("alignment", "tu");
            let builder = if av1c.is_empty() { builder } else { builder.codec_data(av1c) };
            builder.size(*width, *height).caps()
        }
        CodecConfig::Aac { config, rate, channels } => Builder::new("audio/mpeg")
            .number("mpegversion", 4)
            .text("stream-format", "raw")
            .flag("framed")
            .codec_data(config)
            .sound(*rate, *channels)
            .caps(),
        CodecConfig::Ac3 { rate, channels } => {
            Builder::new("audio/x-ac3").flag("framed").text("alignment", "frame").sound(*rate, *channels).caps()
        }
        CodecConfig::Eac3 { rate, channels } => {
            Builder::new("audio/x-eac3").flag("framed").text("alignment", "frame").sound(*rate, *channels).caps()
        }
        CodecConfig::Mpeg { layer, rate, channels } => Builder::new("audio/mpeg")
            .number("mpegversion", 1)
            .number("layer", i32::from(*layer))
            .flag("parsed")
            .sound(*rate, *channels)
            .caps(),
        CodecConfig::Opus { head, rate, channels } => Builder::new("audio/x-opus")
            .number("channel-mapping-family", head.get(18).map_or(0, |family| i32::from(*family)))
            .headers([head.clone()])
            .sound(*rate, *channels)
            .caps(),
        CodecConfig::Vorbis { headers, rate, channels } => {
            Builder::new("audio/x-vorbis").headers(headers.clone()).sound(*rate, *channels).caps()
        }
        CodecConfig::Flac { blocks, rate, channels } => {
            Builder::new("audio/x-flac").flag("framed").headers(flac_headers(blocks)).sound(*rate, *channels).caps()
        }
        CodecConfig::WebVtt { .. } | CodecConfig::Ttml => return None,
    })
}

/// Name of the parser that sits before decoders of this codec, where there is one.
pub(super) fn parser(codec: &CodecConfig) -> Option<&'static str> {
    match codec {
        CodecConfig::H264 { .. } | CodecConfig::H264ByteStream => Some("h264parse"),
        CodecConfig::H265 { .. } | CodecConfig::H265ByteStream => Some("h265parse"),
        CodecConfig::Vp9 { .. } => Some("vp9parse"),
        CodecConfig::Av1 { .. } => Some("av1parse"),
        CodecConfig::Aac { .. } => Some("aacparse"),
        CodecConfig::Ac3 { .. } | CodecConfig::Eac3 { .. } => Some("ac3parse"),
        CodecConfig::Mpeg { .. } => Some("mpegaudioparse"),
        CodecConfig::Flac { .. } => Some("flacparse"),
        CodecConfig::Opus { .. } => Some("opusparse"),
        CodecConfig::Vp8 { .. } | CodecConfig::Vorbis { .. } | CodecConfig::WebVtt { .. } | CodecConfig::Ttml => None,
    }
}

fn nal_units(media: &str, format: &str) -> Builder {
    Builder::new(media).text("stream-format", format).text("alignment", "au")
}

struct Builder(gst::caps::Builder<gst::caps::NoFeature>);

impl Builder {
    fn new(media: &str) -> Self {
        Self(gst::Caps::builder(media))
    }

    fn text(self, field: &str, value: &str) -> Self {
        Self(self.0.field(field, value))
    }

    fn number(self, field: &str, value: i32) -> Self {
        Self(self.0.field(field, value))
    }

    fn flag(self, field: &str) -> Self {
        Self(self.0.field(field, true))
    }

    fn codec_data(self, bytes: &Bytes) -> Self {
        Self(self.0.field("codec_data", buffer(bytes)))
    }

    /// Where the container says none, the parser finds out.
    fn size(self, width: u16, height: u16) -> Self {
        if width == 0 || height == 0 {
            return self;
        }
        self.number("width", i32::from(width)).number("height", i32::from(height))
    }

    fn sound(self, rate: u32, channels: u16) -> Self {
        let with_rate = match i32::try_from(rate) {
            Ok(rate) if rate > 0 => self.number("rate", rate),
            _ => self,
        };
        if channels > 0 { with_rate.number("channels", i32::from(channels)) } else { with_rate }
    }

    fn headers(self, headers: impl IntoIterator<Item = Bytes>) -> Self {
        Self(self.0.field("streamheader", gst::Array::new(headers.into_iter().map(|header| buffer(&header)))))
    }

    fn caps(self) -> gst::Caps {
        self.0.build()
    }
}

/// The headers of a FLAC stream as its Ogg mapping has them: the marker with the first block, then one block each.
fn flac_headers(blocks: &Bytes) -> Vec<Bytes> {
    let mut headers = vec![Bytes::from_static(b"fLaC")];
    let mut at = 0usize;
    while let Some(header) = blocks.get(at..at + 4) {
        let length = usize::from(header[1]) << 16 | usize::from(header[2]) << 8 | usize::from(header[3]);
        let end = (at + 4).saturating_add(length).min(blocks.len());
        headers.push(blocks.slice(at..end));
        at = end;
    }
    headers
}

fn buffer(bytes: &Bytes) -> gst::Buffer {
    gst::Buffer::from_slice(bytes.clone())
}
