//! From the items of a statement to lines: a group that fits is on one line, of one that does not each part
//! begins a line.

use super::items::{Group, Item, Kind, Piece, Place};
use super::lines::{Lines, width};

/// How wide a line may be.
pub(super) const WIDTH: usize = 100;

/// What becomes of the places inside a group where a line may end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// None of them ends one, and none further in.
    Flat,
    /// None of its own does; those further in may.
    Around,
    /// All of its own do.
    Broken,
}

/// Appends the lines of a statement that begins at `indent`.
pub(super) fn layout<'s>(items: &[Item<'s>], lines: &mut Lines<'s>, indent: usize) {
    let mut modes = vec![Mode::Broken];
    let mut indents = vec![indent];
    for (index, item) in items.iter().enumerate() {
        let mode = modes.last().copied().unwrap_or(Mode::Broken);
        let indent = indents.last().copied().unwrap_or(indent);
        match item {
            Item::Text(piece) => {
                unseal(lines, indent);
                lines.push(piece.text, Some(piece.at));
            }
            Item::Word(word) => {
                if !(lines.is_sealed() && word.trim().is_empty()) {
                    unseal(lines, indent);
                    lines.push(word, None);
                }
            }
            Item::Lines(pieces) => {
                unseal(lines, indent);
                text(pieces, lines);
            }
            Item::IfBroken(word) if mode == Mode::Broken => lines.push(word, None),
            Item::IfBroken(_) => {}
            Item::Line { blank, .. } if mode == Mode::Broken => lines.begin(indent, *blank),
            Item::Line { flat, .. } => lines.push(flat, None),
            Item::Hard { blank } => lines.begin(indent, *blank),
            Item::Note(note) => lines.note(*note, indent),
            Item::Open(group) => modes.push(choose(items, index, group, mode, lines.width(), indent)),
            Item::Close => drop(modes.pop()),
            Item::Indent(by) => indents.push(if mode == Mode::Broken { indent + by } else { indent }),
            Item::Dedent => drop(indents.pop()),
            Item::Mark(mark) => lines.mark(*mark),
        }
    }
}

/// Nothing can stand behind a comment.
fn unseal(lines: &mut Lines<'_>, indent: usize) {
    if lines.is_sealed() {
        lines.begin(indent, false);
    }
}

fn text(pieces: &[Piece<'_>], lines: &mut Lines<'_>) {
    let base = lines.indent();
    for (index, piece) in pieces.iter().enumerate() {
        match piece.place {
            _ if index == 0 => lines.push(piece.text, Some(piece.at)),
            Place::Raw => lines.raw(0, piece.text, piece.at),
            Place::From(by) => lines.raw(base.saturating_add_signed(by), piece.text, piece.at),
        }
    }
}

fn choose(items: &[Item<'_>], at: usize, group: &Group, around: Mode, written: usize, indent: usize) -> Mode {
    let room = WIDTH.saturating_sub(written);
    if around == Mode::Flat {
        return Mode::Flat;
    }
    if group.broken {
        return Mode::Broken;
    }
    if !group.broken_inside && fits(items, at, group.close, room) {
        return Mode::Flat;
    }
    let stays = match (group.hug, group.kind) {
        (Some(part), _) => lead(items, at, part) <= room,
        (None, Kind::Loose | Kind::Nested) => group.broken_inside && fits_around(items, at, group.close, room, indent),
        (None, Kind::Bracket) => false,
    };
    if stays { Mode::Around } else { Mode::Broken }
}

/// The width of an item on one line, and whether the line ends in it.
fn flat(item: &Item<'_>) -> (usize, bool) {
    match item {
        Item::Text(piece) => (width(piece.text), false),
        Item::Word(word) => (word.len(), false),
        Item::Lines(pieces) => (pieces.first().map_or(0, |piece| width(piece.text)), true),
        Item::Line { flat, .. } => (flat.len(), false),
        Item::Hard { .. } | Item::Note(_) => (0, true),
        Item::IfBroken(_) | Item::Open(_) | Item::Close | Item::Indent(_) | Item::Dedent | Item::Mark(_) => (0, false),
    }
}

/// How wide a statement is on one line.
pub(super) fn one_line(items: &[Item<'_>]) -> usize {
    items.iter().map(|item| flat(item).0).sum()
}

/// Whether a group fits on the line, with what follows it up to the next place where a line may end.
fn fits(items: &[Item<'_>], from: usize, close: usize, room: usize) -> bool {
    let mut used = 0;
    for (index, item) in items.iter().enumerate().skip(from) {
        if index > close && matches!(item, Item::Line { .. }) {
            return true;
        }
        let (more, ends) = flat(item);
        used += more;
        if used > room {
            return false;
        }
        if ends {
            return true;
        }
    }
    true
}

/// How wide a group is up to the opening bracket of its last part.
fn lead(items: &[Item<'_>], from: usize, part: usize) -> usize {
    let bracket = 1;
    items[from..part].iter().map(|item| flat(item).0).sum::<usize>() + bracket
}

/// Whether every line of a group fits if lines end only where they must.
fn fits_around(items: &[Item<'_>], from: usize, close: usize, mut room: usize, indent: usize) -> bool {
    let mut used = 0;
    let mut broken: Vec<bool> = Vec::new();
    for (index, item) in items.iter().enumerate().skip(from) {
        let ends = match item {
            Item::Open(group) => {
                broken.push(group.broken);
                false
            }
            Item::Close => {
                broken.pop();
                false
            }
            Item::Line { .. } if index > close => return true,
            Item::Line { .. } => broken.last() == Some(&true),
            other => {
                let (more, ends) = flat(other);
                used += more;
                ends
            }
        };
        if used > room {
            return false;
        }
        if ends {
            used = 0;
            room = WIDTH.saturating_sub(indent + 4 * broken.iter().filter(|broken| **broken).count());
        } else if let Item::Line { flat, .. } = item {
            used += flat.len();
        }
    }
    true
}
