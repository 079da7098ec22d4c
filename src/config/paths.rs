//! Where the files of an installation lie.

use super::{Env, Error};
use std::path::{Path, PathBuf};

/// Which installation of several on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProfileChoice {
    /// The one without a name; with [`Paths::resolve`], what `OPENCLAW_PROFILE` says.
    Default,
    /// The developer's own, on port 19001.
    Dev,
    /// One by name, with a state directory of its own.
    Named(String),
}

/// The files of an installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// `openclaw.json`.
    pub config_file: PathBuf,
    /// Everything the program writes.
    pub state_dir: PathBuf,
    /// What `~` stands for; the state directory where there is no home.
    pub home: PathBuf,
    /// The profile in force.
    pub profile: ProfileChoice,
}

impl Paths {
    /// Finds the files from the profile chosen on the command line and from `OPENCLAW_PROFILE`,
    /// `OPENCLAW_STATE_DIR`, `OPENCLAW_CONFIG_PATH`, `OPENCLAW_HOME` and `HOME`.
    ///
    /// # Errors
    /// [`Error::NoHome`] when nothing says where the state lies, [`Error::Setting`] for a profile
    /// name that is none.
    pub fn resolve(env: &Env, choice: ProfileChoice) -> Result<Paths, Error> {
        let profile = match choice {
            ProfileChoice::Named(name) => profile("--profile", &name)?,
            ProfileChoice::Dev => ProfileChoice::Dev,
            ProfileChoice::Default => match env.get("OPENCLAW_PROFILE") {
                Some(name) => profile("OPENCLAW_PROFILE", name)?,
                None => ProfileChoice::Default,
            },
        };
        let user_home = env.get("HOME").or_else(|| env.get("USERPROFILE")).map(PathBuf::from);
        let home = match env.get("OPENCLAW_HOME") {
            Some(home) => Some(absolute(home, user_home.as_deref())),
            None => user_home,
        };
        let state_dir = match (env.get("OPENCLAW_STATE_DIR"), &home) {
            (Some(dir), home) => absolute(dir, home.as_deref()),
            (None, Some(home)) => home.join(match &profile {
                ProfileChoice::Default => ".openclaw".to_owned(),
                ProfileChoice::Dev => ".openclaw-dev".to_owned(),
                ProfileChoice::Named(name) => format!(".openclaw-{name}"),
            }),
            (None, None) => return Err(Error::NoHome),
        };
        let config_file = match env.get("OPENCLAW_CONFIG_PATH") {
            Some(file) => absolute(file, home.as_deref()),
            None => state_dir.join("openclaw.json"),
        };
        let home = home.unwrap_or_else(|| state_dir.clone());
        Ok(Paths { config_file, state_dir, home, profile })
    }

    /// The port when nothing else names one.
    pub fn default_port(&self) -> u16 {
        match self.profile {
            ProfileChoice::Dev => 19001,
            ProfileChoice::Default | ProfileChoice::Named(_) => 18789,
        }
    }

    /// A file the config names: `~/` is the home, a relative path starts beside the config file.
    pub fn named_in_config(&self, file: &str) -> PathBuf {
        match file.strip_prefix("~/") {
            Some(rest) => self.home.join(rest),
            None => self.config_file.parent().unwrap_or(Path::new("")).join(file),
        }
    }
}

/// A path from the environment: `~` is `home`, a relative one starts in the working directory.
fn absolute(path: &str, home: Option<&Path>) -> PathBuf {
    let expanded = match (path.strip_prefix('~'), home) {
        (Some(""), Some(home)) => home.to_owned(),
        (Some(rest), Some(home)) if rest.starts_with('/') => home.join(&rest[1..]),
        _ => PathBuf::from(path),
    };
    std::path::absolute(&expanded).unwrap_or(expanded)
}

