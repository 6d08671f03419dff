//! Our formats as GStreamer's caps.

use crate::container::CodecConfig;
use bytes::Bytes;
use gstreamer as gst;

/// Caps of the samples as they leave our demuxer.
pub(super) fn sample_caps(codec: &CodecConfig) -> gst::Caps {
    match codec {
        CodecConfig::H264 { avcc, width, height } => picture("video/x-h264", "avc", avcc, *width, *height),
        CodecConfig::H265 { hvcc, width, height } => picture("video/x-h265", "hvc1", hvcc, *width, *height),
        CodecConfig::Aac { config, rate, channels } => gst::Caps::builder("audio/mpeg")
            .field("mpegversion", 4i32)
            .field("stream-format", "raw")
            .field("framed", true)
            .field("rate", i32::try_from(*rate).unwrap_or(48_000))
            .field("channels", i32::from(*channels))
            .field("codec_data", buffer(config))
            .build(),
    }
}

fn picture(media: &str, format: &str, config: &Bytes, width: u16, height: u16) -> gst::Caps {
    gst::Caps::builder(media)
        .field("stream-format", format)
        .field("alignment", "au")
        .field("width", i32::from(width))
        .field("height", i32::from(height))
        .field("codec_data", buffer(config))
        .build()
}

fn buffer(bytes: &Bytes) -> gst::Buffer {
    gst::Buffer::from_slice(bytes.clone())
}

/// Name of the parser that sits before decoders of this codec.
pub(super) fn parser(codec: &CodecConfig) -> &'static str {
    match codec {
        CodecConfig::H264 { .. } => "h264parse",
        CodecConfig::H265 { .. } => "h265parse",
        CodecConfig::Aac { .. } => "aacparse",
    }
}
