//! The window among others: what the desktop asks of it, and what it is told.

use super::LumenApp;
use crate::{
    app::Msg,
    desktop::{
        crash,
        host::Allowed,
        model::DesktopEffect,
        network::{Network, NetworkChoice},
        now_playing::NowPlaying,
    },
    launch::LaunchArgs,
    settings::Settings,
    theme::{self, wake},
};
use egui::{Context, ViewportCommand};

impl LumenApp {
    pub(super) fn execute_desktop(&mut self, ctx: &Context, effect: DesktopEffect) {
        match effect {
            DesktopEffect::Browse => self.host.choose_file(),
            DesktopEffect::SaveRecents(recents) => self.services.save_recents(recents),
            DesktopEffect::CrashSeen => crash::mark_seen(&self.crashes),
            DesktopEffect::DeleteCrash => crash::delete_all(&self.crashes),
            DesktopEffect::Raise => {
                ctx.send_viewport_cmd(ViewportCommand::Minimized(false));
                ctx.send_viewport_cmd(ViewportCommand::Focus);
                // Where a window may not take the focus by itself, it may ask for it.
                ctx.send_viewport_cmd(ViewportCommand::RequestUserAttention(egui::UserAttentionType::Informational));
            }
        }
    }

    /// Carries out what the desktop asks for, and tells it what is playing: also while nobody sees the window.
    pub(super) fn follow_desktop(&mut self, ctx: &Context) {
        let now = ctx.time();
        for msg in self.services.answers() {
            match msg {
                Msg::Desktop(msg) => {
                    let effects = self.shell.model.update(Msg::Desktop(msg), now);
                    effects.into_iter().for_each(|effect| self.execute(ctx, effect));
                    wake(ctx);
                }
                msg => self.answers.push(msg),
            }
        }
        let model = &self.shell.model;
        let is_seen = ctx.input(|input| input.viewport().visible() != Some(false));
        let wanted = &model.settings.desktop;
        let media_keys = wanted.media_keys && self.allows_media_keys;
        self.host.publish(NowPlaying::of(model), is_seen, Allowed { media_keys, keep_awake: wanted.keep_awake });
    }

    /// Text size and movement, as the viewer or the desktop wants them.
    pub(super) fn follow_appearance(&self, ctx: &Context) {
        let model = &self.shell.model;
        let (look, told) = (&model.settings.desktop.look, &model.desktop.appearance);
        let scale = look.text_scale(told);
        // A television's canvas has its own scale.
        if !model.density.is_tv() && (ctx.zoom_factor() - scale).abs() > 0.001 {
            ctx.set_zoom_factor(scale);
        }
        let time = if look.reduces_motion(told) { 0.0 } else { theme::ANIMATION_TIME };
        if ctx.global_style().animation_time != time {
            ctx.all_styles_mut(|style| style.animation_time = time);
        }
    }
}

/// What was asked for on the command line must be had; what is in the settings and cannot be had any more is done without.
pub(super) fn network_of(args: &LaunchArgs, settings: &Settings) -> anyhow::Result<Network> {
    let kept = &settings.desktop.network;
    let network = Network::of(args.network(kept));
    if let (Err(problem), None) = (&network, &args.ca) {
        tracing::warn!(problem, "the certificates of the settings are not used");
        let without = NetworkChoice { authorities: None, ..args.network(kept) };
        return Network::of(without).map_err(anyhow::Error::msg);
    }
    network.map_err(anyhow::Error::msg)
}
