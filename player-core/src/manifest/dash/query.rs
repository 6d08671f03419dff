//! Parameters of requests (ISO/IEC 23009-1, annex I): what the manifest has added to the addresses of segments.

use super::xml::Element;
use url::Url;

/// Schemes of the two editions.
pub(super) const SCHEMES: [&str; 2] = ["urn:mpeg:dash:urlparam:2014", "urn:mpeg:dash:urlparam:2016"];
/// Bytes of what is added to each address.
const MAX_QUERY: usize = 4 << 10;

/// What is added to the addresses of segments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query {
    added: String,
    /// Only to addresses of the manifest's own origin.
    same_origin: Option<url::Origin>,
}

impl Query {
    /// What the nearest of `holders` says. `manifest` is the address of the MPD.
    pub(super) fn of(holders: &[&Element<'_>], manifest: &Url) -> Option<Self> {
        let info = holders.iter().find_map(|holder| info(holder))?;
        let flag = |name: &str| info.attribute(name).is_some_and(|value| matches!(value.trim(), "true" | "1"));
        let requests = info.attribute("includeInRequests").unwrap_or("segment");
        if !requests.split_ascii_whitespace().any(|request| request == "segment") {
            return None;
        }
        let own = manifest.query().filter(|_| flag("useMPDUrlQuery"));
        let written = info.attribute("queryString").map(|text| text.trim().trim_start_matches('?'));
        let parts: Vec<&str> = [own, written].into_iter().flatten().filter(|part| !part.is_empty()).collect();
        let added = fill(info.attribute("queryTemplate").unwrap_or_default().trim(), &parts.join("&"));
        let same_origin = flag("sameOriginOnly").then(|| manifest.origin());
        (!added.is_empty() && added.len() <= MAX_QUERY).then_some(Self { added, same_origin })
    }

    /// The address with what is added to it.
    pub(super) fn apply(&self, mut url: Url) -> Url {
        if self.same_origin.as_ref().is_some_and(|origin| *origin != url.origin()) {
            return url;
        }
        let query = match url.query().filter(|query| !query.is_empty()) {
            Some(query) => format!("{query}&{}", self.added),
            None => self.added.clone(),
        };
        url.set_query(Some(&query));
        url
    }
}

/// `UrlQueryInfo` or `ExtUrlQueryInfo` of an element that is not a remote one.
fn info<'e, 'a>(holder: &'e Element<'a>) -> Option<&'e Element<'a>> {
    let properties =
        holder.children.iter().filter(|child| matches!(child.name, "EssentialProperty" | "SupplementalProperty"));
    let ours =
        properties.filter(|property| property.attribute("schemeIdUri").is_some_and(|s| SCHEMES.contains(&s.trim())));
    ours.flat_map(|property| property.child("UrlQueryInfo").or_else(|| property.child("ExtUrlQueryInfo"))).next()
}

/// `$querypart$` stands for all of the parameters, `$query:name$` for one of them.
fn fill(template: &str, parameters: &str) -> String {
    let value = |name: &str| {
        let pairs = parameters.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next().unwrap_or_default()
    };
    let mut filled = String::new();
    for (position, piece) in template.split('$').enumerate() {
        match (position % 2, piece) {
            (0, text) => filled.push_str(text),
            (_, "") => filled.push('$'),
            (_, "querypart") => filled.push_str(parameters),
            (_, name) => filled.push_str(name.strip_prefix("query:").map_or("", value)),
        }
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::super::xml::parse;
    use super::*;

    fn applied(info: &str, address: &str) -> String {
        let text = format!("<S><EssentialProperty schemeIdUri='{}'><{info}/></EssentialProperty></S>", SCHEMES[1]);
        let manifest: Url = "https://cdn.test/m.mpd?token=1&user=2".parse().unwrap();
        let roots = parse(&text).unwrap();
        let url: Url = address.parse().unwrap();
        Query::of(&[&roots[0]], &manifest).map_or(url.clone(), |query| query.apply(url)).into()
    }

    #[test]
    fn conformance_20_parameters_of_the_manifest_are_added_to_segments() {
        let segment = "https://cdn.test/1.m4s";
        for (info, expected) in [
            ("up:UrlQueryInfo queryTemplate='$querypart$' useMPDUrlQuery='true'", "?token=1&user=2"),
            ("up:UrlQueryInfo queryTemplate='$querypart$' queryString='a=b'", "?a=b"),
            ("ExtUrlQueryInfo queryTemplate='t=$query:token$&x=$$' useMPDUrlQuery='1'", "?t=1&x=$"),
            ("ExtUrlQueryInfo queryTemplate='$querypart$' queryString='a=b' includeInRequests='mpd'", ""),
            ("ExtUrlQueryInfo queryTemplate='$querypart$'", ""),
        ] {
            assert_eq!(applied(info, segment), format!("{segment}{expected}"), "{info}");
        }
        let own = "ExtUrlQueryInfo queryTemplate='$querypart$' useMPDUrlQuery='true' sameOriginOnly='true'";
        assert_eq!(applied(own, "https://other.test/1.m4s"), "https://other.test/1.m4s");
        assert_eq!(applied(own, "https://cdn.test/1.m4s?a"), "https://cdn.test/1.m4s?a&token=1&user=2");
    }
}
