use super::*;
use crate::config::ResetByType;
use crate::types::AgentId;
use jiff::civil::date;
use jiff::tz;

const HOUR: i64 = 3_600_000;

fn reset(mode: ResetMode, at_hour: u8, idle_minutes: Option<u32>) -> Reset {
    Reset { mode, at_hour, idle_minutes }
}

fn row(started: i64, interaction: i64) -> Row {
    let key = SessionKey::main(&AgentId::main());
    let mut row = Row::new(&key, started);
    (row.last_interaction_at, row.messages) = (interaction, 2);
    row
}

/// A time of day on 10 March 2026 in a zone one hour east of Greenwich.
fn at(day: i8, hour: i8, minute: i8) -> i64 {
    let time = date(2026, 3, day).at(hour, minute, 0, 0);
    zone().to_zoned_datetime(time).expect("a time").timestamp().as_millisecond()
}

fn zone() -> TimeZone {
    TimeZone::fixed(tz::offset(1))
}

#[test]
fn the_nearest_rule_wins() {
    let settings = SessionSettings {
        reset: reset(ResetMode::Daily, 1, None),
        reset_by_type: ResetByType {
            group: Some(reset(ResetMode::Daily, 2, None)),
            thread: Some(reset(ResetMode::Daily, 4, None)),
            ..ResetByType::default()
        },
        reset_by_channel: [("slack".to_owned(), reset(ResetMode::Daily, 3, None))].into(),
        ..SessionSettings::default()
    };
    let check = |channel: &str, rest: &str, hour: u8| {
        let key = SessionKey::of(&AgentId::main(), rest).expect("valid");
        assert_eq!(rule(&settings, channel, &key).at_hour, hour, "{channel} {rest}");
    };
    check("telegram", "telegram:direct:1", 1);
    check("openai", "main", 1);
    check("telegram", "telegram:group:1", 2);
    check("discord", "discord:channel:1", 2);
    check("telegram", "telegram:group:1:topic:7", 4);
    check("slack", "slack:channel:1", 3);
    check("slack", "slack:channel:1:thread:7", 3);
}

#[test]
fn a_session_begins_anew_by_hour_or_by_silence() {
    let check = |rule: &Reset, last: i64, now: i64, why: Option<&str>| {
        assert_eq!(due(rule, &row(0, last), now, &zone()), why, "{rule:?} {last} {now}");
    };
    let never = reset(ResetMode::None, 4, Some(1));
    check(&never, 0, at(10, 12, 0), None);

    let daily = reset(ResetMode::Daily, 4, None);
    check(&daily, at(10, 3, 59), at(10, 4, 0), Some("daily"));
    check(&daily, at(10, 4, 0), at(10, 4, 1), None);
    check(&daily, at(9, 5, 0), at(10, 3, 59), None);
    check(&daily, at(9, 3, 0), at(10, 3, 59), Some("daily"));

    let idle = reset(ResetMode::Idle, 4, Some(60));
    check(&idle, at(10, 3, 30), at(10, 4, 29), None);
    check(&idle, at(10, 3, 30), at(10, 4, 30), Some("idle"));

    let both = reset(ResetMode::Daily, 4, Some(60));
    check(&both, at(10, 12, 0), at(10, 12, 59), None);
    check(&both, at(10, 12, 0), at(10, 13, 0), Some("idle"));
    check(&both, at(10, 3, 59), at(10, 4, 1), Some("daily"));
}

#[test]
fn a_new_session_is_not_due() {
    let daily = reset(ResetMode::Daily, 4, None);
    let now = at(10, 12, 0);
    assert_eq!(due(&daily, &row(now - HOUR, at(8, 0, 0)), now, &zone()), None);
    let mut silent = row(0, 0);
    silent.messages = 0;
    assert_eq!(due(&daily, &silent, now, &zone()), None);
}

#[test]
fn an_hour_that_a_clock_change_leaves_out_is_the_next_one() {
    // In Berlin clocks go from 2 to 3 on 29 March 2026, at 1:00 UTC.
    let Ok(berlin) = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3") else { panic!("a zone") };
    let change = Timestamp::from_millisecond(1_774_746_000_000).expect("a time");
    assert_eq!(change.to_string(), "2026-03-29T01:00:00Z");
    let now = change.as_millisecond() + HOUR;
    assert_eq!(last_hour(2, now, &berlin), Some(change.as_millisecond()));
}
