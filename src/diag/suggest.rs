//! "Did you mean …?"

/// The candidate nearest to `name`, if one is near enough to be a slip of the fingers.
pub fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = name.chars().count();
    let limit = |candidate: &str| match length {
        // Any letter is near to any other; but a word may have lost one.
        0..=1 => 0,
        2 => usize::from(candidate.chars().count() == 3),
        _ => (length / 3).max(1),
    };
    candidates
        .into_iter()
        .filter(|candidate| *candidate != name)
        .map(|candidate| (strsim::damerau_levenshtein(&name.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= limit(candidate))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::did_you_mean;

    #[test]
    fn suggests_slips_and_nothing_else() {
        assert_eq!(did_you_mean("timout", ["timeout", "within"]), Some("timeout"));
        assert_eq!(did_you_mean("x", ["timeout", "within", "y"]), None);
        assert_eq!(did_you_mean("wo", ["we", "who"]), Some("who"));
        assert_eq!(did_you_mean("DB", ["db"]), Some("db"));
        assert_eq!(did_you_mean("https.get", ["http.get", "http.put"]), Some("http.get"));
    }
}
