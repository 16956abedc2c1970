//! Text that must fit a limit: it ends behind a whole word, and says what it lacks.

/// `text` in at most `most` bytes. A longer one loses its last words, and their number
/// stands in their place: a name is shown whole or not at all.
#[must_use]
pub fn shorten(text: String, most: usize) -> String {
    if text.len() <= most {
        return text;
    }
    let words = text.split(' ').count();
    let room = most.saturating_sub(left_out(words).len());
    // The ends of words, with the number of words up to there.
    let blanks = text.match_indices(' ').map(|(end, _)| end);
    let ends = blanks.zip(1..).take_while(|(end, _)| *end <= room);
    let (end, kept) = ends.last().unwrap_or((0, 0));
    let mut short = text;
    short.truncate(end);
    short.push_str(&left_out(words - kept));
    short
}

fn left_out(words: usize) -> String {
    let noun = if words == 1 { "word" } else { "words" };
    format!(" … ({words} more {noun})")
}

/// Names with commas between them, in at most `most` bytes. What does not fit is
/// counted: `a, b and 7 more`.
#[must_use]
pub fn enumerated<'n>(names: impl IntoIterator<Item = &'n str>, most: usize) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let all = names.join(", ");
    if all.len() <= most {
        return all;
    }
    let more = |left: usize| format!(" and {left} more");
    let room = most.saturating_sub(more(names.len()).len());
    let mut text = String::new();
    let mut left = names.len();
    for name in names {
        let comma = if text.is_empty() { "" } else { ", " };
        if text.len() + comma.len() + name.len() > room {
            break;
        }
        text.push_str(comma);
        text.push_str(name);
        left -= 1;
    }
    if text.is_empty() {
        return format!("{left} names too long to show here");
    }
    text + &more(left)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{enumerated, shorten};

    #[test]
    fn shortens_behind_a_word() {
        for (text, most, expected) in [
            ("", 5, ""),
            ("exact", 5, "exact"),
            ("one two three four five", 23, "one two three four five"),
            (
                "one two three four five six",
                26,
                "one two … (4 more words)",
            ),
            ("one two three four five six", 23, "one … (5 more words)"),
            // Of a name that does not fit, nothing is left.
            (
                "one abcdefghijklmnopqrstuvwxyz0123",
                30,
                "one … (1 more word)",
            ),
            (
                "abcdefghijklmnopqrstuvwxyz0123456789",
                30,
                " … (1 more word)",
            ),
            // Three bytes a character.
            (
                "rolle für-日本語日本語日本語日本語 x",
                35,
                "rolle … (2 more words)",
            ),
            (
                "rolle für-日本語 日本語日本語日本語",
                42,
                "rolle für-日本語 … (1 more word)",
            ),
        ] {
            assert_eq!(shorten(text.to_owned(), most), expected, "{text:?}");
        }
    }

    #[test]
    fn enumerates_whole_names() {
        for (names, most, expected) in [
            (&[][..], 10, ""),
            (&["a"], 1, "a"),
            (&["a", "b"], 4, "a, b"),
            (&["aaaa", "bbbb", "cccc"], 16, "aaaa, bbbb, cccc"),
            (&["aaaa", "bbbb", "cccc"], 15, "aaaa and 2 more"),
            (
                &["aaaa", "bbbb", "cccc"],
                14,
                "3 names too long to show here",
            ),
            (&["ä", "ö", "ü"], 10, "ä, ö, ü"),
        ] {
            let text = enumerated(names.iter().copied(), most);
            assert_eq!(text, expected, "{names:?}");
        }
        let many = vec!["arn:aws:iam::444455556666:role/lake"; 500];
        let text = enumerated(many, 100);
        assert_eq!(
            text,
            "arn:aws:iam::444455556666:role/lake, arn:aws:iam::444455556666:role/lake and 498 more"
        );
    }

    proptest! {
        #[test]
        fn only_whole_words_are_left(text in "[a-zü日/:]{1,40}( [a-zü日/:]{1,40}){0,12}", most in 24_usize..200) {
            let short = shorten(text.clone(), most);
            prop_assert!(short.len() <= most);
            if short != text {
                let (kept, _) = short.rsplit_once(" … (").expect("it says what it lacks");
                prop_assert!(kept.is_empty() || text.starts_with(&format!("{kept} ")), "{short}");
            }
        }
    }
}
