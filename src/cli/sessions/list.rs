//! `openclaw sessions list`.

use super::{Opened, text};
use crate::cli::{Context, Exit, output};
use crate::sessions::{Filter, Row};
use crate::types::AgentId;
use serde_json::{Value, json};
use std::fmt;

/// Rows that are shown where nothing else is asked for.
const ROWS: u16 = 100;
/// Columns between two others.
const GAP: usize = 2;
/// A key is shown in at least so many columns, however narrow the terminal is.
const MIN_KEY: usize = 24;

/// Which sessions to list.
#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// Only sessions of this agent [default: the default agent]
    #[arg(long, value_name = "ID", value_parser = AgentId::parse, conflicts_with = "all_agents")]
    agent: Option<AgentId>,
    /// Sessions of every agent
    #[arg(long)]
    all_agents: bool,
    /// Only sessions that changed within this many minutes
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..))]
    active: Option<u32>,
    /// Show at most so many
    #[arg(long, value_name = "N", default_value_t = ROWS, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    limit: u16,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

/// What was found.
struct Found {
    rows: Vec<Row>,
    total: u64,
}

pub(super) async fn run(context: &Context, opened: &Opened, list: List) -> Result<(), Exit> {
    let agent = match (&list.agent, list.all_agents) {
        (Some(agent), _) => Some(agent.clone()),
        (None, true) => None,
        (None, false) => Some(super::default_agent(context)?),
    };
    let found = find(opened, &list, agent.clone()).await?;
    if list.json {
        return print_json(opened, &list, &found);
    }
    if found.rows.is_empty() {
        let whose = agent.as_ref().map(|agent| format!(" of agent {agent}")).unwrap_or_default();
        output::line(format_args!("No sessions{whose}."))?;
    } else {
        Table::of(&found.rows, opened.now()).print(text::width())?;
    }
    let more = found.total.saturating_sub(found.rows.len() as u64);
    if more > 0 {
        output::line(format_args!("\n… and {more} more; `--limit {}` shows them.", found.total))?;
    }
    if list.agent.is_none() && !list.all_agents {
        let all = find(opened, &List { limit: 1, ..list }, None).await?.total;
        let others = all.saturating_sub(found.total);
        if others > 0 {
            output::line(format_args!(
                "\n{others} more belong to other agents; `--all-agents` shows them."
            ))?;
        }
    }
    Ok(())
}

/// As many rows as are asked for, a page at a time.
async fn find(opened: &Opened, list: &List, agent: Option<AgentId>) -> Result<Found, Exit> {
    let since = list.active.map(|minutes| opened.now() - i64::from(minutes) * 60_000);
    let wanted = usize::from(list.limit);
    let mut found = Found { rows: Vec::new(), total: 0 };
    loop {
        let filter = Filter {
            agent: agent.clone(),
            owner: None,
            active_since: since,
            skip: found.rows.len(),
            limit: wanted - found.rows.len(),
        };
        let page = opened.sessions.list(&filter).await.map_err(Exit::new)?;
        let is_last = page.rows.is_empty();
        found.total = page.total;
        found.rows.extend(page.rows);
        if is_last || found.rows.len() >= wanted {
            return Ok(found);
        }
    }
}

fn print_json(opened: &Opened, list: &List, found: &Found) -> Result<(), Exit> {
    let now = opened.now();
    let sessions: Vec<Value> = found.rows.iter().map(|row| described(row, now)).collect();
    output::line(format_args!(
        "{:#}",
        json!({
            "path": opened.file,
            "count": found.rows.len(),
            "totalCount": found.total,
            "limitApplied": list.limit,
            "hasMore": found.total > found.rows.len() as u64,
            "activeMinutes": list.active,
            "allAgents": list.all_agents,
            "sessions": sessions,
        })
    ))
}

/// A row with what follows from it.
pub(super) fn described(row: &Row, now: i64) -> Value {
    let mut value = json!(row);
    let agent = row.session_key().map(|key| key.agent().to_string());
    value["agentId"] = json!(agent);
    value["kind"] = json!(row.chat_type);
    value["ageMs"] = json!(now.saturating_sub(row.updated_at).max(0));
    value["totalTokens"] = json!(row.input_tokens.saturating_add(row.output_tokens));
    value
}

