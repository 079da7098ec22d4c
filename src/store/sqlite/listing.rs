//! Lists of records. Each order has its index, named in the statement: what a list costs is its
//! length, not that of the space.

use super::fault::Fault;
use super::{above, records, rows, schema, unsigned};
use crate::store::{Listing, Order, Record};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};
use std::fmt::Write;

/// The first schema with an index by family.
const FAMILIES: i64 = 2;
/// The family of a key, exactly as the index has it.
const FAMILY: &str =
    "substr(key, 1, instr(key, ':') + instr(substr(key, instr(key, ':') + 1), ':'))";

/// A listing of a space, for a store of this schema, which is an older one where it is only read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) space: &'a str,
    pub(super) listing: &'a Listing,
    pub(super) schema: i64,
}

/// Kept by triggers, so that counting costs the same whatever there is to count.
pub(super) const COUNT: &str = "SELECT records FROM spaces WHERE space = ?1";
pub(super) const COUNT_GROUP: &str =
    "SELECT records FROM group_sizes WHERE space = ?1 AND \"group\" = ?2";

pub(in crate::store) fn list(
    connection: &Connection,
    space: &str,
    listing: &Listing,
) -> Result<Vec<Record>, Fault> {
    let schema = schema::known(connection)?;
    let (sql, values) = statement(Asked { space, listing, schema });
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement.query_map(params_from_iter(values), records::read)?;
    Ok(found.collect::<Result<_, _>>()?)
}

pub(in crate::store) fn count(
    connection: &Connection,
    space: &str,
    listing: &Listing,
) -> Result<u64, Fault> {
    let number = |row: &Row<'_>| unsigned(row, 0);
    let is_narrow = !listing.prefix.is_empty() || has_ranks(listing);
    let found = match &listing.group {
        _ if is_narrow => {
            let schema = schema::known(connection)?;
            let (sql, values) = counting(Asked { space, listing, schema });
            connection.prepare_cached(&sql)?.query_row(params_from_iter(values), number)
        }
        None => connection.prepare_cached(COUNT)?.query_row([space], number),
        Some(group) => connection.prepare_cached(COUNT_GROUP)?.query_row([space, group], number),
    };
    Ok(found.optional()?.unwrap_or_default())
}

/// The statement for a list, with its values.
pub(super) fn statement(asked: Asked<'_>) -> (String, Vec<Value>) {
    let listing = asked.listing;
    let order = match listing.order {
        Order::Key => "key",
        Order::Newest => "rank DESC, key DESC",
        Order::Oldest => "rank, key",
    };
    let (found, mut values) = asked.narrowed(Index::of(asked, listing.order == Order::Key));
    let sql = format!(
        "SELECT key, value, rank, \"group\", revision {found} ORDER BY {order} LIMIT ? OFFSET ?"
    );
    values.extend([Value::from(rows(listing.limit)), Value::from(rows(listing.skip))]);
    (sql, values)
}

/// The statement that counts what a list would have without its bounds, with its values. It reads
/// only the index.
pub(super) fn counting(asked: Asked<'_>) -> (String, Vec<Value>) {
    let (found, values) = asked.narrowed(Index::of(asked, !has_ranks(asked.listing)));
    (format!("SELECT count(*) {found}"), values)
}

fn has_ranks(listing: &Listing) -> bool {
    listing.from_rank.is_some() || listing.below_rank.is_some()
}

/// The family that all keys with this prefix are of, where it says so. SQLite's text functions stop
/// at a zero.
fn family(prefix: &str) -> Option<&str> {
    let (second, _) = prefix.match_indices(':').nth(1)?;
    let family = &prefix[..=second];
    (!family.contains('\0')).then_some(family)
}

/// What rows are found by.
#[derive(Debug, Clone, Copy)]
enum Index<'a> {
    Named(&'static str),
    Family(&'a str),
}

impl<'a> Index<'a> {
    fn of(asked: Asked<'a>, by_key: bool) -> Self {
        let family = if asked.schema < FAMILIES { None } else { family(&asked.listing.prefix) };
        match (&asked.listing.group, by_key, family) {
            (None, true, _) => Self::Named("records_by_key"),
            (None, false, Some(family)) => Self::Family(family),
            (None, false, None) => Self::Named("records_by_rank"),
            (Some(_), true, _) => Self::Named("records_by_group_key"),
            (Some(_), false, _) => Self::Named("records_by_group_rank"),
        }
    }
}

impl Asked<'_> {
    /// The rows, with the values they are found by.
    fn narrowed(self, index: Index<'_>) -> (String, Vec<Value>) {
        let Self { space, listing, .. } = self;
        let (name, family) = match index {
            Index::Named(name) => (name, None),
            Index::Family(family) => ("records_by_family", Some(family)),
        };
        let mut sql = format!("FROM records INDEXED BY {name} WHERE space = ?");
        let mut values = vec![Value::from(space.to_owned())];
        let mut narrow = |condition: &str, value: Option<Value>| {
            if let Some(value) = value {
                write!(sql, " AND {condition} ?").expect("a text takes more text");
                values.push(value);
            }
        };
        narrow(&format!("{FAMILY} ="), family.map(|family| Value::from(family.to_owned())));
        narrow("\"group\" =", listing.group.clone().map(Value::from));
        if !listing.prefix.is_empty() {
            narrow("key >=", Some(Value::from(listing.prefix.clone())));
            narrow("key <", above(&listing.prefix).map(Value::from));
        }
        narrow("rank >=", listing.from_rank.map(Value::from));
        narrow("rank <", listing.below_rank.map(Value::from));
        (sql, values)
    }
}
