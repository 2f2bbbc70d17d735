//! `std.git`, by git itself, with a remote that is a folder.

use std::process::Command;

use crate::world::World;

/// Git by hand: what it says.
fn git(world: &World, folder: &str, args: &[&str]) -> String {
    let own = ["-c", "user.name=grace", "-c", "user.email=grace@shop.example"];
    let ran = Command::new("git").args(own).args(args).current_dir(world.path().join(folder)).output().unwrap();
    assert!(ran.status.success(), "{args:?}: {ran:?}");
    String::from_utf8(ran.stdout).unwrap().trim().to_owned()
}

/// All that is named here and on the remote, and what is checked out.
fn refs(world: &World) -> [String; 3] {
    let head =
        git(world, ".", &["rev-parse", "--symbolic-full-name", "HEAD"]) + &git(world, ".", &["rev-parse", "HEAD"]);
    let of = |folder: &str| {
        git(world, folder, &["for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", "refs/tags"])
    };
    [head, of("."), of("origin.git")]
}

fn repository() -> World {
    let world = World::new();
    world.repository();
    world
}

/// Somebody else commits to the remote.
fn others_push(world: &World) {
    git(world, ".", &["clone", "--quiet", "origin.git", "other"]);
    git(world, "other", &["commit", "--quiet", "--allow-empty", "-m", "three\tparts"]);
    git(world, "other", &["push", "--quiet", "origin", "main"]);
}

#[test]
fn what_is_done_is_taken_back() {
    let world = repository();
    others_push(&world);
    let before = refs(&world);
    for step in [
        "git.checkout(\"v1\")\nassert git.branch() == \"HEAD\"\nassert git.head() == git.commit(\"v1\")",
        "git.pull()\nassert git.head() != git.commit(\"v1\")",
        "git.tag(\"v2\")\nassert git.commit(\"v2\") == git.head()",
        "git.tag(\"v2\", at: \"v1\", message: \"It's the second; really\")",
        "git.tag(\"local\", remote: null)",
    ] {
        let ran =
            world.fails("std.git", &format!("{step}\nfail \"on purpose\""), &["on purpose", "rolled back completely"]);
        assert_eq!(refs(&world), before, "{step}\n{}", ran.text);
    }
    // Also to a commit that is no branch.
    git(&world, ".", &["checkout", "--quiet", "--detach", "v1"]);
    let before = refs(&world);
    world.fails("std.git", "git.checkout(\"main\")\nfail \"on purpose\"", &["rolled back completely"]);
    assert_eq!(refs(&world), before);
}

#[test]
fn a_release_is_tagged_where_others_see_it() {
    let world = repository();
    world.does("std.git", &["git.tag(\"v2\", message: \"It's the second\")"]);
    assert_eq!(git(&world, "origin.git", &["cat-file", "-t", "v2"]), "tag");
    assert_eq!(
        git(&world, "origin.git", &["for-each-ref", "--format=%(contents:subject)", "refs/tags/v2"]),
        "It's the second"
    );
    let before = refs(&world);
    world.fails("std.git", "git.tag(\"v2\")", &["the remote has this tag already", "rolled back completely"]);
    git(&world, ".", &["tag", "mine"]);
    world.fails("std.git", "git.tag(\"mine\")", &["there is such a tag already"]);
    assert_eq!(git(&world, ".", &["tag", "--delete", "mine"]).split(' ').next(), Some("Deleted"));
    assert_eq!(refs(&world), before, "what others made stays");
    // The remote refuses: the tag does not stay here either.
    let hook = world.path().join("origin.git/hooks/pre-receive");
    std::fs::write(&hook, "#!/bin/sh\necho 'tags are frozen' >&2\nexit 1\n").unwrap();
    std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    world.fails("std.git", "git.tag(\"v3\")", &["tags are frozen", "rolled back completely"]);
    assert_eq!(refs(&world), before);
}

#[test]
fn a_tag_that_others_push_meanwhile_stays_theirs() {
    let world = repository();
    others_push(&world);
    // They are faster by a moment: their tag is there when ours arrives.
    let hook = world.path().join(".git/hooks/pre-push");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, "#!/bin/sh\ngit -C origin.git tag v2 main\n").unwrap();
    std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    world.fails("std.git", "git.tag(\"v2\")", &["rolled back completely"]);
    assert_eq!(git(&world, "origin.git", &["rev-parse", "v2"]), git(&world, "origin.git", &["rev-parse", "main"]));
    assert_eq!(git(&world, ".", &["tag"]), "v1");
}

#[test]
fn history_is_read() {
    let world = repository();
    others_push(&world);
    world.does(
        "std.git",
        &[
            "assert git.contains(\"main\", \"v1\")\nassert not git.contains(\"v1\", \"main\")",
            "assert git.log(\"v1\").map(one => one.subject) == [\"two\"]\nassert git.log(\"HEAD\") == []",
            "git.fetch()\nlet new = git.log(\"main\", until: \"origin/main\")\nassert new.len == 1\nassert new[0].subject == \"three\\tparts\"\nassert new[0].author == \"grace\"\nassert time(new[0].at) < now() + 1m",
        ],
    );
}

#[test]
fn what_goes_wrong_is_said() {
    let world = repository();
    world.fails("std.git", "note git.commit(\"v9\")", &["Needed a single revision"]);
    world.fails("std.git", "note \"${git.contains(\"main\", \"v9\")}\"", &["Not a valid object name v9"]);
    world.fails("std.git", "git.fetch(remote: \"upstream\")", &["upstream"]);
    others_push(&world);
    world.fails("std.git", "git.checkout(\"v1\")\ngit.pull()", &["no branch is checked out", "rolled back completely"]);
    git(&world, ".", &["commit", "--quiet", "--allow-empty", "-m", "mine"]);
    let before = refs(&world);
    world.fails("std.git", "git.pull()", &["Not possible to fast-forward", "rolled back completely"]);
    assert_eq!(refs(&world), before);
}
