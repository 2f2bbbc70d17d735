//! Text that comes in pieces: a secret may be cut anywhere by them.

use super::Mask;

/// Hides secrets in pieces of one text. What may be the beginning of a secret is held back until the next piece
/// says more, or there is none.
#[derive(Debug)]
pub struct Stream {
    mask: Mask,
    held: Vec<u8>,
}

impl Stream {
    /// Behind this mask: what it learns meanwhile counts from the next piece on.
    pub const fn new(mask: Mask) -> Self {
        Self { mask, held: Vec::new() }
    }

    /// Takes a piece, hands on what is sure.
    pub fn push(&mut self, piece: &[u8], mut output: impl FnMut(&[u8])) {
        let known = self.mask.known();
        if known.is_empty() && self.held.is_empty() {
            return output(piece);
        }
        let joined;
        let text = if self.held.is_empty() {
            piece
        } else {
            joined = [&std::mem::take(&mut self.held), piece].concat();
            &joined
        };
        let done = known.pass(text, false, &mut output);
        self.held.extend_from_slice(&text[done..]);
    }

    /// Hands on what was held back: nothing more comes.
    pub fn end(&mut self, mut output: impl FnMut(&[u8])) {
        let held = std::mem::take(&mut self.held);
        self.mask.known().pass(&held, true, &mut output);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn through(mask: &Mask, pieces: &[&[u8]]) -> Vec<u8> {
        let mut stream = Stream::new(mask.clone());
        let mut out = Vec::new();
        for piece in pieces {
            stream.push(piece, |bytes| out.extend_from_slice(bytes));
        }
        stream.end(|bytes| out.extend_from_slice(bytes));
        out
    }

    #[test]
    fn what_cannot_be_a_secret_is_not_held_back() {
        let mask = Mask::default();
        mask.learn("hunter2");
        let mut stream = Stream::new(mask);
        let mut out = Vec::new();
        stream.push(b"ready? hun", |bytes| out.extend_from_slice(bytes));
        assert_eq!(out, b"ready? ");
        stream.push(b"dred", |bytes| out.extend_from_slice(bytes));
        assert_eq!(out, b"ready? hundred");
    }

    #[test]
    fn a_longer_secret_wins_over_its_beginning() {
        let mask = Mask::default();
        mask.learn("hunter2");
        mask.learn("hunter2-and-more");
        assert_eq!(through(&mask, &[b"hunter2", b"-and-more"]), "•••".as_bytes());
        assert_eq!(through(&mask, &[b"hunter2", b"-and-mor"]), "•••-and-mor".as_bytes());
    }

    /// Every form of a secret, cut at every offset.
    #[test]
    fn cut_anywhere() {
        let secret = "s3cr3t/with 'quotes\" & ümläuts\nsecond line!";
        let mask = Mask::default();
        mask.learn(secret);
        for form in super::super::forms::of(secret) {
            let text = [b"before ", form.as_slice(), b" after"].concat();
            let whole = through(&mask, &[&text]);
            assert!(!whole.windows(form.len()).any(|window| window == form), "{}", String::from_utf8_lossy(&form));
            for cut in 0..=text.len() {
                assert_eq!(through(&mask, &[&text[..cut], &text[cut..]]), whole, "cut at {cut}");
            }
            let single: Vec<&[u8]> = text.chunks(1).collect();
            assert_eq!(through(&mask, &single), whole);
        }
    }

    proptest! {
        /// Pieces make no difference, and text without secrets comes out as it went in.
        #[test]
        fn pieces_make_no_difference(
            text in "[abc]{0,60}", cuts in proptest::collection::vec(0usize..60, 0..6), secrets in proptest::collection::vec("[ab]{6,8}", 1..4)
        ) {
            let mask = Mask::default();
            secrets.iter().for_each(|secret| mask.learn(secret));
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).chain([0, text.len()]).collect();
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|two| &text.as_bytes()[two[0]..two[1]]).collect();
            let out = String::from_utf8(through(&mask, &pieces)).unwrap();
            prop_assert_eq!(&out, &*mask.hide(&text));
            prop_assert!(secrets.iter().all(|secret| !out.contains(secret.as_str())));
        }
    }
}
