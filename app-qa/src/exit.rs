//! Exit codes, as CI reads them.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything as it should be.
    Pass,
    /// It ran, and what it saw is not as it should be.
    Assertion,
    /// It was asked for something that makes no sense.
    Usage,
    /// Something that it needs is missing here: a decoder, a folder, a server.
    Environment,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Pass => 0,
            Exit::Assertion => 1,
            Exit::Usage => 2,
            Exit::Environment => 3,
        })
    }
}

/// Exit code of a crash, set by the panic hook.
pub const CRASH: i32 = 4;
