//! `openclaw sessions cleanup`.

use super::Opened;
use crate::cli::{Context, Exit, output};
use crate::config::{self, Maintenance, MaintenanceMode};
use crate::sessions::{Filter, Upkeep};
use crate::types::SessionKey;
use serde_json::json;

/// Keys that are printed of each kind.
const SHOWN: usize = 20;

/// How to clean up.
#[derive(Debug, clap::Args)]
pub(super) struct Cleanup {
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
    /// Remove even if session.maintenance.mode is "warn"
    #[arg(long)]
    enforce: bool,
    /// Mend sessions without a transcript and transcripts without a session, even if
    /// session.maintenance.mode is "warn"
    #[arg(long)]
    fix_missing: bool,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

/// What came of it.
struct Report {
    upkeep: Upkeep,
    /// Whether anything that was due was removed, and not only told of.
    removed: bool,
    /// Whether what had lost its other half was mended.
    mended: bool,
    before: u64,
    after: u64,
}

pub(super) async fn run(context: &Context, opened: &Opened, args: Cleanup) -> Result<(), Exit> {
    let loaded = config::load(&context.paths, &context.env)?;
    let mut rules = loaded.config.session.maintenance;
    if args.enforce {
        rules.mode = MaintenanceMode::Enforce;
    }
    let report = clean(opened, &args, &rules).await?;
    if args.json { report.print_json(opened, &args, &rules) } else { report.print(&args) }
}

async fn clean(opened: &Opened, args: &Cleanup, rules: &Maintenance) -> Result<Report, Exit> {
    let sessions = &opened.sessions;
    let before = count(opened).await?;
    let removed = !args.dry_run && rules.mode == MaintenanceMode::Enforce;
    let mended = removed || (!args.dry_run && args.fix_missing);
    let upkeep = if removed {
        sessions.maintain(rules).await.map_err(Exit::new)?
    } else if mended {
        let orphans = sessions.mend().await.map_err(Exit::new)?;
        Upkeep { orphans, ..sessions.plan_upkeep(rules).await.map_err(Exit::new)? }
    } else {
        sessions.plan_upkeep(rules).await.map_err(Exit::new)?
    };
    Ok(Report { upkeep, removed, mended, before, after: count(opened).await? })
}

async fn count(opened: &Opened) -> Result<u64, Exit> {
    Ok(opened.sessions.list(&Filter::default()).await.map_err(Exit::new)?.total)
}

impl Report {
    fn print(&self, args: &Cleanup) -> Result<(), Exit> {
        let Upkeep { expired, surplus, oversize, retired, orphans } = &self.upkeep;
        let verb = if self.removed { "Removed" } else { "Would remove" };
        for (keys, why) in [
            (expired, "not used for longer than session.maintenance.pruneAfter"),
            (surplus, "more than session.maintenance.maxEntries"),
            (oversize, "more than session.maintenance.maxDiskBytes has room for"),
        ] {
            print_keys(keys, verb, why)?;
        }
        if *retired > 0 {
            let what = counted(*retired, "earlier transcript");
            output::line(format_args!("{verb} {what} of sessions that were begun anew."))?;
        }
        if *orphans > 0 {
            let verb = if self.mended { "Mended" } else { "Would mend" };
            let what = counted(*orphans, "session");
            output::line(format_args!("{verb} {what} without a transcript or an index row."))?;
        }
        if self.upkeep.is_empty() {
            output::line("Nothing to clean up.")?;
        } else if !self.removed && !args.dry_run {
            output::line(
                "session.maintenance.mode is \"warn\": `openclaw sessions cleanup --enforce` \
                 removes all the same.",
            )?;
        }
        let before = counted(self.before, "session");
        if self.removed || self.mended {
            output::line(format_args!("{before} before, {} now.", self.after))
        } else {
            output::line(format_args!("{before}; nothing was changed."))
        }
    }

    fn print_json(&self, opened: &Opened, args: &Cleanup, rules: &Maintenance) -> Result<(), Exit> {
        let keys = |keys: &[SessionKey]| keys.iter().map(ToString::to_string).collect::<Vec<_>>();
        let mode = match rules.mode {
            MaintenanceMode::Enforce => "enforce",
            MaintenanceMode::Warn => "warn",
        };
        output::line(format_args!(
            "{:#}",
            json!({
                "path": opened.file,
                "mode": mode,
                "dryRun": args.dry_run,
                "removed": self.removed,
                "mended": self.mended,
                "expired": keys(&self.upkeep.expired),
                "surplus": keys(&self.upkeep.surplus),
                "oversize": keys(&self.upkeep.oversize),
                "retiredTranscripts": self.upkeep.retired,
                "orphans": self.upkeep.orphans,
                "beforeCount": self.before,
                "afterCount": self.after,
            })
        ))
    }
}

fn print_keys(keys: &[SessionKey], verb: &str, why: &str) -> Result<(), Exit> {
    if keys.is_empty() {
        return Ok(());
    }
    let what = counted(keys.len() as u64, "session");
    output::line(format_args!("{verb} {what}: {why}."))?;
    keys.iter().take(SHOWN).try_for_each(|key| output::line(format_args!("  {key}")))?;
    match keys.len().saturating_sub(SHOWN) {
        0 => Ok(()),
        more => output::line(format_args!("  … and {more} more")),
    }
}

fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
