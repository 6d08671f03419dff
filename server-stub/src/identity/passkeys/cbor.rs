//! As much CBOR (RFC 8949) as an authenticator writes: definite lengths, few and flat.

/// Deepest nesting; attestation objects have three levels.
const MAX_DEPTH: u8 = 8;
/// Most members of a map or list.
const MAX_ITEMS: u64 = 64;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Int(i64),
    Bytes(&'a [u8]),
    Text(&'a str),
    List(Vec<Value<'a>>),
    Map(Vec<(Value<'a>, Value<'a>)>),
    /// True, false, null.
    Simple(u8),
}

impl<'a> Value<'a> {
    /// The member of a map under this text.
    pub(super) fn text_member(&self, name: &str) -> Option<&Value<'a>> {
        self.member(&Value::Text(name))
    }

    /// The member of a map under this number.
    pub(super) fn int_member(&self, number: i64) -> Option<&Value<'a>> {
        self.member(&Value::Int(number))
    }

    fn member(&self, key: &Value<'_>) -> Option<&Value<'a>> {
        let Value::Map(members) = self else { return None };
        members.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    pub(super) fn bytes(&self) -> Option<&'a [u8]> {
        if let Value::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    pub(super) fn int(&self) -> Option<i64> {
        if let Value::Int(number) = self { Some(*number) } else { None }
    }
}

/// The first value and what comes after it; `None` for anything that is not well-formed or larger than it may be.
pub(super) fn read(bytes: &[u8]) -> Option<(Value<'_>, &[u8])> {
    value(bytes, 0)
}

fn value(bytes: &[u8], depth: u8) -> Option<(Value<'_>, &[u8])> {
    if depth > MAX_DEPTH {
        return None;
    }
    let (&head, rest) = bytes.split_first()?;
    let (kind, short) = (head >> 5, head & 0x1f);
    if kind == 7 {
        return (short < 24).then_some((Value::Simple(short), rest));
    }
    let (number, mut rest) = argument(short, rest)?;
    let length = usize::try_from(number).ok()?;
    Some(match kind {
        0 => (Value::Int(i64::try_from(number).ok()?), rest),
        1 => (Value::Int(-1 - i64::try_from(number).ok()?), rest),
        2 => (Value::Bytes(rest.get(..length)?), rest.get(length..)?),
        3 => (Value::Text(std::str::from_utf8(rest.get(..length)?).ok()?), rest.get(length..)?),
        4 if number <= MAX_ITEMS => {
            let mut items = Vec::new();
            for _ in 0..length {
                let (item, after) = value(rest, depth + 1)?;
                items.push(item);
                rest = after;
            }
            (Value::List(items), rest)
        }
        5 if number <= MAX_ITEMS => {
            let mut members = Vec::new();
            for _ in 0..length {
                let (name, after) = value(rest, depth + 1)?;
                let (member, after) = value(after, depth + 1)?;
                if members.iter().any(|(known, _)| *known == name) {
                    return None;
                }
                members.push((name, member));
                rest = after;
            }
            (Value::Map(members), rest)
        }
        _ => return None,
    })
}

fn argument(short: u8, rest: &[u8]) -> Option<(u64, &[u8])> {
    match short {
        0..=23 => Some((u64::from(short), rest)),
        24 => rest.split_first().map(|(&byte, rest)| (u64::from(byte), rest)),
        25 => rest.split_first_chunk().map(|(bytes, rest)| (u64::from(u16::from_be_bytes(*bytes)), rest)),
        26 => rest.split_first_chunk().map(|(bytes, rest)| (u64::from(u32::from_be_bytes(*bytes)), rest)),
        27 => rest.split_first_chunk().map(|(bytes, rest)| (u64::from_be_bytes(*bytes), rest)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_standard_are_read() {
        // {1: 2, -1: h'0102', "a": [true, "b"]}
        let bytes = [0xa3, 1, 2, 0x20, 0x42, 1, 2, 0x61, b'a', 0x82, 0xf5, 0x61, b'b', 9];
        let (map, rest) = read(&bytes).unwrap();
        assert_eq!(rest, [9]);
        assert_eq!(map.int_member(1).and_then(Value::int), Some(2));
        assert_eq!(map.int_member(-1).and_then(Value::bytes), Some(&[1, 2][..]));
        let list = Value::List(vec![Value::Simple(21), Value::Text("b")]);
        assert_eq!(map.text_member("a"), Some(&list));
    }

    #[test]
    fn hostile_input_ends() {
        let deep = [0x81; 100];
        let endless = [0x9f, 1, 0xff];
        let many = [0x9a, 0xff, 0xff, 0xff, 0xff];
        let long = [0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
        let double = [0xa2, 1, 1, 1, 2];
        let cases: [&[u8]; 8] = [&deep, &endless, &many, &long, &double, &[], &[0x62, 0xff, 0xff], &[0x1c]];
        for bytes in cases {
            assert_eq!(read(bytes), None, "{bytes:x?}");
        }
    }
}
