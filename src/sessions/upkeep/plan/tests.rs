use super::*;
use crate::config::Bytes;
use crate::types::SessionKey;

/// Sessions `0`, `1`, … of these bytes, used at 0, 10, …; `true` for those that stay.
fn inventory(sessions: &[(u64, bool)], retired: &[(u64, i64)], size: u64) -> Inventory {
    let key = |name: String| SessionKey::parse(&format!("agent:main:{name}")).expect("valid");
    let seen = |(at, (bytes, stays)): (usize, &(u64, bool))| Seen {
        key: key(at.to_string()),
        session_id: String::new(),
        revision: 1,
        updated_at: 10 * i64::try_from(at).expect("small"),
        bytes: *bytes,
        stays: *stays,
    };
    let old = |(at, (bytes, retired_at)): (usize, &(u64, i64))| Transcript {
        record: format!("old{at}"),
        key: key("old".to_owned()),
        session_id: String::new(),
        revision: 1,
        retired_at: *retired_at,
        bytes: *bytes,
    };
    Inventory {
        sessions: sessions.iter().enumerate().map(seen).collect(),
        retired: retired.iter().enumerate().map(old).collect(),
        size,
        ..Inventory::default()
    }
}

fn rules(max_entries: u64, max_disk_bytes: u64) -> Maintenance {
    Maintenance { max_entries, max_disk_bytes: Bytes(max_disk_bytes), ..Maintenance::default() }
}

/// `expired | surplus | oversize | retired`.
fn shown(doomed: &Doomed<'_>) -> String {
    let names =
        |seen: &[&Seen]| seen.iter().map(|seen| seen.key.rest()).collect::<Vec<_>>().join(",");
    let old = doomed.retired.iter().map(|old| old.record.as_str()).collect::<Vec<_>>().join(",");
    let (expired, surplus) = (names(&doomed.expired), names(&doomed.surplus));
    format!("{expired} | {surplus} | {} | {old}", names(&doomed.oversize))
}

#[test]
fn what_is_old_or_too_much_goes_the_longest_unused_first() {
    let free = |bytes| (bytes, false);
    let stays = |bytes| (bytes, true);
    let check = |inventory: Inventory, rules: Maintenance, cutoff: i64, expected: &str| {
        assert_eq!(shown(&doom(&inventory, &rules, cutoff)), expected);
    };
    let five = || [free(1), stays(1), free(1), free(1), free(1)];
    check(inventory(&five(), &[], 10), rules(9, 99), 0, " |  |  | ");
    check(inventory(&five(), &[(1, 5), (1, 20)], 10), rules(9, 99), 20, "0 |  |  | old0");
    check(inventory(&five(), &[], 10), rules(9, 99), 21, "0,2 |  |  | ");
    // Sessions that stay count, but do not go.
    check(inventory(&five(), &[], 10), rules(3, 99), 0, " | 0,2 |  | ");
    check(inventory(&five(), &[], 10), rules(3, 99), 1, "0 | 2 |  | ");
    check(inventory(&five(), &[], 10), rules(1, 99), 0, " | 0,2,3,4 |  | ");
    check(inventory(&[stays(1), stays(1)], &[], 10), rules(1, 1), 99, " |  |  | ");
    // Of 100 bytes 20 are too many: a fifth of the text has to go, earlier transcripts first.
    let tens = || [free(10), stays(10), free(10), free(10), free(10)];
    check(inventory(&tens(), &[], 100), rules(9, 80), 0, " |  | 0 | ");
    check(inventory(&tens(), &[], 100), rules(9, 79), 0, " |  | 0,2 | ");
    check(inventory(&tens(), &[(5, 7), (5, 8)], 100), rules(9, 80), 0, " |  | 0 | old0,old1");
    check(inventory(&tens(), &[(25, 7), (25, 8)], 100), rules(9, 80), 0, " |  |  | old0");
    // What goes for another reason makes room too.
    check(inventory(&tens(), &[], 100), rules(9, 80), 5, "0 |  |  | ");
    check(inventory(&tens(), &[], 100), rules(9, 1), 0, " |  | 0,2,3,4 | ");
}
