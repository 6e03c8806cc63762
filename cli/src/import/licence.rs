//! From a row to a licence: which column is what, and what a row that is none is told.

use std::fmt;

use glimpse_api::CheckOverride;
use glimpse_circuits::attribute::Kind;
use glimpse_circuits::json;
use glimpse_circuits::schema::Attribute;
use glimpse_profiles::Profile;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::rows::{Fields, MAX_ROW, Raw};

/// Between the codes of flags in a cell.
const BETWEEN_FLAGS: char = ';';
/// Deepest lists and objects within each other that a value may have. No profile has more than lists; what is sent lies
/// deeper than it stands here, and one value that is too deep for the service would have it refuse all rows of a batch.
const MAX_DEPTH: usize = 8;

/// A licence as the file has it.
pub(super) struct Licence {
    /// The holder's reference.
    pub(super) holder: String,
    /// What it says.
    pub(super) attributes: Map<String, Value>,
    /// Checks that are set aside.
    pub(super) overrides: Vec<CheckOverride>,
}

/// Why a row is none. Repeats nothing of it.
pub(super) type Unreadable = String;

/// Which name is what.
pub(super) struct Names {
    profile: &'static Profile,
    holder: String,
    ignored: Vec<String>,
    /// Of CSV, once the header was read.
    columns: Vec<Column>,
}

enum Column {
    Text(String),
    Flags(String),
    /// The holder's reference, and whether the profile knows it too.
    Holder {
        also: Option<String>,
    },
    Ignored,
}

impl Names {
    /// Those of a profile. The holder's reference stands under a name of its own, or under one of the profile's.
    pub(super) fn new(profile: &'static Profile, holder: &str, ignored: &[String]) -> Self {
        Self { profile, holder: holder.to_owned(), ignored: ignored.to_vec(), columns: Vec::new() }
    }

    /// Reads a header of CSV. What the header holds is not repeated: it might be a licence.
    pub(super) fn read_header(&mut self, raw: &Raw<'_>) -> Result<(), String> {
        let Raw::Fields(fields) = raw else { return Err("the header is too long".into()) };
        let mut seen: Vec<&str> = Vec::new();
        self.columns.clear();
        for (i, field) in fields.iter().enumerate() {
            let at = i + 1;
            let name = std::str::from_utf8(field).map(str::trim).map_err(|_| {
                "the header is not UTF-8; a file in another encoding is converted first, such as by \
                 `iconv -f GB18030 -t UTF-8`"
            })?;
            if seen.contains(&name) {
                return Err(format!("column {at} of the header has the name of an earlier one"));
            }
            seen.push(name);
            let Some(column) = self.column(name) else { return Err(self.unknown(at)) };
            self.columns.push(column);
        }
        if !self.columns.iter().any(|column| matches!(column, Column::Holder { .. })) {
            return Err(format!(
                "the header has no column {} for the holders' references (--holder)",
                self.holder
            ));
        }
        Ok(())
    }

    fn column(&self, name: &str) -> Option<Column> {
        let known = self.attribute(name);
        if name == self.holder {
            return Some(Column::Holder { also: known.map(|_| name.to_owned()) });
        }
        if self.ignored.iter().any(|ignored| ignored == name) {
            return Some(Column::Ignored);
        }
        known.map(|attribute| match attribute.kind {
            Kind::Flags { .. } => Column::Flags(name.to_owned()),
            _ => Column::Text(name.to_owned()),
        })
    }

