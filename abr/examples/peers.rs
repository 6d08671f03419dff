//! Scratch: speed and shares of the controllers.
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
fn cpu()->f64{std::fs::read_to_string("/proc/self/schedstat").unwrap().split_whitespace().next().unwrap().parse::<f64>().unwrap()/1e9}
fn main(){
    let args:Vec<String>=std::env::args().collect();
    let recs=load(Path::new("/work/shared/traces/dev"));
    let stress:std::collections::HashSet<String>=std::fs::read_to_string("/work/shared/traces/STRESS.txt").unwrap().lines().filter_map(|l|{let mut w=l.split_whitespace();Some(format!("{}/{}",w.next()?,w.next()?))}).collect();
    let names:Vec<&str>=if args[2]=="all" {abr::CONTROLLER_NAMES.to_vec()} else {args[2].split(',').collect()};
    let step:usize=args.get(3).map_or(1,|s|s.parse().unwrap());
    for id in args[1].chars().map(|c|c.to_string().parse::<ScenarioId>().unwrap()) {
        let sc=id.scenario();
        let content=Content::parse(&std::fs::read_to_string(format!("/work/shared/traces/ladders/{}.txt",sc.ladder)).unwrap()).unwrap();
        let rs:Vec<&Recording>=recs.iter().filter(|r|sc.uses(&r.source)&&!stress.contains(&format!("{}/{}",r.source,r.name))).step_by(step).collect();
        // optimum, cached per scenario and step
        let cache=format!("/tmp/ref/opt-{id}-{step}.txt");
        let opt:Vec<f64>=match std::fs::read_to_string(&cache){Ok(t)=>t.lines().map(|l|l.parse().unwrap()).collect(),Err(_)=>{
            let o:Vec<f64>=parallel(&rs,None,|r|Score::of(&optimum(&r.trace,&content,sc.delivery,&OfflineOptions{resolution:0.6,..Default::default()}),&content).qoe_lin);
            std::fs::write(&cache,o.iter().map(|x|format!("{x}\n")).collect::<String>()).unwrap(); o}};
        let osum:f64=opt.iter().sum();
        for name in &names {
            let t=Instant::now();let c0=cpu();
            let one=|r:&&Recording|{ let mut c=abr::controller_by_name(name).unwrap(); let s=play(&r.trace,&content,sc.delivery,SizeKnowledge::Known,c.as_mut()); Score::of(&s,&content) };
            let (mut reps, mut scores)=(1,vec![]);
            if std::env::var("SPEED").is_ok() { reps=5; for _ in 0..reps { scores=rs.iter().map(one).collect(); } } else { scores=parallel(&rs,None,one); }
            let el=if reps>1 {cpu()-c0} else {t.elapsed().as_secs_f64()};
            let n=scores.len() as f64;
            let m=|f:&dyn Fn(&Score)->f64| scores.iter().map(f).sum::<f64>()/n;
            let per=el/n/reps as f64;
            let med={let mut v:Vec<f64>=scores.iter().zip(&opt).map(|(s,o)|100.0*s.qoe_lin/o).collect(); v.sort_by(f64::total_cmp); v[v.len()/2]}; let ws={let (mut a,mut b)=(0.0,0.0); for (s,o) in scores.iter().zip(&opt) { if s.stalled<20.0 {a+=s.qoe_lin; b+=o;} } 100.0*a/b};
            println!("{id} {name:12} n={} share {:.1} median {med:.1} calm {ws:.1} lin {:.4} log {:.4} kbps {:.0} startup {:.2} stall {:.2} n {:.2} sw {:.1} wst {:.4} {:.0} sess/s",scores.len(),100.0*m(&|s|s.qoe_lin)*n/osum,m(&|s|s.qoe_lin),m(&|s|s.qoe_log),m(&|s|s.kbps),m(&|s|s.startup),m(&|s|s.stalled),m(&|s|s.stalls as f64),m(&|s|s.switches as f64),m(&|s|s.wasted/s.bits),1.0/per);
        }
    }
}
