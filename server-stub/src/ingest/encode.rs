//! Feeds painted frames and played sound to ffmpeg.
//!
//! Frames are pure functions of their number, so as many workers as there are processors paint alternate ones. All that
//! runs belongs to the future that waits for it: when that is dropped the encoder is killed and the painters stop at
//! their next frame.

use super::{IngestError, ladder::Rung, render::Picture, sound::RATE};
use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, mpsc as std_mpsc},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
    sync::mpsc,
    task::JoinSet,
};

/// Something that can paint any frame of a film. Called on worker threads, for several frames at a time.
pub(crate) trait Painter: Send + Sync {
    /// Paints frame number `frame` over all of `picture`.
    fn paint(&self, frame: u32, picture: &mut Picture);
}

impl<F: Fn(u32, &mut Picture) + Send + Sync> Painter for F {
    fn paint(&self, frame: u32, picture: &mut Picture) {
        self(frame, picture);
    }
}

/// One run of the video encoder: one stream of frames, one or more renditions.
pub(crate) struct VideoJob {
    /// For messages.
    pub(crate) what: String,
    pub(crate) painter: Arc<dyn Painter>,
    /// Size of the frames that the painter makes.
    pub(crate) size: (usize, usize),
    pub(crate) frames: u32,
    pub(crate) frame_rate: u32,
    /// Distance of key frames, in frames.
    pub(crate) key_interval: u32,
    /// Renditions and the files that they are written to.
    pub(crate) outputs: Vec<(Rung, PathBuf)>,
    pub(crate) preset: &'static str,
    /// Every second takes the same number of bits, padded if need be, instead of the same quality: a test that limits
    /// bandwidth must know what a rung takes.
    pub(crate) constant_rate: bool,
    /// Threads that paint.
    pub(crate) painters: usize,
    pub(crate) background: bool,
}

impl VideoJob {
    fn arguments(&self) -> Vec<String> {
        let count = self.outputs.len();
        let mut graph = format!("[0:v]split={count}");
        (0..count).for_each(|n| graph.push_str(&format!("[s{n}]")));
        for (n, (rung, _)) in self.outputs.iter().enumerate() {
            let (width, height) = (rung.width, rung.height);
            let same = (width as usize, height as usize) == self.size;
            let scale = if same { String::new() } else { format!("scale={width}:{height}:flags=bicubic,") };
            graph.push_str(&format!(";[s{n}]{scale}setsar=1[v{n}]"));
        }
        let mut arguments = words(&format!(
            "-hide_banner -loglevel error -y -f rawvideo -pix_fmt yuv420p -video_size {}x{} -framerate {} \
             {COLOURS} -i pipe:0 -filter_complex {graph}",
            self.size.0, self.size.1, self.frame_rate
        ));
        for (n, (rung, path)) in self.outputs.iter().enumerate() {
            let Rung { max_kbps, quality, profile, .. } = rung;
            let rate = if self.constant_rate {
                format!("-b:v {max_kbps}k -minrate {max_kbps}k -x264-params nal-hrd=cbr:force-cfr=1")
            } else {
                format!("-crf {quality}")
            };
            // Key frames at fixed places only, and nothing refers across them: every rung can be entered at any
            // segment. Adaptive quantisation 3 gives dark gradients more bits than the encoder would by itself.
            arguments.extend(words(&format!(
                "-map [v{n}] -c:v libx264 -preset {preset} -profile:v {profile} -threads 2 \
                 {rate} -maxrate {max_kbps}k -bufsize {buffer}k \
                 -g {keys} -keyint_min {keys} -sc_threshold 0 -flags +cgop -bf 2 -aq-mode 3 -pix_fmt yuv420p {COLOURS} \
                 -movflags +frag_keyframe+empty_moov+default_base_moof+negative_cts_offsets -f mp4",
                preset = self.preset,
                buffer = if self.constant_rate { *max_kbps } else { max_kbps * 2 },
                keys = self.key_interval,
            )));
            arguments.push(path.to_string_lossy().into_owned());
        }
        arguments
    }
}

/// What the painter's numbers mean; said to the encoder twice, for what comes in and for what goes out.
const COLOURS: &str = "-color_range tv -colorspace bt709 -color_primaries bt709 -color_trc bt709";

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Paints and encodes; `progress` hears the number of frames done.
pub(crate) async fn video(job: &VideoJob, mut progress: impl FnMut(u32)) -> Result<(), IngestError> {
    let mut child = ffmpeg(&job.arguments(), job.background)?;
    let mut stdin = child.stdin.take().expect("stdin was asked for");
    let mut feed = Feed::start(job);
    let feeding = async {
        for frame in 0..job.frames {
            let (lane, picture) = feed.next(frame).await?;
            // A closed pipe means that the encoder has failed; what it printed says why.
            if stdin.write_all(picture.bytes()).await.is_err() {
                break;
            }
            feed.give_back(lane, picture);
            progress(frame + 1);
        }
        let _ = stdin.shutdown().await;
        drop(stdin);
        Ok(())
    };
    finish(child, &job.what, &job.outputs[0].1, feeding).await
}

