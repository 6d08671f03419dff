//! `lumen-qa train abr`: learns the networks of the ABR engine from recordings.
//!
//! What is learned and how is in [`abr::train`], which does no I/O.

use crate::exit::Exit;
use crate::sim::exit_of_input;
use crate::sim::input::{InputError, entries, read_content};
use crate::sim::recordings::Recordings;
use abr::sim::Content;
use abr::train::{TrainOptions, refine, train};
use anyhow::Context as _;
use clap::Args;
use std::path::{Path, PathBuf};

/// Learns the networks of the ABR engine anew and writes them: rate.bin, live.bin, on_demand.bin, and advantage and
/// abandonment for live and on demand.
///
/// Example:
///
///   lumen-qa train abr --traces traces/dev --ladders traces/ladders --out abr/models
///   lumen-qa train abr --traces traces/dev --ladders traces/ladders --out abr/models --refine
///
/// The same command gives the same files on the same machine. It takes a quarter of an hour on two cores, and half an hour
/// more for the advantages and abandonments, which alone are learned with --refine. To play with what was learned:
///
///   lumen-qa sim --traces traces/dev --models out
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct TrainArgs {
    /// Folder with one folder per source and one file per recording.
    #[arg(long, value_name = "DIR")]
    pub traces: PathBuf,
    /// Folder of ladders with the sizes of their segments.
    #[arg(long, value_name = "DIR")]
    pub ladders: PathBuf,
    /// Where to write.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Iterations of either value network.
    #[arg(long, value_name = "COUNT", default_value_t = TrainOptions::default().iterations)]
    pub iterations: u32,
    /// Situations that are played on from in each iteration.
    #[arg(long, value_name = "COUNT", default_value_t = TrainOptions::default().situations)]
    pub contexts: usize,
    /// Rounds of each network that chooses.
    #[arg(long, value_name = "COUNT", default_value_t = TrainOptions::default().rounds)]
    pub rounds: u32,
    /// Moments whose candidates are played on in each round.
    #[arg(long, value_name = "COUNT", default_value_t = TrainOptions::default().moments)]
    pub moments: usize,
    /// Keep the forecast and the values that this program was built with; learn the rest.
    #[arg(long)]
    pub refine: bool,
    /// Sources to learn nothing from, to see what is worth on a network that was never seen.
    #[arg(long, value_delimiter = ',', value_name = "SOURCE")]
    pub without: Vec<String>,
    /// Of everything random.
    #[arg(long, value_name = "NUMBER", default_value_t = TrainOptions::default().seed)]
    pub seed: u64,
}

/// Runs the command. Blocks for as long as learning takes.
pub fn run(args: &TrainArgs) -> anyhow::Result<Exit> {
    exit_of_input(learn(args))
}

fn learn(args: &TrainArgs) -> anyhow::Result<()> {
    let recordings = Recordings::read(&args.traces)?;
    let unknown = |source: &&String| !recordings.all().iter().any(|recording| recording.source == **source);
    if let Some(source) = args.without.iter().find(unknown) {
        return Err(InputError::UnknownRecording(source.clone()).into());
    }
    let options = TrainOptions {
        iterations: args.iterations,
        situations: args.contexts,
        rounds: args.rounds,
        moments: args.moments,
        without: args.without.clone(),
        seed: args.seed,
        ..TrainOptions::default()
    };
    let ladders = ladders(&args.ladders)?;
    let mut progress = |progress| eprintln!("{progress}");
    let learn = if args.refine { refine } else { train };
    let files = learn(recordings.all(), &ladders, &options, &mut progress)?;
    std::fs::create_dir_all(&args.out).with_context(|| format!("cannot make {}", args.out.display()))?;
    for (name, bytes) in files.iter() {
        let path = args.out.join(name);
        std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// All ladders of a folder.
fn ladders(folder: &Path) -> Result<Vec<Content>, InputError> {
    let files = entries(folder)?.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "txt"));
    files.map(|path| read_content(&path)).collect()
}
