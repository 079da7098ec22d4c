//! What there is of each answer of a request.

use serde::{Serialize, Serializer};

/// One for each answer. Nearly always there is one, which needs no list.
#[derive(Debug)]
pub(super) enum Each<T> {
    /// The only one.
    One([T; 1]),
    /// One for each of several.
    Several(Vec<T>),
}

impl<T> Each<T> {
    pub(super) fn as_slice(&self) -> &[T] {
        match self {
            Self::One(one) => one,
            Self::Several(several) => several,
        }
    }

    /// That of the answer `index`.
    pub(super) fn at(&mut self, index: u32) -> &mut T {
        match self {
            Self::One([one]) => one,
            Self::Several(several) => &mut several[index as usize],
        }
    }

    /// The same made into something else, with the number of its answer.
    pub(super) fn try_map<U, E>(
        self,
        mut change: impl FnMut(u32, T) -> Result<U, E>,
    ) -> Result<Each<U>, E> {
        match self {
            Self::One([one]) => Ok(Each::One([change(0, one)?])),
            Self::Several(several) => {
                let changed = (0..).zip(several).map(|(index, one)| change(index, one));
                Ok(Each::Several(changed.collect::<Result<_, _>>()?))
            }
        }
    }
}

impl<T: Serialize> Serialize for Each<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_slice().serialize(serializer)
    }
}
