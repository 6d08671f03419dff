//! Why a title may not be watched, in words that say what to do about it.

use crate::{
    failure::{Elsewhere, Failure, Remedy},
    language::{self, tr},
};
use service_api::{
    client::{Client, ClientError},
    identity::Profile,
    playback::{DeviceClass, RegisteredDevice},
    problem::ProblemCode,
};

/// Streams of other devices that are named; a plan has four.
const MAX_ELSEWHERE: usize = 4;

/// A failed call in the words of the screen.
pub(crate) fn failure(error: &ClientError) -> Failure {
    let (sentence, remedy) = match error {
        error if error.is_signed_out() => (language::foreign(&error.viewer_message()), Remedy::SignIn),
        ClientError::Problem(problem) => {
            let (sentence, remedy) = of_code(problem.code);
            (sentence.map_or_else(|| language::foreign(&error.viewer_message()), str::to_owned), remedy)
        }
        _ => (language::foreign(&error.viewer_message()), Remedy::TryAgain),
    };
    let code = match error {
        ClientError::Problem(problem) => serde_json::to_value(problem.code)
            .ok()
            .and_then(|value| value.as_str().map(str::to_owned))
            .unwrap_or_else(|| problem.status.to_string()),
        error if error.is_offline() => Failure::UNREACHABLE.to_owned(),
        error if error.is_signed_out() => "signed-out".to_owned(),
        ClientError::UnexpectedStatus { status, .. } => format!("http-{status}"),
        _ => "client".to_owned(),
    };
    Failure { sentence, remedy, code, detail: error.to_string(), elsewhere: Vec::new() }
}

/// What a viewer can do about a refusal. Without a sentence of ours the service's own is shown.
fn of_code(code: ProblemCode) -> (Option<&'static str>, Remedy) {
    match code {
        ProblemCode::StreamLimit => (Some(tr!("refusal-stream-limit")), Remedy::TryAgain),
        ProblemCode::DeviceLimit => (Some(tr!("refusal-device-limit")), Remedy::SeeDevices),
        ProblemCode::NotEntitled => (Some(tr!("refusal-not-entitled")), Remedy::SeePlans),
        ProblemCode::PinRequired => (Some(tr!("refusal-pin-required")), Remedy::GoBack),
        ProblemCode::Revoked => (Some(tr!("refusal-revoked")), Remedy::TryAgain),
        ProblemCode::NotAvailableNow => (Some(tr!("refusal-not-now")), Remedy::GoBack),
        ProblemCode::NotAvailableHere => (Some(tr!("refusal-not-here")), Remedy::GoBack),
        ProblemCode::AddressHidden => (Some(tr!("refusal-address-hidden")), Remedy::TryAgain),
        ProblemCode::Forbidden | ProblemCode::NotFound => (None, Remedy::GoBack),
        _ => (None, Remedy::TryAgain),
    }
}

/// The same for playback: says also who is watching where, if all places are taken. `own` is this device.
pub(crate) async fn explain(client: &Client, own: Option<&str>, error: &ClientError) -> Failure {
    let failure = failure(error);
    if !matches!(error, ClientError::Problem(problem) if problem.code == ProblemCode::StreamLimit) {
        return failure;
    }
    let (devices, account) = tokio::join!(client.playback_devices(), client.me());
    match devices {
        Ok(devices) => occupied(failure, &devices, &account.map(|account| account.profiles).unwrap_or_default(), own),
        Err(error) => {
            // Not everybody may see the devices of the account.
            tracing::debug!(%error, "who is watching is not known");
            failure
        }
    }
}

