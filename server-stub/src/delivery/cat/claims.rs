//! What a token says (RFC 8392 and CTA-5007), and whether it says it of a request.

use super::cbor::Value;
use crate::gateway::address::contains;
use std::net::IpAddr;
use uuid::Uuid;

// RFC 8392.
const SUB: i64 = 2;
const EXP: i64 = 4;
const NBF: i64 = 5;
const IAT: i64 = 6;
const CTI: i64 = 7;
// CTA-5007, as registered with IANA.
const CATREPLAY: i64 = 308;
const CATV: i64 = 310;
const CATNIP: i64 = 311;
const CATU: i64 = 312;
const CATM: i64 = 313;

/// Claims that we read. A token with any other is refused: CTA-5007 forbids to overlook a restriction.
const KNOWN: [i64; 10] = [SUB, EXP, NBF, IAT, CTI, CATREPLAY, CATV, CATNIP, CATU, CATM];

/// `catu`: the path of the address.
const CATU_PATH: i64 = 3;
/// `catu`: equal, and begins with.
const MATCH_EXACT: i64 = 0;
const MATCH_PREFIX: i64 = 1;

/// CBOR tags of addresses (RFC 9164).
const TAG_IPV4: u64 = 52;
const TAG_IPV6: u64 = 54;

/// Seconds by which clocks may disagree where a token begins to be valid.
const SKEW_S: i64 = 30;

/// Is a token good for one use or for any number?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Replay {
    #[default]
    Permitted,
    /// The second use is refused.
    Prohibited,
}

/// Which paths a token opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PathMatch {
    Exact(String),
    Prefix(String),
}

/// The statement of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claims {
    /// What it was given for: of our own tokens, the id of a grant.
    pub(crate) subject: Option<String>,
    /// Seconds since 1970; the moment itself is too late.
    pub(crate) expires_s: i64,
    pub(crate) not_before_s: Option<i64>,
    pub(crate) issued_s: Option<i64>,
    /// Names the token where it may be used only once.
    pub(crate) id: Option<Vec<u8>>,
    pub(crate) replay: Replay,
    /// Networks that it may be used from, with the bits of their prefix; empty is anywhere.
    pub(crate) networks: Vec<(IpAddr, u8)>,
    pub(crate) path: PathMatch,
    /// Methods that it may be used with; empty is any.
    pub(crate) methods: Vec<String>,
}

/// A use of a token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Use<'a> {
    pub(crate) method: &'a str,
    /// Path of the address, without a token that stands in it.
    pub(crate) path: &'a str,
    pub(crate) peer: IpAddr,
    pub(crate) now_ms: i64,
}

impl Claims {
    /// The grant that the token was made for.
    pub(crate) fn grant(&self) -> Option<Uuid> {
        Uuid::parse_str(self.subject.as_deref()?).ok()
    }

    /// May the token be used so? Whether it was used before is for [`super::AccessTokens`] to know.
    pub(crate) fn allow(&self, request: &Use<'_>) -> bool {
        let path = match &self.path {
            PathMatch::Exact(path) => request.path == path,
            PathMatch::Prefix(prefix) => request.path.starts_with(prefix.as_str()),
        };
        path && request.now_ms < self.expires_s.saturating_mul(1_000)
            && self
                .not_before_s
                .is_none_or(|from| request.now_ms >= (from.saturating_sub(SKEW_S)).saturating_mul(1_000))
            && (self.methods.is_empty() || self.methods.iter().any(|method| method == request.method))
            && (self.networks.is_empty() || self.networks.iter().any(|network| contains(*network, request.peer)))
    }

    /// As a CBOR map, keys in ascending order.
    pub(crate) fn to_value(&self) -> Value {
        let mut members = Vec::new();
        let mut add = |key, value| members.push((Value::Integer(key), value));
        if let Some(subject) = &self.subject {
            add(SUB, Value::Text(subject.clone()));
        }
        add(EXP, Value::Integer(self.expires_s));
        if let Some(from) = self.not_before_s {
            add(NBF, Value::Integer(from));
        }
        if let Some(at) = self.issued_s {
            add(IAT, Value::Integer(at));
        }
        if let Some(id) = &self.id {
            add(CTI, Value::Bytes(id.clone()));
        }
        if self.replay == Replay::Prohibited {
            add(CATREPLAY, Value::Integer(1));
        }
        add(CATV, Value::Integer(1));
        if !self.networks.is_empty() {
            add(CATNIP, Value::Array(self.networks.iter().map(|network| network_value(*network)).collect()));
        }
        let (kind, text) = match &self.path {
            PathMatch::Exact(path) => (MATCH_EXACT, path),
            PathMatch::Prefix(path) => (MATCH_PREFIX, path),
        };
        let test = Value::Map(vec![(Value::Integer(kind), Value::Text(text.clone()))]);
        add(CATU, Value::Map(vec![(Value::Integer(CATU_PATH), test)]));
        if !self.methods.is_empty() {
            add(CATM, Value::Array(self.methods.iter().cloned().map(Value::Text).collect()));
        }
        Value::Map(members)
    }

