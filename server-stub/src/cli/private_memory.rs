//! Keys and tokens are in the memory of this process, and are to be nowhere else.

/// Sees to it that no core dump is written of this process, whatever the shell allows, and that no other process of the
/// same user can look into it (`ptrace`, `/proc/PID/mem`). Debugging a server therefore takes root.
///
/// Two things, because each alone has a hole: a limit of nothing does not bind a handler that the kernel pipes dumps to,
/// and the other attribute is Linux's alone.
pub(crate) fn keep() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    // Lowering a limit is always allowed.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}
