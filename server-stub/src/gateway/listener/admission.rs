//! How many connections there may be, and how many of one address.

use crate::gateway::address::network_of;
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

/// Counts connections.
#[derive(Debug)]
pub(super) struct Admission {
    most: usize,
    most_per_address: usize,
    open: Arc<Mutex<Open>>,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    /// Holds only addresses with open connections, so it is as bounded as these are.
    by_address: HashMap<IpAddr, usize>,
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Full,
    /// One address has too many.
    Greedy,
}

/// A counted connection; dropping it gives the place free.
#[derive(Debug)]
pub(super) struct Place {
    open: Arc<Mutex<Open>>,
    address: Option<IpAddr>,
}

impl Admission {
    pub(super) fn new(most: usize, most_per_address: usize) -> Self {
        Self { most, most_per_address, open: Arc::default() }
    }

    /// A place for a connection of `peer`. Proxies are counted in the total only.
    pub(super) fn admit(&self, peer: IpAddr, is_proxy: bool) -> Result<Place, Refused> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.total >= self.most {
            return Err(Refused::Full);
        }
        let address = (!is_proxy).then(|| network_of(peer));
        if let Some(address) = address {
            let count = open.by_address.entry(address).or_insert(0);
            if *count >= self.most_per_address {
                return Err(Refused::Greedy);
            }
            *count += 1;
        }
        open.total += 1;
        drop(open);
        Ok(Place { open: self.open.clone(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.total -= 1;
        let Some(address) = self.address else { return };
        if let Some(count) = open.by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                open.by_address.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_and_given_back() {
        let admission = Admission::new(3, 2);
        let (one, two): (IpAddr, IpAddr) = ("2001:db8::1".parse().unwrap(), "2001:db8::2".parse().unwrap());
        let first = admission.admit(one, false).unwrap();
        let _second = admission.admit(two, false).unwrap();
        assert_eq!(admission.admit(one, false).unwrap_err(), Refused::Greedy, "one household");
        let proxy = admission.admit(one, true).unwrap();
        assert_eq!(admission.admit([1, 2, 3, 4].into(), false).unwrap_err(), Refused::Full);
        drop((first, proxy));
        let _third = admission.admit(one, false).unwrap();
        let _other = admission.admit([1, 2, 3, 4].into(), false).unwrap();
        drop((_second, _third, _other));
        assert!(admission.open.lock().unwrap().by_address.is_empty());
    }
}
