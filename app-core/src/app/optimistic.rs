//! A value that is shown as the viewer wants it before the service has agreed.
//!
//! One request is under way at a time: two for the same thing could arrive in the other order. What is wished meanwhile
//! is sent after the answer, and what is refused goes back to what the service is known to have.

/// What is known, asked for and wished of one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Optimistic<T> {
    confirmed: T,
    asked: Option<T>,
    wished: T,
}

/// What follows from an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome<T> {
    /// The service has what is wished.
    Settled,
    /// Something else is wished by now: send it.
    Send(T),
    /// Refused; this is what holds.
    RolledBack(T),
}

impl<T: Clone + PartialEq> Optimistic<T> {
    /// The service has `confirmed`.
    pub(crate) fn new(confirmed: T) -> Self {
        Self { wished: confirmed.clone(), asked: None, confirmed }
    }

    /// What is shown.
    pub(crate) fn shown(&self) -> &T {
        &self.wished
    }

    /// The viewer wants `value`; returns what to send now, if anything.
    pub(crate) fn wish(&mut self, value: T) -> Option<T> {
        self.wished = value;
        if self.asked.is_some() || self.wished == self.confirmed {
            return None;
        }
        self.asked = Some(self.wished.clone());
        self.asked.clone()
    }

    /// The service was asked what it has. While something is under way, that is older than what will be answered.
    pub(crate) fn learn(&mut self, value: T) {
        if self.asked.is_none() {
            self.confirmed = value.clone();
            self.wished = value;
        }
    }

    /// The answer to what was sent.
    pub(crate) fn answered(&mut self, accepted: bool) -> Outcome<T> {
        let Some(asked) = self.asked.take() else { return Outcome::Settled };
        if accepted {
            self.confirmed = asked.clone();
        }
        if self.wished == self.confirmed {
            return Outcome::Settled;
        }
        if !accepted && self.wished == asked {
            self.wished = self.confirmed.clone();
            return Outcome::RolledBack(self.confirmed.clone());
        }
        self.asked = Some(self.wished.clone());
        Outcome::Send(self.wished.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_at_once_and_taken_back_when_refused() {
        let mut listed = Optimistic::new(false);
        assert_eq!(listed.wish(true), Some(true));
        assert!(*listed.shown());
        assert_eq!(listed.answered(false), Outcome::RolledBack(false));
        assert!(!*listed.shown());
    }

    #[test]
    fn second_wish_waits_for_the_first_answer() {
        let mut thumbs = Optimistic::new(0);
        assert_eq!(thumbs.wish(1), Some(1));
        assert_eq!(thumbs.wish(-1), None);
        assert_eq!(thumbs.wish(2), None);
        assert_eq!(thumbs.answered(true), Outcome::Send(2));
        assert_eq!(thumbs.answered(true), Outcome::Settled);
        assert_eq!(*thumbs.shown(), 2);
    }

    #[test]
    fn change_of_mind_costs_no_request_and_no_excuse() {
        let mut listed = Optimistic::new(false);
        listed.wish(true);
        assert_eq!(listed.wish(false), None);
        assert_eq!(listed.answered(false), Outcome::Settled, "refused, and not wanted any more");
        listed.wish(true);
        listed.wish(false);
        assert_eq!(listed.answered(true), Outcome::Send(false), "granted, and not wanted any more");
        assert_eq!(listed.answered(false), Outcome::RolledBack(true));
    }

    #[test]
    fn what_is_told_meanwhile_is_older_than_what_was_asked() {
        let mut listed = Optimistic::new(false);
        listed.wish(true);
        listed.learn(false);
        assert!(*listed.shown());
        listed.answered(true);
        listed.learn(false);
        assert!(!*listed.shown(), "taken away on another device");
    }
}