/// The profile called `name`; `dev` and `default` are the two that need no name.
fn profile(setting: &'static str, name: &str) -> Result<ProfileChoice, Error> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    let valid = name.len() <= 64
        && name.bytes().all(plain)
        && name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    match name {
        "dev" => Ok(ProfileChoice::Dev),
        "default" => Ok(ProfileChoice::Default),
        _ if valid => Ok(ProfileChoice::Named(name.to_owned())),
        _ => Err(Error::Setting {
            name: setting,
            value: name.to_owned(),
            expected: "1 to 64 letters, digits, _ and -, starting with a letter or digit",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve<const N: usize>(
        env: [(&str, &str); N],
        choice: ProfileChoice,
    ) -> Result<Paths, String> {
        Paths::resolve(&Env::of(env), choice).map_err(|error| error.to_string())
    }

    fn check<const N: usize>(env: [(&str, &str); N], state_dir: &str, config_file: &str) {
        let paths = resolve(env, ProfileChoice::Default).expect("resolved");
        assert_eq!(paths.state_dir, Path::new(state_dir), "{env:?}");
        assert_eq!(paths.config_file, Path::new(config_file), "{env:?}");
    }

    #[test]
    fn the_environment_says_where_files_lie() {
        let home = ("HOME", "/home/u");
        check([home], "/home/u/.openclaw", "/home/u/.openclaw/openclaw.json");
        check([home, ("OPENCLAW_HOME", "/o")], "/o/.openclaw", "/o/.openclaw/openclaw.json");
        check(
            [home, ("OPENCLAW_HOME", "~/o")],
            "/home/u/o/.openclaw",
            "/home/u/o/.openclaw/openclaw.json",
        );
        check([home, ("OPENCLAW_STATE_DIR", "~/s")], "/home/u/s", "/home/u/s/openclaw.json");
        check([("OPENCLAW_STATE_DIR", "/s")], "/s", "/s/openclaw.json");
        check(
            [home, ("OPENCLAW_STATE_DIR", "")],
            "/home/u/.openclaw",
            "/home/u/.openclaw/openclaw.json",
        );
        check([home, ("OPENCLAW_CONFIG_PATH", "/c.json")], "/home/u/.openclaw", "/c.json");
        check(
            [home, ("OPENCLAW_PROFILE", "work")],
            "/home/u/.openclaw-work",
            "/home/u/.openclaw-work/openclaw.json",
        );
        check(
            [home, ("OPENCLAW_PROFILE", "default")],
            "/home/u/.openclaw",
            "/home/u/.openclaw/openclaw.json",
        );
    }

    #[test]
    fn a_relative_path_starts_in_the_working_directory() {
        let paths =
            resolve([("OPENCLAW_STATE_DIR", "s")], ProfileChoice::Default).expect("resolved");
        assert!(paths.state_dir.is_absolute() && paths.state_dir.ends_with("s"));
    }

    #[test]
    fn the_command_line_beats_the_profile_variable() {
        let env = [("HOME", "/h"), ("OPENCLAW_PROFILE", "work")];
        let dev = resolve(env, ProfileChoice::Dev).expect("resolved");
        assert_eq!(
            (dev.state_dir.as_path(), dev.default_port()),
            (Path::new("/h/.openclaw-dev"), 19001)
        );
        assert_eq!(resolve(env, ProfileChoice::Named("dev".to_owned())), Ok(dev));
        let named = resolve(env, ProfileChoice::Named("Home-2".to_owned())).expect("resolved");
        assert_eq!(
            (named.state_dir.as_path(), named.default_port()),
            (Path::new("/h/.openclaw-Home-2"), 18789)
        );
    }

    #[test]
    fn wrong_settings_are_named() {
        let home = ("HOME", "/h");
        let rule = "1 to 64 letters, digits, _ and -, starting with a letter or digit";
        assert_eq!(
            resolve([home, ("OPENCLAW_PROFILE", "../x")], ProfileChoice::Default),
            Err(format!("OPENCLAW_PROFILE is \"../x\": expected {rule}"))
        );
        assert_eq!(
            resolve([home], ProfileChoice::Named(String::new())),
            Err(format!("--profile is \"\": expected {rule}"))
        );
        assert_eq!(
            resolve([("HOME", "")], ProfileChoice::Dev),
            Err("no home directory: set HOME, or set OPENCLAW_STATE_DIR to where the state shall lie".to_owned())
        );
    }

    #[test]
    fn files_named_in_the_config_lie_beside_it() {
        let paths = resolve(
            [("HOME", "/h"), ("OPENCLAW_CONFIG_PATH", "/etc/oc/c.json")],
            ProfileChoice::Default,
        )
        .expect("resolved");
        let check =
            |file: &str, path: &str| assert_eq!(paths.named_in_config(file), Path::new(path));
        check("replies.json5", "/etc/oc/replies.json5");
        check("/abs", "/abs");
        check("~/x", "/h/x");
    }
}
