//! Characters of CTA-708.

/// G0 and G1: ASCII but for a note, and Latin-1.
pub(super) fn basic(byte: u8) -> char {
    match byte {
        0x7f => '♪',
        other => char::from(other),
    }
}

/// G2 and G3, behind the code for extensions.
pub(super) fn extended(byte: u8) -> char {
    match byte {
        0x20 => ' ',
        0x21 => '\u{a0}',
        0x25 => '…',
        0x2a => 'Š',
        0x2c => 'Œ',
        0x30 => '█',
        0x31 => '‘',
        0x32 => '’',
        0x33 => '“',
        0x34 => '”',
        0x35 => '•',
        0x39 => '™',
        0x3a => 'š',
        0x3c => 'œ',
        0x3d => '℠',
        0x3f => 'Ÿ',
        0x76 => '⅛',
        0x77 => '⅜',
        0x78 => '⅝',
        0x79 => '⅞',
        0x7a => '│',
        0x7b => '┐',
        0x7c => '└',
        0x7d => '─',
        0x7e => '┘',
        0x7f => '┌',
        // What the standard wants in place of what is not known.
        _ => '_',
    }
}
