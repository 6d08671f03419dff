//! Segment information: what a representation inherits from its adaptation set and period, attribute by attribute.

use super::super::ManifestError;
use super::xml::Element;

/// How segments are described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InfoKind {
    Template,
    List,
    Base,
}

impl InfoKind {
    fn element(self) -> &'static str {
        match self {
            Self::Template => "SegmentTemplate",
            Self::List => "SegmentList",
            Self::Base => "SegmentBase",
        }
    }
}

/// The elements of one kind on the way from a representation to its period, the nearest first.
#[derive(Debug)]
pub(super) struct SegmentInfo<'e, 'a> {
    pub(super) kind: InfoKind,
    levels: Vec<&'e Element<'a>>,
}

/// How long segments are.
#[derive(Debug)]
pub(super) enum Pace<'e, 'a> {
    Timeline(&'e Element<'a>),
    /// Ticks.
    Constant(u64),
    /// There is one segment.
    Single,
}

impl<'e, 'a> SegmentInfo<'e, 'a> {
    /// `holders` are the representation, the adaptation set and the period, in this order. The nearest that says
    /// anything decides about the kind.
    pub(super) fn of(holders: &[&'e Element<'a>]) -> Option<Self> {
        let kinds = [InfoKind::Template, InfoKind::List, InfoKind::Base];
        let says = |holder: &&Element<'a>| kinds.into_iter().find(|kind| holder.child(kind.element()).is_some());
        let kind = holders.iter().find_map(says)?;
        let levels = holders.iter().filter_map(|holder| holder.child(kind.element())).collect();
        Some(Self { kind, levels })
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&'e str> {
        self.levels.iter().find_map(|level| level.attribute(name))
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, ManifestError> {
        self.attribute(name).map(whole).transpose()
    }

    /// Ticks, forwards or backwards; zero where nothing is said.
    pub(super) fn difference(&self, name: &str) -> Result<i64, ManifestError> {
        let parsed = self.attribute(name).map(|text| text.trim().parse::<i64>());
        parsed
            .transpose()
            .map(Option::unwrap_or_default)
            .map_err(|_| ManifestError::NotAPlaylist("a number cannot be read"))
    }

    /// Ticks in a second.
    pub(super) fn timescale(&self) -> Result<u64, ManifestError> {
        Ok(self.number("timescale")?.filter(|timescale| *timescale > 0).unwrap_or(1))
    }

    pub(super) fn child(&self, name: &str) -> Option<&'e Element<'a>> {
        self.levels.iter().find_map(|level| level.child(name))
    }

    /// The addresses of a list, from the nearest level that has some.
    pub(super) fn segment_urls(&self) -> Vec<&'e Element<'a>> {
        let lists = self.levels.iter().map(|level| level.children.iter().filter(|child| child.name == "SegmentURL"));
        lists.map(Iterator::collect).find(|urls: &Vec<_>| !urls.is_empty()).unwrap_or_default()
    }

    /// A timeline and a constant duration exclude each other: the nearer one counts.
    pub(super) fn pace(&self) -> Result<Pace<'e, 'a>, ManifestError> {
        for level in &self.levels {
            if let Some(timeline) = level.child("SegmentTimeline") {
                return Ok(Pace::Timeline(timeline));
            }
            if let Some(duration) = level.attribute("duration").map(whole).transpose()?.filter(|ticks| *ticks > 0) {
                return Ok(Pace::Constant(duration));
            }
        }
        Ok(Pace::Single)
    }
}

/// A whole number; some write it with a fraction of zero.
pub(super) fn whole(text: &str) -> Result<u64, ManifestError> {
    let text = text.trim();
    let digits = text.split_once('.').filter(|(_, zeros)| zeros.bytes().all(|byte| byte == b'0'));
    let digits = digits.map_or(text, |(digits, _)| digits);
    digits.parse().map_err(|_| ManifestError::NotAPlaylist("a number cannot be read"))
}

/// `first-last`, as first byte and length.
pub(super) fn byte_range(text: &str) -> Result<(u64, u64), ManifestError> {
    const WRONG: ManifestError = ManifestError::NotAPlaylist("a byte range cannot be read");
    let text = text.trim();
    let (first, last) = text.strip_prefix("bytes=").unwrap_or(text).split_once('-').ok_or(WRONG)?;
    let first: u64 = first.trim().parse().map_err(|_| WRONG)?;
    if last.trim().is_empty() {
        return Ok((first, super::super::ByteSource::TO_THE_END));
    }
    let last: u64 = last.trim().parse().map_err(|_| WRONG)?;
    let length = last.checked_sub(first).and_then(|length| length.checked_add(1)).ok_or(WRONG)?;
    Ok((first, length))
}

#[cfg(test)]
mod tests {
    use super::super::xml::parse;
    use super::*;

    #[test]
    fn conformance_21_each_attribute_is_inherited_by_itself() {
        let text = "<Period><SegmentTemplate timescale='90000' startNumber='5' media='p'><SegmentTimeline/>\
            </SegmentTemplate><AdaptationSet><SegmentTemplate media='a' presentationTimeOffset='9'/>\
            <Representation><SegmentTemplate initialization='i' startNumber='7' duration='2.0'/></Representation>\
            </AdaptationSet></Period>";
        let roots = parse(text).unwrap();
        let period = &roots[0];
        let set = period.child("AdaptationSet").unwrap();
        let info = SegmentInfo::of(&[set.child("Representation").unwrap(), set, period]).unwrap();
        assert_eq!(info.kind, InfoKind::Template);
        assert_eq!((info.attribute("media"), info.attribute("initialization")), (Some("a"), Some("i")));
        assert_eq!((info.timescale(), info.number("startNumber")), (Ok(90_000), Ok(Some(7))));
        assert_eq!(info.number("presentationTimeOffset"), Ok(Some(9)));
        assert!(matches!(info.pace(), Ok(Pace::Constant(2))));
        let of_set = SegmentInfo::of(&[set, period]).unwrap();
        assert!(matches!(of_set.pace(), Ok(Pace::Timeline(_))));
    }

    #[test]
    fn byte_ranges_are_inclusive() {
        assert_eq!(byte_range("0-0"), Ok((0, 1)));
        assert_eq!(byte_range(" 672-232714 "), Ok((672, 232_043)));
        assert!(
            byte_range("5-4").is_err() && byte_range("-4").is_err() && byte_range("0-18446744073709551615").is_err()
        );
    }
}
