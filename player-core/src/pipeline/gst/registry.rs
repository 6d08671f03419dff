//! Which decoder takes a codec: the best-ranked element that accepts it and works in system memory.

use crate::decoding::{self, ChosenDecoder, DecoderChoice, InstalledDecoder};
use crate::pipeline::PipelineError;
use gstreamer as gst;
use gstreamer::prelude::*;

/// Makes the decoder for these caps, and says why it is this one.
pub(super) fn decoder(
    caps: &gst::Caps,
    choice: &DecoderChoice,
) -> Result<(gst::Element, ChosenDecoder), PipelineError> {
    let mut factories: Vec<gst::ElementFactory> = candidates(caps).collect();
    factories.sort_by(|a, b| b.rank().cmp(&a.rank()).then_with(|| a.name().cmp(&b.name())));
    let installed: Vec<InstalledDecoder> = factories.iter().map(describe).collect();
    // An element may be installed and still not open, for want of hardware: then the next one is tried.
    let found = decoding::choose(choice, &installed, |decoder| {
        let element = gst::ElementFactory::make(&decoder.name).build().ok()?;
        let opens = element.set_state(gst::State::Ready).is_ok();
        let _ = element.set_state(gst::State::Null);
        opens.then_some(element)
    });
    let media = caps.structure(0).map_or_else(|| "unknown media".to_owned(), |media| media.name().to_string());
    found.ok_or(PipelineError::NoDecoder(media))
}

fn describe(factory: &gst::ElementFactory) -> InstalledDecoder {
    let is_hardware = factory.metadata(gst::ELEMENT_METADATA_KLASS).is_some_and(|klass| klass.contains("Hardware"));
    InstalledDecoder { name: factory.name().to_string(), is_hardware }
}

/// Is there a decoder for these caps?
pub(super) fn has_decoder(caps: &gst::Caps) -> bool {
    candidates(caps).next().is_some()
}

/// Installed decoders that take these caps.
fn candidates(caps: &gst::Caps) -> impl Iterator<Item = gst::ElementFactory> {
    let caps = without_details(caps);
    gst::ElementFactory::factories_with_type(gst::ElementFactoryType::DECODER, gst::Rank::MARGINAL)
        .into_iter()
        .filter(move |factory| factory.can_sink_any_caps(&caps) && gives_system_memory(factory))
}

/// Loads the plug-ins of the most common decoders.
pub(super) fn warm_up() {
    for caps in [
        gst::Caps::new_empty_simple("video/x-h264"),
        gst::Caps::builder("audio/mpeg").field("mpegversion", 4i32).build(),
    ] {
        // What is missing is reported when it is needed.
        let _ = decoder(&caps, &DecoderChoice::Auto);
    }
    for element in ["h264parse", "aacparse", "videoconvert", "audioconvert", "volume", "autoaudiosink"] {
        if let Some(factory) = gst::ElementFactory::find(element) {
            let _ = factory.load();
        }
    }
}

/// Decoders say what they take in terms of what a parser makes of it; ours has only the container's word.
fn without_details(caps: &gst::Caps) -> gst::Caps {
    let mut media = gst::Caps::new_empty();
    for structure in caps.iter() {
        let mut wanted = gst::Structure::new_empty(structure.name());
        // Decoders of MPEG audio take one layer each, and say so.
        for field in ["mpegversion", "layer"] {
            if let Ok(number) = structure.get::<i32>(field) {
                wanted.set(field, number);
            }
        }
        media.make_mut().append_structure(wanted);
    }
    media
}

fn gives_system_memory(factory: &gst::ElementFactory) -> bool {
    let templates = factory.static_pad_templates();
    let mut sources = templates.iter().filter(|template| template.direction() == gst::PadDirection::Src);
    sources.any(|template| {
        let caps = template.caps();
        caps.iter_with_features().any(|(structure, features)| {
            structure.name().ends_with("/x-raw") && features.contains(gst::CAPS_FEATURE_MEMORY_SYSTEM_MEMORY)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_of_each_layer_has_a_decoder_that_takes_it() {
        gst::init().unwrap();
        for layer in [2i32, 3] {
            let caps = gst::Caps::builder("audio/mpeg").field("mpegversion", 1i32).field("layer", layer).build();
            let (decoder, _) = decoder(&caps, &DecoderChoice::Auto).unwrap();
            assert!(decoder.factory().unwrap().can_sink_any_caps(&caps), "layer {layer}: {}", decoder.name());
        }
    }
}
