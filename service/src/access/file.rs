//! Access files: TOML in which every member that is not known is refused, and everything that is wrong is named at once.

use glimpse_circuits::text::Text;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::registration::{Allowed, CHECKS, Registration, StatementKind, check_name};
use super::{AccessProblem, Key, Principal, Role};
use crate::extract::PolicyName;

/// The principals of a file, each with its place, and what is wrong with the file. A principal with something wrong is
/// there as well, without that, if it has an id at least.
pub(super) fn parse(text: &str) -> (Vec<(String, Principal)>, Vec<AccessProblem>) {
    let (root, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader { text, problems: Vec::new() };
    for error in errors {
        // What the error would show of the text is not for the log.
        let line = error.span().map_or_else(|| "file".to_owned(), |span| reader.line(span.start));
        reader.problems.push(AccessProblem::new(line, format!("is not TOML: {}", error.message())));
    }
    if !reader.problems.is_empty() {
        return (Vec::new(), reader.problems);
    }
    let mut root = Table { table: root.get_ref(), at: String::new(), position: 0, seen: Vec::new() };
    let principals = root.take("principal").map(|list| reader.items(list));
    let principals = principals.into_iter().flatten().filter_map(|item| reader.principal(item)).collect();
    reader.finish(root);
    (principals, reader.problems)
}

/// A value and its path.
struct Item<'a> {
    value: &'a Spanned<DeValue<'a>>,
    at: String,
}

/// A table that is being read, and what of it has been.
struct Table<'a> {
    table: &'a DeTable<'a>,
    at: String,
    position: usize,
    seen: Vec<&'static str>,
}

impl<'a> Table<'a> {
    fn take(&mut self, name: &'static str) -> Option<Item<'a>> {
        self.seen.push(name);
        let value = self.table.get(name)?;
        Some(Item { value, at: path(&self.at, name) })
    }
}

fn path(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
}

struct Reader<'a> {
    text: &'a str,
    problems: Vec<AccessProblem>,
}

impl<'a> Reader<'a> {
    fn principal(&mut self, item: Item<'a>) -> Option<(String, Principal)> {
        let place = self.place(&item);
        let mut table = self.table(item)?;
        let id = self.required(&mut table, "id").and_then(|item| self.id(item));
        let role = self.required(&mut table, "role").and_then(|item| self.role(item));
        let name = table.take("name").and_then(|item| self.name(item));
        let keys = table.take("keys").map(|list| self.items(list)).unwrap_or_default();
        let keys = keys.into_iter().filter_map(|item| self.key(item)).collect();
        let certificates = table.take("certificates").map(|list| self.items(list)).unwrap_or_default();
        let certificates = certificates.into_iter().filter_map(|item| self.hash(item)).collect();
        let may_ask = table.take("may_ask");
        let role = match (role, may_ask) {
            (Some("relying_party"), may_ask) => {
                let registration = may_ask.map(|item| self.registration(item)).unwrap_or_default();
                Some(Role::RelyingParty(registration.into()))
            }
            (Some(role), may_ask) => {
                if let Some(item) = may_ask {
                    self.refuse(&item, "is for relying parties only");
                }
                Some(if role == "issuer" { Role::Issuer } else { Role::Auditor })
            }
            (None, _) => None,
        };
        self.finish(table);
        Some((place, Principal { id: id?, name, role: role.unwrap_or(Role::Auditor), keys, certificates }))
    }

    fn id(&mut self, item: Item<'a>) -> Option<String> {
        let id = self.text(&item)?;
        let sound = PolicyName::parse(id).map(|name| name.0);
        self.or_refuse(sound, &item, "must match [a-z][a-z0-9_-]{0,63}")
    }

