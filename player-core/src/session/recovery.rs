//! What to do about a failed transfer: a pure function, so that every case is a line in a table.

use super::input::LoadFailure;
use crate::config::RecoveryConfig;
use crate::container::ContainerError;
use crate::drm::{DrmError, KeyStatus, LicenseDenied};
use crate::error::{ErrorCode, PlaybackError, Severity};
use crate::event::ResourceKind;
use crate::manifest::ManifestError;
use crate::net::FetchError;
use std::time::Duration;

/// What is known about the failure's circumstances.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    pub resource: ResourceKind,
    /// Failures of this resource in a row, this one included.
    pub failures: u32,
    /// Since the first of them.
    pub failing_for: Duration,
    /// Is there another rung that has not failed for this segment?
    pub alternative: bool,
    /// Can the address be renewed, and has it not just been?
    pub may_refresh: bool,
    /// Has anything been shown? Before that a viewer sits before an empty screen.
    pub started: bool,
}

/// The way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recovery {
    RetryAfter(Duration),
    /// The permission in the address has run out.
    RefreshSource,
    /// The same segment from another rung.
    OtherRepresentation,
    /// Go on behind the segment.
    SkipSegment,
    Fatal,
}

/// Damaged bytes may have been damaged on the way; a second look is cheap, a third is not better.
const LOOKS_AT_DAMAGE: u32 = 2;
/// Before the first picture: give up on playlists four times sooner.
const START_IMPATIENCE: u32 = 4;

/// Decides. The error says how the failure is reported; its severity follows the recovery.
pub fn decide(failure: &LoadFailure, attempt: &Attempt, config: &RecoveryConfig) -> (Recovery, PlaybackError) {
    let (code, class) = classify(failure);
    let recovery = match class {
        Class::Passing => {
            let start = !attempt.started && attempt.resource != ResourceKind::Segment;
            let patience = if start { config.patience / START_IMPATIENCE } else { config.patience };
            match attempt.resource {
                _ if attempt.failing_for < patience => Recovery::RetryAfter(back_off(attempt.failures, config)),
                ResourceKind::Text => Recovery::SkipSegment,
                ResourceKind::Playlist if attempt.alternative => Recovery::OtherRepresentation,
                _ => Recovery::Fatal,
            }
        }
        Class::Permission if attempt.may_refresh => Recovery::RefreshSource,
        Class::Gone | Class::Damaged | Class::Permission => match attempt.resource {
            ResourceKind::Segment | ResourceKind::Playlist if attempt.alternative && !looks_again(class, attempt) => {
                Recovery::OtherRepresentation
            }
            ResourceKind::Segment | ResourceKind::Text if class == Class::Permission => Recovery::Fatal,
            ResourceKind::Segment | ResourceKind::Text if !looks_again(class, attempt) => Recovery::SkipSegment,
            _ if looks_again(class, attempt) => Recovery::RetryAfter(config.first_delay),
            _ => Recovery::Fatal,
        },
        Class::Foreign if attempt.alternative => Recovery::OtherRepresentation,
        // In mid-play one foreign segment is an accident of the server.
        Class::Foreign if attempt.started && attempt.resource != ResourceKind::Manifest => Recovery::SkipSegment,
        Class::Withheld if attempt.alternative => Recovery::OtherRepresentation,
        Class::Foreign | Class::Withheld | Class::Final => Recovery::Fatal,
    };
    let severity = match recovery {
        Recovery::RetryAfter(_) | Recovery::RefreshSource => Severity::Recovered,
        Recovery::OtherRepresentation | Recovery::SkipSegment => Severity::Degraded,
        Recovery::Fatal => Severity::Fatal,
    };
    (recovery, PlaybackError { code, severity, detail: detail(failure) })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// May work in a moment.
    Passing,
    /// Not at this address, now or later.
    Gone,
    /// Arrived, but broken.
    Damaged,
    /// Arrived, and is nothing this player can read: the next segment will be the same.
    Foreign,
    /// The address lacks permission.
    Permission,
    /// The key of this rung may not be used; that of another may.
    Withheld,
    /// Nothing helps.
    Final,
}

fn looks_again(class: Class, attempt: &Attempt) -> bool {
    class == Class::Damaged && attempt.failures < LOOKS_AT_DAMAGE
}

/// Doubles from the first delay to the longest.
fn back_off(failures: u32, config: &RecoveryConfig) -> Duration {
    let doubled = config.first_delay.saturating_mul(1 << failures.saturating_sub(1).min(16));
    doubled.min(config.max_delay)
}

