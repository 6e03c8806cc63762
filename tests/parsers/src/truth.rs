//! Statements about a licence: what is proven is what is true in the clear.
//!
//! The judge here reads the request's JSON as docs/protocol.md, section 6, describes it, and knows nothing of digits.

use std::sync::LazyLock;

use glimpse_circuits::attribute::{Kind, Value};
use glimpse_circuits::date::Date;
use glimpse_circuits::relation::Relation;
use glimpse_circuits::request::Request;
use glimpse_circuits::schema::Schema;
use glimpse_fixtures::draw::random_value;
use glimpse_fixtures::schemas::{all_types, numbered, second};
use glimpse_fixtures::{NOW, World, rng};
use glimpse_prover::{Credential, Holding, Interval, LinkSecret, PresentError, Showing, present};
use glimpse_verifier::Verifier;
use serde_json::{Value as Json, json};

use crate::bytes::Bytes;
use crate::scene::SEED;
use crate::seeds::Seeds;

/// Holders whose values differ.
const HOLDERS: u64 = 8;
/// Most statements of a request.
const MOST: usize = 4;
/// The day of a request made at [`NOW`].
const TODAY: &str = "2026-11-22";

struct Holder {
    secret: LinkSecret,
    credentials: [Credential; 2],
    /// Where its handles lie in the list that the holder has of each; none for what is revoked.
    intervals: [Option<Interval>; 2],
    /// How old these lists are, in seconds.
    age: u64,
}

struct Scene {
    holders: Vec<Holder>,
    verifier: Verifier,
    /// With neither credentials nor statements.
    request: Json,
}

fn scene() -> &'static Scene {
    static SCENE: LazyLock<Scene> = LazyLock::new(|| {
        let schemas = [all_types(), second()];
        let mut world = World::new(SEED, &schemas);
        let holders = (0..HOLDERS).map(|number| {
            let wallet = world.wallet();
            let credentials = schemas.each_ref().map(|schema| {
                let values = values(schema, number);
                world.obtain(&wallet, schema, values)
            });
            // Every other holder has one that is revoked, in turns.
            let age = 3600 * number;
            let intervals = [0, 1].map(|i| {
                let revoked = number % 4 == 1 + 2 * i as u64;
                let handle = credentials[i].handle();
                let list = if revoked { vec![handle] } else { vec![handle ^ 1] };
                world.interval(&credentials[i], NOW - age, &list).ok()
            });
            Holder { secret: wallet.secret, credentials, intervals, age }
        });
        let holders = holders.collect();
        let request = world.request_json(&[("a", &schemas[0]), ("b", &schemas[1])], json!([]), "keyed");
        Scene { holders, verifier: world.keyed_verifier(), request }
    });
    &SCENE
}

/// Some ordinary, some at the ends of what the schema allows.
fn values(schema: &Schema, number: u64) -> Vec<Value> {
    let rng = &mut rng(number);
    let all = schema.attributes().iter().map(|attribute| {
        if !attribute.required && number.is_multiple_of(2) {
            return Value::Absent;
        }
        random_value(&attribute.kind, rng)
    });
    let mut all: Vec<Value> = all.collect();
    // The same town on both, for some.
    for (attribute, value) in schema.attributes().iter().zip(&mut all) {
        if matches!(attribute.name.as_str(), "city" | "town") && number < 4 {
            *value = Value::Code("上海".into());
        }
        if matches!(attribute.name.as_str(), "birth" | "born") && number % 4 < 2 {
            *value = Value::Date(["2008-02-29", "2008-11-22"][(number % 2) as usize].parse().unwrap());
        }
    }
    all
}

