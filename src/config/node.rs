//! A JSON5 document as a tree that keeps its order and remembers keys written twice.

use super::key_path::{KeyPath, Step};
use super::{Position, finding::Finding};
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::collections::HashSet;
use std::fmt;

/// How deep objects and lists may lie in each other; the parser recurses once a level.
const MAX_DEPTH: usize = 64;

/// A value of the config file.
#[derive(Clone, PartialEq)]
pub(super) enum Node {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number that is not negative.
    Unsigned(u64),
    /// A negative whole number.
    Signed(i64),
    /// Any other number.
    Float(f64),
    /// A string.
    Text(String),
    /// A list; each element keeps the index it has in the file, also when others are taken out.
    List(Vec<(usize, Node)>),
    /// An object, in the order of the file.
    Object(Vec<(String, Node)>),
}

/// Why a text is not JSON5.
pub(super) struct SyntaxError {
    pub(super) at: Position,
    pub(super) what: String,
}

/// Parses a JSON5 text. Of a key written twice the first value is kept and the second reported.
pub(super) fn parse(text: &str) -> Result<(Node, Vec<Finding>), SyntaxError> {
    let mut path = KeyPath::default();
    let mut repeated = Vec::new();
    let grow = Grow { depth: 0, path: &mut path, repeated: &mut repeated };
    let root = grow
        .deserialize(&mut json5::Deserializer::from_str(text))
        .and_then(|root| {
            // Only `from_str` minds what follows the document, and only a seed bounds the depth.
            json5::from_str::<IgnoredAny>(text).map(|_| root)
        })
        .map_err(|error| explain(&error, text))?;
    Ok((root, repeated))
}

/// Says in words what the parser says in codes.
fn explain(error: &json5::Error, text: &str) -> SyntaxError {
    let whole = error.to_string();
    let what = whole.rsplit_once(" at line ").map_or(whole.as_str(), |(what, _)| what);
    let end = json5::Position::from_offset(text.len(), text);
    let at = error.position().unwrap_or(end);
    let what = match (what.strip_prefix("EOF parsing "), what) {
        (Some(part), _) => format!("the file ends where more of this {part} was expected"),
        (None, "expected value" | "expected null" | "expected bool") => {
            "expected a value; a text stands in quotes".to_owned()
        }
        (None, what) => what.to_owned(),
    };
    let what = format!("not valid JSON5: {what}");
    SyntaxError { at: Position { line: at.line + 1, column: at.column + 1 }, what }
}

impl Node {
    /// The value at `path`.
    pub(super) fn get(&self, path: &KeyPath) -> Option<&Node> {
        path.steps().iter().try_fold(self, |node, step| node.child(step))
    }

    fn child(&self, step: &Step) -> Option<&Node> {
        match (self, step) {
            (Node::Object(members), Step::Key(wanted)) => {
                members.iter().find(|(key, _)| key == wanted).map(|(_, node)| node)
            }
            (Node::List(elements), Step::Index(wanted)) => {
                elements.iter().find(|(index, _)| index == wanted).map(|(_, node)| node)
            }
            _ => None,
        }
    }

    /// Takes the value at `path` out of the tree.
    pub(super) fn remove(&mut self, path: &KeyPath) -> Option<Node> {
        let (last, way) = path.steps().split_last()?;
        let mut parent = self;
        for step in way {
            parent = match (parent, step) {
                (Node::Object(members), Step::Key(wanted)) => {
                    &mut members.iter_mut().find(|(key, _)| key == wanted)?.1
                }
                (Node::List(elements), Step::Index(wanted)) => {
                    &mut elements.iter_mut().find(|(index, _)| index == wanted)?.1
                }
                _ => return None,
            };
        }
        match (parent, last) {
            (Node::Object(members), Step::Key(wanted)) => {
                let at = members.iter().position(|(key, _)| key == wanted)?;
                Some(members.remove(at).1)
            }
            (Node::List(elements), Step::Index(wanted)) => {
                let at = elements.iter().position(|(index, _)| index == wanted)?;
                Some(elements.remove(at).1)
            }
            _ => None,
        }
    }

    /// Calls `see` with every value below this one, parents first. Where `see` answers `false`
    /// the values inside are left out.
    pub(super) fn walk(&self, path: &mut KeyPath, see: &mut impl FnMut(&KeyPath, &Node) -> bool) {
        let mut visit = |step: Step, node: &Node| {
            path.push(step);
            if see(path, node) {
                node.walk(path, see);
            }
            path.pop();
        };
        match self {
            Node::Object(members) => {
                members.iter().for_each(|(key, node)| visit(Step::Key(key.clone()), node));
            }
            Node::List(elements) => {
                elements.iter().for_each(|(index, node)| visit(Step::Index(*index), node));
            }
            _ => {}
        }
    }
}

/// Builds a [`Node`] at one place of the document.
struct Grow<'a> {
    depth: usize,
    path: &'a mut KeyPath,
    repeated: &'a mut Vec<Finding>,
}

impl Grow<'_> {
    /// The same, one level further in.
    fn deeper<E: de::Error>(&mut self, step: Step) -> Result<Grow<'_>, E> {
        if self.depth == MAX_DEPTH {
            return Err(E::custom(format!("more than {MAX_DEPTH} levels of nesting")));
        }
        self.path.push(step);
        Ok(Grow { depth: self.depth + 1, path: self.path, repeated: self.repeated })
    }
}

impl<'de> DeserializeSeed<'de> for Grow<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Grow<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Unsigned(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(u64::try_from(value).map_or(Node::Signed(value), Node::Unsigned))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Node, A::Error> {
        let mut elements = Vec::new();
        while let Some(node) = list.next_element_seed(self.deeper(Step::Index(elements.len()))?)? {
            elements.push((elements.len(), node));
            self.path.pop();
        }
        self.path.pop();
        Ok(Node::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Node, A::Error> {
        let mut members = Vec::new();
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            let node = map.next_value_seed(self.deeper(Step::Key(key.clone()))?)?;
            if seen.insert(key.clone()) {
                members.push((key, node));
            } else {
                self.repeated.push(Finding::repeated(self.path.clone()));
            }
            self.path.pop();
        }
        Ok(Node::Object(members))
    }
}
