//! The decision, in one place.

use super::Plan;
use crate::{gateway::ApiError, ingest::TitleDescriptor};
use axum::http::StatusCode;
use service_api::{identity::Profile, problem::ProblemCode};

/// Who wants to watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Viewer {
    pub(crate) plan: Plan,
    /// Highest maturity rating of the profile, in years; none means no ceiling.
    pub(crate) ceiling: Option<u8>,
}

impl Viewer {
    pub(crate) fn new(plan: Plan, profile: &Profile) -> Self {
        Self { plan, ceiling: profile.maturity_ceiling }
    }
}

/// What a title asks of its viewers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) plan: Plan,
    /// Minimum age in years; none means suitable for all.
    pub(crate) maturity: Option<u8>,
}

impl From<&TitleDescriptor> for Terms {
    fn from(title: &TitleDescriptor) -> Self {
        Self { plan: title.plan, maturity: title.maturity }
    }
}

/// May the viewer watch the title?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Allowed,
    Refused(Refusal),
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Not for this profile, which does not learn that the title exists.
    AboveCeiling,
    /// The account may know the title, but its plan does not include it.
    NotInPlan,
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::AboveCeiling => Self::not_found("title"),
            Refusal::NotInPlan => {
                Self::new(StatusCode::FORBIDDEN, ProblemCode::NotEntitled, "Your plan does not include this title")
                    .detail("It is part of Premium")
            }
        }
    }
}

/// Decides from nothing but its arguments. The ceiling comes first: a child is not offered an upgrade.
pub(crate) fn decide(viewer: Viewer, terms: Terms) -> Decision {
    if let (Some(ceiling), Some(maturity)) = (viewer.ceiling, terms.maturity)
        && maturity > ceiling
    {
        return Decision::Refused(Refusal::AboveCeiling);
    }
    match (viewer.plan, terms.plan) {
        (Plan::Basic, Plan::Premium) => Decision::Refused(Refusal::NotInPlan),
        (Plan::Basic | Plan::Premium, Plan::Basic) | (Plan::Premium, Plan::Premium) => Decision::Allowed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Decision::{Allowed, Refused};
    use Plan::{Basic, Premium};
    use Refusal::{AboveCeiling, NotInPlan};

    #[test]
    fn decision_table() {
        let table = [
            // plan, ceiling, title's plan, title's age => decision
            (Basic, None, Basic, None, Allowed),
            (Basic, None, Basic, Some(18), Allowed),
            (Basic, None, Premium, None, Refused(NotInPlan)),
            (Basic, Some(7), Premium, Some(7), Refused(NotInPlan)),
            (Basic, Some(7), Premium, Some(12), Refused(AboveCeiling)),
            (Basic, Some(7), Basic, Some(7), Allowed),
            (Basic, Some(7), Basic, Some(8), Refused(AboveCeiling)),
            (Premium, None, Basic, None, Allowed),
            (Premium, None, Premium, None, Allowed),
            (Premium, None, Premium, Some(18), Allowed),
            (Premium, Some(7), Premium, None, Allowed),
            (Premium, Some(7), Premium, Some(7), Allowed),
            (Premium, Some(7), Premium, Some(16), Refused(AboveCeiling)),
            (Premium, Some(0), Basic, Some(1), Refused(AboveCeiling)),
            (Premium, Some(0), Basic, None, Allowed),
        ];
        for (plan, ceiling, title_plan, maturity, expected) in table {
            let decision = decide(Viewer { plan, ceiling }, Terms { plan: title_plan, maturity });
            assert_eq!(decision, expected, "{plan:?} {ceiling:?} watches {title_plan:?} {maturity:?}");
        }
    }
}
