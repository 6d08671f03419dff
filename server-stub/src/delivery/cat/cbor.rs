//! The part of CBOR (RFC 8949) that tokens are made of, in its deterministic form: one way to write each value, so that
//! a token that was changed anywhere is not the same token in other words.

/// Deepest nesting that is read.
const MAX_DEPTH: usize = 8;
/// Most items of an array or a map.
const MAX_ITEMS: u64 = 64;

/// A value. Floats and indefinite lengths do not occur.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// Major types 0 and 1.
    Integer(i64),
    Bytes(Vec<u8>),
    Text(String),
    Array(Vec<Value>),
    /// In the order of the encoding; keys differ.
    Map(Vec<(Value, Value)>),
    Tag(u64, Box<Value>),
    Bool(bool),
    Null,
}

impl Value {
    /// The member of a map with this integer as its key.
    pub(crate) fn get(&self, key: i64) -> Option<&Value> {
        let Self::Map(members) = self else { return None };
        members.iter().find(|(name, _)| *name == Self::Integer(key)).map(|(_, value)| value)
    }

    pub(crate) fn as_integer(&self) -> Option<i64> {
        if let Self::Integer(number) = self { Some(*number) } else { None }
    }

    /// Appends the shortest encoding.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Integer(number) if *number >= 0 => head(out, 0, number.unsigned_abs()),
            Self::Integer(number) => head(out, 1, (-1 - *number).unsigned_abs()),
            Self::Bytes(bytes) => {
                head(out, 2, bytes.len() as u64);
                out.extend_from_slice(bytes);
            }
            Self::Text(text) => {
                head(out, 3, text.len() as u64);
                out.extend_from_slice(text.as_bytes());
            }
            Self::Array(items) => {
                head(out, 4, items.len() as u64);
                items.iter().for_each(|item| item.write(out));
            }
            Self::Map(members) => {
                head(out, 5, members.len() as u64);
                for (key, value) in members {
                    key.write(out);
                    value.write(out);
                }
            }
            Self::Tag(tag, value) => {
                head(out, 6, *tag);
                value.write(out);
            }
            Self::Bool(value) => out.push(0xf4 + u8::from(*value)),
            Self::Null => out.push(0xf6),
        }
    }

    /// The encoding alone.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    /// Reads exactly one value that fills `bytes`. Nothing for anything that [`Value::write`] would write differently.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader { bytes };
        let value = reader.value(0)?;
        reader.bytes.is_empty().then_some(value)
    }
}

fn head(out: &mut Vec<u8>, major: u8, number: u64) {
    let major = major << 5;
    match number {
        0..=23 => out.push(major | number as u8),
        24..=0xff => out.extend([major | 24, number as u8]),
        0x100..=0xffff => {
            out.push(major | 25);
            out.extend((number as u16).to_be_bytes());
        }
        0x1_0000..=0xffff_ffff => {
            out.push(major | 26);
            out.extend((number as u32).to_be_bytes());
        }
        _ => {
            out.push(major | 27);
            out.extend(number.to_be_bytes());
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(taken)
    }

    /// A number in its shortest form.
    fn number(&mut self, short: u8) -> Option<u64> {
        let (number, least) = match short {
            0..=23 => return Some(short.into()),
            24 => (u64::from(self.take(1)?[0]), 24),
            25 => (u64::from(u16::from_be_bytes(self.take(2)?.try_into().ok()?)), 0x100),
            26 => (u64::from(u32::from_be_bytes(self.take(4)?.try_into().ok()?)), 0x1_0000),
            27 => (u64::from_be_bytes(self.take(8)?.try_into().ok()?), 0x1_0000_0000),
            _ => return None,
        };
        (number >= least).then_some(number)
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        if depth > MAX_DEPTH {
            return None;
        }
        let first = self.take(1)?[0];
        let (major, short) = (first >> 5, first & 0x1f);
        if major == 7 {
            return match short {
                20 => Some(Value::Bool(false)),
                21 => Some(Value::Bool(true)),
                22 => Some(Value::Null),
                _ => None,
            };
        }
        let number = self.number(short)?;
        match major {
            0 => Some(Value::Integer(i64::try_from(number).ok()?)),
            1 => Some(Value::Integer(-1 - i64::try_from(number).ok()?)),
            2 => Some(Value::Bytes(self.take(usize::try_from(number).ok()?)?.to_vec())),
            3 => {
                let text = std::str::from_utf8(self.take(usize::try_from(number).ok()?)?).ok()?;
                Some(Value::Text(text.to_owned()))
            }
            4 if number <= MAX_ITEMS => {
                (0..number).map(|_| self.value(depth + 1)).collect::<Option<_>>().map(Value::Array)
            }
            5 if number <= MAX_ITEMS => {
                let mut members: Vec<(Value, Value)> = Vec::new();
                for _ in 0..number {
                    let (key, value) = (self.value(depth + 1)?, self.value(depth + 1)?);
                    if members.iter().any(|(other, _)| *other == key) {
                        return None;
                    }
                    members.push((key, value));
                }
                Some(Value::Map(members))
            }
            6 => Some(Value::Tag(number, Box::new(self.value(depth + 1)?))),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_of_the_standard() {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let table = [
            (Value::Integer(0), "00"),
            (Value::Integer(23), "17"),
            (Value::Integer(24), "1818"),
            (Value::Integer(1_000), "1903e8"),
            (Value::Integer(1_000_000_000_000), "1b000000e8d4a51000"),
            (Value::Integer(-1), "20"),
            (Value::Integer(-100), "3863"),
            (Value::Bytes(vec![1, 2, 3, 4]), "4401020304"),
            (Value::Text("IETF".into()), "6449455446"),
            (Value::Array(vec![Value::Integer(1), Value::Bool(true)]), "8201f5"),
            (Value::Map(vec![(Value::Integer(1), Value::Integer(2))]), "a10102"),
            (Value::Tag(17, Box::new(Value::Null)), "d1f6"),
        ];
        for (value, text) in table {
            assert_eq!(hex(&value.to_bytes()), text);
            assert_eq!(Value::read(&value.to_bytes()), Some(value));
        }
    }

    #[test]
    fn other_spellings_and_bombs_are_refused() {
        let refused: [&[u8]; 12] = [
            &[],
            &[0x18, 23],
            &[0x19, 0, 255],
            &[0x5f, 0x41, 1, 0xff],
            &[0x9f, 0xff],
            &[0xa2, 1, 1, 1, 2],
            &[0x00, 0x00],
            &[0x62, 0xc3, 0x28],
            &[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0xfb, 0, 0, 0, 0, 0, 0, 0, 0],
            &[0x81; 100],
        ];
        for bytes in refused {
            assert_eq!(Value::read(bytes), None, "{bytes:?}");
        }
    }
}
