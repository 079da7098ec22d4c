//! The check every request passes.

use super::{Account, Effective, Limits};
use crate::types::{Caller, Scope, Scopes, Subject};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// Lets callers in.
#[derive(Debug)]
pub struct Gate {
    /// SHA-256 of the shared credential; absent when nobody has to prove anything.
    credential: Option<[u8; 32]>,
    limits: Option<Arc<Limits>>,
}

/// What a request carries to prove its caller, as header values.
#[derive(Debug, Clone, Copy, Default)]
pub struct Credentials<'a> {
    /// `Authorization`.
    pub authorization: Option<&'a [u8]>,
    /// `x-openclaw-scopes`: a comma list that narrows an open gateway's caller.
    pub scopes: Option<&'a [u8]>,
}

/// Why a caller is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// No credential, or not a bearer token.
    Missing,
    /// A credential that is not ours.
    Wrong,
}

impl Gate {
    /// A gate for this way of proving; [`Effective::Missing`] lets nobody in.
    pub fn new(effective: &Effective) -> Self {
        let credential = match effective {
            Effective::Open => None,
            Effective::Token(secret) | Effective::Password(secret) => Some(digest(secret.expose())),
            // A random digest that no credential has: a caller that forgets to mint locks itself
            // out instead of letting everyone in.
            Effective::Missing => Some(digest(&uuid::Uuid::new_v4().to_string())),
        };
        Self { credential, limits: None }
    }

    /// The same gate, whose callers may ask no more than this.
    #[must_use]
    pub fn limited(self, limits: Option<Arc<Limits>>) -> Self {
        Self { limits, ..self }
    }

    /// The share of a caller in the limits; none where there are none.
    pub fn account(&self, caller: Caller) -> Option<Account> {
        self.limits.as_ref().map(|limits| limits.account(caller))
    }

    /// Whether callers are limited in what they may ask.
    pub fn is_limited(&self) -> bool {
        self.limits.is_some()
    }

    /// Lets a caller in or says why not.
    ///
    /// # Errors
    /// [`Rejection`] when a credential is needed and none or a wrong one is given.
    pub fn admit(&self, credentials: Credentials<'_>) -> Result<Caller, Rejection> {
        let Some(expected) = &self.credential else {
            return Ok(Caller {
                subject: Subject::Anonymous,
                scopes: narrowed(credentials.scopes),
            });
        };
        let given = bearer(credentials.authorization).ok_or(Rejection::Missing)?;
        // Digests have one length, so comparing them tells nothing about the credential's.
        if bool::from(Sha256::digest(given).as_slice().ct_eq(expected)) {
            // A shared credential is the operator: `x-openclaw-scopes` has no say.
            return Ok(Caller::OPERATOR);
        }
        Err(Rejection::Wrong)
    }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// The credential of an `Authorization: Bearer …` value; the scheme's case does not matter.
fn bearer(value: Option<&[u8]>) -> Option<&[u8]> {
    let (scheme, rest) = value?.split_at_checked(7)?;
    let token = rest.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"bearer ") && !token.is_empty()).then_some(token)
}

/// The scopes an open gateway grants: all, or those the caller limits itself to.
fn narrowed(header: Option<&[u8]>) -> Scopes {
    let Some(list) = header else { return Scopes::ALL };
    String::from_utf8_lossy(list)
        .split(',')
        .filter_map(|name| Scope::parse(name.trim()))
        .fold(Scopes::NONE, Scopes::with)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::Secret;

    #[test]
    fn only_the_bearer_credential_opens_a_closed_gate() {
        let gate = Gate::new(&Effective::Token(Secret::new("s3cret")));
        let admit = |value: &str| {
            let authorization = Some(value.as_bytes());
            gate.admit(Credentials { authorization, scopes: Some(b"") })
        };
        assert_eq!(admit("Bearer s3cret"), Ok(Caller::OPERATOR));
        assert_eq!(admit("bearer  s3cret "), Ok(Caller::OPERATOR));
        assert_eq!(admit("Bearer s3cre"), Err(Rejection::Wrong));
        assert_eq!(admit("Bearer s3crett"), Err(Rejection::Wrong));
        for not_bearer in ["Basic s3cret", "s3cret", "Bearer ", "Bearer", ""] {
            assert_eq!(admit(not_bearer), Err(Rejection::Missing), "{not_bearer:?}");
        }
        assert_eq!(gate.admit(Credentials::default()), Err(Rejection::Missing));
    }

    #[test]
    fn an_open_gate_lets_a_caller_narrow_itself() {
        let gate = Gate::new(&Effective::Open);
        let scopes = |header: Option<&'static [u8]>| {
            let caller = gate.admit(Credentials { authorization: None, scopes: header });
            caller.expect("an open gate admits everyone").scopes
        };
        assert_eq!(scopes(None), Scopes::ALL);
        assert_eq!(scopes(Some(b"")), Scopes::NONE);
        assert!(!scopes(Some(b"operator.read, operator.nope")).grants(Scope::Write));
        assert!(scopes(Some(b"operator.write")).grants(Scope::Read));
    }

    #[test]
    fn a_gate_without_a_credential_lets_nobody_in() {
        let gate = Gate::new(&Effective::Missing);
        let credentials = Credentials { authorization: Some(b"Bearer "), scopes: None };
        assert!(gate.admit(credentials).is_err());
    }
}
