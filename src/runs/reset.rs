//! When a session begins anew by itself.

use crate::config::{Reset, SessionSettings};
use crate::sessions::keys::ChatType;
use crate::types::SessionKey;

/// The rule for a session of this channel: the channel's own, else that of its kind of chat, else
/// the general one.
pub(super) fn rule(settings: &SessionSettings, channel: &str, key: &SessionKey) -> Reset {
    let own = settings.reset_by_channel.get(channel);
    let kinds = &settings.reset_by_type;
    let kind = match ChatType::of(key) {
        ChatType::Direct => &kinds.direct,
        ChatType::Group => &kinds.group,
        ChatType::Thread => &kinds.thread,
    };
    own.or(kind.as_ref()).unwrap_or(&settings.reset).clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(channel: &str, key: &str, hour: u8) {
        let settings: SessionSettings = serde_json::from_value(json!({
            "reset": {"atHour": 1},
            "resetByType": {"direct": {"atHour": 2}, "group": {"atHour": 3}, "thread": {"atHour": 4}},
            "resetByChannel": {"slack": {"atHour": 5}},
        }))
        .expect("settings");
        let key = SessionKey::parse(key).expect("a key");
        assert_eq!(rule(&settings, channel, &key).at_hour, hour);
    }

    #[test]
    fn the_channel_wins_over_the_kind_of_chat() {
        check("openai", "agent:main:main", 2);
        check("telegram", "agent:main:telegram:group:1", 3);
        check("telegram", "agent:main:telegram:group:1:topic:7", 4);
        check("discord", "agent:main:discord:channel:1:thread:7", 4);
        check("slack", "agent:main:slack:channel:1:thread:7", 5);
    }
}