    fn role(&mut self, item: Item<'a>) -> Option<&'a str> {
        let role = self.text(&item)?;
        let sound = ["issuer", "relying_party", "auditor"].contains(&role).then_some(role);
        self.or_refuse(sound, &item, "must be issuer, relying_party or auditor")
    }

    fn name(&mut self, item: Item<'a>) -> Option<Text> {
        let mut table = self.table(item)?;
        let zh_cn = self.required(&mut table, "zh-CN").and_then(|item| self.text(&item));
        let en = self.required(&mut table, "en").and_then(|item| self.text(&item));
        self.finish(table);
        Some(Text { zh_cn: zh_cn?.to_owned(), en: en?.to_owned() })
    }

    fn key(&mut self, item: Item<'a>) -> Option<Key> {
        let mut table = self.table(item)?;
        let sha256 = self.required(&mut table, "sha256").and_then(|item| self.hash(item));
        let label = table.take("label").and_then(|item| self.text(&item)).map(str::to_owned);
        let not_before = table.take("not_before").and_then(|item| self.moment(item));
        let not_after = table.take("not_after").and_then(|item| self.moment(item));
        self.finish(table);
        Some(Key { sha256: sha256?, label, not_before, not_after })
    }

    fn hash(&mut self, item: Item<'a>) -> Option<[u8; 32]> {
        let text = self.text(&item)?;
        let mut hash = [0u8; 32];
        let sound = hex::decode_to_slice(text, &mut hash).ok().map(|()| hash);
        self.or_refuse(sound, &item, "must be a SHA-256: 64 hexadecimal digits")
    }

    /// In a string, as in JSON, or as TOML has it.
    fn moment(&mut self, item: Item<'a>) -> Option<u64> {
        let text = match item.value.get_ref() {
            DeValue::Datetime(moment) => moment.to_string(),
            value => value.as_str().unwrap_or_default().to_owned(),
        };
        let moment = text.parse::<jiff::Timestamp>().ok();
        let seconds = moment.and_then(|moment| u64::try_from(moment.as_second()).ok());
        self.or_refuse(seconds, &item, "must be a moment with its zone, such as 2027-11-30T00:00:00Z")
    }

    fn registration(&mut self, item: Item<'a>) -> Registration {
        let Some(mut table) = self.table(item) else { return Registration::default() };
        let schemas = self.allowed(&mut table, "schemas", |text| {
            is_dotted(text).then(|| text.to_owned()).ok_or("must be a schema id, such as cn.driving_licence")
        });
        let attribute = |text: &str| {
            let (schema, _) = text.rsplit_once('.').filter(|_| is_dotted(text)).ok_or(
                "must be a schema id and one of its attributes, such as cn.driving_licence.birth_date",
            )?;
            let asked_for = schemas.any(|known| known == schema);
            asked_for.then(|| text.to_owned()).ok_or("is of a schema that is not among those of `schemas`")
        };
        let disclose = self.allowed(&mut table, "disclose", attribute);
        let prove = self.allowed(&mut table, "prove", attribute);
        let statements = self.allowed(&mut table, "statements", |text| {
            StatementKind::ALL.into_iter().find(|kind| kind.name() == text).ok_or(
                "must be one of disclose, range, age, date, equals, member, not_member, intervals, flags, equal",
            )
        });
        let checks = self.allowed(&mut table, "checks", |text| {
            CHECKS.into_iter().find(|kind| check_name(*kind) == text).ok_or("must be token or keyed")
        });
        self.finish(table);
        Registration { schemas, disclose, prove, statements, checks }
    }

    /// A list, or the word `any`; nothing if it is left out.
    fn allowed<T>(
        &mut self,
        table: &mut Table<'a>,
        name: &'static str,
        read: impl Fn(&str) -> Result<T, &'static str>,
    ) -> Allowed<T> {
        let Some(item) = table.take(name) else { return Allowed::default() };
        match item.value.get_ref() {
            DeValue::String(text) if text == "any" => return Allowed::Any,
            DeValue::Array(_) => {}
            _ => {
                self.refuse(&item, "must be a list, or \"any\"");
                return Allowed::default();
            }
        }
        let mut some = Vec::new();
        for item in self.items(item) {
            match self.text(&item).map(&read) {
                Some(Ok(one)) => some.push(one),
                Some(Err(reason)) => self.refuse(&item, reason),
                None => {}
            }
        }
        Allowed::Only(some)
    }

    fn items(&mut self, item: Item<'a>) -> Vec<Item<'a>> {
        let Some(array) = item.value.get_ref().as_array() else {
            self.refuse(&item, "must be a list");
            return Vec::new();
        };
        let items = array.iter().enumerate();
        items.map(|(i, value)| Item { value, at: format!("{}[{i}]", item.at) }).collect()
    }

    fn table(&mut self, item: Item<'a>) -> Option<Table<'a>> {
        match item.value.get_ref().as_table() {
            Some(table) => {
                let position = item.value.span().start;
                Some(Table { table, at: item.at, position, seen: Vec::new() })
            }
            None => self.or_refuse(None, &item, "must be a table"),
        }
    }

    fn text(&mut self, item: &Item<'a>) -> Option<&'a str> {
        self.or_refuse(item.value.get_ref().as_str(), item, "must be a string")
    }

    fn required(&mut self, table: &mut Table<'a>, name: &'static str) -> Option<Item<'a>> {
        let item = table.take(name);
        if item.is_none() {
            let place = format!("{}: {}", self.line(table.position), path(&table.at, name));
            self.problems.push(AccessProblem::new(place, "is missing"));
        }
        item
    }

    /// Whatever of a table was not read has no meaning.
    fn finish(&mut self, table: Table<'a>) {
        for (name, _) in table.table.iter().filter(|(name, _)| !table.seen.contains(&name.get_ref().as_ref()))
        {
            let line = self.line(name.span().start);
            let whose = if table.at.is_empty() { "file" } else { &table.at };
            let known = table.seen.join(", ");
            let reason = format!("has a member that is not known; there are {known}");
            self.problems.push(AccessProblem::new(format!("{line}: {whose}"), reason));
        }
    }

    fn or_refuse<T>(&mut self, value: Option<T>, item: &Item<'a>, reason: &str) -> Option<T> {
        if value.is_none() {
            self.refuse(item, reason);
        }
        value
    }

    fn refuse(&mut self, item: &Item<'a>, reason: &str) {
        self.problems.push(AccessProblem::new(self.place(item), reason));
    }

    fn place(&self, item: &Item<'a>) -> String {
        format!("{}: {}", self.line(item.value.span().start), item.at)
    }

    fn line(&self, position: usize) -> String {
        let before = self.text.as_bytes().iter().take(position);
        format!("line {}", 1 + before.filter(|byte| **byte == b'\n').count())
    }
}

/// Whether a text is names `[a-z][a-z0-9_]*` joined by dots.
fn is_dotted(text: &str) -> bool {
    text.split('.').all(|name| {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    })
}
