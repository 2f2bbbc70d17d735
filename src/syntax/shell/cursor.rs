//! The pieces as one row of characters and holes, each of which knows where it came from.

use super::{At, Piece};

/// A character of the text, or a hole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One character.
    Char(char),
    /// The hole with this index.
    Hole(usize),
}

/// One element of the row, packed: there is one for each character of each command.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unit {
    /// A character's number, or behind the last of those the hole's.
    what: u32,
    piece: u32,
    offset: u32,
}

/// The first number that is no character's.
const HOLES: u32 = char::MAX as u32 + 1;

impl Unit {
    fn new(kind: Kind, piece: usize, offset: usize) -> Self {
        let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let what = match kind {
            Kind::Char(c) => u32::from(c),
            Kind::Hole(hole) => HOLES.saturating_add(small(hole)),
        };
        Self { what, piece: small(piece), offset: small(offset) }
    }

    /// What it is.
    pub(super) fn kind(self) -> Kind {
        char::from_u32(self.what).map_or_else(|| Kind::Hole((self.what - HOLES) as usize), Kind::Char)
    }

    /// Where it stands.
    pub(super) fn at(self) -> At {
        At { piece: self.piece as usize, offset: self.offset as usize }
    }

    /// Whether it is this character.
    pub(super) fn is(self, c: char) -> bool {
        self.what == u32::from(c)
    }
}

/// Lays the pieces out.
pub(super) fn units(pieces: &[Piece<'_>]) -> Vec<Unit> {
    let long = |piece: &Piece<'_>| if let Piece::Text(text) = piece { text.len() } else { 1 };
    let mut units = Vec::with_capacity(pieces.iter().map(long).sum());
    let mut holes = 0;
    for (piece, part) in pieces.iter().enumerate() {
        match part {
            Piece::Text(text) => {
                units.extend(text.char_indices().map(|(offset, c)| Unit::new(Kind::Char(c), piece, offset)));
            }
            Piece::Hole => {
                units.push(Unit::new(Kind::Hole(holes), piece, 0));
                holes += 1;
            }
        }
    }
    units
}

/// A row and how far it has been read.
#[derive(Clone, Debug)]
pub(super) struct Cursor {
    units: Vec<Unit>,
    pos: usize,
}

impl Cursor {
    pub(super) fn new(units: Vec<Unit>) -> Cursor {
        Cursor { units, pos: 0 }
    }

    /// How many units have been read.
    pub(super) fn pos(&self) -> usize {
        self.pos
    }

    /// The next unit.
    pub(super) fn peek(&self) -> Option<Kind> {
        self.peek_at(0)
    }

    /// The unit `ahead` places behind the next one.
    pub(super) fn peek_at(&self, ahead: usize) -> Option<Kind> {
        self.units.get(self.pos + ahead).map(|unit| unit.kind())
    }

    /// The unit just read.
    pub(super) fn previous(&self) -> Option<Kind> {
        let index = self.pos.checked_sub(1)?;
        self.units.get(index).map(|unit| unit.kind())
    }

    /// Whether the text goes on with `text`.
    pub(super) fn sees(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(ahead, c)| self.peek_at(ahead) == Some(Kind::Char(c)))
    }

    /// Reads `text` if the row goes on with it.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        let sees = self.sees(text);
        if sees {
            self.pos += text.chars().count();
        }
        sees
    }

    /// Reads one unit.
    pub(super) fn bump(&mut self) -> Option<Kind> {
        let kind = self.peek()?;
        self.pos += 1;
        Some(kind)
    }

    /// Where the next unit stands; at the end, where the last one does.
    pub(super) fn at(&self) -> At {
        self.units.get(self.pos).or(self.units.last()).map_or(At::default(), |unit| unit.at())
    }

    /// What has been read since `start`.
    pub(super) fn since(&self, start: usize) -> &[Unit] {
        self.units.get(start..self.pos).unwrap_or_default()
    }

    /// What has not been read.
    pub(super) fn rest(&self) -> &[Unit] {
        self.units.get(self.pos..).unwrap_or_default()
    }

    /// Skips `count` units.
    pub(super) fn skip(&mut self, count: usize) {
        self.pos = (self.pos + count).min(self.units.len());
    }

    /// Goes to the end.
    pub(super) fn finish(&mut self) {
        self.pos = self.units.len();
    }

    /// Skips `\` with a line end behind it, which joins two lines, as often as it stands here.
    pub(super) fn skip_joins(&mut self) {
        while let [first, second, ..] = self.rest()
            && first.is('\\')
            && second.is('\n')
        {
            self.pos += 2;
        }
    }
}