/// First byte: whose licences. Then the statements.
pub(crate) fn statements(input: &[u8]) {
    let mut input = Bytes::new(input);
    let holder = input.pick(&scene().holders);
    let statements: Vec<Json> = (0..1 + input.below(MOST))
        .map(|_| statement(&mut input, holder))
        .take_while(Json::is_object)
        .collect();
    let mut request = scene().request.clone();
    request["prefer"] = json!("small");
    request["statements"] = json!(statements);
    let Ok(request) = Request::from_json(&request.to_string()) else { return };
    let Ok(relation) = scene().verifier.relation(&request.into()) else { return };
    let truth = statements.iter().all(|statement| judge(statement, holder));
    let shown = [Some(relation.clone()), relation.compact()];
    for shown in shown.into_iter().flatten() {
        prove(&relation, &shown, holder, truth, &statements);
    }
}

fn prove(relation: &Relation, shown: &Relation, holder: &Holder, truth: bool, statements: &[Json]) {
    let asked = |place: usize| relation.intervals().iter().any(|interval| interval.credential == place);
    let holdings = holder.credentials.iter().enumerate().map(|(place, credential)| {
        let holding = Holding::new(credential, Showing::Keyed);
        match holder.intervals[place].as_ref().filter(|_| asked(place)) {
            Some(interval) => holding.with_interval(interval, Showing::Keyed),
            None => holding,
        }
    });
    let presented = present(shown, &holder.secret, holdings.collect(), &mut rng(1));
    let profile = shown.profile();
    match presented {
        Ok(presentation) => {
            assert!(truth, "{profile:?}: false, and was proven: {statements:?}");
            let verdict = scene().verifier.verify_compiled(relation, &presentation.to_bytes(), NOW);
            assert!(verdict.is_ok(), "{profile:?}: proven, and was refused: {statements:?}");
        }
        Err(PresentError::False | PresentError::NoInterval { .. } | PresentError::StaleInterval { .. }) => {
            assert!(!truth, "{profile:?}: true, and was not proven: {statements:?}")
        }
        Err(other) => panic!("{profile:?}: {other}"),
    }
}

const NAMES: &[&str] = &[
    "a.name",
    "a.birth",
    "a.until",
    "a.amount",
    "a.level",
    "a.classes",
    "a.region",
    "a.city",
    "a.note",
    "a.seen",
    "a.score",
    "a.badges",
    "a.tier",
    "a.serial",
    "a.stamp",
    "b.owner",
    "b.born",
    "b.points",
    "b.town",
    "b.bits",
    "b.single",
];
const NUMBERS: &[&str] = &["a.birth", "a.until", "a.amount", "a.level", "a.stamp", "b.born", "b.points"];

fn statement(input: &mut Bytes<'_>, holder: &Holder) -> Json {
    if input.is_empty() {
        return Json::Null;
    }
    match input.below(11) {
        0 => json!({"disclose": {"of": input.pick(NAMES)}}),
        1 | 2 => {
            let (terms, value) = combination(input, holder);
            let (lo, hi) = (near(input, value), near(input, value));
            json!({"range": {"of": terms, "lo": lo.to_string(), "hi": hi.to_string()}})
        }
        3 => {
            let (terms, value) = combination(input, holder);
            let mut bounds: Vec<i128> = (0..2 + 2 * input.below(4)).map(|_| near(input, value)).collect();
            bounds.sort_unstable();
            let intervals: Vec<Json> = bounds
                .chunks(2)
                .map(|pair| json!({"lo": pair[0].to_string(), "hi": pair[1].to_string()}))
                .collect();
            json!({"intervals": {"of": terms, "intervals": intervals}})
        }
        4 => {
            let mut age = json!({"of": input.pick(&["a.birth", "b.born", "a.stamp", "a.until"])});
            let bounds = input.below(3);
            if bounds != 1 {
                age["at_least"] = json!(input.byte().to_string());
            }
            if bounds != 0 {
                age["below"] = json!(input.byte().to_string());
            }
            json!({"age": age})
        }
        5 => {
            let mut date = json!({"of": input.pick(&["a.birth", "b.born", "a.stamp", "a.until"])});
            for bound in ["from", "to"] {
                match input.below(3) {
                    0 => {}
                    1 => date[bound] = json!("today"),
                    _ => {
                        let days = u32::from_le_bytes(input.array()) % 3_652_059;
                        date[bound] = json!(Date::from_days(days).unwrap());
                    }
                }
            }
            json!({"date": date})
        }
        6 => {
            let name = *input.pick(NAMES);
            json!({"equals": {"of": name, "value": written(input, name, holder)}})
        }
        7 => {
            let name = *input.pick(NAMES);
            let values: Vec<String> =
                (0..1 + input.below(12)).map(|_| written(input, name, holder)).collect();
            let kind = if input.below(2) == 0 { "member" } else { "not_member" };
            json!({kind: {"of": name, "values": values}})
        }
        8 => {
            let (name, prefix, most) = *input.pick(&[
                ("b.bits", "b", 32),
                ("a.classes", "", 6),
                ("a.badges", "G", 3),
                ("b.single", "", 1),
            ]);
            let codes = match name {
                "a.classes" => ["A1", "A2", "B1", "B2", "C1", "C2"].map(String::from).to_vec(),
                "b.single" => vec!["on".to_owned()],
                _ => numbered(prefix, most),
            };
            let mut said = json!({"of": name});
            for list in ["all", "none", "any"] {
                let mask = u32::from_le_bytes(input.array());
                let chosen = codes.iter().enumerate().filter(|(bit, _)| mask >> (bit % 32) & 3 == 3);
                said[list] = chosen.map(|(_, code)| json!(code)).collect();
            }
            json!({"flags": said})
        }
        9 => json!({"equal": {"left": input.pick(NAMES), "right": input.pick(NAMES)}}),
        _ => {
            let most = near(input, holder.age.into());
            json!({"not_revoked": {"credential": input.pick(&["a", "b"]), "max_age": most.to_string()}})
        }
    }
}

