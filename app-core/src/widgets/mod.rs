//! The pieces that all screens are put together from. Each paints itself from tokens and reports touches.

pub(crate) mod avatar;
pub(crate) mod button;
pub(crate) mod card;
pub(crate) mod gradient;
pub(crate) mod grid;
pub(crate) mod keyboard;
pub(crate) mod picture;
pub(crate) mod row;
pub(crate) mod skeleton;
pub(crate) mod spinner;
pub(crate) mod text;
pub(crate) mod toast;
