//! Lists of records. Each order has its index, named in the statement: what a list costs is its
//! length, not that of the space.

use super::fault::Fault;
use super::{above, records, rows};
use crate::store::{Listing, Order, Record};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use std::fmt::Write;

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

/// The statement for a list, with its values.
pub(super) fn statement(space: &str, listing: &Listing) -> (String, Vec<Value>) {
    let index = match (&listing.group, listing.order) {
        (None, Order::Key) => "records_by_key",
        (None, Order::Newest | Order::Oldest) => "records_by_rank",
        (Some(_), Order::Key) => "records_by_group_key",
        (Some(_), Order::Newest | Order::Oldest) => "records_by_group_rank",
    };
    let order = match listing.order {
        Order::Key => "key",
        Order::Newest => "rank DESC, key DESC",
        Order::Oldest => "rank, key",
    };
    let mut sql = format!(
        "SELECT key, value, rank, \"group\", revision FROM records INDEXED BY {index}
         WHERE space = ?"
    );
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
    write!(sql, " ORDER BY {order} LIMIT ? OFFSET ?").expect("a text takes more text");
    values.extend([Value::from(rows(listing.limit)), Value::from(rows(listing.skip))]);
    (sql, values)
}
