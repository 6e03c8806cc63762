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