fn classify(failure: &LoadFailure) -> (ErrorCode, Class) {
    match failure {
        LoadFailure::Fetch(error) => match error {
            FetchError::Unreachable(_) | FetchError::Interrupted { .. } => (ErrorCode::Unreachable, Class::Passing),
            FetchError::TimedOut(_) => (ErrorCode::TimedOut, Class::Passing),
            FetchError::Status(401 | 403) => (ErrorCode::Refused, Class::Permission),
            FetchError::Status(451) => (ErrorCode::NotHere, Class::Final),
            FetchError::Status(408 | 425 | 429 | 500..) => (ErrorCode::ServerFailed, Class::Passing),
            FetchError::Status(_) => (ErrorCode::Missing, Class::Gone),
            FetchError::TooLarge { .. } => (ErrorCode::TooLarge, Class::Gone),
            FetchError::WrongRange => (ErrorCode::MediaDamaged, Class::Damaged),
        },
        LoadFailure::Manifest(ManifestError::Protection(_)) => (ErrorCode::SchemeUnsupported, Class::Gone),
        LoadFailure::Manifest(_) => (ErrorCode::ManifestInvalid, Class::Gone),
        LoadFailure::Text(_) => (ErrorCode::MediaDamaged, Class::Damaged),
        LoadFailure::Container(error) => match error {
            ContainerError::NotBmff | ContainerError::Unsupported(_) => {
                (ErrorCode::ContainerUnsupported, Class::Foreign)
            }
            ContainerError::NoDecoder(_) => (ErrorCode::CodecUnsupported, Class::Foreign),
            ContainerError::UnsupportedScheme(_) => (ErrorCode::SchemeUnsupported, Class::Final),
            ContainerError::WrongKey => (ErrorCode::WrongKey, Class::Final),
            _ => (ErrorCode::MediaDamaged, Class::Damaged),
        },
        LoadFailure::Drm(DrmError::CutShort(_)) => (ErrorCode::MediaDamaged, Class::Damaged),
        LoadFailure::Drm(error @ DrmError::KeyUnusable { .. }) => (licence_error_code(error), Class::Withheld),
        LoadFailure::Drm(error) => (licence_error_code(error), Class::Final),
    }
}

/// How a licence failure is reported.
pub fn licence_error_code(error: &DrmError) -> ErrorCode {
    match error {
        DrmError::NoTransport => ErrorCode::LicenceUnavailable,
        DrmError::Denied(LicenseDenied::Unreachable(_)) => ErrorCode::Unreachable,
        DrmError::Denied(LicenseDenied::Unauthorised) => ErrorCode::LicenceUnauthorised,
        DrmError::Denied(LicenseDenied::Refused(_)) => ErrorCode::LicenceRefused,
        DrmError::Denied(LicenseDenied::Expired) => ErrorCode::LicenceExpired,
        DrmError::Denied(LicenseDenied::NotHere) => ErrorCode::NotHere,
        DrmError::InvalidLicence(_) | DrmError::MissingKey(_) | DrmError::BadKey => ErrorCode::LicenceInvalid,
        DrmError::NoKeySystem(_) | DrmError::SchemeUnsupported(_) => ErrorCode::SchemeUnsupported,
        DrmError::KeyUnusable { status: KeyStatus::Expired, .. } => ErrorCode::LicenceExpired,
        DrmError::KeyUnusable { status: KeyStatus::OutputRestricted, .. } => ErrorCode::OutputRestricted,
        DrmError::KeyUnusable { .. } | DrmError::Cdm(_) => ErrorCode::CdmFailed,
        DrmError::WrongKey => ErrorCode::WrongKey,
        DrmError::CutShort(_) => ErrorCode::MediaDamaged,
    }
}

impl LoadFailure {
    /// Will every segment of this rung fail in the same way?
    pub(super) fn concerns_all_of_a_rung(&self) -> bool {
        classify(self).1 == Class::Withheld
    }

    /// As it is reported where it ends everything.
    pub fn error(&self) -> PlaybackError {
        PlaybackError::fatal(classify(self).0, detail(self))
    }
}

fn detail(failure: &LoadFailure) -> String {
    match failure {
        LoadFailure::Fetch(error) => error.to_string(),
        LoadFailure::Manifest(error) => error.to_string(),
        LoadFailure::Container(error) => error.to_string(),
        LoadFailure::Drm(error) => error.to_string(),
        LoadFailure::Text(error) => error.to_string(),
    }
}

