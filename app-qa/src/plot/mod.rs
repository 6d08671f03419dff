//! Plots as SVG, small enough to be written by hand.
//!
//! [`svg`] writes shapes, [`axes`] puts numbers along two sides of a panel, [`series`] gives every controller its mark.
//! The plots themselves are [`shares`], [`stalls`] and [`session`]. Each brings its own background and follows the
//! viewer's choice of a light or a dark one, so that they are legible on any page.

pub mod axes;
pub mod series;
pub mod session;
pub mod shares;
pub mod stalls;
pub mod svg;
