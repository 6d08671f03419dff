//! What the interface tests are made of: a rasteriser that needs no GPU, procedural artwork, and fixtures.

pub(crate) mod fixtures;
mod household;
mod journeys;
mod panels;
mod rasteriser;
mod screens;
mod seek_bar;
pub(crate) mod stage;
mod television;
