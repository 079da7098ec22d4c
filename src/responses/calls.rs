//! Function calls of an answer as they grow. Models write one after another, but nothing promises
//! that: a call ends once its arguments are a whole JSON object and something else begins, or with
//! the answer.

use super::audience::Audience;
use super::draft::index;
use super::{Event, Item, Status};
use serde::de::IgnoredAny;

/// The calls of one answer, in the order in which they began.
#[derive(Debug, Default)]
pub(super) struct Calls(Vec<Call>);

#[derive(Debug)]
struct Call {
    /// Its place in the output.
    at: usize,
    open: bool,
}

/// A piece of a call's arguments.
#[derive(Debug)]
pub(super) struct Piece {
    /// The call's number in its answer.
    pub(super) call: u32,
    pub(super) fragment: String,
}

impl Calls {
    /// A call begins.
    pub(super) fn start(&mut self, output: &mut Vec<Item>, item: Item, to: &mut impl Audience) {
        let at = output.len();
        to.hear(|sequence_number| Event::ItemAdded {
            sequence_number,
            output_index: index(at),
            item: item.clone(),
        });
        output.push(item);
        self.0.push(Call { at, open: true });
    }

    /// The arguments of a call grow.
    pub(super) fn grow(&mut self, output: &mut [Item], piece: Piece, to: &mut impl Audience) {
        let Piece { call, fragment } = piece;
        let call = usize::try_from(call).ok().and_then(|call| self.0.get(call));
        let Some(Call { at, open: true }) = call else { return };
        let Some(Item::FunctionCall { id, arguments, .. }) = output.get_mut(*at) else { return };
        if fragment.is_empty() {
            return;
        }
        arguments.push_str(&fragment);
        to.hear(|sequence_number| Event::ArgumentsDelta {
            sequence_number,
            item_id: id.clone(),
            output_index: index(*at),
            delta: fragment,
        });
    }

    /// Ends the calls that are whole, because something else begins.
    pub(super) fn close_whole(&mut self, output: &mut [Item], to: &mut impl Audience) {
        for call in self.0.iter_mut().filter(|call| call.open) {
            if output.get(call.at).is_some_and(is_whole) {
                call.close(output, Status::Completed, to);
            }
        }
    }

    /// Ends all, because the answer has ended. One that is whole was not cut short.
    pub(super) fn close_all(
        &mut self,
        output: &mut [Item],
        status: Status,
        to: &mut impl Audience,
    ) {
        for call in self.0.iter_mut().filter(|call| call.open) {
            let whole = output.get(call.at).is_some_and(is_whole);
            call.close(output, if whole { Status::Completed } else { status }, to);
        }
    }

    /// A further answer counts its calls from 0 again.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}

impl Call {
    fn close(&mut self, output: &mut [Item], ended: Status, to: &mut impl Audience) {
        self.open = false;
        let Some(item) = output.get_mut(self.at) else { return };
        if let Item::FunctionCall { id, name, arguments, status, .. } = item {
            *status = ended;
            to.hear(|sequence_number| Event::ArgumentsDone {
                sequence_number,
                item_id: id.clone(),
                output_index: index(self.at),
                name: name.clone(),
                arguments: arguments.clone(),
            });
        }
        to.hear(|sequence_number| Event::ItemDone {
            sequence_number,
            output_index: index(self.at),
            item: item.clone(),
        });
    }
}

/// Whether nothing can follow that would still be arguments.
fn is_whole(item: &Item) -> bool {
    let Item::FunctionCall { arguments, .. } = item else { return false };
    arguments.trim_start().starts_with('{') && serde_json::from_str::<IgnoredAny>(arguments).is_ok()
}
