//! What the fuzz targets run. The list of parsers is that of the test of what they allocate.

#[path = "../../player-core/tests/support/parsers.rs"]
pub mod parsers;
