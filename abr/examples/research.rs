use abr::sim::*;
use std::path::Path;
use std::time::Instant;
fn load(dir:&Path)->Vec<Recording>{
    let mut v=vec![];
    let mut dirs:Vec<_>=std::fs::read_dir(dir).unwrap().map(|e|e.unwrap().path()).collect(); dirs.sort();
    for d in dirs { let mut fs:Vec<_>=std::fs::read_dir(&d).unwrap().map(|e|e.unwrap().path()).collect(); fs.sort();
        for f in fs { v.push(Recording{source:d.file_name().unwrap().to_str().unwrap().into(),name:f.file_stem().unwrap().to_str().unwrap().into(),trace:NetworkTrace::parse(&std::fs::read_to_string(&f).unwrap()).unwrap()}); } }
    v
}
fn main(){
    let args:Vec<String>=std::env::args().collect();
    let recs=load(Path::new("/work/shared/traces/dev"));
    let stress:std::collections::HashSet<String>=std::fs::read_to_string("/work/shared/traces/STRESS.txt").unwrap().lines().filter_map(|l|{let mut w=l.split_whitespace();Some(format!("{}/{}",w.next()?,w.next()?))}).collect();
    for id in args[1].chars().map(|c|c.to_string().parse::<ScenarioId>().unwrap()) {
        let sc=id.scenario();
        let content=Content::parse(&std::fs::read_to_string(format!("/work/shared/traces/ladders/{}.txt",sc.ladder)).unwrap()).unwrap();
        let rs:Vec<&Recording>=recs.iter().filter(|r|sc.uses(&r.source)&&!stress.contains(&format!("{}/{}",r.source,r.name))).collect();
        for name in args[2].split(',') {
            let t=Instant::now();
            let scores:Vec<Score>=parallel(&rs,None,|r|{
                let s= if name.starts_with("offline") { let res=name[7..].parse().unwrap_or(0.1); optimum(&r.trace,&content,sc.delivery,&OfflineOptions{resolution:res,..Default::default()}) }
                else { let mut c=abr::controller_by_name(name).unwrap(); play(&r.trace,&content,sc.delivery,SizeKnowledge::Known,c.as_mut()) };
                Score::of(&s,&content)
            });
            let n=scores.len() as f64;
            let m=|f:&dyn Fn(&Score)->f64| scores.iter().map(f).sum::<f64>()/n;
            println!("{id} {name:12} n={} lin {:.4} log {:.4} kbps {:.0} startup {:.2} stall {:.2} stalls {:.2} sw {:.1} wasted {:.4}  [{:.2}s]",scores.len(),m(&|s|s.qoe_lin),m(&|s|s.qoe_log),m(&|s|s.kbps),m(&|s|s.startup),m(&|s|s.stalled),m(&|s|s.stalls as f64),m(&|s|s.switches as f64),m(&|s|s.wasted/s.bits),t.elapsed().as_secs_f64());
        }
    }
}