/// Rows as a terminal shows them.
struct Table {
    lines: Vec<[String; 5]>,
}

impl Table {
    fn of(rows: &[Row], now: i64) -> Self {
        let heading = ["SESSION", "KIND", "USED", "TOKENS", "LABEL"].map(str::to_owned);
        let lines = rows.iter().map(|row| {
            [
                row.key.clone(),
                row.chat_type.clone(),
                text::span(now - row.updated_at),
                text::tokens(row.input_tokens.saturating_add(row.output_tokens)),
                row.label.clone().unwrap_or_default(),
            ]
        });
        Self { lines: std::iter::once(heading).chain(lines).collect() }
    }

    /// Prints the table so that it fits into this width, if that is possible at all.
    fn print(&self, width: Option<usize>) -> Result<(), Exit> {
        let columns = self.columns(width);
        self.lines.iter().try_for_each(|cells| output::line(Line { cells, columns }))
    }

    /// The width of each column: the label gives way first, then the key.
    fn columns(&self, width: Option<usize>) -> [usize; 5] {
        let longest = |column: usize| {
            self.lines.iter().map(|cells| cells[column].chars().count()).max().unwrap_or(0)
        };
        let mut columns: [usize; 5] = std::array::from_fn(longest);
        let Some(width) = width else { return columns };
        for (column, least) in [(4, "LABEL".len()), (0, MIN_KEY)] {
            let taken: usize = columns.iter().sum::<usize>() + GAP * 4;
            let spare = columns[column].saturating_sub(least);
            columns[column] -= taken.saturating_sub(width).min(spare);
        }
        columns
    }
}

/// A line of the table.
struct Line<'a> {
    cells: &'a [String; 5],
    columns: [usize; 5],
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [key, kind, used, tokens, label] = self.columns;
        let cell = |column: usize| text::fitted(&self.cells[column], self.columns[column]);
        let line = format!(
            "{:key$}  {:kind$}  {:>used$}  {:>tokens$}  {:label$}",
            cell(0),
            cell(1),
            cell(2),
            cell(3),
            cell(4),
        );
        f.write_str(line.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(key: &str, label: &str) -> Table {
        let cells = [key, "direct", "47h", "12.3k", label].map(str::to_owned);
        let heading = ["SESSION", "KIND", "USED", "TOKENS", "LABEL"].map(str::to_owned);
        Table { lines: vec![heading, cells] }
    }

    fn check(table: &Table, width: Option<usize>, expected: &str) {
        let columns = table.columns(width);
        let lines = table.lines.iter().map(|cells| Line { cells, columns }.to_string());
        assert_eq!(lines.collect::<Vec<_>>().join("\n"), expected, "{width:?}");
    }

    #[test]
    fn a_table_fits_its_terminal() {
        let wide = table("agent:main:telegram:direct:123456789", "A label that people gave");
        check(
            &wide,
            None,
            "SESSION                               KIND    USED  TOKENS  LABEL\n\
             agent:main:telegram:direct:123456789  direct   47h   12.3k  A label that people gave",
        );
        check(
            &wide,
            Some(70),
            "SESSION                               KIND    USED  TOKENS  LABEL\n\
             agent:main:telegram:direct:123456789  direct   47h   12.3k  A lab…gave",
        );
        check(
            &wide,
            Some(60),
            "SESSION                          KIND    USED  TOKENS  LABEL\n\
             agent:main:tele…irect:123456789  direct   47h   12.3k  A …ve",
        );
        check(
            &wide,
            Some(20),
            "SESSION                   KIND    USED  TOKENS  LABEL\n\
             agent:main:t…t:123456789  direct   47h   12.3k  A …ve",
        );
        check(
            &table("agent:main:main", ""),
            Some(80),
            "SESSION          KIND    USED  TOKENS  LABEL\nagent:main:main  direct   47h   12.3k",
        );
    }
}
