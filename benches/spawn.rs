//! What starting a process costs: alone, beside the standard library and beside bash; and in a run
//! of a thousand steps, whose budget is what a loop in bash takes for the same.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use std::process::Command;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use rbk::host::real::RealHost;
use rbk::host::{Cancel, Host, Process};

const TIMES: u32 = 1000;

fn through(host: &RealHost, runtime: &tokio::runtime::Runtime, process: &Process) {
    let cancel = Cancel::new();
    let exit = runtime.block_on(host.run_process(process, &|_, _| {}, &cancel));
    assert!(exit.is_ok_and(|exit| exit.status == 0));
}

fn spawn(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let host = RealHost::new();
    let direct = Process { argv: vec!["/bin/true".to_owned()], ..Process::default() };
    let argv = ["bash", "-c", "/bin/true"].map(str::to_owned).to_vec();
    let shell = Process { argv, shell: true, ..Process::default() };
    let mut group = criterion.benchmark_group("spawn");
    group.bench_function("std", |bencher| {
        bencher.iter(|| assert!(Command::new("/bin/true").output().is_ok_and(|output| output.status.success())));
    });
    group.bench_function("direct", |bencher| bencher.iter(|| through(&host, &runtime, &direct)));
    group.bench_function("shell", |bencher| bencher.iter(|| through(&host, &runtime, &shell)));
    group.finish();
}

/// The loop in bash, and `rbk run` with as many steps of the same.
fn thousand(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("thousand.rbk");
    let numbers = (1..=TIMES).map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
    let book = format!(
        "runbook \"A thousand steps\" {{\n}}\nphase \"All\" {{\n    for n in [{numbers}] {{\n        \
         step \"Step ${{n}}\" {{\n            $ /bin/true\n        }}\n    }}\n}}\n"
    );
    std::fs::write(&file, book).unwrap();
    let mut group = criterion.benchmark_group("thousand");
    group.sample_size(10).measurement_time(Duration::from_secs(15));
    group.bench_function("bash", |bencher| {
        let script = format!("for i in $(seq {TIMES}); do /bin/true; done");
        bencher
            .iter(|| assert!(Command::new("bash").args(["-c", &script]).status().is_ok_and(|status| status.success())));
    });
    group.bench_function("rbk", |bencher| {
        bencher.iter(|| {
            let output = Command::new(env!("CARGO_BIN_EXE_rbk")).arg("run").arg(&file).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        });
    });
    group.finish();
}

criterion_group!(benches, spawn, thousand);
criterion_main!(benches);
