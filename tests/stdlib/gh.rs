//! `std.gh`.

use crate::world::World;

#[test]
fn what_is_done_is_undone() {
    let world = World::new();
    let done = world.undoes(
        "std.gh",
        &[
            "gh.release_create(\"v2.0.0\", notes: \"Faster.\", repo: \"shop/web\")",
            "gh.issue_close(40, repo: \"shop/web\")",
        ],
    );
    assert_eq!(done["gh"]["releases"][1]["tagName"], "v2.0.0");
    assert_eq!(done["gh"]["issues"][0]["state"], "CLOSED");
    // A pull request cannot be made not to have been: it is closed.
    let create = "gh.pr_create(\"Release 2.0\", head: \"release-2.0\", repo: \"shop/web\")\nfail \"on purpose\"";
    world.fails("std.gh", create, &["rolled back completely"]);
    let pull_requests = world.state()["gh"]["prs"].clone();
    assert_eq!([&pull_requests[0]["state"], &pull_requests[1]["state"]], ["OPEN", "CLOSED"]);
}

#[test]
fn what_was_there_before_is_not_taken_away() {
    let world = World::new();
    let first = world.state();
    let release = "gh.release_create(\"v1.0.0\", repo: \"shop/web\")";
    world.fails("std.gh", release, &["a rollback must not delete that one", "rolled back completely"]);
    let create = "gh.pr_create(\"Again\", head: \"faster\", repo: \"shop/web\")";
    world.fails("std.gh", create, &["a rollback must not close that one", "rolled back completely"]);
    assert_eq!(world.state(), first);
}

#[test]
fn a_workflow_that_fails_is_a_failure() {
    let world = World::new();
    let run = |inputs: &str| {
        format!(
            "let id = gh.run_workflow(\"deploy.yml\", inputs: {inputs}, repo: \"shop/web\")\n\
             gh.watch(id, repo: \"shop/web\")\nnote \"run ${{id}}\""
        )
    };
    world.does("std.gh", &[&run("{ environment: \"staging\" }")]).tells("note: run 8001");
    world.fails("std.gh", &run("{ fail: \"yes\" }"), &["has already completed with 'failure'"]);
}

#[test]
fn what_goes_wrong_is_said_with_what_to_do() {
    let world = World::new();
    let view = "gh.pr_view(41, repo: \"shop/web\")";
    world.fault("gh", "signed off");
    world.fails("std.gh", view, &["set GH_TOKEN"]);
    world.fault("gh", "refused");
    world.fails("std.gh", view, &["HTTP 403", "gh auth refresh"]);
    world.fault("gh", "garbage");
    world.fails("std.gh", &format!("note {view}.title"), &["is not JSON"]);
    world.mend();
    world.fails("std.gh", "gh.pr_view(99, repo: \"shop/web\")", &["Could not resolve to an issue or pull request"]);
    world.fails("std.gh", "gh.pr_view(41, repo: \"shop/wbe\")", &["Could not resolve to a Repository"]);
    world.fails(
        "std.gh",
        "gh.run_workflow(\"depoly.yml\", repo: \"shop/web\")",
        &["could not find any workflows named depoly.yml"],
    );
    world.fails("std.gh", "gh.pr_merge(41, method: \"sqash\", repo: \"shop/web\")", &["method"]);
    world.uninstall("gh");
    world.fails("std.gh", view, &["install gh"]);
}
