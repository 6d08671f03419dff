use abr::sim::*;
use abr::*;
use std::{path::Path, sync::Mutex, time::Instant};
static T: Mutex<Vec<u32>> = Mutex::new(vec![]);
static R: Mutex<Vec<u32>> = Mutex::new(vec![]);
#[derive(Debug)]
struct W(engine::LumenController, Vec<u32>, Vec<u32>);
impl AbrController for W {
    fn prepare(&mut self, p: &PlaybackPlan<'_>) {
        self.0.prepare(p)
    }
    fn observe(&mut self, s: &TransferSample) {
        self.0.observe(s)
    }
    fn decide(&mut self, c: &AbrContext<'_>) -> Decision {
        let t = Instant::now();
        let d = self.0.decide(c);
        self.1.push(t.elapsed().as_nanos() as u32);
        d
    }
    fn reconsider(&mut self, c: &AbrContext<'_>, f: &InFlight) -> Option<Decision> {
        let t = Instant::now();
        let d = self.0.reconsider(c, f);
        self.2.push(t.elapsed().as_nanos() as u32);
        d
    }
    fn name(&self) -> &'static str {
        "w"
    }
}
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let every: usize = a[2].parse().unwrap();
    let sizes = if a.get(3).is_some_and(|s| s == "unknown") { SizeKnowledge::Unknown } else { SizeKnowledge::Known };
    let mut recs = vec![];
    let mut dirs: Vec<_> = std::fs::read_dir("/work/shared/traces/dev").unwrap().map(|e| e.unwrap().path()).collect();
    dirs.sort();
    for d in dirs {
        let mut fs: Vec<_> = std::fs::read_dir(&d).unwrap().map(|e| e.unwrap().path()).collect();
        fs.sort();
        for f in fs {
            recs.push(Recording {
                source: d.file_name().unwrap().to_str().unwrap().into(),
                name: f.file_stem().unwrap().to_str().unwrap().into(),
                trace: NetworkTrace::parse(&std::fs::read_to_string(&f).unwrap()).unwrap(),
            });
        }
    }
    let stress: std::collections::HashSet<String> = std::fs::read_to_string("/work/shared/traces/STRESS.txt")
        .unwrap()
        .lines()
        .filter_map(|l| {
            let mut w = l.split_whitespace();
            Some(format!("{}/{}", w.next()?, w.next()?))
        })
        .collect();
    for id in a[1].chars().map(|c| c.to_string().parse::<ScenarioId>().unwrap()) {
        let sc = id.scenario();
        let content = Content::parse(
            &std::fs::read_to_string(Path::new("/work/shared/traces/ladders").join(format!("{}.txt", sc.ladder)))
                .unwrap(),
        )
        .unwrap();
        let rs: Vec<&Recording> = recs
            .iter()
            .enumerate()
            .filter(|(i, r)| {
                i % every == 0 && sc.uses(&r.source) && !stress.contains(&format!("{}/{}", r.source, r.name))
            })
            .map(|x| x.1)
            .collect();
        let s = parallel(&rs, None, |r| {
            let mut c = W(engine::LumenController::new(), vec![], vec![]);
            let s = play(&r.trace, &content, sc.delivery, sizes, &mut c);
            T.lock().unwrap().extend(c.1);
            R.lock().unwrap().extend(c.2);
            Score::of(&s, &content)
        });
        let n = s.len() as f64;
        let m = |f: &dyn Fn(&Score) -> f64| s.iter().map(f).sum::<f64>() / n;
        println!(
            "{id} n={n} lin {:.4} log {:.4} kbps {:.0} st {:.2} stall {:.2} n {:.2} sw {:.1}",
            m(&|s| s.qoe_lin),
            m(&|s| s.qoe_log),
            m(&|s| s.kbps),
            m(&|s| s.startup),
            m(&|s| s.stalled),
            m(&|s| s.stalls as f64),
            m(&|s| s.switches as f64)
        );
        let opt: std::collections::HashMap<String, f64> = std::fs::read_to_string(format!("/tmp/lab/opt-{id}.txt"))
            .unwrap_or_default()
            .lines()
            .filter_map(|l| {
                let (a, b) = l.rsplit_once(' ')?;
                Some((a.into(), b.parse().ok()?))
            })
            .collect();
        let mut by: std::collections::BTreeMap<&str, (f64, f64)> = Default::default();
        for (r, q) in rs.iter().zip(&s) {
            let e = by.entry(&r.source).or_default();
            e.0 += q.qoe_lin;
            e.1 += opt.get(&format!("{}/{}", r.source, r.name)).copied().unwrap_or(0.0);
        }
        for (k, v) in by {
            print!(" {}:{:.1}", &k[..k.len().min(8)], 100.0 * v.0 / v.1);
        }
        println!();
        for (k, t) in [("decide", &T), ("reconsider", &R)] {
            let mut v = std::mem::take(&mut *t.lock().unwrap());
            v.sort();
            if !v.is_empty() {
                println!(
                    "  {k} n {} p50 {} p90 {} p99 {} p99.9 {} ns",
                    v.len(),
                    v[v.len() / 2],
                    v[v.len() * 9 / 10],
                    v[v.len() * 99 / 100],
                    v[v.len() * 999 / 1000]
                );
            }
        }
    }
    println!("state {} bytes", std::mem::size_of::<engine::LumenController>());
}
