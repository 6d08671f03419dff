//! The table of the decision.

use super::*;
use crate::entitlement::plan::Plans;
use Plan::{Basic, Premium};
use Refusal::{AboveCeiling, DeviceLimit, HiddenAddress, NotHere, NotInPlan, NotNow, NotOffline, StreamLimit};

const NOW: i64 = 1_000;

fn viewer(plan: Plan, ceiling: Option<u8>) -> Viewer {
    Viewer { plan, ceiling, place: Place::default(), now_ms: NOW }
}

fn terms(plan: Plan, maturity: Option<u8>) -> Terms<'static> {
    Terms { plan, maturity, windows: &[], offline: true }
}

fn refusal_of(viewer: Viewer, terms: Terms<'_>, purpose: Purpose<'_>) -> Option<Refusal> {
    match decide(viewer, terms, Plans::default().of(viewer.plan), purpose) {
        Decision::Allowed(_) => None,
        Decision::Refused(refusal) => Some(refusal),
    }
}

#[test]
fn plan_and_ceiling() {
    let table = [
        // plan, ceiling, title's plan, title's age => refusal
        (Basic, None, Basic, None, None),
        (Basic, None, Basic, Some(18), None),
        (Basic, None, Premium, None, Some(NotInPlan)),
        (Basic, Some(7), Premium, Some(7), Some(NotInPlan)),
        (Basic, Some(7), Premium, Some(12), Some(AboveCeiling)),
        (Basic, Some(7), Basic, Some(7), None),
        (Basic, Some(7), Basic, Some(8), Some(AboveCeiling)),
        (Premium, None, Basic, None, None),
        (Premium, None, Premium, None, None),
        (Premium, None, Premium, Some(18), None),
        (Premium, Some(7), Premium, None, None),
        (Premium, Some(7), Premium, Some(7), None),
        (Premium, Some(7), Premium, Some(16), Some(AboveCeiling)),
        (Premium, Some(0), Basic, Some(1), Some(AboveCeiling)),
        (Premium, Some(0), Basic, None, None),
    ];
    let device = PlaybackDevice::default();
    for (plan, ceiling, title_plan, maturity, expected) in table {
        for purpose in [Purpose::Show, Purpose::Stream(&device, Places::OPEN)] {
            let refusal = refusal_of(viewer(plan, ceiling), terms(title_plan, maturity), purpose);
            assert_eq!(refusal, expected, "{plan:?} {ceiling:?} watches {title_plan:?} {maturity:?}");
        }
    }
}

#[test]
fn region_and_window() {
    let window = |regions: &[&str], from_ms, until_ms| Window {
        regions: regions.iter().map(|text| text.parse().unwrap()).collect(),
        from_ms,
        until_ms,
    };
    let anywhere = || vec![window(&[], Some(500), Some(1_500))];
    let dutch = || vec![window(&["NL", "BE"], None, None)];
    let later = || vec![window(&["NL"], Some(2_000), None), window(&["DE"], None, Some(1_000))];
    let place =
        |country: Option<&str>, is_hidden| Place { country: country.map(|text| text.parse().unwrap()), is_hidden };
    let table = [
        (anywhere(), place(None, false), None),
        (anywhere(), place(None, true), None),
        (dutch(), place(Some("NL"), false), None),
        (dutch(), place(Some("DE"), false), Some(NotHere)),
        (dutch(), place(None, false), Some(NotHere)),
        (dutch(), place(Some("NL"), true), Some(HiddenAddress)),
        (later(), place(Some("NL"), false), Some(NotNow)),
        // The end is the first moment that is no longer in it.
        (later(), place(Some("DE"), false), Some(NotNow)),
        (vec![window(&[], None, Some(1_000))], place(None, false), Some(NotNow)),
        (vec![window(&[], Some(1_000), Some(1_001))], place(None, false), None),
    ];
    for (windows, place, expected) in table {
        let viewer = Viewer { place, ..viewer(Premium, None) };
        let terms = Terms { windows: &windows, ..terms(Basic, None) };
        assert_eq!(refusal_of(viewer, terms, Purpose::Show), expected, "{windows:?} {place:?}");
    }
    let windows = [window(&[], None, Some(2_000)), window(&[], None, Some(3_000)), window(&[], None, Some(900))];
    let terms = Terms { windows: &windows, ..terms(Basic, None) };
    let decision = decide(viewer(Premium, None), terms, Plans::default().premium, Purpose::Show);
    assert!(matches!(decision, Decision::Allowed(Allowance { until_ms: Some(3_000), .. })), "{decision:?}");
}

#[test]
fn places_and_offline() {
    let device = PlaybackDevice::default();
    let places = |device, stream| Places { device, stream };
    use Slot::{Full, Held, Open};
    let table = [
        (Basic, true, Purpose::Stream(&device, places(Held, Held)), None),
        (Basic, true, Purpose::Stream(&device, places(Open, Open)), None),
        (Basic, true, Purpose::Stream(&device, places(Held, Full)), Some(StreamLimit)),
        (Basic, true, Purpose::Stream(&device, places(Full, Full)), Some(DeviceLimit)),
        (Basic, true, Purpose::Keep(&device, places(Held, Held)), Some(NotOffline)),
        (Premium, true, Purpose::Keep(&device, places(Held, Held)), None),
        (Premium, false, Purpose::Keep(&device, places(Held, Held)), Some(NotOffline)),
        (Premium, true, Purpose::Keep(&device, places(Held, Full)), Some(StreamLimit)),
        // What is not in the plan is refused for that, not for want of a place.
        (Premium, true, Purpose::Show, None),
    ];
    for (plan, offline, purpose, expected) in table {
        let terms = Terms { offline, ..terms(Basic, None) };
        assert_eq!(refusal_of(viewer(plan, None), terms, purpose), expected, "{plan:?} {offline} {purpose:?}");
    }
    let full = Purpose::Stream(&device, places(Full, Full));
    assert_eq!(refusal_of(viewer(Basic, None), terms(Premium, None), full), Some(NotInPlan));
}

#[test]
fn l10_quality_is_the_least_of_plan_and_device() {
    use Quality::{Hd, Sd, Uhd};
    use SecurityLevel::{Hardware, Software};
    let table = [
        (Basic, Software, false, Sd),
        (Basic, Software, true, Hd),
        (Basic, Hardware, true, Hd),
        (Premium, Software, false, Sd),
        (Premium, Hardware, false, Hd),
        (Premium, Hardware, true, Uhd),
    ];
    for (plan, security, protected_output, expected) in table {
        let device = PlaybackDevice { security, protected_output, ..PlaybackDevice::default() };
        let purpose = Purpose::Stream(&device, Places::OPEN);
        let decision = decide(viewer(plan, None), terms(Basic, None), Plans::default().of(plan), purpose);
        assert_eq!(decision, Decision::Allowed(Allowance { quality: expected, until_ms: None }), "{plan:?} {device:?}");
    }
}

#[test]
fn l11_offline_ends_with_what_comes_first() {
    let day = DAY_MS;
    let table = [
        // issued, first played, window => end
        (0, None, None, 30 * day),
        (0, None, Some(10 * day), 10 * day),
        (0, Some(day), None, 3 * day),
        (0, Some(day), Some(2 * day), 2 * day),
        (0, Some(29 * day), None, 30 * day),
        (5 * day, None, Some(day), day),
    ];
    for (issued, played, window, expected) in table {
        assert_eq!(offline_end(issued, played, window), expected, "{issued} {played:?} {window:?}");
    }
}
