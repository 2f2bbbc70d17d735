//! Lines that wait while a prompt is open. A person may take the night; a noisy process must not fill the memory.

use std::collections::VecDeque;

/// So many lines are kept, the newest.
const MOST: usize = 10_000;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Held {
    lines: VecDeque<String>,
    left_out: usize,
}

impl Held {
    /// Keeps a line.
    pub(super) fn push(&mut self, line: String) {
        if self.lines.len() >= MOST {
            self.lines.pop_front();
            self.left_out += 1;
        }
        self.lines.push_back(line);
    }

    /// What there is to say now that the prompt is closed.
    pub(super) fn into_lines(self) -> impl Iterator<Item = String> {
        let left_out = (self.left_out > 0).then(|| format!("… {} lines before these are left out", self.left_out));
        left_out.into_iter().chain(self.lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_and_the_others_counted() {
        let mut held = Held::default();
        for number in 0..MOST + 3 {
            held.push(number.to_string());
        }
        let lines: Vec<String> = held.into_lines().collect();
        assert_eq!(lines[..2], ["… 3 lines before these are left out", "3"]);
        assert_eq!(lines.len(), MOST + 1);
    }
}
