//! What the interface tests are made of: a rasteriser that needs no GPU, procedural artwork, and fixtures.

mod below_player;
mod desktop;
pub(crate) mod fixtures;
mod household;
mod journeys;
mod languages;
mod matrix;
mod panels;
mod player;
mod rasteriser;
mod screens;
mod seek_bar;
mod service_journeys;
mod service_screens;
pub(crate) mod stage;
mod television;
mod television_set;
