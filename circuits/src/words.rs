//! Statements in words, for the holder who is asked and for the relying party that was answered.

use crate::attribute::{Code, Kind, Value};
use crate::date::Date;
use crate::relation::Relation;
use crate::request::{AttributeRef, Day, Interval, Statement, Term};
use crate::schema::Attribute;
use crate::text::Text;

/// Longest list that is written out; of longer ones the first few, and how many there are.
const LISTED: usize = 6;

/// Every statement of a relation's request, in order: see [`Relation::statements_in_words`].
pub(crate) fn statements(relation: &Relation) -> Vec<Text> {
    relation.request().document().statements.iter().map(|statement| describe(relation, statement)).collect()
}

/// The name of an attribute as people know it, with its licence where the request has several.
pub fn attribute_title(relation: &Relation, reference: &AttributeRef) -> Text {
    let credential = relation.credentials().iter().find(|credential| credential.id == reference.credential);
    let attribute = find(relation, reference);
    let (Some(credential), Some(attribute)) = (credential, attribute) else {
        return both(&reference.to_string());
    };
    if relation.credentials().len() == 1 {
        return attribute.title.clone();
    }
    let licence = credential.schema.title();
    Text {
        zh_cn: format!("{}的{}", licence.zh_cn, attribute.title.zh_cn),
        en: format!("{} of the {}", attribute.title.en, licence.en.to_lowercase()),
    }
}

/// A value as people write it: days and numbers as they are, codes and flags with what they mean.
pub fn value(attribute: &Attribute, value: &Value) -> Text {
    match (value, &attribute.kind) {
        (Value::Absent, _) => Text { zh_cn: "无".into(), en: "none".into() },
        (Value::Date(Date::MAX), _) => Text { zh_cn: "长期".into(), en: "no end".into() },
        (Value::Date(day), _) => both(&day.to_string()),
        (Value::Uint(number), _) => both(&number.to_string()),
        (Value::Flags(mask), Kind::Flags { flags }) => {
            let set: Vec<&str> = flags
                .iter()
                .enumerate()
                .filter(|(bit, _)| mask & (1 << bit) != 0)
                .map(|(_, flag)| flag.code.as_str())
                .collect();
            both(&set.join(" "))
        }
        (Value::Flags(mask), _) => both(&mask.to_string()),
        (Value::Code(code), Kind::Code { table: Some(table) }) => code_title(table, code),
        (Value::Code(text) | Value::Text(text), _) => both(text),
    }
}

