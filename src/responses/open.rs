//! The message or reasoning item of a response that grows. There is one at most; function calls
//! grow beside it.

use super::audience::Audience;
use super::draft::index;
use super::{Event, Item, LogProb, Part, Phase, Role, Status, Summary};

/// The item that grows.
#[derive(Debug, Default)]
pub(super) struct Open {
    /// Its place in the output.
    at: Option<usize>,
    /// Scores of the text that comes next.
    scores: Vec<LogProb>,
}

/// What a model says.
#[derive(Debug)]
pub(super) enum Saying {
    Text(String),
    Refusal(String),
}

/// How an item ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ending {
    pub(super) status: Status,
    /// What it is in the answer, if it is a message.
    pub(super) phase: Option<Phase>,
}

impl Open {
    pub(super) fn is_message(&self, output: &[Item]) -> bool {
        self.at.is_some_and(|at| matches!(output.get(at), Some(Item::Message { .. })))
    }

    pub(super) fn is_reasoning(&self, output: &[Item]) -> bool {
        self.at.is_some_and(|at| matches!(output.get(at), Some(Item::Reasoning { .. })))
    }

    /// A message with this id begins.
    pub(super) fn message(&mut self, output: &mut Vec<Item>, id: String, to: &mut impl Audience) {
        let (status, role, content) = (Status::InProgress, Role::Assistant, Vec::new());
        self.push(output, Item::Message { id, status, role, content, phase: None }, to);
    }

    /// A reasoning item with this id begins, with its one part.
    pub(super) fn reasoning(&mut self, output: &mut Vec<Item>, id: String, to: &mut impl Audience) {
        let status = Some(Status::InProgress);
        let item = Item::Reasoning { id: id.clone(), summary: Vec::new(), status };
        let output_index = self.push(output, item, to);
        let part = Summary::SummaryText { text: String::new() };
        if let Some(Item::Reasoning { summary, .. }) = output.last_mut() {
            summary.push(part.clone());
        }
        to.hear(|sequence_number| Event::SummaryPartAdded {
            sequence_number,
            item_id: id,
            output_index,
            summary_index: 0,
            part,
        });
    }

    /// The text that comes next has these scores.
    pub(super) fn score(&mut self, scores: impl Iterator<Item = LogProb>) {
        self.scores.extend(scores);
    }

    pub(super) fn forget_scores(&mut self) {
        self.scores.clear();
    }

    /// The message that grows, grows.
    pub(super) fn say(&mut self, output: &mut [Item], saying: Saying, to: &mut impl Audience) {
        let Some(at) = self.at else { return };
        let Some(Item::Message { id, content, .. }) = output.get_mut(at) else { return };
        let place = Place { item_id: id, output_index: index(at) };
        place.begin_part(content, &saying, to);
        match (content.last_mut(), saying) {
            (Some(Part::OutputText { text, logprobs, .. }), Saying::Text(delta)) => {
                let scores = std::mem::take(&mut self.scores);
                text.push_str(&delta);
                logprobs.extend(scores.iter().cloned());
                place.tell_text(content.len() - 1, (delta, scores), to);
            }
            (Some(Part::Refusal { refusal }), Saying::Refusal(delta)) => {
                refusal.push_str(&delta);
                place.tell_refusal(content.len() - 1, delta, to);
            }
            _ => {}
        }
    }

    /// The message that grows gets a part in which nothing is said yet.
    pub(super) fn say_nothing(&self, output: &mut [Item], to: &mut impl Audience) {
        let Some(at) = self.at else { return };
        let Some(Item::Message { id, content, .. }) = output.get_mut(at) else { return };
        let place = Place { item_id: id, output_index: index(at) };
        place.begin_part(content, &Saying::Text(String::new()), to);
    }

    /// The reasoning item that grows, grows.
    pub(super) fn think(&mut self, output: &mut [Item], delta: String, to: &mut impl Audience) {
        let Some(at) = self.at else { return };
        let Some(Item::Reasoning { id, summary, .. }) = output.get_mut(at) else { return };
        if let Some(Summary::SummaryText { text }) = summary.last_mut() {
            text.push_str(&delta);
        }
        to.hear(|sequence_number| Event::SummaryTextDelta {
            sequence_number,
            item_id: id.clone(),
            output_index: index(at),
            summary_index: 0,
            delta,
        });
    }

