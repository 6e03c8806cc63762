//! Text for terminals: nothing that rewrites the line it stands on, and columns that line up in both scripts.

use glimpse_circuits::date::Date;
use glimpse_circuits::request::{AttributeRef, Statement};
use glimpse_circuits::text::Text;
use unicode_width::UnicodeWidthStr;

/// Longest text of somebody else's that is repeated.
const MAX_FOREIGN_CHARS: usize = 300;

/// Whether a character could rewrite or reorder the line it is shown on.
fn rewrites(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

/// The text with every such character replaced, so that it is seen that there was one.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|c| if rewrites(c) { '\u{FFFD}' } else { c }).collect()
}

/// The same, and cut short: for texts of a server.
pub(crate) fn clean_foreign(text: &str) -> String {
    let mut cleaned: String = clean(text).chars().take(MAX_FOREIGN_CHARS + 1).collect();
    if cleaned.chars().count() > MAX_FOREIGN_CHARS {
        cleaned.pop();
        cleaned.push('…');
    }
    cleaned
}

/// The same in both languages.
pub(crate) fn clean_text(text: &Text) -> Text {
    Text { zh_cn: clean(&text.zh_cn), en: clean(&text.en) }
}

/// Whether a text may be taken as a name at all.
pub(crate) fn is_printable(text: &str, max_chars: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= max_chars && !text.chars().any(rewrites)
}

/// Columns that a text takes up.
pub(crate) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The text, filled up with spaces to so many columns.
pub(crate) fn pad(text: &str, columns: usize) -> String {
    let missing = columns.saturating_sub(width(text));
    format!("{text}{}", " ".repeat(missing))
}

/// Joins items, and breaks lines between them before `columns` is passed; further lines begin with `indent`.
pub(crate) fn fill(items: &[String], separator: &str, indent: &str, columns: usize) -> String {
    let mut text = indent.to_owned();
    let mut used = width(indent);
    for (i, item) in items.iter().enumerate() {
        let last = i + 1 == items.len();
        let piece = if last { item.clone() } else { format!("{item}{separator}") };
        if i > 0 && used + width(piece.trim_end()) > columns {
            text.truncate(text.trim_end().len());
            text.push('\n');
            text.push_str(indent);
            used = width(indent);
        }
        used += width(&piece);
        text.push_str(&piece);
    }
    text
}

/// A moment as clocks in China show it.
pub(crate) fn moment(unix_seconds: u64) -> Text {
    let second = unix_seconds.saturating_add(8 * 3600) % 86_400;
    let clock = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
    let day = Date::in_china_at(unix_seconds);
    Text { zh_cn: format!("{day} {clock}（北京时间）"), en: format!("{day} {clock} (China time)") }
}

/// A length of time to the second, without units of which there are none.
pub(crate) fn duration(seconds: u64) -> Text {
    const UNITS: [(u64, &str, &str); 4] =
        [(86_400, "天", "day"), (3_600, "小时", "hour"), (60, "分钟", "minute"), (1, "秒", "second")];
    let (mut rest, mut zh_cn, mut en) = (seconds, String::new(), Vec::new());
    for (unit, zh_unit, en_unit) in UNITS {
        let count = rest / unit;
        rest %= unit;
        if count > 0 || (unit == 1 && seconds == 0) {
            zh_cn.push_str(&format!("{count}{zh_unit}"));
            en.push(format!("{count} {en_unit}{}", if count == 1 { "" } else { "s" }));
        }
    }
    Text { zh_cn, en: en.join(" ") }
}

/// The attributes a statement says something about without showing them.
pub(crate) fn asked_about(statement: &Statement) -> Vec<&AttributeRef> {
    match statement {
        Statement::Disclose { .. } | Statement::NotRevoked { .. } => Vec::new(),
        Statement::Range { of, .. } | Statement::Intervals { of, .. } => {
            of.iter().map(|term| &term.attribute).collect()
        }
        Statement::Age { of, .. }
        | Statement::Date { of, .. }
        | Statement::Equals { of, .. }
        | Statement::Member { of, .. }
        | Statement::NotMember { of, .. }
        | Statement::Flags { of, .. } => vec![of],
        Statement::Equal { left, right } => vec![left, right],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_rewrites_the_line() {
        assert_eq!(clean("a\u{1b}[2Jb\r\n\u{202e}c\u{200b}张"), "a�[2Jb���c�张");
        assert!(clean_foreign(&"长".repeat(1000)).chars().count() == MAX_FOREIGN_CHARS + 1);
        assert!(!is_printable("  ", 10) && !is_printable("a\u{7}", 10) && is_printable("公安局", 3));
    }

    #[test]
    fn lengths_of_time_are_exact() {
        let said = |seconds| {
            let Text { zh_cn, en } = duration(seconds);
            (zh_cn, en)
        };
        assert_eq!(said(0), ("0秒".into(), "0 seconds".into()));
        assert_eq!(said(3_660), ("1小时1分钟".into(), "1 hour 1 minute".into()));
        assert_eq!(said(2 * 86_400 + 1), ("2天1秒".into(), "2 days 1 second".into()));
        assert!(!said(u64::MAX).1.is_empty());
        assert_eq!(moment(1_795_320_000).en, "2026-11-22 12:00:00 (China time)");
        assert!(!moment(u64::MAX).zh_cn.is_empty());
    }

    #[test]
    fn columns_line_up_in_both_scripts() {
        assert_eq!(width(&pad("出生", 8)), 8);
        assert_eq!(width(&pad("born", 8)), 8);
        let items: Vec<String> = ["姓名", "性别", "住址", "出生日期"].map(String::from).to_vec();
        assert_eq!(fill(&items, "、", "  ", 16), "  姓名、性别、\n  住址、出生日期");
        let items: Vec<String> = ["name", "sex", "address"].map(String::from).to_vec();
        assert_eq!(fill(&items, ", ", "  ", 12), "  name, sex,\n  address");
    }
}
