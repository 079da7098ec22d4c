//! When a session begins anew by itself.

use super::Row;
use super::keys::ChatType;
use crate::config::{Reset, ResetMode, SessionSettings};
use crate::types::SessionKey;
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil::Time};

/// The rule for a session of this channel: the channel's own beats that of its kind of chat, which
/// beats the general one.
pub fn rule(settings: &SessionSettings, channel: &str, key: &SessionKey) -> Reset {
    let of_kind = match ChatType::of(key) {
        ChatType::Direct => &settings.reset_by_type.direct,
        ChatType::Group => &settings.reset_by_type.group,
        ChatType::Thread => &settings.reset_by_type.thread,
    };
    let of_channel = settings.reset_by_channel.get(channel);
    of_channel.or(of_kind.as_ref()).unwrap_or(&settings.reset).clone()
}

/// Why a session begins anew now, if it does: `daily` or `idle`.
pub(super) fn due(rule: &Reset, row: &Row, now: i64, zone: &TimeZone) -> Option<&'static str> {
    // A transcript in which nobody said anything yet is as good as a new one.
    if row.messages == 0 {
        return None;
    }
    let last = row.last_interaction_at.max(row.session_started_at);
    let idle_since = |minutes: u32| now.saturating_sub(i64::from(minutes) * 60_000);
    let is_idle = rule.idle_minutes.is_some_and(|minutes| last <= idle_since(minutes));
    let is_of_yesterday = || last_hour(rule.at_hour, now, zone).is_some_and(|start| last < start);
    match rule.mode {
        ResetMode::None => None,
        ResetMode::Idle => is_idle.then_some("idle"),
        ResetMode::Daily if is_of_yesterday() => Some("daily"),
        ResetMode::Daily => is_idle.then_some("idle"),
    }
}

/// When this hour of the day last was, in milliseconds since 1970.
fn last_hour(hour: u8, now: i64, zone: &TimeZone) -> Option<i64> {
    let now = Timestamp::from_millisecond(now).ok()?;
    let time = Time::new(i8::try_from(hour).ok()?, 0, 0, 0).ok()?;
    let today = zone.to_datetime(now).date();
    let at = |date: jiff::civil::Date| {
        Some(zone.to_zoned_datetime(date.to_datetime(time)).ok()?.timestamp())
    };
    let start = match at(today)? {
        start if start <= now => start,
        _ => at(today.yesterday().ok()?)?,
    };
    Some(start.as_millisecond())
}

#[cfg(test)]
mod tests;