    /// The item that grows, if there is one, is as it will stay.
    pub(super) fn close(&mut self, output: &mut [Item], ending: Ending, to: &mut impl Audience) {
        let Some(at) = self.at.take() else { return };
        let Some(item) = output.get_mut(at) else { return };
        match item {
            Item::Message { id, content, status, phase, .. } => {
                Place { item_id: id, output_index: index(at) }.end_part(content, to);
                (*status, *phase) = (ending.status, ending.phase);
            }
            Item::Reasoning { id, summary, status } => {
                Place { item_id: id, output_index: index(at) }.end_summary(summary, to);
                *status = Some(ending.status);
            }
            _ => {}
        }
        to.hear(|sequence_number| Event::ItemDone {
            sequence_number,
            output_index: index(at),
            item: item.clone(),
        });
    }

    fn push(&mut self, output: &mut Vec<Item>, item: Item, to: &mut impl Audience) -> u32 {
        let at = output.len();
        self.at = Some(at);
        to.hear(|sequence_number| Event::ItemAdded {
            sequence_number,
            output_index: index(at),
            item: item.clone(),
        });
        output.push(item);
        index(at)
    }
}

/// Where in a response something happens.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    item_id: &'a str,
    output_index: u32,
}

impl Place<'_> {
    /// Sees to it that the last part of a message is for what is said.
    fn begin_part(self, content: &mut Vec<Part>, saying: &Saying, to: &mut impl Audience) {
        let part = match (content.last(), saying) {
            (Some(Part::OutputText { .. }), Saying::Text(_))
            | (Some(Part::Refusal { .. }), Saying::Refusal(_)) => return,
            (_, Saying::Text(_)) => Part::text(String::new()),
            (_, Saying::Refusal(_)) => Part::Refusal { refusal: String::new() },
        };
        self.end_part(content, to);
        let content_index = index(content.len());
        content.push(part.clone());
        to.hear(|sequence_number| Event::PartAdded {
            sequence_number,
            item_id: self.item_id.to_owned(),
            output_index: self.output_index,
            content_index,
            part,
        });
    }

    fn tell_text(
        self,
        at: usize,
        (delta, logprobs): (String, Vec<LogProb>),
        to: &mut impl Audience,
    ) {
        to.hear(|sequence_number| Event::TextDelta {
            sequence_number,
            item_id: self.item_id.to_owned(),
            output_index: self.output_index,
            content_index: index(at),
            delta,
            logprobs,
        });
    }

    fn tell_refusal(self, at: usize, delta: String, to: &mut impl Audience) {
        to.hear(|sequence_number| Event::RefusalDelta {
            sequence_number,
            item_id: self.item_id.to_owned(),
            output_index: self.output_index,
            content_index: index(at),
            delta,
        });
    }

    /// Tells that a message's last part, if it has one, is as it will stay.
    fn end_part(self, content: &[Part], to: &mut impl Audience) {
        let Some(part) = content.last() else { return };
        let (item_id, output_index) = (self.item_id, self.output_index);
        let content_index = index(content.len() - 1);
        match part {
            Part::OutputText { text, logprobs, .. } => to.hear(|sequence_number| Event::TextDone {
                sequence_number,
                item_id: item_id.to_owned(),
                output_index,
                content_index,
                text: text.clone(),
                logprobs: logprobs.clone(),
            }),
            Part::Refusal { refusal } => to.hear(|sequence_number| Event::RefusalDone {
                sequence_number,
                item_id: item_id.to_owned(),
                output_index,
                content_index,
                refusal: refusal.clone(),
            }),
            _ => {}
        }
        to.hear(|sequence_number| Event::PartDone {
            sequence_number,
            item_id: item_id.to_owned(),
            output_index,
            content_index,
            part: part.clone(),
        });
    }

    /// Tells that a reasoning item's one part is as it will stay.
    fn end_summary(self, summary: &[Summary], to: &mut impl Audience) {
        let Some(part) = summary.last() else { return };
        let Summary::SummaryText { text } = part;
        to.hear(|sequence_number| Event::SummaryTextDone {
            sequence_number,
            item_id: self.item_id.to_owned(),
            output_index: self.output_index,
            summary_index: 0,
            text: text.clone(),
        });
        to.hear(|sequence_number| Event::SummaryPartDone {
            sequence_number,
            item_id: self.item_id.to_owned(),
            output_index: self.output_index,
            summary_index: 0,
            part: part.clone(),
        });
    }
}