/// Encodes interleaved stereo samples, 16-bit little-endian, to AAC in an MP4 file.
pub(crate) async fn audio(pcm: &[u8], kbps: u32, out: &Path, background: bool) -> Result<(), IngestError> {
    // Fragments by time: there are no key frames to cut at.
    let mut arguments = words(&format!(
        "-hide_banner -loglevel error -y -f s16le -ar {RATE} -ac 2 -i pipe:0 -c:a aac -b:a {kbps}k \
         -movflags +empty_moov+default_base_moof -frag_duration 2000000 -f mp4"
    ));
    arguments.push(out.to_string_lossy().into_owned());
    let mut child = ffmpeg(&arguments, background)?;
    let mut stdin = child.stdin.take().expect("stdin was asked for");
    let feeding = async {
        if stdin.write_all(pcm).await.is_ok() {
            let _ = stdin.shutdown().await;
        }
        drop(stdin);
        Ok(())
    };
    finish(child, "audio", out, feeding).await
}

fn ffmpeg(arguments: &[String], background: bool) -> Result<Child, IngestError> {
    let mut command = if background {
        let mut nice = Command::new("nice");
        nice.args(["-n", "10", "ffmpeg"]);
        nice
    } else {
        Command::new("ffmpeg")
    };
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    command.spawn().map_err(|source| IngestError::MissingTool { tool: "ffmpeg", source })
}

/// Runs `feeding` while listening to what the encoder prints, then waits for its end.
async fn finish(
    mut child: Child,
    what: &str,
    out: &Path,
    feeding: impl Future<Output = Result<(), IngestError>>,
) -> Result<(), IngestError> {
    let mut stderr = child.stderr.take().expect("stderr was asked for");
    let listening = async {
        let mut printed = Vec::new();
        let mut chunk = [0; 4096];
        while let Ok(count @ 1..) = stderr.read(&mut chunk).await {
            printed.extend_from_slice(&chunk[..count]);
            // Only the end matters, and an encoder that prints without end must not fill the memory.
            let excess = printed.len().saturating_sub(4096);
            printed.drain(..excess);
        }
        printed
    };
    let (fed, printed) = tokio::join!(feeding, listening);
    fed?;
    let status = child.wait().await.map_err(|error| IngestError::file("run ffmpeg for", out, error))?;
    if status.success() {
        return Ok(());
    }
    let detail = String::from_utf8_lossy(&printed).trim().to_owned();
    if detail.contains("No space left on device") {
        return Err(IngestError::DiskFull { path: out.to_owned() });
    }
    // 127 is how `nice` says that it has not found the program.
    if status.code() == Some(127) {
        return Err(IngestError::MissingTool { tool: "ffmpeg", source: std::io::ErrorKind::NotFound.into() });
    }
    let detail = if detail.is_empty() { status.to_string() } else { detail };
    Err(IngestError::Encoder { what: what.to_owned(), detail })
}

/// Pictures of a film in order, painted ahead by several workers.
struct Feed {
    lanes: Vec<Lane>,
    /// Owns the workers; they end when the lanes are gone.
    _workers: JoinSet<()>,
}

struct Lane {
    painted: mpsc::Receiver<Picture>,
    empty: std_mpsc::Sender<Picture>,
}

impl Feed {
    fn start(job: &VideoJob) -> Self {
        let mut workers = JoinSet::new();
        let count = job.painters.max(1);
        let lanes = (0..count).map(|number| {
            let (full, painted) = mpsc::channel(1);
            // Holds two pictures at most: those made here.
            let (empty, blank) = std_mpsc::channel();
            for _ in 0..2 {
                let _ = empty.send(Picture::new(job.size.0, job.size.1));
            }
            let (painter, frames) = (Arc::clone(&job.painter), job.frames);
            workers.spawn_blocking(move || {
                for frame in (number as u32..frames).step_by(count) {
                    let Ok(mut picture) = blank.recv() else { return };
                    painter.paint(frame, &mut picture);
                    if full.blocking_send(picture).is_err() {
                        return;
                    }
                }
            });
            Lane { painted, empty }
        });
        let lanes = lanes.collect();
        Self { lanes, _workers: workers }
    }

    /// The picture of `frame`; frames must be asked for in order.
    async fn next(&mut self, frame: u32) -> Result<(usize, Picture), IngestError> {
        let lane = frame as usize % self.lanes.len();
        // The channel closes early only if the worker panicked.
        let picture = self.lanes[lane].painted.recv().await.ok_or(IngestError::Worker)?;
        Ok((lane, picture))
    }

    fn give_back(&self, lane: usize, picture: Picture) {
        // The worker may have painted its last frame; then the picture is just dropped.
        let _ = self.lanes[lane].empty.send(picture);
    }
}
