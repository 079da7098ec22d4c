//! Tool calls made canonical: id and name once, index from 0 without gaps, arguments in order.
//!
//! Providers cut them up in their own ways. The index may be missing, or 0 for every call; the id
//! may be missing, come late, be repeated, or change from chunk to chunk; a call may come in one
//! piece, with its arguments as an object.

use crate::providers::call::ModelEvent;
use crate::types::Delta;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::VecDeque;
use uuid::Uuid;

/// Calls in one answer.
const MAX_CALLS: usize = 128;
/// Bytes of all their arguments.
const MAX_ARGUMENT_BYTES: usize = 8 * 1024 * 1024;

/// What one chunk says of one call.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Fragment<'a> {
    index: Option<u32>,
    id: Option<String>,
    #[serde(borrow)]
    function: Option<Function<'a>>,
}

#[derive(Debug, Default, Deserialize)]
struct Function<'a> {
    name: Option<String>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

/// The same, sorted out: an empty text is what is absent.
struct Said<'a> {
    index: Option<u32>,
    id: String,
    name: String,
    arguments: Cow<'a, str>,
}

/// The calls of one answer so far.
#[derive(Debug, Default)]
pub(super) struct ToolCalls {
    calls: Vec<Call>,
    /// The one that was spoken of last.
    current: usize,
    /// How many were announced.
    announced: u32,
    argument_bytes: usize,
}

#[derive(Debug, Default)]
struct Call {
    /// The provider's index for it.
    index: Option<u32>,
    id: String,
    name: String,
    arguments: String,
    /// Our index for it, once it is announced.
    place: Option<u32>,
    /// Bytes of `arguments` that were handed on.
    sent: usize,
}

impl ToolCalls {
    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Takes a fragment of a streamed call.
    pub(super) fn take(
        &mut self,
        fragment: Fragment<'_>,
        out: &mut VecDeque<ModelEvent>,
    ) -> Result<(), &'static str> {
        let said = Said::from(fragment);
        match self.find(&said) {
            Some(at) => self.current = at,
            None => self.open(said.index, out)?,
        }
        self.extend(said, out)
    }

    /// Takes a call that is whole.
    pub(super) fn take_whole(
        &mut self,
        fragment: Fragment<'_>,
        out: &mut VecDeque<ModelEvent>,
    ) -> Result<(), &'static str> {
        self.open(None, out)?;
        self.extend(fragment.into(), out)
    }

    /// Hands on what is left to say once the answer is complete.
    pub(super) fn finish(&mut self, out: &mut VecDeque<ModelEvent>) -> Result<(), &'static str> {
        if self.calls.iter().any(|call| call.name.is_empty()) {
            return Err("a tool call without a name");
        }
        for call in &mut self.calls {
            if call.arguments.is_empty() {
                // A function without parameters; what follows must be able to parse it.
                call.arguments.push_str("{}");
            }
            call.announce(&mut self.announced, out);
            call.send(out);
        }
        Ok(())
    }

    /// The call that a fragment belongs to; `None` when it begins another.
    fn find(&self, said: &Said<'_>) -> Option<usize> {
        if let Some(index) = said.index {
            let at = self.calls.iter().rposition(|call| call.index == Some(index))?;
            return (!self.calls[at].is_other(said)).then_some(at);
        }
        let known = |call: &Call| !said.id.is_empty() && call.id == said.id;
        if let Some(at) = self.calls.iter().rposition(known) {
            return Some(at);
        }
        let current = self.calls.get(self.current)?;
        (!current.is_other(said)).then_some(self.current)
    }

    fn open(
        &mut self,
        index: Option<u32>,
        out: &mut VecDeque<ModelEvent>,
    ) -> Result<(), &'static str> {
        if self.calls.len() == MAX_CALLS {
            return Err("too many tool calls");
        }
        // Calls are announced in the order they began, even those whose arguments come late.
        for call in self.calls.iter_mut().filter(|call| !call.name.is_empty()) {
            call.announce(&mut self.announced, out);
        }
        self.current = self.calls.len();
        self.calls.push(Call { index, ..Call::default() });
        Ok(())
    }

    fn extend(
        &mut self,
        said: Said<'_>,
        out: &mut VecDeque<ModelEvent>,
    ) -> Result<(), &'static str> {
        self.argument_bytes += said.arguments.len();
        if self.argument_bytes > MAX_ARGUMENT_BYTES {
            return Err("tool calls that are too large");
        }
        let call = &mut self.calls[self.current];
        if call.place.is_none() {
            if call.id.is_empty() {
                call.id = said.id;
            }
            if call.name != said.name {
                call.name.push_str(&said.name);
            }
        }
        call.arguments.push_str(&said.arguments);
        // Until arguments come, a late id or the rest of a name still finds its place.
        if !call.name.is_empty() && !call.arguments.is_empty() {
            call.announce(&mut self.announced, out);
            call.send(out);
        }
        Ok(())
    }
}

impl Call {
    /// Whether a fragment that might belong here begins another call instead.
    fn is_other(&self, said: &Said<'_>) -> bool {
        if said.name.is_empty() {
            // Some make up a new id for every chunk: without a name it says nothing. Only an id
            // that comes first and alone, with no index to tell it apart, begins a call.
            let comes_first = said.index.is_none() && said.arguments.is_empty();
            return !said.id.is_empty() && !self.id.is_empty() && comes_first && self.is_whole();
        }
        if !said.id.is_empty() && !self.id.is_empty() {
            return said.id != self.id;
        }
        if self.name.is_empty() {
            return false;
        }
        if said.name == self.name {
            // Either the name is repeated, or the same function is called again.
            return self.is_whole() && (said.index.is_none() || !said.arguments.is_empty());
        }
        // The rest of the name, if nothing but the name has come so far.
        said.index.is_none() || !self.arguments.is_empty()
    }

    fn is_whole(&self) -> bool {
        serde_json::from_str::<IgnoredAny>(&self.arguments).is_ok()
    }

    fn announce(&mut self, announced: &mut u32, out: &mut VecDeque<ModelEvent>) {
        if self.place.is_some() {
            return;
        }
        if self.id.is_empty() {
            self.id = format!("call_{}", Uuid::new_v4().simple());
        }
        let index = *announced;
        *announced += 1;
        self.place = Some(index);
        let (id, name) = (self.id.clone(), self.name.clone());
        out.push_back(ModelEvent::Delta(Delta::ToolCallStart { index, id, name }));
    }

    fn send(&mut self, out: &mut VecDeque<ModelEvent>) {
        let (Some(index), false) = (self.place, self.sent == self.arguments.len()) else { return };
        let fragment = self.arguments[self.sent..].to_owned();
        self.sent = self.arguments.len();
        out.push_back(ModelEvent::Delta(Delta::ToolCallArguments { index, fragment }));
    }
}

impl<'a> From<Fragment<'a>> for Said<'a> {
    fn from(fragment: Fragment<'a>) -> Self {
        let function = fragment.function.unwrap_or_default();
        let arguments = match function.arguments.map(RawValue::get) {
            None | Some("null") => Cow::Borrowed(""),
            // Arguments are JSON in a string; those who forget the string send the JSON itself.
            Some(raw) => serde_json::from_str::<String>(raw).map_or(raw.into(), Cow::Owned),
        };
        Self {
            index: fragment.index,
            id: fragment.id.unwrap_or_default(),
            name: function.name.unwrap_or_default(),
            arguments,
        }
    }
}

#[cfg(test)]
mod tests;
