//! Lists of records. Each order has its index, named in the statement: what a list costs is its
//! length, not that of the space.

use super::fault::Fault;
use super::{above, records, rows, unsigned};
use crate::store::{Listing, Order, Record};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};
use std::fmt::Write;

/// Kept by triggers, so that counting costs the same whatever there is to count.
pub(super) const COUNT: &str = "SELECT records FROM spaces WHERE space = ?1";
pub(super) const COUNT_GROUP: &str =
    "SELECT records FROM group_sizes WHERE space = ?1 AND \"group\" = ?2";

pub(in crate::store) fn list(
    connection: &Connection,
    space: &str,
    listing: &Listing,
) -> Result<Vec<Record>, Fault> {
    let (sql, values) = statement(space, listing);
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
            let (sql, values) = counting(space, listing);
            connection.prepare_cached(&sql)?.query_row(params_from_iter(values), number)
        }
        None => connection.prepare_cached(COUNT)?.query_row([space], number),
        Some(group) => connection.prepare_cached(COUNT_GROUP)?.query_row([space, group], number),
    };
    Ok(found.optional()?.unwrap_or_default())
}

/// The statement for a list, with its values.
pub(super) fn statement(space: &str, listing: &Listing) -> (String, Vec<Value>) {
    let by_key = listing.order == Order::Key;
    let order = match listing.order {
        Order::Key => "key",
        Order::Newest => "rank DESC, key DESC",
        Order::Oldest => "rank, key",
    };
    let (rows_of_it, mut values) = narrowed(space, listing, index(listing, by_key));
    let sql = format!(
        "SELECT key, value, rank, \"group\", revision {rows_of_it} ORDER BY {order} LIMIT ? OFFSET ?"
    );
    values.extend([Value::from(rows(listing.limit)), Value::from(rows(listing.skip))]);
    (sql, values)
}

/// The statement that counts what a list would have without its end, with its values. It reads
/// only the index.
pub(super) fn counting(space: &str, listing: &Listing) -> (String, Vec<Value>) {
    let (rows_of_it, values) = narrowed(space, listing, index(listing, !has_ranks(listing)));
    (format!("SELECT count(*) {rows_of_it}"), values)
}

fn has_ranks(listing: &Listing) -> bool {
    listing.from_rank.is_some() || listing.below_rank.is_some()
}

fn index(listing: &Listing, by_key: bool) -> &'static str {
    match (&listing.group, by_key) {
        (None, true) => "records_by_key",
        (None, false) => "records_by_rank",
        (Some(_), true) => "records_by_group_key",
        (Some(_), false) => "records_by_group_rank",
    }
}

/// The rows of a listing, with the values they are found by.
fn narrowed(space: &str, listing: &Listing, index: &str) -> (String, Vec<Value>) {
    let mut sql = format!("FROM records INDEXED BY {index} WHERE space = ?");
    let mut values = vec![Value::from(space.to_owned())];
    let mut narrow = |condition: &str, value: Option<Value>| {
        if let Some(value) = value {
            write!(sql, " AND {condition} ?").expect("a text takes more text");
            values.push(value);
        }
    };
    narrow("\"group\" =", listing.group.clone().map(Value::from));
    if !listing.prefix.is_empty() {
        narrow("key >=", Some(Value::from(listing.prefix.clone())));
        narrow("key <", above(&listing.prefix).map(Value::from));
    }
    narrow("rank >=", listing.from_rank.map(Value::from));
    narrow("rank <", listing.below_rank.map(Value::from));
    (sql, values)
}
