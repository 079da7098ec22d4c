//! The log file: private to its owner, a new one each day.

use super::{Destination, Error};
use jiff::{Timestamp, civil::Date, tz::Offset};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Result, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A log file that moves on at midnight UTC.
#[derive(Debug)]
pub(super) struct DailyFile {
    destination: Destination,
    path: PathBuf,
    day: Date,
    file: File,
}

impl DailyFile {
    pub(super) fn open(destination: Destination) -> std::result::Result<Self, Error> {
        let day = today();
        let path = path_on(&destination, day);
        match append(&path) {
            Ok(file) => Ok(Self { destination, path, day, file }),
            Err(source) => Err(Error::File { path, source }),
        }
    }

    /// The file of this moment.
    pub(super) fn path(&self) -> &PathBuf {
        &self.path
    }

    fn follow_the_day(&mut self, day: Date) -> Result<()> {
        if day == self.day {
            return Ok(());
        }
        let path = path_on(&self.destination, day);
        if path != self.path {
            self.file = append(&path)?;
            self.path = path;
        }
        self.day = day;
        Ok(())
    }
}

impl Write for DailyFile {
    fn write(&mut self, line: &[u8]) -> Result<usize> {
        self.follow_the_day(today())?;
        self.file.write(line)
    }

    fn flush(&mut self) -> Result<()> {
        self.file.flush()
    }
}

fn today() -> Date {
    Offset::UTC.to_datetime(Timestamp::now()).date()
}

fn path_on(destination: &Destination, day: Date) -> PathBuf {
    match destination {
        Destination::Daily(folder) => folder.join(format!("openclaw-{day}.log")),
        Destination::File(path) => path.clone(),
    }
}

fn append(path: &Path) -> Result<File> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_new_day_is_a_new_private_file() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let logs = folder.path().join("logs");
        let mut file = DailyFile::open(Destination::Daily(logs.clone())).expect("opened");
        file.write_all(b"{}\n").expect("written");
        let tomorrow = today().tomorrow().expect("time goes on");
        file.follow_the_day(tomorrow).expect("moved on");
        let first = logs.join(format!("openclaw-{}.log", today()));
        let second = logs.join(format!("openclaw-{tomorrow}.log"));
        assert_eq!(file.path(), &second);
        assert_eq!(std::fs::read_to_string(&first).expect("kept"), "{}\n");
        let mode = std::fs::metadata(&second).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
    }
}
