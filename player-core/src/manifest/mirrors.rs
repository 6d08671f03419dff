//! The same media at several places.

use super::MAX_MIRRORS;
use url::Url;

/// Beginnings of addresses that stand for each other, the best first. What lies behind them is the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror(Vec<String>);

impl Mirror {
    /// `bases` are addresses that others are relative to, or that are used as they are.
    pub(super) fn of_bases(bases: &[Url]) -> Vec<Self> {
        let bases = || bases.iter().take(MAX_MIRRORS);
        let exact = Self(bases().map(|base| base.as_str().to_owned()).collect());
        let folders = Self(bases().filter_map(|base| Some(base.join(".").ok()?.as_str().to_owned())).collect());
        let both = [exact, folders].into_iter().filter(|mirror| mirror.0.len() > 1 && mirror.0[0] != mirror.0[1]);
        let mut mirrors: Vec<Self> = both.collect();
        mirrors.dedup();
        mirrors
    }

    /// Two addresses of the same playlist: what their ends have in common is taken to be common to all of the media.
    pub(super) fn of_playlists(first: &Url, second: &Url) -> Self {
        let (a, b) = (first.as_str(), second.as_str());
        let common = a.bytes().rev().zip(b.bytes().rev()).take_while(|(a, b)| a == b).count();
        // Whole parts of paths only; behind the slash, which is left to the addresses.
        let suffix = &a[a.len() - common..];
        let kept = suffix.find('/').map_or(0, |slash| suffix.len() - slash - 1);
        let (a, b) = (&a[..a.len() - kept], &b[..b.len() - kept]);
        Self(vec![a.to_owned(), b.to_owned()])
    }
}

/// Where each of the mirrors is asked first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mirrors(Vec<(Mirror, usize)>);

/// One of several addresses of the same bytes, and which it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) url: Url,
    place: Option<(usize, usize)>,
}

impl Mirrors {
    pub(crate) fn new(mirrors: &[Mirror]) -> Self {
        Self(mirrors.iter().map(|mirror| (mirror.clone(), 0)).collect())
    }

    /// All addresses of what `url` stands for, in the order in which they are to be tried; at least one.
    pub(crate) fn candidates(&self, url: &Url) -> Vec<Candidate> {
        let prefixes =
            self.0.iter().enumerate().flat_map(|(at, (mirror, preferred))| {
                mirror.0.iter().map(move |prefix| (prefix, at, mirror, *preferred))
            });
        let matching = prefixes.filter(|(prefix, ..)| url.as_str().starts_with(prefix.as_str()));
        let Some((prefix, at, mirror, preferred)) = matching.max_by_key(|(prefix, ..)| prefix.len()) else {
            return vec![Candidate { url: url.clone(), place: None }];
        };
        let rest = &url.as_str()[prefix.len()..];
        let order = (0..mirror.0.len()).map(|step| (preferred + step) % mirror.0.len());
        let candidates = order.filter_map(|place| {
            let url = format!("{}{rest}", mirror.0[place]).parse().ok()?;
            Some(Candidate { url, place: Some((at, place)) })
        });
        candidates.collect()
    }

    /// This one answered: it is asked first from now on.
    pub(crate) fn answered(&mut self, candidate: &Candidate) {
        if let Some((at, place)) = candidate.place
            && let Some((_, preferred)) = self.0.get_mut(at)
        {
            *preferred = place;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn the_longest_beginning_counts_and_who_answered_is_asked_first() {
        let bases = [url("https://a.test/x/"), url("https://b.test/y/"), url("https://c.test/z/")];
        let mut mirrors = Mirrors::new(&Mirror::of_bases(&bases));
        let of = |mirrors: &Mirrors, text: &str| -> Vec<String> {
            mirrors.candidates(&url(text)).into_iter().map(|candidate| candidate.url.to_string()).collect()
        };
        let asked = "https://a.test/x/1/seg.m4s?t=1";
        let first = of(&mirrors, asked);
        assert_eq!(first, [asked, "https://b.test/y/1/seg.m4s?t=1", "https://c.test/z/1/seg.m4s?t=1"]);
        let second = mirrors.candidates(&url(asked)).remove(1);
        mirrors.answered(&second);
        assert_eq!(of(&mirrors, asked)[0], "https://b.test/y/1/seg.m4s?t=1");
        assert_eq!(of(&mirrors, "https://other.test/"), ["https://other.test/"]);
    }

    #[test]
    fn playlists_have_the_same_end() {
        let of = |a: &str, b: &str| Mirror::of_playlists(&url(a), &url(b)).0;
        assert_eq!(
            of("https://a.test/p/v.m3u8", "https://b.test/q/p/v.m3u8"),
            ["https://a.test/", "https://b.test/q/"]
        );
        assert_eq!(
            of("https://a.test/1.m3u8", "https://a.test/2.m3u8"),
            ["https://a.test/1.m3u8", "https://a.test/2.m3u8"]
        );
    }

    #[test]
    fn files_are_mirrored_whole_and_with_their_folder() {
        let mirrors = Mirror::of_bases(&[url("https://a.test/x/f.mp4"), url("https://b.test/g.mp4")]);
        let all: Vec<&[String]> = mirrors.iter().map(|mirror| &mirror.0[..]).collect();
        assert_eq!(all, [["https://a.test/x/f.mp4", "https://b.test/g.mp4"], ["https://a.test/x/", "https://b.test/"]]);
        assert_eq!(Mirror::of_bases(&[url("https://a.test/")]), []);
    }
}
