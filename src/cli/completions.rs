//! `rbk completions`: what makes a shell complete rbk's own arguments.

use super::terminal;

/// Print completions for a shell: `rbk completions bash > ~/.local/share/bash-completion/completions/rbk`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Which shell.
    shell: clap_complete::Shell,
}

pub(super) fn run(args: &Args, command: &mut clap::Command) -> u8 {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, command, "rbk", &mut text);
    terminal::print(&String::from_utf8_lossy(&text));
    0
}
