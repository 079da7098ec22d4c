//! The process: hands over to the command line.

fn main() -> std::process::ExitCode {
    openclaw::cli::run()
}