fn describe(relation: &Relation, statement: &Statement) -> Text {
    let title = |reference: &AttributeRef| attribute_title(relation, reference);
    match statement {
        Statement::Disclose { of } => phrase(&title(of), "：出示其值", " is shown"),
        Statement::Range { of, lo, hi } => {
            let (min, max) = reach(relation, of);
            bounds(&combination(relation, of), lo, hi, *lo <= min, *hi >= max)
        }
        Statement::Age { of, at_least, below } => {
            let day = relation.request().day();
            let (mut zh_cn, mut en) = (Vec::new(), Vec::new());
            if let Some(years) = at_least {
                zh_cn.push(format!("已满{years}周年"));
                en.push(format!("{years} years or more before {day}"));
            }
            if let Some(years) = below {
                zh_cn.push(format!("未满{years}周年"));
                en.push(format!("less than {years} years before {day}"));
            }
            phrase(&title(of), &format!("：截至{day}{}", zh_cn.join("，")), &format!(": {}", en.join(", ")))
        }
        Statement::Date { of, from, to } => {
            let show = |bound: &Day| match bound {
                Day::Today => relation.request().day(),
                Day::Fixed(day) => *day,
            };
            let (from, to) = (from.as_ref().map(show), to.as_ref().map(show));
            let (zh_cn, en) = match (from, to) {
                (Some(from), Some(to)) => {
                    (format!("在{from}至{to}之间（含）"), format!("from {from} to {to}"))
                }
                (Some(from), None) => (format!("不早于{from}"), format!("not before {from}")),
                (None, Some(to)) => (format!("不晚于{to}"), format!("not after {to}")),
                (None, None) => (String::new(), String::new()),
            };
            phrase(&title(of), &zh_cn, &format!(" is {en}"))
        }
        Statement::Equals { of, value } => {
            let shown = element(relation, of, value);
            phrase(&title(of), &format!("为{}", shown.zh_cn), &format!(" is {}", shown.en))
        }
        Statement::Member { of, values } => {
            let listed = list(values.iter().map(|value| element(relation, of, value)), values.len());
            phrase(&title(of), &format!("是以下之一：{}", listed.zh_cn), &format!(" is one of {}", listed.en))
        }
        Statement::NotMember { of, values } => {
            let listed = list(values.iter().map(|value| element(relation, of, value)), values.len());
            phrase(
                &title(of),
                &format!("不是以下任何一个：{}", listed.zh_cn),
                &format!(" is none of {}", listed.en),
            )
        }
        Statement::Intervals { of, intervals } => {
            let shown = intervals.iter().map(|Interval { lo, hi }| both(&format!("{lo} – {hi}")));
            let listed = list(shown, intervals.len());
            phrase(
                &combination(relation, of),
                &format!("在以下区间之一：{}", listed.zh_cn),
                &format!(" lies in one of {}", listed.en),
            )
        }
        Statement::Flags { of, all, none, any } => flags(relation, of, [all, none, any]),
        Statement::NotRevoked { credential, max_age } => not_revoked(relation, credential, *max_age),
        Statement::Equal { left, right } => {
            let (left, right) = (title(left), title(right));
            Text {
                zh_cn: format!("{}与{}相同", left.zh_cn, right.zh_cn),
                en: format!("{} and {} are the same", left.en, right.en),
            }
        }
    }
}

/// Ages are said in the largest unit that they are a whole number of.
fn not_revoked(relation: &Relation, id: &str, max_age: u64) -> Text {
    let title = match relation.credentials() {
        [only] if only.id == id => only.schema.title().clone(),
        all => all.iter().find(|credential| credential.id == id).map_or_else(
            || both(id),
            |credential| {
                let title = credential.schema.title();
                Text { zh_cn: format!("{}（{id}）", title.zh_cn), en: format!("{} ({id})", title.en) }
            },
        ),
    };
    const UNITS: [(u64, &str, &str); 4] =
        [(86_400, "天", "day"), (3_600, "小时", "hour"), (60, "分钟", "minute"), (1, "秒", "second")];
    let fits = |(seconds, ..): &&(u64, &str, &str)| max_age >= *seconds && max_age.is_multiple_of(*seconds);
    let (seconds, zh_cn, en) = UNITS.iter().find(fits).unwrap_or(&UNITS[3]);
    let count = max_age / seconds;
    let plural = if count == 1 { "" } else { "s" };
    phrase(
        &title,
        &format!("未被吊销、撤销或暂停（所依名单至多早于本请求{count}{zh_cn}）"),
        &format!(
            " is neither revoked nor suspended, by a list at most {count} {en}{plural} older than this request"
        ),
    )
}

fn flags(relation: &Relation, of: &AttributeRef, [all, none, any]: [&Vec<String>; 3]) -> Text {
    let shown = |codes: &[String]| list(codes.iter().map(|code| both(code)), codes.len());
    let (mut zh_cn, mut en) = (Vec::new(), Vec::new());
    if !all.is_empty() {
        zh_cn.push(format!("包括全部：{}", shown(all).zh_cn));
        en.push(format!("include all of {}", shown(all).en));
    }
    if !none.is_empty() {
        zh_cn.push(format!("不包括任何：{}", shown(none).zh_cn));
        en.push(format!("include none of {}", shown(none).en));
    }
    if !any.is_empty() {
        zh_cn.push(format!("至少包括其一：{}", shown(any).zh_cn));
        en.push(format!("include at least one of {}", shown(any).en));
    }
    phrase(&attribute_title(relation, of), &zh_cn.join("；"), &format!(" {}", en.join("; ")))
}

