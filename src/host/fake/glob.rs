//! Patterns of the fake world: `*` stands for anything, everything else for itself.

/// Whether all of `text` matches. Never more work than the product of both lengths.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // Where the last star stands, and how much text it has taken.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            star = Some((p, t));
            p += 1;
        } else if pattern.get(p) == Some(&text[t]) {
            p += 1;
            t += 1;
        } else if let Some((at, taken)) = star {
            star = Some((at, taken + 1));
            p = at + 1;
            t = taken + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_take_anything() {
        assert!(matches("*", "") && matches("a*c", "abbc") && matches("*rev-1=100*", "update rev-1=100 now"));
        assert!(matches("*a*b", "xaab") && matches("plain", "plain"));
        assert!(!matches("plain", "plain ") && !matches("a*c", "abcd") && !matches("", "x"));
    }
}
