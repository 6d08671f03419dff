//! Which decoder takes the pictures: what the viewer wants, what there is, and why it is the one that it is.

use serde::{Deserialize, Serialize};

/// What a viewer may ask for. Sound is decoded by the processor, whatever is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecoderChoice {
    /// The one that ranks best where it is installed: hardware that works comes before the processor.
    #[default]
    Auto,
    /// The processor.
    Software,
    /// The one of this name.
    Named(String),
}

/// Why a decoder was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecoderReason {
    /// It ranks best of those that work.
    Best,
    /// Nothing in hardware is installed for this codec.
    NoHardware,
    /// What is installed in hardware does not open here: there is no device, or somebody else has it.
    HardwareFailed,
    /// The viewer wants the processor.
    SoftwareWanted,
    /// The viewer wants this one.
    Named,
    /// What the viewer wants is not installed, does not take this codec or does not open.
    OtherWanted,
}

/// A decoder that is installed for a codec.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstalledDecoder {
    pub name: String,
    pub is_hardware: bool,
}

/// The decoder that was taken, and what else there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChosenDecoder {
    pub is_hardware: bool,
    pub reason: DecoderReason,
    /// All that are installed for the codec, the best first.
    pub installed: Vec<InstalledDecoder>,
}

/// Takes the first of `installed` (the best first) that suits and `opens`; with it the reason.
pub(crate) fn choose<T>(
    choice: &DecoderChoice,
    installed: &[InstalledDecoder],
    mut opens: impl FnMut(&InstalledDecoder) -> Option<T>,
) -> Option<(T, ChosenDecoder)> {
    let mut first = |suits: &dyn Fn(&InstalledDecoder) -> bool| {
        let mut suitable = installed.iter().filter(|decoder| suits(decoder));
        suitable.find_map(|decoder| opens(decoder).map(|opened| (opened, decoder.is_hardware)))
    };
    let there_is_hardware = installed.iter().any(|decoder| decoder.is_hardware);
    let by_rank = |is_hardware: bool| match (is_hardware, there_is_hardware) {
        (false, false) => DecoderReason::NoHardware,
        // Hardware that is not the best by rank is not meant to be taken by itself.
        (false, true) if installed.first().is_some_and(|best| best.is_hardware) => DecoderReason::HardwareFailed,
        _ => DecoderReason::Best,
    };
    let found = match choice {
        DecoderChoice::Auto => {
            first(&|_| true).map(|(opened, is_hardware)| (opened, is_hardware, by_rank(is_hardware)))
        }
        DecoderChoice::Software => first(&|decoder| !decoder.is_hardware)
            .map(|(opened, is_hardware)| (opened, is_hardware, DecoderReason::SoftwareWanted))
            // Better hardware than nothing.
            .or_else(|| first(&|_| true).map(|(opened, hardware)| (opened, hardware, DecoderReason::OtherWanted))),
        DecoderChoice::Named(name) => first(&|decoder| decoder.name == *name)
            .map(|(opened, is_hardware)| (opened, is_hardware, DecoderReason::Named))
            .or_else(|| first(&|_| true).map(|(opened, hardware)| (opened, hardware, DecoderReason::OtherWanted))),
    };
    let (opened, is_hardware, reason) = found?;
    Some((opened, ChosenDecoder { is_hardware, reason, installed: installed.to_vec() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installed(names: &[&str]) -> Vec<InstalledDecoder> {
        let is_hardware = |name: &str| name.starts_with("va");
        names.iter().map(|name| InstalledDecoder { name: (*name).to_owned(), is_hardware: is_hardware(name) }).collect()
    }

    /// The decoder and the reason, where these do not open.
    fn chosen(choice: &DecoderChoice, names: &[&str], broken: &[&str]) -> Option<(String, DecoderReason)> {
        let opens = |decoder: &InstalledDecoder| (!broken.contains(&&*decoder.name)).then(|| decoder.name.clone());
        choose(choice, &installed(names), opens).map(|(name, chosen)| (name, chosen.reason))
    }

    #[test]
    fn hardware_is_taken_by_itself_where_it_ranks_best_and_opens_and_the_reason_is_told() {
        let auto = |names: &[&str], broken: &[&str]| chosen(&DecoderChoice::Auto, names, broken);
        let found = |name: &str, reason| Some((name.to_owned(), reason));
        assert_eq!(auto(&["vah264dec", "avdec_h264"], &[]), found("vah264dec", DecoderReason::Best));
        assert_eq!(
            auto(&["vah264dec", "avdec_h264"], &["vah264dec"]),
            found("avdec_h264", DecoderReason::HardwareFailed)
        );
        assert_eq!(auto(&["avdec_h264", "vah264dec"], &[]), found("avdec_h264", DecoderReason::Best));
        assert_eq!(auto(&["avdec_h264"], &[]), found("avdec_h264", DecoderReason::NoHardware));
        assert_eq!(auto(&["avdec_h264"], &["avdec_h264"]), None);
        assert_eq!(auto(&[], &[]), None);
    }

    #[test]
    fn what_the_viewer_wants_is_taken_and_where_it_cannot_be_had_the_best() {
        let both = ["vah264dec", "openh264dec", "avdec_h264"];
        let found = |name: &str, reason| Some((name.to_owned(), reason));
        let software = DecoderChoice::Software;
        assert_eq!(chosen(&software, &both, &[]), found("openh264dec", DecoderReason::SoftwareWanted));
        assert_eq!(chosen(&software, &["vah264dec"], &[]), found("vah264dec", DecoderReason::OtherWanted));
        let named = DecoderChoice::Named("avdec_h264".to_owned());
        assert_eq!(chosen(&named, &both, &[]), found("avdec_h264", DecoderReason::Named));
        assert_eq!(chosen(&named, &both, &["avdec_h264"]), found("vah264dec", DecoderReason::OtherWanted));
        assert_eq!(chosen(&named, &["vp9dec"], &[]), found("vp9dec", DecoderReason::OtherWanted));
    }
}