fn bounds(of: &Text, lo: &i128, hi: &i128, no_lower: bool, no_upper: bool) -> Text {
    match (no_lower, no_upper) {
        (false, true) => phrase(of, &format!("不少于{lo}"), &format!(" is at least {lo}")),
        (true, false) => phrase(of, &format!("不超过{hi}"), &format!(" is at most {hi}")),
        _ => phrase(of, &format!("在{lo}至{hi}之间（含）"), &format!(" is from {lo} to {hi}")),
    }
}

fn combination(relation: &Relation, of: &[Term]) -> Text {
    let (mut zh_cn, mut en) = (String::new(), String::new());
    for (i, term) in of.iter().enumerate() {
        let title = attribute_title(relation, &term.attribute);
        let sign = match (i, term.coefficient < 0) {
            (0, false) => "",
            (0, true) => "− ",
            (_, false) => " + ",
            (_, true) => " − ",
        };
        let size = term.coefficient.unsigned_abs();
        let factor = if size == 1 { String::new() } else { format!("{size} × ") };
        zh_cn.push_str(&format!("{sign}{factor}{}", title.zh_cn));
        en.push_str(&format!("{sign}{factor}{}", title.en));
    }
    Text { zh_cn, en }
}

/// The least and the greatest value of a combination, as far as its attributes have bounds.
fn reach(relation: &Relation, of: &[Term]) -> (i128, i128) {
    let (mut min, mut max) = (0i128, 0i128);
    for term in of {
        let bounds = find(relation, &term.attribute).and_then(|attribute| attribute.kind.bounds());
        let Some((lo, hi)) = bounds else { return (i128::MIN, i128::MAX) };
        let ends = [lo, hi].map(|end| i128::from(term.coefficient) * i128::from(end));
        min += ends[0].min(ends[1]);
        max += ends[0].max(ends[1]);
    }
    (min, max)
}

fn list(shown: impl Iterator<Item = Text>, count: usize) -> Text {
    let first: Vec<Text> = shown.take(if count > LISTED { LISTED - 1 } else { LISTED }).collect();
    let zh_cn = first.iter().map(|text| text.zh_cn.as_str()).collect::<Vec<_>>().join("、");
    let en = first.iter().map(|text| text.en.as_str()).collect::<Vec<_>>().join(", ");
    if count > LISTED {
        Text { zh_cn: format!("{zh_cn}等（共{count}个）"), en: format!("{en}, … ({count} in all)") }
    } else {
        Text { zh_cn, en }
    }
}

fn element(relation: &Relation, of: &AttributeRef, text: &str) -> Text {
    match find(relation, of).map(|attribute| &attribute.kind) {
        Some(Kind::Code { table: Some(table) }) => code_title(table, text),
        _ => both(text),
    }
}

fn code_title(table: &[Code], code: &str) -> Text {
    match table.iter().find(|entry| entry.code == code) {
        Some(entry) => Text {
            zh_cn: format!("{}（{code}）", entry.title.zh_cn),
            en: format!("{} ({code})", entry.title.en),
        },
        None => both(code),
    }
}

fn find<'a>(relation: &'a Relation, reference: &AttributeRef) -> Option<&'a Attribute> {
    let credential =
        relation.credentials().iter().find(|credential| credential.id == reference.credential)?;
    credential.schema.attribute(&reference.attribute).map(|(_, attribute)| attribute)
}

fn phrase(subject: &Text, zh_cn: &str, en: &str) -> Text {
    Text { zh_cn: format!("{}{zh_cn}", subject.zh_cn), en: format!("{}{en}", subject.en) }
}

fn both(text: &str) -> Text {
    Text { zh_cn: text.to_owned(), en: text.to_owned() }
}