/// What the viewer reads while it is being dealt with.
pub(super) fn notice(recovery: &Recovery, code: ErrorCode) -> String {
    let text = match (recovery, code) {
        (Recovery::RetryAfter(_), ErrorCode::ServerFailed) => "The server has a problem. Trying again…",
        (Recovery::RetryAfter(_), ErrorCode::TimedOut) => "The connection is very slow. Trying again…",
        (Recovery::RetryAfter(_), ErrorCode::MediaDamaged) => "Part of the stream arrived damaged. Trying again…",
        (Recovery::RetryAfter(_), _) => "Connection lost. Trying again…",
        (Recovery::RefreshSource, _) => "Renewing the permission to watch…",
        (Recovery::OtherRepresentation, _) => "Part of the stream is missing. Using another quality",
        (Recovery::SkipSegment, _) => "Part of the stream is missing and was skipped",
        (Recovery::Fatal, code) => return code.sentence().to_owned(),
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(resource: ResourceKind) -> Attempt {
        Attempt {
            resource,
            failures: 1,
            failing_for: Duration::ZERO,
            alternative: true,
            may_refresh: true,
            started: true,
        }
    }

    #[test]
    fn each_failure_has_its_way_out() {
        use LoadFailure::*;
        use Recovery::*;
        use ResourceKind::{Playlist, Segment};
        let first = Duration::from_millis(250);
        let key = crate::drm::KeyId([1; 16]);
        let withheld = DrmError::KeyUnusable { key, status: KeyStatus::OutputRestricted };
        let rows = [
            (Fetch(FetchError::Unreachable("refused".into())), Segment, RetryAfter(first), 1001),
            (Fetch(FetchError::Status(503)), Segment, RetryAfter(first), 1003),
            (Fetch(FetchError::Status(404)), Segment, OtherRepresentation, 1004),
            (Fetch(FetchError::Status(404)), ResourceKind::Manifest, Fatal, 1004),
            (Fetch(FetchError::Status(403)), Segment, RefreshSource, 1005),
            (Fetch(FetchError::Status(451)), Segment, Fatal, 1006),
            (Fetch(FetchError::TooLarge { max: 1 }), ResourceKind::Manifest, Fatal, 1007),
            (LoadFailure::Manifest(crate::manifest::ManifestError::Empty), Playlist, OtherRepresentation, 2001),
            (Container(ContainerError::Missing("moof")), Segment, RetryAfter(first), 3001),
            (Container(ContainerError::WrongKey), Segment, Fatal, 5006),
            (Container(ContainerError::NoDecoder("prores".into())), Segment, OtherRepresentation, 4002),
            (Drm(DrmError::NoTransport), Segment, Fatal, 5001),
            (Drm(withheld), Segment, OtherRepresentation, 5008),
            (Drm(DrmError::Cdm(crate::drm::CdmError::Silent)), Segment, Fatal, 5009),
            (LoadFailure::Text(crate::text::TextError::Unknown), ResourceKind::Text, RetryAfter(first), 3001),
        ];
        for (failure, resource, recovery, number) in rows {
            let (decided, error) = decide(&failure, &attempt(resource), &RecoveryConfig::default());
            assert_eq!((&decided, error.code.number()), (&recovery, number), "{failure:?}");
        }
    }

    #[test]
    fn damage_is_looked_at_twice_then_replaced_then_skipped() {
        let damaged = LoadFailure::Container(ContainerError::Missing("moof"));
        let config = RecoveryConfig::default();
        let again = Attempt { failures: 2, ..attempt(ResourceKind::Segment) };
        assert_eq!(decide(&damaged, &again, &config).0, Recovery::OtherRepresentation);
        let last = Attempt { alternative: false, ..again };
        assert_eq!(decide(&damaged, &last, &config).0, Recovery::SkipSegment);
    }

    #[test]
    fn a_dead_server_is_asked_for_a_minute_with_growing_pauses() {
        let config = RecoveryConfig::default();
        let dead = LoadFailure::Fetch(FetchError::Unreachable("refused".into()));
        let delay = |failures, failing_for| {
            let attempt =
                Attempt { failures, failing_for: Duration::from_secs(failing_for), ..attempt(ResourceKind::Segment) };
            decide(&dead, &attempt, &config).0
        };
        assert_eq!(delay(3, 1), Recovery::RetryAfter(Duration::from_secs(1)));
        assert_eq!(delay(40, 59), Recovery::RetryAfter(Duration::from_secs(4)));
        assert_eq!(delay(41, 60), Recovery::Fatal);
    }

    #[test]
    fn a_stream_of_another_kind_is_refused_before_its_first_picture() {
        let foreign = LoadFailure::Container(ContainerError::NotBmff);
        let config = RecoveryConfig::default();
        let first = Attempt { started: false, alternative: false, ..attempt(ResourceKind::Segment) };
        assert_eq!(decide(&foreign, &first, &config).0, Recovery::Fatal);
        let later = Attempt { started: true, ..first };
        assert_eq!(decide(&foreign, &later, &config).0, Recovery::SkipSegment);
    }

    #[test]
    fn a_permission_that_stays_refused_is_fatal() {
        let refused = LoadFailure::Fetch(FetchError::Status(403));
        let attempt = Attempt { may_refresh: false, alternative: false, ..attempt(ResourceKind::Segment) };
        assert_eq!(decide(&refused, &attempt, &RecoveryConfig::default()).0, Recovery::Fatal);
    }
}