    /// Reads a map in which everything is understood; nothing otherwise.
    pub(crate) fn from_value(value: &Value) -> Option<Self> {
        let Value::Map(members) = value else { return None };
        let is_known = |key: &Value| key.as_integer().is_some_and(|key| KNOWN.contains(&key));
        if !members.iter().all(|(key, _)| is_known(key)) || value.get(CATV)?.as_integer()? != 1 {
            return None;
        }
        let number = |key| value.get(key).map_or(Some(None), |found| found.as_integer().map(Some));
        let replay = match number(CATREPLAY)? {
            None | Some(0) => Replay::Permitted,
            Some(1) => Replay::Prohibited,
            Some(_) => return None,
        };
        Some(Self {
            subject: match value.get(SUB) {
                None => None,
                Some(Value::Text(subject)) => Some(subject.clone()),
                Some(_) => return None,
            },
            expires_s: value.get(EXP)?.as_integer()?,
            not_before_s: number(NBF)?,
            issued_s: number(IAT)?,
            id: match value.get(CTI) {
                None if replay == Replay::Prohibited => return None,
                None => None,
                Some(Value::Bytes(id)) => Some(id.clone()),
                Some(_) => return None,
            },
            replay,
            networks: list(value.get(CATNIP), network)?,
            path: path(value.get(CATU)?)?,
            methods: list(
                value.get(CATM),
                |item| if let Value::Text(text) = item { Some(text.clone()) } else { None },
            )?,
        })
    }
}

fn list<T>(value: Option<&Value>, item: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    match value {
        None => Some(Vec::new()),
        // An empty list would allow nobody, and is a mistake of who made it.
        Some(Value::Array(items)) if !items.is_empty() => items.iter().map(item).collect(),
        Some(_) => None,
    }
}

fn path(value: &Value) -> Option<PathMatch> {
    let Value::Map(parts) = value else { return None };
    let [(part, Value::Map(tests))] = parts.as_slice() else { return None };
    let [(kind, Value::Text(text))] = tests.as_slice() else { return None };
    match (part.as_integer()?, kind.as_integer()?) {
        (CATU_PATH, MATCH_EXACT) => Some(PathMatch::Exact(text.clone())),
        (CATU_PATH, MATCH_PREFIX) => Some(PathMatch::Prefix(text.clone())),
        _ => None,
    }
}

fn network_value((address, bits): (IpAddr, u8)) -> Value {
    let (tag, octets) = match address {
        IpAddr::V4(address) => (TAG_IPV4, address.octets().to_vec()),
        IpAddr::V6(address) => (TAG_IPV6, address.octets().to_vec()),
    };
    // RFC 9164: [prefix length, address without its trailing zero bytes].
    let used = octets.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let prefix = vec![Value::Integer(bits.into()), Value::Bytes(octets[..used].to_vec())];
    Value::Tag(tag, Box::new(Value::Array(prefix)))
}

fn network(value: &Value) -> Option<(IpAddr, u8)> {
    let Value::Tag(tag, content) = value else { return None };
    let width = match *tag {
        TAG_IPV4 => 4,
        TAG_IPV6 => 16,
        _ => return None,
    };
    let (bits, bytes) = match content.as_ref() {
        Value::Bytes(bytes) if bytes.len() == width => (width * 8, bytes),
        Value::Array(parts) => match parts.as_slice() {
            [Value::Integer(bits), Value::Bytes(bytes)] => (usize::try_from(*bits).ok()?, bytes),
            _ => return None,
        },
        _ => return None,
    };
    if bytes.len() > width || bits > width * 8 {
        return None;
    }
    let mut octets = [0; 16];
    octets[..bytes.len()].copy_from_slice(bytes);
    let address = if width == 4 { IpAddr::from([octets[0], octets[1], octets[2], octets[3]]) } else { octets.into() };
    Some((address, bits as u8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_survive_the_way_and_unknown_ones_do_not() {
        let claims = Claims {
            subject: Some("someone".into()),
            expires_s: 2_000,
            not_before_s: Some(1_000),
            issued_s: Some(1_000),
            id: Some(vec![1; 16]),
            replay: Replay::Prohibited,
            networks: vec![("10.0.0.0".parse().unwrap(), 8), ("2001:db8::".parse().unwrap(), 32)],
            path: PathMatch::Prefix("/one/".into()),
            methods: vec!["GET".into(), "HEAD".into()],
        };
        let value = claims.to_value();
        assert_eq!(Claims::from_value(&Value::read(&value.to_bytes()).unwrap()), Some(claims));
        let Value::Map(members) = value else { panic!() };
        for (key, other) in [(317, Value::Integer(1)), (CATV, Value::Integer(2)), (CATM, Value::Array(vec![]))] {
            let mut changed = members.clone();
            changed.retain(|(name, _)| *name != Value::Integer(key));
            changed.push((Value::Integer(key), other));
            assert_eq!(Claims::from_value(&Value::Map(changed)), None, "{key}");
        }
    }
}
