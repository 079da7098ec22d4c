//! Words: how texts are indexed, what people look for, and what they are shown.

use std::borrow::Cow;
use std::fmt::Write;

/// Most words of a search; further ones are not looked at.
const MOST_WORDS: usize = 32;
/// Length of a snippet, in characters.
const SNIPPET: usize = 160;
/// How much of a snippet lies before the word that was found.
const BEFORE: usize = 48;

/// A text with a space around each character of the scripts that put none between words, so that
/// each is a word of the index.
pub(super) fn spaced(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || !text.chars().any(is_unspaced) {
        return Cow::Borrowed(text);
    }
    let mut spaced = String::with_capacity(text.len() + text.len() / 2);
    for letter in text.chars() {
        if is_unspaced(letter) {
            spaced.extend([' ', letter, ' ']);
        } else {
            spaced.push(letter);
        }
    }
    Cow::Owned(spaced)
}

/// The index's question for what somebody typed; none when there is no word in it.
///
/// Each word becomes a quoted phrase of letters and digits only, so nothing in it is syntax.
pub(super) fn query(asked: &str) -> Option<String> {
    let mut query = String::new();
    for word in typed(asked) {
        write!(query, "\"{}\" ", spaced(&word)).expect("a text takes more text");
    }
    (!query.is_empty()).then_some(query)
}

/// A piece of a text around the first of the words that is found in it.
pub(super) fn snippet(text: &str, asked: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let folded: Vec<char> = letters.iter().copied().map(fold).collect();
    let place = typed(asked)
        .filter_map(|word| {
            let first = word.split(' ').next().unwrap_or_default();
            let word: Vec<char> = first.chars().map(fold).collect();
            (!word.is_empty()).then(|| folded.windows(word.len()).position(|part| part == word))?
        })
        .min()
        .unwrap_or_default();
    let mut from = place.saturating_sub(BEFORE);
    // A cut within a word moves to its end, unless that is the word that was found.
    if from > 0
        && let Some(gap) = letters[from..place].iter().position(|letter| letter.is_whitespace())
    {
        from += gap;
    }
    let to = letters.len().min(from + SNIPPET);
    let piece: String = letters[from..to].iter().collect();
    let piece: Vec<&str> = piece.split_whitespace().collect();
    let front = if from > 0 { "…" } else { "" };
    let back = if to < letters.len() { "…" } else { "" };
    format!("{front}{}{back}", piece.join(" "))
}

/// The words somebody typed: letters and digits, with a space for everything else.
fn typed(asked: &str) -> impl Iterator<Item = String> {
    asked
        .split_whitespace()
        .filter(|word| word.contains(char::is_alphanumeric))
        .take(MOST_WORDS)
        .map(|word| {
            let parts: Vec<&str> = word
                .split(|letter: char| !letter.is_alphanumeric())
                .filter(|p| !p.is_empty())
                .collect();
            parts.join(" ")
        })
}

fn fold(letter: char) -> char {
    letter.to_lowercase().next().unwrap_or(letter)
}

/// Han, kana, Thai, Lao, Burmese and Khmer.
fn is_unspaced(letter: char) -> bool {
    matches!(letter,
        '\u{0e00}'..='\u{0eff}'
        | '\u{1000}'..='\u{109f}'
        | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30ff}'
        | '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ff9f}'
        | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_unspaced_scripts_are_words_of_their_own() {
        assert_eq!(spaced("plain"), "plain");
        assert_eq!(spaced("in 東京a"), "in  東  京 a");
        assert_eq!(spaced("naïve café"), "naïve café");
    }

    #[test]
    fn a_question_holds_nothing_but_quoted_words() {
        assert_eq!(query("one two-three"), Some("\"one\" \"two three\" ".to_owned()));
        assert_eq!(
            query("\"a\" OR b* c:d (e)"),
            Some("\"a\" \"OR\" \"b\" \"c d\" \"e\" ".to_owned())
        );
        assert_eq!(query(" * \" -- \0 "), None);
        assert_eq!(query(&"word ".repeat(99)).map(|q| q.matches("word").count()), Some(MOST_WORDS));
    }

    #[test]
    fn a_snippet_is_cut_between_words() {
        let text = format!("{} Ziel hier {}", "davor ".repeat(50), "danach ".repeat(50));
        let snippet = snippet(&text, "fehlt ziel");
        assert!(snippet.starts_with("…davor ") && snippet.contains(" Ziel hier "), "{snippet}");
        assert_eq!(super::snippet("", "word"), "");
        assert_eq!(super::snippet("İstanbul'da kar", "kar"), "İstanbul'da kar");
    }
}
