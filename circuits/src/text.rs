//! Text in the two languages that every name is given in, and identifiers.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// The language of a sentence shown to a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Language {
    /// Simplified Chinese.
    #[default]
    #[serde(rename = "zh-CN")]
    Chinese,
    /// English.
    #[serde(rename = "en")]
    English,
}

/// A short text in Chinese and in English.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Simplified Chinese.
    #[serde(rename = "zh-CN")]
    pub zh_cn: String,
    /// English.
    pub en: String,
}

impl Text {
    /// The text in one language.
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::Chinese => &self.zh_cn,
            Language::English => &self.en,
        }
    }

    /// Whether both languages are given, in at most `max_chars` printable characters each.
    pub fn is_printable(&self, max_chars: usize) -> bool {
        [&self.zh_cn, &self.en].into_iter().all(|text| is_printable(text, max_chars))
    }
}

/// Whether a text has 1 to `max_chars` characters and none that could rewrite the line it is shown on.
pub fn is_printable(text: &str, max_chars: usize) -> bool {
    !text.is_empty() && text.chars().count() <= max_chars && !text.chars().any(rewrites_line)
}

/// Control characters, and the bidirectional, zero-width and other invisible formatting characters of Unicode.
pub(crate) fn rewrites_line(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{180E}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// Whether a text is printable, and all of it is seen by whoever reads it: it has more than blanks, and none of the
/// [invisible](is_invisible) characters. For what is compared by people; the protocol asks for printable texts alone.
pub fn is_visible(text: &str, max_chars: usize) -> bool {
    is_printable(text, max_chars) && !text.trim().is_empty() && !text.chars().any(is_invisible)
}

/// Characters that are not seen, or not by everybody: what printable texts lack, the other format characters (general
/// category Cf) and default ignorable ones (Default_Ignorable_Code_Point) of Unicode 16, and the blank of Braille.
pub fn is_invisible(c: char) -> bool {
    rewrites_line(c)
        || matches!(c,
            '\u{034F}' | '\u{06DD}' | '\u{070F}' | '\u{08E2}' | '\u{2800}' | '\u{110BD}' | '\u{110CD}'
            | '\u{0600}'..='\u{0605}' | '\u{0890}'..='\u{0891}' | '\u{17B4}'..='\u{17B5}' | '\u{180B}'..='\u{180F}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{FFF0}'..='\u{FFF8}' | '\u{13430}'..='\u{1343F}'
            | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Whether a name is an identifier of ours: `[a-z][a-z0-9_]{0,63}`.
pub(crate) fn is_identifier(name: &str) -> bool {
    let mut bytes = name.bytes();
    name.len() <= 64
        && bytes.next().is_some_and(|b| b.is_ascii_lowercase())
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Unicode normalisation form C, in which every string is hashed and shown.
pub fn nfc(text: &str) -> String {
    text.nfc().collect()
}

/// Whether a text is in normalisation form C already.
pub fn is_nfc(text: &str) -> bool {
    unicode_normalization::is_nfc(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen() {
        for text in ["a", "张三", "a b", "罚款　未缴", "é", "e\u{301}", "١٢", "👮", "한", "\u{1343}"]
        {
            assert!(is_visible(text, 10), "{text}");
        }
        // Zero-width space, joiner and no-break space, the marks of a direction, variation selectors, tags, the grapheme
        // joiner, fillers, an Arabic number sign, a musical beam.
        for c in [
            '\u{200B}',
            '\u{200D}',
            '\u{FEFF}',
            '\u{200E}',
            '\u{202E}',
            '\u{FE0F}',
            '\u{E0101}',
            '\u{E0041}',
            '\u{034F}',
            '\u{3164}',
            '\u{115F}',
            '\u{FFA0}',
            '\u{180B}',
            '\u{0600}',
            '\u{1D173}',
            '\u{2800}',
            '\u{AD}',
            '\u{2065}',
            '\u{E0FFF}',
        ] {
            assert!(is_invisible(c), "{:x}", u32::from(c));
            assert!(!is_visible(&format!("a{c}b"), 10), "{:x}", u32::from(c));
        }
        for text in ["", " ", "\u{3000}\u{a0}", "a\nb", "abcdefghijk"] {
            assert!(!is_visible(text, 10), "{text:?}");
        }
    }
}
