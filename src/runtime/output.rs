//! What effects write, for those who watch.

use std::cell::RefCell;
use std::rc::Rc;

use super::event::{Event, ScopeInfo};
use super::run::Run;
use crate::host::Stream;
use crate::mask;

/// What an effect writes, on its way to those who watch. A secret may be cut by the pieces in which it comes.
pub(super) struct Output<'a> {
    run: &'a Run,
    scope: &'a Rc<ScopeInfo>,
    streams: RefCell<[mask::Stream; 2]>,
}

impl<'a> Output<'a> {
    pub(super) fn new(run: &'a Run, scope: &'a Rc<ScopeInfo>) -> Self {
        let streams = [(); 2].map(|()| mask::Stream::new(run.mask.clone()));
        Self { run, scope, streams: RefCell::new(streams) }
    }

    pub(super) fn push(&self, stream: Stream, bytes: &[u8]) {
        let mut sure = Vec::with_capacity(bytes.len());
        self.streams.borrow_mut()[stream as usize].push(bytes, |piece| sure.extend_from_slice(piece));
        self.tell(stream, &sure);
    }

    pub(super) fn end(&self) {
        for stream in [Stream::Stdout, Stream::Stderr] {
            let mut rest = Vec::new();
            self.streams.borrow_mut()[stream as usize].end(|piece| rest.extend_from_slice(piece));
            self.tell(stream, &rest);
        }
    }

    fn tell(&self, stream: Stream, bytes: &[u8]) {
        if !bytes.is_empty() {
            let text = String::from_utf8_lossy(bytes).into_owned();
            self.run.emit(&Event::Output { scope: Rc::clone(self.scope), stream, text });
        }
    }
}
