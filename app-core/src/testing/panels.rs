//! One canvas on every panel: what 720p, 1080p and 2160p show is the same picture.

use super::{
    fixtures,
    stage::{press, settle, stage_of},
};
use crate::{
    app::{Model, Msg, SearchMsg},
    density::Density,
};
use egui::{Key, vec2};
use egui_kittest::kittest::NodeT as _;
use image::{RgbaImage, imageops};

/// Panels by their height in pixels.
const PANELS: [u32; 3] = [720, 1080, 2160];

fn picture(model: Model, height: u32, keys: &[Key]) -> (RgbaImage, Vec<(String, [i32; 4])>) {
    let scale = Density::Tv.pixels_per_point(height as f32).unwrap();
    let mut stage = stage_of(model, vec2(960.0, 540.0), scale);
    for key in keys {
        press(&mut stage, *key);
    }
    settle(&mut stage);
    let image = stage.render().unwrap();
    assert_eq!((image.width(), image.height()), (height * 16 / 9, height));
    // Where everything is that has a name, in units of the canvas.
    let mut places = Vec::new();
    for node in stage.root().children_recursive() {
        if let (Some(label), Some(at)) = (node.accesskit_node().label(), node.accesskit_node().bounding_box()) {
            let s = f64::from(scale);
            places.push((label, [at.x0 / s, at.y0 / s, at.x1 / s, at.y1 / s].map(|v| v.round() as i32)));
        }
    }
    (image, places)
}

/// Mean difference of two pictures' channels, 0 to 255, both scaled to the canvas.
fn difference(a: &RgbaImage, b: &RgbaImage) -> f64 {
    let [a, b] = [a, b].map(|image| imageops::resize(image, 480, 270, imageops::FilterType::Triangle));
    let total: u64 = a.as_raw().iter().zip(b.as_raw()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    total as f64 / a.as_raw().len() as f64
}

#[test]
fn every_panel_shows_the_same_picture() {
    type Make = fn() -> Model;
    let search = || {
        let mut model = fixtures::at_home(Density::Tv);
        model.update(Msg::Search(SearchMsg::Open), 0.0);
        model
    };
    let screens: [(&str, Make, &[Key]); 4] = [
        ("home", || fixtures::at_home(Density::Tv), &[Key::ArrowDown, Key::ArrowRight]),
        ("title", || fixtures::at_title(Density::Tv), &[]),
        ("search", search, &[Key::ArrowRight]),
        ("profiles", || fixtures::choosing(Density::Tv), &[Key::ArrowRight]),
    ];
    for (name, make, keys) in screens {
        let shown = PANELS.map(|height| picture(make(), height, keys));
        for ((image, places), height) in shown.iter().zip(PANELS).skip(1) {
            let by = difference(&shown[0].0, image);
            println!("{name}: {height} lines differ from {} by {by:.2} of 255", PANELS[0]);
            assert!(by < 2.0, "{name} at {height}: {by:.2}");
            let off = |a: &[i32; 4], b: &[i32; 4]| a.iter().zip(b).any(|(a, b)| a.abs_diff(*b) > 2);
            let first = &shown[0].1;
            assert_eq!(first.len(), places.len(), "{name} at {height}");
            for (a, b) in first.iter().zip(places) {
                assert!(a.0 == b.0 && !off(&a.1, &b.1), "{name} at {height}: {a:?} is {b:?}");
            }
        }
    }
}
