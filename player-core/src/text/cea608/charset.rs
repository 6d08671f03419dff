//! Characters of CTA-608: ASCII with exceptions, and three tables more.

/// A byte from 0x20 to 0x7f.
pub(super) fn basic(byte: u8) -> char {
    match byte {
        0x27 => '’',
        0x2a => 'á',
        0x5c => 'é',
        0x5e => 'í',
        0x5f => 'ó',
        0x60 => 'ú',
        0x7b => 'ç',
        0x7c => '÷',
        0x7d => 'Ñ',
        0x7e => 'ñ',
        0x7f => '█',
        other => char::from(other),
    }
}

const SPECIAL: [char; 16] = ['®', '°', '½', '¿', '™', '¢', '£', '♪', 'à', '\u{a0}', 'è', 'â', 'ê', 'î', 'ô', 'û'];

/// Second bytes from 0x30 to 0x3f behind 0x11.
pub(super) fn special(byte: u8) -> char {
    SPECIAL[usize::from(byte & 0x0f)]
}

const SPANISH_AND_FRENCH: [char; 32] = [
    'Á', 'É', 'Ó', 'Ú', 'Ü', 'ü', '‘', '¡', '*', '\'', '—', '©', '℠', '•', '“', '”', 'À', 'Â', 'Ç', 'È', 'Ê', 'Ë', 'ë',
    'Î', 'Ï', 'ï', 'Ô', 'Ù', 'ù', 'Û', '«', '»',
];

const PORTUGUESE_AND_GERMAN: [char; 32] = [
    'Ã', 'ã', 'Í', 'Ì', 'ì', 'Ò', 'ò', 'Õ', 'õ', '{', '}', '\\', '^', '_', '|', '~', 'Ä', 'ä', 'Ö', 'ö', 'ß', '¥', '¤',
    '│', 'Å', 'å', 'Ø', 'ø', '┌', '┐', '└', '┘',
];

/// Second bytes from 0x20 to 0x3f behind 0x12 and 0x13.
pub(super) fn extended(first: u8, second: u8) -> char {
    let table = if first == 0x12 { &SPANISH_AND_FRENCH } else { &PORTUGUESE_AND_GERMAN };
    table[usize::from(second & 0x1f)]
}
