//! What one line of a policy means: a tool, a group, or a pattern with `*`.

use super::Candidate;
use crate::config::ToolProfile;
use crate::tools::Group;

/// What stands before a group's name.
const GROUP: &str = "group:";

/// Whether one of the lines names the tool.
pub(super) fn any_names(lines: &[String], tool: &Candidate<'_>) -> bool {
    lines.iter().any(|line| names(line.trim(), tool))
}

fn names(line: &str, tool: &Candidate<'_>) -> bool {
    match group_of(line) {
        Some(group) => tool.groups.iter().any(|own| own.as_str().eq_ignore_ascii_case(group)),
        None => fits(line.as_bytes(), tool.name.as_bytes()),
    }
}

/// The group's name in `group:<name>`.
fn group_of(line: &str) -> Option<&str> {
    let (mark, name) = line.split_at_checked(GROUP.len())?;
    mark.eq_ignore_ascii_case(GROUP).then_some(name)
}

/// Whether a line names a group that does not exist.
pub(in crate::tools) fn unknown_group(line: &str) -> bool {
    let known =
        |name: &str| Group::ALL.iter().any(|group| group.as_str().eq_ignore_ascii_case(name));
    group_of(line.trim()).is_some_and(|name| !known(name))
}

/// Whether a name fits a pattern in which `*` stands for any run of characters. After a mismatch
/// it goes back to the last star only, so that no pattern takes more than quadratic time.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p + 1, n));
                p += 1;
            }
            Some(c) if c.eq_ignore_ascii_case(&name[n]) => {
                p += 1;
                n += 1;
            }
            _ => {
                let Some((after, from)) = star else { return false };
                star = Some((after, from + 1));
                (p, n) = (after, from + 1);
            }
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

/// Whether a profile has the tool.
pub(super) fn in_profile(profile: ToolProfile, tool: &Candidate<'_>) -> bool {
    let named = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(tool.name));
    let grouped = |groups: &[Group]| groups.iter().any(|group| tool.groups.contains(group));
    match profile {
        ToolProfile::Minimal => named(&["session_status"]),
        ToolProfile::Coding => {
            let groups = [Group::Fs, Group::Runtime, Group::Web, Group::Sessions, Group::Memory];
            grouped(&groups)
        }
        ToolProfile::Messaging => {
            let sessions = ["sessions_list", "sessions_history", "sessions_send", "session_status"];
            grouped(&[Group::Messaging]) || named(&sessions)
        }
        ToolProfile::Full => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, name: &str, expected: bool) {
        assert_eq!(fits(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} {name}");
    }

    #[test]
    fn a_star_stands_for_any_run() {
        check("exec", "exec", true);
        check("EXEC", "exec", true);
        check("exec", "execs", false);
        check("execs", "exec", false);
        check("", "exec", false);
        check("*", "exec", true);
        check("sessions_*", "sessions_list", true);
        check("sessions_*", "session_status", false);
        check("*_list", "sessions_list", true);
        check("*s*s*", "sessions_list", true);
        check("a*b*c", "a-b-b-c", true);
        check("a*b*c", "a-b-b-cd", false);
        check("exec**", "exec", true);
    }

    #[test]
    fn a_group_that_is_not_there_is_noticed() {
        for known in ["group:fs", " GROUP:Web", "exec", "*", "group"] {
            assert!(!unknown_group(known), "{known}");
        }
        for unknown in ["group:files", "group:", "group:f*"] {
            assert!(unknown_group(unknown), "{unknown}");
        }
    }
}