/// Names those who watch elsewhere.
fn occupied(failure: Failure, devices: &[RegisteredDevice], profiles: &[Profile], own: Option<&str>) -> Failure {
    let others = devices.iter().filter(|device| device.streaming && Some(device.id.as_str()) != own);
    let others: Vec<&RegisteredDevice> = others.take(MAX_ELSEWHERE).collect();
    let who = |device: &RegisteredDevice| {
        let known = profiles.iter().find(|profile| Some(&profile.id) == device.profile.as_ref());
        known.map_or_else(|| tr!("refusal-somebody").to_owned(), |profile| profile.name.clone())
    };
    let (sentence, is_alone) = match &others[..] {
        [] => return failure,
        [only] => {
            let (who, place) = (who(only), label(only));
            (tr!("refusal-one-elsewhere", who = who, place = place), true)
        }
        // Who and where is on the buttons.
        all => (tr!("refusal-several-elsewhere", count = all.len()), false),
    };
    let named = |device: &RegisteredDevice| {
        if is_alone { label(device) } else { tr!("refusal-on-device", who = who(device), place = label(device)) }
    };
    let elsewhere = others
        .iter()
        .filter_map(|device| Some(Elsewhere { device: named(device), grant: device.grant.clone()? }))
        .collect();
    Failure { sentence, elsewhere, ..failure }
}

/// What a device is called.
fn label(device: &RegisteredDevice) -> String {
    if !device.name.is_empty() {
        return device.name.clone();
    }
    match device.class {
        DeviceClass::Desktop => tr!("device-computer"),
        DeviceClass::Browser => tr!("device-browser"),
        DeviceClass::Phone => tr!("device-phone"),
        DeviceClass::Tablet => tr!("device-tablet"),
        DeviceClass::Tv => tr!("device-television"),
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fixtures::{self, problem};
    use service_api::{GrantId, ProfileId};

    fn device(id: &str, name: &str, profile: Option<&str>) -> RegisteredDevice {
        RegisteredDevice {
            id: id.into(),
            name: name.into(),
            class: DeviceClass::Tv,
            registered_at_ms: 1,
            last_used_at_ms: 1,
            streaming: true,
            grant: Some(GrantId::from(format!("grant of {id}").as_str())),
            profile: profile.map(ProfileId::from),
        }
    }

    #[test]
    fn refusals_name_what_a_viewer_can_do() {
        let entitled = failure(&problem(ProblemCode::NotEntitled, 403));
        assert_eq!((entitled.remedy, entitled.code.as_str()), (Remedy::SeePlans, "not-entitled"));
        assert_eq!(failure(&ClientError::SignedOut).remedy, Remedy::SignIn);
        assert_eq!(failure(&problem(ProblemCode::Internal, 500)).remedy, Remedy::TryAgain);
        let gone = failure(&problem(ProblemCode::NotAvailableNow, 403));
        assert_eq!((gone.remedy, gone.code.as_str()), (Remedy::GoBack, "not-available-now"));
        assert_eq!(failure(&problem(ProblemCode::Revoked, 403)).remedy, Remedy::TryAgain);
    }

    #[test]
    fn full_plan_says_who_is_watching_where() {
        let limit = || failure(&problem(ProblemCode::StreamLimit, 403));
        let profiles = fixtures::account().profiles;
        let idle = RegisteredDevice { streaming: false, ..device("idle", "Kitchen", Some("mira")) };
        let one = [device("own", "This one", Some("mira")), device("tv", "Living room TV", Some("jon")), idle];
        let told = occupied(limit(), &one, &profiles, Some("own"));
        let name = &profiles.iter().find(|profile| profile.id.as_str() == "jon").unwrap().name;
        let expected = format!("{name} is watching on Living room TV – stop there to watch here, or upgrade your plan");
        assert_eq!(told.sentence, expected);
        let tv = Elsewhere { device: "Living room TV".into(), grant: GrantId::from("grant of tv") };
        assert_eq!(told.elsewhere, [tv]);

        let two = [device("tv", "Living room TV", Some("jon")), device("other", "", None)];
        let told = occupied(limit(), &two, &profiles, Some("own"));
        let expected = "2 other devices are watching – stop one of them to watch here, or upgrade your plan";
        assert_eq!(told.sentence, expected);
        let names: Vec<&str> = told.elsewhere.iter().map(|other| other.device.as_str()).collect();
        assert_eq!(names, [&format!("{name} on Living room TV"), "Somebody on a television"]);

        // Between the question and the list they may have stopped.
        assert_eq!(occupied(limit(), &[], &profiles, None), limit());
    }
}