    /// An attribute by its own name or that of its element.
    fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        let schema = self.profile.schema();
        let mut declared = schema.attributes().iter().zip(self.profile.attributes());
        let found = declared
            .find(|(attribute, info)| attribute.name == name || info.element.as_deref() == Some(name));
        found.map(|(attribute, _)| attribute)
    }

    fn unknown(&self, at: usize) -> String {
        let declared = self.profile.schema().attributes().iter().zip(self.profile.attributes());
        let names = declared.map(|(attribute, info)| match &info.element {
            Some(element) => format!("{} ({element})", attribute.name),
            None => attribute.name.clone(),
        });
        let names = names.collect::<Vec<_>>().join(", ");
        let schema = self.profile.schema().id();
        format!("column {at} of the header is not known to {schema}: see --ignore. Known are {names}")
    }

    /// The licence of a row.
    pub(super) fn licence(&self, raw: &Raw<'_>) -> Result<Licence, Unreadable> {
        match raw {
            Raw::TooLong => Err(format!("is longer than {MAX_ROW} bytes, or has more than 1,024 columns")),
            Raw::Line(line) => self.of_line(line),
            Raw::Fields(fields) => self.of_fields(*fields),
        }
    }

    fn of_line(&self, line: &[u8]) -> Result<Licence, Unreadable> {
        let text = std::str::from_utf8(line).map_err(|_| "is not UTF-8")?;
        let Members { mut attributes, overrides } =
            json::from_str(text).map_err(|error| format!("is not a licence in JSON: {}", error.reason))?;
        let given = if self.attribute(&self.holder).is_some() {
            attributes.get(&self.holder).cloned()
        } else {
            attributes.remove(&self.holder)
        };
        let holder = match given {
            Some(Value::String(holder)) => holder,
            Some(_) => return Err("the holder's reference is not a string".into()),
            None => return Err("has no reference of the holder".into()),
        };
        self.ignored.iter().for_each(|name| drop(attributes.remove(name)));
        if attributes.values().any(|value| deeper_than(MAX_DEPTH, value)) {
            return Err("has lists or objects too deep within each other".into());
        }
        Ok(Licence { holder, attributes, overrides })
    }

    /// A cell without anything in it is no value.
    fn of_fields(&self, fields: Fields<'_>) -> Result<Licence, Unreadable> {
        let (there, expected) = (fields.len(), self.columns.len());
        if there != expected {
            return Err(format!("has {there} columns where the header has {expected}"));
        }
        let (mut holder, mut attributes) = (String::new(), Map::new());
        for (column, field) in self.columns.iter().zip(fields.iter()) {
            let text = std::str::from_utf8(field).map_err(|_| "is not UTF-8")?.trim();
            let name = match column {
                Column::Holder { also } => {
                    holder = text.to_owned();
                    also.as_ref()
                }
                Column::Text(name) | Column::Flags(name) => Some(name),
                Column::Ignored => None,
            };
            let Some(name) = name.filter(|_| !text.is_empty()) else { continue };
            let value = match column {
                Column::Flags(_) => text.split(BETWEEN_FLAGS).map(|code| Value::from(code.trim())).collect(),
                _ => Value::from(text),
            };
            attributes.insert(name.clone(), value);
        }
        if holder.is_empty() {
            return Err("has no reference of the holder".into());
        }
        Ok(Licence { holder, attributes, overrides: Vec::new() })
    }
}

/// Whether there are more than so many lists and objects within each other.
fn deeper_than(depth: usize, value: &Value) -> bool {
    let inner = |value: &Value| deeper_than(depth.saturating_sub(1), value);
    match value {
        Value::Array(items) => depth == 0 || items.iter().any(inner),
        Value::Object(members) => depth == 0 || members.values().any(inner),
        _ => false,
    }
}

/// The members of a row, none of them twice.
struct Members {
    attributes: Map<String, Value>,
    overrides: Vec<CheckOverride>,
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ReadMembers)
    }
}

struct ReadMembers;

