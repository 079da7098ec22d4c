//! An answer that is still arriving.

use super::decode::{Assembler, Trouble};
use crate::net::{self, sse};
use crate::providers::call::ModelEvent;
use crate::providers::endpoint::Endpoint;
use crate::providers::error::Error;
use crate::providers::exchange::{Budget, MAX_ANSWER_BYTES};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// How long the token counts may come after the answer is complete.
const AFTER_STOP: Duration = Duration::from_secs(2);
/// How long the connection may take to say that the body has ended after the stream has. Seeing
/// the end is what lets the connection be used again.
const AFTER_DONE: Duration = Duration::from_millis(50);

/// Reads one streamed answer. Dropping it closes the connection, unless the answer was complete.
#[derive(Debug)]
pub(in crate::providers) struct Reader {
    endpoint: Endpoint,
    model: String,
    body: Incoming,
    form: Form,
    assembler: Assembler,
    ready: VecDeque<ModelEvent>,
    failed: Option<Error>,
    clock: Clock,
    /// The answer's first token has come. What providers send before it, such as who speaks, is
    /// no sign that it ever will.
    answering: bool,
    ended: bool,
}

/// What the body is made of, which only its first byte tells for certain.
#[derive(Debug)]
enum Form {
    Unknown,
    Events(sse::Decoder),
    /// A whole answer, although a stream was asked for.
    Whole(Vec<u8>),
}

impl Reader {
    pub(super) fn new(body: Incoming, endpoint: Endpoint, model: String, budget: Budget) -> Self {
        Self {
            endpoint,
            model,
            body,
            form: Form::Unknown,
            assembler: Assembler::default(),
            ready: VecDeque::new(),
            failed: None,
            clock: Clock::until(budget),
            answering: false,
            ended: false,
        }
    }

    /// The next event; `None` after a complete answer, or after the one error.
    pub(in crate::providers) async fn next(&mut self) -> Option<Result<ModelEvent, Error>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(Ok(event));
            }
            if let Some(error) = self.failed.take() {
                return Some(Err(error));
            }
            if self.ended {
                return None;
            }
            if let Err(error) = self.read().await {
                // What was said before the error is handed on before it.
                self.ended = true;
                self.failed = Some(error.logged(&self.model));
            }
        }
    }

    async fn read(&mut self) -> Result<(), Error> {
        let frame = loop {
            tokio::select! {
                biased;
                frame = self.body.frame() => break frame,
                () = self.clock.sleep.as_mut() => {
                    if !self.clock.goes_on() {
                        return self.silent();
                    }
                }
            }
        };
        match frame {
            None => self.end(None),
            Some(Err(error)) => self.end(Some(error.into())),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => self.take(&data),
                Err(_) => Ok(()),
            },
        }
    }

    fn take(&mut self, data: &Bytes) -> Result<(), Error> {
        if self.assembler.done {
            return Ok(());
        }
        if matches!(self.form, Form::Unknown) {
            match data.trim_ascii_start().first() {
                None => return Ok(()),
                Some(b'{' | b'[') => self.form = Form::Whole(Vec::new()),
                Some(_) => self.form = Form::Events(sse::Decoder::new()),
            }
        }
        self.clock.heard();
        match &mut self.form {
            Form::Unknown => Ok(()),
            Form::Whole(bytes) => {
                self.clock.allow(self.endpoint.idle);
                if bytes.len() + data.len() > MAX_ANSWER_BYTES {
                    return Err(self.trouble(Trouble::Malformed("an answer that is too large")));
                }
                bytes.extend_from_slice(data);
                Ok(())
            }
            Form::Events(decoder) => {
                decoder.feed(data);
                self.events()
            }
        }
    }

    fn events(&mut self) -> Result<(), Error> {
        let Form::Events(decoder) = &mut self.form else { return Ok(()) };
        let stopped = self.assembler.stopped;
        let taken = loop {
            match decoder.next_event() {
                Ok(Some(data)) => match self.assembler.take(data, &mut self.ready) {
                    Ok(()) => {}
                    Err(trouble) => break Err(trouble),
                },
                Ok(None) => break Ok(()),
                Err(_) => break Err(Trouble::Malformed("an event that is too large")),
            }
        };
        taken.map_err(|trouble| self.trouble(trouble))?;
        if self.assembler.done && !self.assembler.stopped {
            return Err(Error::ended_early(&self.endpoint.provider));
        }
        if self.assembler.done {
            self.clock.allow(AFTER_DONE);
        } else if self.assembler.stopped && !stopped {
            self.clock.allow(AFTER_STOP);
        } else if !self.answering && !self.ready.is_empty() {
            self.answering = true;
            self.clock.allow(self.endpoint.idle);
        }
        Ok(())
    }

    /// Nothing came for too long.
    fn silent(&mut self) -> Result<(), Error> {
        let (provider, patience) = (&self.endpoint.provider, self.clock.patience);
        if self.assembler.stopped {
            self.ended = true;
            Ok(())
        } else if self.clock.fixed {
            Err(Error::late(provider, patience))
        } else {
            Err(Error::silent(provider, patience))
        }
    }

    /// The body has ended, in whatever way. Only a reason to stop makes the answer complete.
    fn end(&mut self, broken: Option<net::Error>) -> Result<(), Error> {
        self.ended = true;
        if self.assembler.stopped {
            return Ok(());
        }
        if let Some(error) = broken {
            return Err(Error::ended_early(&self.endpoint.provider).caused_by(error));
        }
        let taken = match &mut self.form {
            Form::Unknown => Ok(()),
            Form::Whole(bytes) => self.assembler.take_whole(bytes, &mut self.ready),
            // The last event may lack its blank line. Half an event is as good as none.
            Form::Events(decoder) => match decoder.finish() {
                Ok(Some(data)) => match self.assembler.take(data, &mut self.ready) {
                    Err(Trouble::Unreadable(_)) => Ok(()),
                    taken => taken,
                },
                Ok(None) | Err(_) if self.assembler.begun => Ok(()),
                Ok(None) | Err(_) => Err(Trouble::Malformed("an answer that is not a stream")),
            },
        };
        taken.map_err(|trouble| self.trouble(trouble))?;
        if self.assembler.stopped {
            Ok(())
        } else {
            Err(Error::ended_early(&self.endpoint.provider))
        }
    }

    fn trouble(&self, trouble: Trouble) -> Error {
        trouble.at(&self.endpoint, &self.model)
    }
}

/// How long to wait for the next bytes. It is set anew without touching the runtime's timer,
/// which would cost more than decoding a chunk.
#[derive(Debug)]
struct Clock {
    sleep: Pin<Box<Sleep>>,
    heard: Instant,
    patience: Duration,
    /// The first token must come by a fixed time; afterwards every sign of life counts.
    fixed: bool,
}

impl Clock {
    fn until(budget: Budget) -> Self {
        Self {
            sleep: Box::pin(sleep_until(budget.deadline)),
            heard: Instant::now(),
            patience: budget.limit,
            fixed: true,
        }
    }

    fn heard(&mut self) {
        self.heard = Instant::now();
    }

    /// From now on, silence may last this long.
    fn allow(&mut self, patience: Duration) {
        self.fixed = false;
        self.patience = patience;
        self.heard();
        self.sleep.as_mut().reset(self.heard + patience);
    }

    /// Whether, although the timer has run out, something was heard recently enough.
    fn goes_on(&mut self) -> bool {
        let due = self.heard + self.patience;
        if self.fixed || due <= Instant::now() {
            return false;
        }
        self.sleep.as_mut().reset(due);
        true
    }
}