fn combination(input: &mut Bytes<'_>, holder: &Holder) -> (Vec<Json>, i128) {
    let (mut terms, mut sum) = (Vec::new(), 0i128);
    for _ in 0..1 + input.below(3) {
        let name = *input.pick(NUMBERS);
        let coefficient: i64 = match input.below(6) {
            0 => 1,
            1 => -1,
            2 => i64::from(input.byte()) - 128,
            3 => i64::MAX,
            4 => -i64::MAX,
            _ => input.number() as i64,
        };
        sum = sum.saturating_add(i128::from(coefficient) * number(name, holder));
        terms.push(json!({"attribute": name, "coefficient": coefficient.to_string()}));
    }
    (terms, sum)
}

/// At or about a number, or anything.
fn near(input: &mut Bytes<'_>, number: i128) -> i128 {
    match input.below(8) {
        0 => number,
        1 => number.saturating_add(1),
        2 => number.saturating_sub(1),
        3 => number.saturating_add(input.byte().into()),
        4 => number.saturating_sub(input.byte().into()),
        5 => number.saturating_add(i128::from(input.number()) << input.below(64)),
        6 => number.saturating_sub(i128::from(input.number()) << input.below(64)),
        _ => i128::from_le_bytes(input.array()),
    }
}

/// The attribute's own value, or another one, as requests write it.
fn written(input: &mut Bytes<'_>, name: &str, holder: &Holder) -> String {
    let other = match input.below(4) {
        0 => format!("r{}", input.below(12)),
        1 => format!("t{}", input.below(6)),
        2 => input.number().to_string(),
        _ => return plain(value(name, holder).1),
    };
    if input.below(2) == 0 { other } else { plain(value(name, holder).1) }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Absent => "absent".to_owned(),
        Value::Date(day) => day.to_string(),
        Value::Uint(number) => number.to_string(),
        Value::Flags(mask) => mask.to_string(),
        Value::Code(text) | Value::Text(text) => text.clone(),
    }
}

fn value<'a>(name: &str, holder: &'a Holder) -> (&'a Kind, &'a Value) {
    let (credential, attribute) = name.split_once('.').unwrap();
    let credential = &holder.credentials[usize::from(credential == "b")];
    let (position, attribute) = credential.schema().attribute(attribute).unwrap();
    (&attribute.kind, &credential.values()[position])
}

