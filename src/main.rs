//! The `rbk` command.

fn main() -> std::process::ExitCode {
    rbk::cli::main()
}
