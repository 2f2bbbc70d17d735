//! What one statement consists of before its lines are chosen: texts, places where a line may end, groups.

use super::gap::Note;

/// A piece of a statement.
#[derive(Debug)]
pub(super) enum Item<'s> {
    /// A token of the source, as it is written there.
    Text(Piece<'s>),
    /// A text of several lines.
    Lines(Vec<Piece<'s>>),
    /// What the printer adds.
    Word(&'static str),
    /// What the printer adds where the group is broken.
    IfBroken(&'static str),
    /// A place where a line may end: it does where its group is broken.
    Line {
        /// What stands here otherwise: a blank or nothing.
        flat: &'static str,
        /// An empty line is kept here.
        blank: bool,
    },
    /// A line ends.
    Hard {
        /// An empty line is kept here.
        blank: bool,
    },
    /// A comment: the line ends behind it.
    Note(Note<'s>),
    /// A group begins.
    Open(Group),
    /// A group ends.
    Close,
    /// What follows is moved in by so much, if its group is broken.
    Indent(usize),
    /// That ends.
    Dedent,
    /// Lines below each other may be aligned here.
    Mark(Mark),
}

/// A stretch of the source that lies on one line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'s> {
    /// Its text.
    pub(super) text: &'s str,
    /// Where it begins in the source.
    pub(super) at: usize,
    /// How the line is indented that begins with it; for the first piece of a text it says nothing.
    pub(super) place: Place,
}

/// How a later line of a text is indented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Not at all: its blanks are part of the piece.
    Raw,
    /// In by so much from the line on which the text begins; less than nothing is further left.
    From(isize),
}

/// A `=` that may be aligned with those of the lines above and below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// That of a setting, which always is; others are where their author began to.
    pub(super) setting: bool,
    /// How far behind the first token of its line it stands in the source.
    pub(super) column: usize,
    /// More than one blank is before it in the source.
    pub(super) apart: bool,
}

/// How a group behaves when a line must end inside one of its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Brackets: then each part is on lines of its own.
    Bracket,
    /// Operators, chains and the like: that is no reason to end lines between the parts.
    Loose,
    /// Operators inside of operators: broken only together.
    Nested,
}

/// Parts that are either on one line, or begin a line each.
#[derive(Debug)]
pub(super) struct Group {
    /// What it is.
    pub(super) kind: Kind,
    /// Its parts begin lines.
    pub(super) broken: bool,
    /// A line must end inside one of its parts.
    pub(super) broken_inside: bool,
    /// The item that opens the brackets of its last part, which may break instead of it.
    pub(super) hug: Option<usize>,
    /// The item that closes it.
    pub(super) close: usize,
}

/// Collects the items of one statement.
#[derive(Debug, Default)]
pub(super) struct Items<'s> {
    /// In order.
    pub(super) all: Vec<Item<'s>>,
    open: Vec<usize>,
}

impl<'s> Items<'s> {
    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.all.clear();
        self.open.clear();
    }

    /// Adds what is no group and ends no line.
    pub(super) fn push(&mut self, item: Item<'s>) {
        self.all.push(item);
    }

    /// Adds what ends a line, so that what is around it cannot stand on one.
    pub(super) fn push_hard(&mut self, item: Item<'s>) {
        self.all.push(item);
        self.break_group();
    }

    /// Begins a group and gives its place.
    pub(super) fn open(&mut self, kind: Kind) -> usize {
        let group = Group { kind, broken: false, broken_inside: false, hug: None, close: 0 };
        self.open.push(self.all.len());
        self.all.push(Item::Open(group));
        self.all.len() - 1
    }

    /// Ends the innermost group.
    pub(super) fn close(&mut self) {
        let end = self.all.len();
        if let Some(at) = self.open.pop()
            && let Some(Item::Open(group)) = self.all.get_mut(at)
        {
            group.close = end;
        }
        self.all.push(Item::Close);
    }

    /// From here on the last part of the group at `of` is written, and breaks in its stead.
    pub(super) fn hug(&mut self, of: usize, part: usize) {
        if let Some(Item::Open(group)) = self.all.get_mut(of) {
            group.hug = Some(part);
        }
    }

    /// The parts of the innermost group begin lines.
    pub(super) fn break_group(&mut self) {
        // Whether the group inside stands for the one around it.
        let mut together = true;
        for at in self.open.iter().rev() {
            let Some(Item::Open(group)) = self.all.get_mut(*at) else { continue };
            if together || (group.kind == Kind::Bracket && group.hug.is_none()) {
                group.broken = true;
            } else {
                group.broken_inside = true;
            }
            together = group.broken && group.kind == Kind::Nested;
        }
    }
}
