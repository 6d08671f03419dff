//! Something that comes from the server.

use crate::failure::Failure;

/// The state of a document on its way. What was there stays visible while it is loaded again.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Loadable<T> {
    /// Never asked for.
    Absent,
    /// Asked for, nothing to show yet.
    Loading,
    /// There. `reloading` while a newer version is on its way.
    Ready { value: T, reloading: bool },
    /// Not there, and why.
    Failed(Failure),
}

impl<T> Loadable<T> {
    pub(crate) fn ready(&self) -> Option<&T> {
        match self {
            Self::Ready { value, .. } => Some(value),
            _ => None,
        }
    }

    /// Why it is not there.
    pub(crate) fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) => Some(failure),
            _ => None,
        }
    }

    pub(crate) fn is_loading(&self) -> bool {
        matches!(self, Self::Loading | Self::Ready { reloading: true, .. })
    }

    /// A request leaves.
    pub(crate) fn start(&mut self) {
        match self {
            Self::Ready { reloading, .. } => *reloading = true,
            _ => *self = Self::Loading,
        }
    }

    /// Its answer arrives. A failed reload keeps what was there and hands the failure back, to be shown in passing.
    pub(crate) fn finish(&mut self, answer: Result<T, Failure>) -> Option<Failure> {
        match (answer, &mut *self) {
            (Ok(value), _) => {
                *self = Self::Ready { value, reloading: false };
                None
            }
            (Err(failure), Self::Ready { reloading, .. }) => {
                *reloading = false;
                Some(failure)
            }
            (Err(failure), _) => {
                *self = Self::Failed(failure);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_reload_keeps_what_was_there() {
        let mut document = Loadable::Absent;
        document.start();
        assert!(document.is_loading());
        assert_eq!(document.finish(Ok(1)), None);
        document.start();
        assert_eq!(document.ready(), Some(&1));
        assert!(document.finish(Err(Failure::unreachable("gone"))).is_some());
        assert_eq!(document.ready(), Some(&1));
    }

    #[test]
    fn a_failed_first_load_is_shown() {
        let mut document = Loadable::<u8>::Loading;
        document.finish(Err(Failure::unreachable("gone")));
        assert!(matches!(document, Loadable::Failed(_)));
    }
}