impl<'de> Visitor<'de> for ReadMembers {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Members, A::Error> {
        let (mut attributes, mut overrides) = (Map::new(), None);
        while let Some(key) = object.next_key::<String>()? {
            let repeated = if key == "overrides" {
                overrides.replace(object.next_value()?).is_some()
            } else {
                attributes.insert(key, object.next_value()?).is_some()
            };
            if repeated {
                return Err(A::Error::custom("repeated member"));
            }
        }
        Ok(Members { attributes, overrides: overrides.unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::rows::{Format, Place, Rows};
    use super::*;

    fn names(holder: &str, ignored: &[&str]) -> Names {
        let profile = glimpse_profiles::builtin_by_schema_id("cn.driving_licence").unwrap();
        let ignored: Vec<String> = ignored.iter().map(|name| (*name).to_owned()).collect();
        Names::new(profile, holder, &ignored)
    }

    fn csv(names: &mut Names, text: &[u8]) -> Result<Vec<Result<Licence, String>>, String> {
        let mut rows = Rows::new(Format::Csv, text, Place::START);
        names.read_header(&rows.read().unwrap().unwrap().1)?;
        let mut found = Vec::new();
        while let Some((_, raw)) = rows.read().unwrap() {
            found.push(names.licence(&raw));
        }
        Ok(found)
    }

    fn error<T>(result: Result<T, String>) -> String {
        result.err().unwrap()
    }

    #[test]
    fn cells_are_texts_flags_references_or_nothing() {
        let text = "ZZBH,classes,CZZT,备注,reference\n 110 ,C1; B2,,x,r-1\n111,C1,样例,y,r-2\n";
        let found = csv(&mut names("reference", &["备注"]), text.as_bytes()).unwrap();
        let [Ok(one), Ok(two)] = &found[..] else { panic!() };
        assert_eq!((one.holder.as_str(), two.holder.as_str()), ("r-1", "r-2"));
        assert_eq!(Value::from(one.attributes.clone()), json!({ "ZZBH": "110", "classes": ["C1", "B2"] }));
        assert_eq!(two.attributes["CZZT"], "样例");
        // The holder's reference may be what the licence says of the holder.
        let found = csv(&mut names("ZZBH", &[]), b"ZZBH\n110\n").unwrap();
        let Ok(one) = &found[0] else { panic!() };
        assert!(one.holder == "110" && one.attributes["ZZBH"] == "110");
    }

    #[test]
    fn headers_that_are_none() {
        let refuse = |text: &[u8]| error(csv(&mut names("holder", &[]), text).map(drop));
        let unknown = refuse("holder,张三丰\n".as_bytes());
        assert!(unknown.starts_with("column 2 of the header is not known") && unknown.contains("(ZZBH)"));
        assert!(!unknown.contains("张三丰"));
        assert!(refuse(b"holder,name,name\n").starts_with("column 3"));
        assert!(refuse(b"name\n").contains("no column holder"));
        assert!(refuse(b"holder,\xd0\xd5\xc3\xfb\n").contains("GB18030"));
        assert!(refuse(format!("{}\n", "x".repeat(70_000)).as_bytes()).contains("too long"));
    }

    #[test]
    fn rows_that_are_none() {
        let found = csv(&mut names("holder", &[]), b"holder,name\na\na,\xff\n,x\n").unwrap();
        let told: Vec<_> = found.into_iter().map(error).collect();
        assert_eq!(
            told,
            ["has 1 columns where the header has 2", "is not UTF-8", "has no reference of the holder"]
        );
        let names = names("holder", &[]);
        for (line, expected) in [
            (&b"[]"[..], "is not a licence in JSON"),
            (b"{", "is not a licence in JSON"),
            (b"{\"holder\":\"h\",\"name\":\"\xff\"}", "is not UTF-8"),
            (b"{\"holder\":\"h\",\"name\":\"secret\",\"name\":\"b\"}", "repeated member"),
            (b"{\"holder\":\"h\",\"overrides\":[{\"secret\":1}]}", "unknown member"),
            (b"{\"name\":\"secret\"}", "has no reference of the holder"),
            (b"{\"holder\":7}", "is not a string"),
            (b"{\"holder\":\"h\",\"name\":[[[[[[[[[]]]]]]]]]}", "too deep"),
        ] {
            let told = error(names.licence(&Raw::Line(line)));
            assert!(told.contains(expected) && !told.contains("secret"), "{told}");
        }
        let sound = b"{\"holder\":\"h\",\"ZZBH\":\"1\",\"overrides\":[{\"attribute\":\"licence_number\",
            \"check\":\"citizen_id\",\"reason\":\"before_standard\"}]}";
        assert!(names.licence(&Raw::Line(b"{\"holder\":\"h\",\"name\":[[[[[[[[]]]]]]]]}")).is_ok());
        let licence = names.licence(&Raw::Line(sound)).ok().unwrap();
        assert!(licence.overrides.len() == 1 && licence.attributes.len() == 1 && licence.holder == "h");
    }
}
