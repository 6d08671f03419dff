//! A harness around the whole shell: keys and clicks in, effects and pictures out.

use super::{fixtures, rasteriser::Rasteriser};
use crate::{
    app::{Model, Msg},
    density::Density,
    effect::Effect,
    shell::Shell,
    theme,
};
use egui::{Key, Modifiers, Vec2};
use egui_kittest::{Harness, HarnessBuilder, SnapshotOptions};
use player_core::{FrameSlot, MediaTime, VideoFrame};

/// What the harness carries from frame to frame.
#[derive(Debug)]
pub(crate) struct Actor {
    pub(crate) shell: Shell,
    /// All effects since they were last taken.
    pub(crate) effects: Vec<Effect>,
    answers: Vec<Msg>,
}

/// The application on a stage of fixed size.
pub(crate) type Stage = Harness<'static, Actor>;

/// Size in units and scale of a density's pictures.
fn size(density: Density) -> (Vec2, f32) {
    match density {
        Density::Desktop => (Vec2::new(1280.0, 720.0), 1.0),
        Density::Tv => (Vec2::new(960.0, 540.0), 1.0),
    }
}

/// Puts a model on stage, with the artwork of the fixtures.
pub(crate) fn stage(model: Model) -> Stage {
    let (size, scale) = size(model.density);
    stage_of(model, size, scale)
}

/// The same with a size of its own.
pub(crate) fn stage_of(model: Model, size: Vec2, scale: f32) -> Stage {
    let mut shell = Shell::new(model);
    shell.clock = Some("20:41".to_owned());
    let actor = Actor { shell, effects: Vec::new(), answers: Vec::new() };
    let mut stage = HarnessBuilder::<Actor>::default()
        .with_size(size)
        .with_pixels_per_point(scale)
        .with_max_steps(12)
        .with_render_cursor(false)
        .with_options(SnapshotOptions::new().threshold(1.2).max_failed_pixels(40))
        .renderer(Rasteriser::default())
        .with_context_setup(theme::install)
        .build_ui_state(
            |ui: &mut egui::Ui, actor: &mut Actor| {
                let answers = std::mem::take(&mut actor.answers);
                for effect in actor.shell.frame(ui, answers) {
                    match effect {
                        Effect::FetchPicture(request) => {
                            let image = fixtures::artwork(&request.path, request.max_width.min(1280));
                            actor.answers.push(Msg::Picture { path: request.path, image });
                        }
                        effect => actor.effects.push(effect),
                    }
                }
            },
            actor,
        );
    settle(&mut stage);
    stage
}

/// Makes the focus visible where it is: on a desktop by a first key, on a television it always is.
pub(crate) fn show_focus(stage: &mut Stage) {
    if !stage.state().shell.focus.ring_is_shown() {
        press(stage, Key::ArrowDown);
    }
}

/// Lets pictures arrive and movements end.
pub(crate) fn settle(stage: &mut Stage) {
    for _ in 0..14 {
        stage.step();
    }
    stage.run();
}

/// Presses a key and lets its consequences happen.
pub(crate) fn press(stage: &mut Stage, key: Key) {
    press_with(stage, Modifiers::NONE, key);
}

pub(crate) fn press_with(stage: &mut Stage, modifiers: Modifiers, key: Key) {
    stage.key_press_modifiers(modifiers, key);
    stage.step();
    stage.run();
}

/// Tells the shell something, as a view or the world would.
pub(crate) fn tell(stage: &mut Stage, msg: Msg) {
    let now = stage.ctx.time();
    let more = stage.state_mut().shell.model.update(msg, now);
    stage.state_mut().effects.extend(more);
    stage.step();
    stage.step();
}

/// Effects since the last call.
pub(crate) fn effects(stage: &mut Stage) -> Vec<Effect> {
    std::mem::take(&mut stage.state_mut().effects)
}

/// Shows a landscape as the video.
pub(crate) fn show_video(stage: &mut Stage, seed: u64) {
    let image = fixtures::landscape(1280, 720, seed);
    let pixels = image.pixels.iter().flat_map(|pixel| pixel.to_array()).collect();
    let frames = FrameSlot::default();
    frames.put(VideoFrame::from_rgba(1, MediaTime::ZERO, (1280, 720), pixels).unwrap());
    stage.state_mut().shell.video.attach(frames);
    settle(stage);
}
