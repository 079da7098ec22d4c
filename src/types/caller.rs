//! Who is calling, and what they may do.

/// Something a caller may be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Scope {
    /// Everything, configuration and model overrides included.
    Admin = 1,
    /// Decide approvals.
    Approvals = 1 << 1,
    /// Pair devices.
    Pairing = 1 << 2,
    /// Look.
    Read = 1 << 3,
    /// Read voice credentials.
    TalkSecrets = 1 << 4,
    /// Start runs; includes [`Scope::Read`].
    Write = 1 << 5,
}

/// Every scope, in the order they are named on the wire.
const ALL: [Scope; 6] =
    [Scope::Admin, Scope::Approvals, Scope::Pairing, Scope::Read, Scope::TalkSecrets, Scope::Write];

impl Scope {
    /// The name on the wire, such as `operator.write`.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Admin => "operator.admin",
            Scope::Approvals => "operator.approvals",
            Scope::Pairing => "operator.pairing",
            Scope::Read => "operator.read",
            Scope::TalkSecrets => "operator.talk.secrets",
            Scope::Write => "operator.write",
        }
    }

    /// The scope with this name.
    pub fn parse(name: &str) -> Option<Scope> {
        ALL.into_iter().find(|scope| scope.as_str() == name)
    }
}

/// A set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u8);

impl Scopes {
    /// No scope.
    pub const NONE: Scopes = Scopes(0);
    /// The full operator set.
    pub const ALL: Scopes = Scopes(0b11_1111);

    /// This set and `scope`.
    #[must_use]
    pub fn with(self, scope: Scope) -> Scopes {
        Scopes(self.0 | scope as u8)
    }

    /// Whether the set grants `scope`: admin grants all, write grants read.
    pub fn grants(self, scope: Scope) -> bool {
        let has = |s: Scope| self.0 & s as u8 != 0;
        has(scope) || has(Scope::Admin) || (scope == Scope::Read && has(Scope::Write))
    }
}

/// An authenticated caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// Who they are.
    pub subject: Subject,
    /// What they may do.
    pub scopes: Scopes,
}

/// Who a caller is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The holder of the gateway's shared credential.
    Operator,
    /// Somebody an open gateway lets in without asking.
    Anonymous,
}

impl Caller {
    /// The gateway's own operator, with every scope.
    pub const OPERATOR: Caller = Caller { subject: Subject::Operator, scopes: Scopes::ALL };

    /// The name under which the caller's sessions and runs are kept apart from others'; none for
    /// who may see everybody's.
    pub fn namespace(&self) -> Option<&'static str> {
        if self.scopes.grants(Scope::Admin) {
            return None;
        }
        Some(match self.subject {
            Subject::Operator => "operator",
            Subject::Anonymous => "anonymous",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admin_grants_all_and_write_grants_read() {
        for scope in ALL {
            assert!(Scopes::ALL.grants(scope));
            assert!(Scopes::NONE.with(Scope::Admin).grants(scope));
            assert!(!Scopes::NONE.grants(scope));
            assert_eq!(Scope::parse(scope.as_str()), Some(scope));
        }
        let write = Scopes::NONE.with(Scope::Write);
        assert!(write.grants(Scope::Read) && !write.grants(Scope::Admin));
        assert!(!Scopes::NONE.with(Scope::Read).grants(Scope::Write));
    }
}
