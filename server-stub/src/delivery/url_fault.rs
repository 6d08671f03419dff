//! Faults that stand in the address: `…/{title}/f=slow(300kbit),status(503,every=7,rep=480p)/master.m3u8`.
//!
//! Nothing is remembered between requests, so an address with faults can be shared, and any player can be tested with
//! it: relative addresses in a playlist inherit them. Only a server that is started for QA obeys.
//!
//! | Fault | Does |
//! |---|---|
//! | `slow(RATE)` | bodies flow at this rate: `300kbit`, `2mbit`, `9600bit` |
//! | `delay(TIME)` | answers come later: `250ms`, `2s` |
//! | `down(FROM,FOR)` | no answers but 503 from this time after the grant, for this long |
//! | `status(CODE)` | this answer instead |
//!
//! Each takes `every=N` (segments whose number N divides) and `rep=TEXT` (files whose path has it).

use super::fault::Fault;
use std::time::Duration;

/// Longest delay that can be asked for: longer ones would only hold the server's memory.
const LONGEST: Duration = Duration::from_secs(60);
/// Faults in one address.
const MOST: usize = 8;

/// The faults of one address.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct UrlFaults(Vec<Rule>);

#[derive(Clone, Debug, PartialEq)]
struct Rule {
    kind: Kind,
    every: Option<u64>,
    rep: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Slow { bits_per_second: u64 },
    Delay(Duration),
    Down { from: Duration, length: Duration },
    Status(u16),
}

impl UrlFaults {
    /// Reads `f=…/`; the error says what is wrong.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let list = text.strip_prefix("f=").unwrap_or(text).trim_end_matches('/');
        let mut rules = Vec::new();
        let mut rest = list;
        while !rest.is_empty() {
            let (name, after) = rest.split_once('(').ok_or("a fault is written as name(arguments)")?;
            let (arguments, after) = after.split_once(')').ok_or("a parenthesis is not closed")?;
            rules.push(Rule::read(name, arguments)?);
            rest = match after.strip_prefix(',') {
                Some(next) if !next.is_empty() => next,
                None if after.is_empty() => "",
                _ => return Err("faults are separated by a comma".to_owned()),
            };
        }
        if rules.is_empty() || rules.len() > MOST {
            return Err(format!("an address has 1 to {MOST} faults"));
        }
        Ok(Self(rules))
    }

    /// How long answers wait, whatever is asked for.
    pub(crate) fn delays(&self) -> impl Iterator<Item = Duration> {
        self.0.iter().filter_map(|rule| match rule.kind {
            Kind::Delay(wait) if rule.every.is_none() && rule.rep.is_none() => Some(wait),
            _ => None,
        })
    }

    /// What happens to this file, so long after the grant was given.
    pub(crate) fn fault(&self, file: &str, since_grant_ms: i64) -> Option<Fault> {
        let since = Duration::from_millis(u64::try_from(since_grant_ms).unwrap_or(0));
        self.0.iter().filter(|rule| rule.concerns(file)).find_map(|rule| match rule.kind {
            Kind::Slow { bits_per_second } => Some(Fault::Throttle { bits_per_second }),
            Kind::Status(status) => Some(Fault::Status(status)),
            Kind::Down { from, length } => (since >= from && since < from + length).then_some(Fault::Status(503)),
            Kind::Delay(wait) => (rule.every.is_some() || rule.rep.is_some()).then_some(Fault::Delay(wait)),
        })
    }
}