fn number(name: &str, holder: &Holder) -> i128 {
    value(name, holder).1.to_integer().unwrap().into()
}

/// Whether a statement is true, in the clear.
fn judge(statement: &Json, holder: &Holder) -> bool {
    let (kind, said) = statement.as_object().unwrap().iter().next().unwrap();
    let text = |member: &str| said[member].as_str();
    let whole = |json: &Json| -> i128 { json.as_str().unwrap().parse().unwrap() };
    let list = |member: &str| -> Vec<&str> {
        said[member].as_array().into_iter().flatten().filter_map(Json::as_str).collect()
    };
    let sum = || -> i128 {
        let terms = said["of"].as_array().unwrap().iter();
        terms
            .map(|term| whole(&term["coefficient"]) * number(term["attribute"].as_str().unwrap(), holder))
            .sum()
    };
    match kind.as_str() {
        "disclose" => true,
        "range" => (whole(&said["lo"])..=whole(&said["hi"])).contains(&sum()),
        "intervals" => {
            let intervals = said["intervals"].as_array().unwrap();
            intervals.iter().any(|it| (whole(&it["lo"])..=whole(&it["hi"])).contains(&sum()))
        }
        "age" => {
            let age = completed_years(&plain(value(text("of").unwrap(), holder).1));
            text("at_least").is_none_or(|least| age >= least.parse::<i32>().unwrap())
                && text("below").is_none_or(|below| age < below.parse::<i32>().unwrap())
        }
        "date" => {
            // Days written YYYY-MM-DD are in the order of their texts.
            let day = plain(value(text("of").unwrap(), holder).1);
            let bound = |member: &str| text(member).map(|day| if day == "today" { TODAY } else { day });
            bound("from").is_none_or(|from| *day >= *from) && bound("to").is_none_or(|to| *day <= *to)
        }
        "equals" | "member" => {
            let (_, value) = value(text("of").unwrap(), holder);
            let mut among = list("values");
            among.extend(text("value"));
            *value != Value::Absent && among.contains(&plain(value).as_str())
        }
        "not_member" => {
            let (kind, value) = value(text("of").unwrap(), holder);
            let known = kind.table().is_some_and(|table| table.iter().any(|code| code.code == plain(value)));
            known && !list("values").contains(&plain(value).as_str())
        }
        "flags" => {
            let (kind, value) = value(text("of").unwrap(), holder);
            let (Kind::Flags { flags }, Value::Flags(mask)) = (kind, value) else { return false };
            let set = |code: &&str| {
                let bit = flags.iter().position(|flag| flag.code == **code).unwrap();
                mask >> bit & 1 == 1
            };
            let any = list("any");
            list("all").iter().all(set)
                && !list("none").iter().any(set)
                && (any.is_empty() || any.iter().any(set))
        }
        "not_revoked" => {
            let held = &holder.intervals[usize::from(text("credential").unwrap() == "b")];
            held.is_some() && i128::from(holder.age) <= whole(&said["max_age"])
        }
        "equal" => value(text("left").unwrap(), holder).1 == value(text("right").unwrap(), holder).1,
        other => panic!("{other}"),
    }
}

/// By the PRC Civil Code, art. 202: whoever was born on 29 February is a year older on 28 February of a common year.
/// Today is not such a day, so that month and day decide.
fn completed_years(born: &str) -> i32 {
    let parts = |day: &str| -> (i32, String) { (day[..4].parse().unwrap(), day[5..].to_owned()) };
    let ((year, day), (this_year, today)) = (parts(born), parts(TODAY));
    this_year - year - i32::from(today < day)
}

/// Statements of every kind.
pub(crate) fn seeds(seeds: &mut Seeds) {
    for kind in 0..11u8 {
        for variant in 0..6u8 {
            let mut bytes = vec![variant, 0, kind];
            bytes.extend((0..40u8).map(|i| i.wrapping_mul(variant).wrapping_add(kind ^ i)));
            seeds.add(bytes);
        }
    }
}
