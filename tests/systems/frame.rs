//! The frame itself: hours take no time, what hangs is timed out, and the world changes by its clock.

use std::time::{Duration, Instant};

use crate::world::{Asks, System, change_state};

const BOOK: &str = r#"runbook "Frame" {
}
param url: string
phase "Watch" {
    monitor "web" for 24h every 5m {
        fail_when http.get("${url}/web").status != 200 times 2
    }
} on_fail rollback
"#;

const HANGS: &str = r#"runbook "Frame" {
}
step "Ask" timeout 10m {
    $ kubectl get pods -n shop
}
"#;

#[test]
fn a_day_takes_no_time() {
    let begun = Instant::now();
    let mut system = System::new("frame");
    system.service = Some(system.world.serve());
    let url = system.service.as_ref().map(|service| service.url.clone()).unwrap();
    std::fs::write(system.path().join("book.rbk"), BOOK).unwrap();
    let ran = system.run_own("book.rbk", Asks::of("").param("url", &url));
    assert_eq!(ran.code, 0, "{}", ran.text);
    ran.tells("24:00:00");
    system.at(Duration::from_secs(7200), |folder| {
        change_state(folder, |state| state["broken"] = serde_json::json!(["web-00002-abc"]));
    });
    let ran = system.run_own("book.rbk", Asks::of("").param("url", &url));
    assert_eq!(ran.code, 3, "{}", ran.text);
    ran.tells("2:05:00");
    assert!(begun.elapsed() < Duration::from_secs(60));
}

#[test]
fn what_hangs_is_timed_out() {
    let system = System::new("frame");
    std::fs::write(system.path().join("book.rbk"), HANGS).unwrap();
    system.world.fault("kubectl get*", "hangs");
    let ran = system.run_own("book.rbk", Asks::of(""));
    assert_eq!(ran.code, 1, "{}", ran.text);
    ran.tells("10 min");
}