impl Rule {
    fn read(name: &str, arguments: &str) -> Result<Self, String> {
        let (mut every, mut rep, mut plain) = (None, None, Vec::new());
        for argument in arguments.split(',').map(str::trim) {
            match argument.split_once('=') {
                Some(("every", value)) => {
                    let number = value.parse().ok().filter(|number| *number > 0);
                    every = Some(number.ok_or("every= takes a number from 1 on")?);
                }
                Some(("rep", value)) => rep = Some(value.to_owned()),
                Some(_) => return Err(format!("{name} has no argument {argument}")),
                None => plain.push(argument),
            }
        }
        let kind = match (name, plain.as_slice()) {
            ("slow", [value]) => Kind::Slow { bits_per_second: rate(value)? },
            ("delay", [value]) => Kind::Delay(time(value)?),
            ("down", [from, length]) => Kind::Down { from: time(from)?, length: time(length)? },
            ("status", [code]) => {
                let status = code.parse().ok().filter(|code| (400..600).contains(code));
                Kind::Status(status.ok_or("status takes a number from 400 to 599")?)
            }
            _ => return Err("the faults are slow(RATE), delay(TIME), down(FROM,FOR) and status(CODE)".to_owned()),
        };
        Ok(Self { kind, every, rep })
    }

    fn concerns(&self, file: &str) -> bool {
        let number = file
            .rsplit_once('/')
            .map_or(file, |(_, name)| name)
            .strip_prefix("seg-")
            .and_then(|name| name.split('.').next()?.parse::<u64>().ok());
        self.every.is_none_or(|every| number.is_some_and(|number| number.is_multiple_of(every)))
            && self.rep.as_ref().is_none_or(|rep| file.contains(rep.as_str()))
    }
}

fn rate(text: &str) -> Result<u64, String> {
    let (digits, factor) = if let Some(digits) = text.strip_suffix("kbit") {
        (digits, 1_000)
    } else if let Some(digits) = text.strip_suffix("mbit") {
        (digits, 1_000_000)
    } else {
        (text.strip_suffix("bit").unwrap_or_default(), 1)
    };
    let number = digits.parse::<u64>().ok().filter(|number| (1..=1_000_000).contains(number));
    number.map(|number| number * factor).ok_or_else(|| "a rate is written as 300kbit, 2mbit or 9600bit".to_owned())
}

fn time(text: &str) -> Result<Duration, String> {
    let wrong = || "a time is written as 250ms or 2s".to_owned();
    let found = if let Some(digits) = text.strip_suffix("ms") {
        Duration::from_millis(digits.parse().map_err(|_| wrong())?)
    } else {
        Duration::from_secs(text.strip_suffix('s').and_then(|digits| digits.parse().ok()).ok_or_else(wrong)?)
    };
    if found > LONGEST { Err(format!("at most {} s", LONGEST.as_secs())) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_and_strike_what_they_name() {
        let faults = UrlFaults::parse("f=down(20s,10s),status(503,every=7,rep=480p),slow(300kbit,rep=audio)/").unwrap();
        let table = [
            ("video/480p/seg-00007.m4s", 0, Some(Fault::Status(503))),
            ("video/480p/seg-00008.m4s", 0, None),
            ("video/720p/seg-00007.m4s", 0, None),
            ("audio/seg-00001.m4s", 0, Some(Fault::Throttle { bits_per_second: 300_000 })),
            ("master.m3u8", 20_000, Some(Fault::Status(503))),
            ("master.m3u8", 30_000, None),
        ];
        for (file, since, expected) in table {
            assert_eq!(faults.fault(file, since), expected, "{file} {since}");
        }
        let waits: Vec<_> = UrlFaults::parse("f=delay(250ms)/").unwrap().delays().collect();
        assert_eq!(waits, [Duration::from_millis(250)]);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for text in [
            "f=/",
            "f=slow/",
            "f=slow(/",
            "f=slow()/",
            "f=slow(300)/",
            "f=slow(0kbit)/",
            "f=slow(9999999999999999mbit)/",
            "f=delay(9999s)/",
            "f=status(200)/",
            "f=status(503,every=0)/",
            "f=status(503,x=1)/",
            "f=explode(1s)/",
            "f=delay(1s)delay(1s)/",
            "f=delay(1s),/",
            "f=delay(1s),delay(1s),delay(1s),delay(1s),delay(1s),delay(1s),delay(1s),delay(1s),delay(1s)/",
        ] {
            assert!(UrlFaults::parse(text).is_err(), "{text}");
        }
    }
}
