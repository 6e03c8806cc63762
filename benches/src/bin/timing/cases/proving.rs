//! A presentation: everything in the witness that a statement is about, and what is there in any.

use glimpse_benches::welch::Class;
use glimpse_circuits::attribute::Value;
use glimpse_circuits::relation::Relation;
use glimpse_fixtures::rng;
use glimpse_prover::{Holding, LinkSecret, Showing, Token, present};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::RngCore;
use serde_json::{Value as Json, json};

use super::licence::{
    AMOUNT, BIRTH, CLASSES, CODE, Office, Stocked, code, first_birth, random_birth, random_code, values,
};
use super::{scalar, subject};
use crate::case::{Case, Plan, either};

/// Licences of each class, issued beforehand.
const STOCK: usize = 256;
/// Presentations that are prepared before the first is timed.
const BATCH: usize = 32;

/// The witness of a class.
type Vary = fn(Class, &mut ChaCha20Rng, &mut [Value], &mut LinkSecret);

pub(super) fn plans(seed: u64) -> Vec<Plan> {
    let keyed = move |statements: fn() -> Json, compact: bool, vary: Vary| {
        move || Proving::new(seed, statements(), compact, vary).keyed()
    };
    let least = ["1900-01-01", "any of age"];
    let places = ["the first of 100", "any of them"];
    let masks = ["no flag set", "any mask"];
    vec![
        subject("prove, fast: at least 18", least, keyed(age, false, birth)),
        subject("prove, compact: at least 18", least, keyed(age, true, birth)),
        subject("prove, fast: a number of 32 bits", ["0", "any"], keyed(range, false, amount)),
        subject("prove, compact: a number of 32 bits", ["0", "any"], keyed(range, true, amount)),
        subject("prove, fast: one of 100", places, keyed(member, false, place)),
        subject("prove, compact: one of 100, and at least 18", places, keyed(member_of_age, true, place)),
        subject("prove, fast: one flag not set, 31 hidden", masks, keyed(no_flag, false, classes)),
        subject(
            "prove, fast: any of 31 flags",
            ["the first alone", "any mask"],
            keyed(any_flag, false, some_classes),
        ),
        subject(
            "prove, fast: in one of 12 intervals",
            ["the first", "any of them"],
            keyed(intervals, false, interval),
        ),
        subject(
            "prove, compact: in one of 12 intervals",
            ["the first", "any of them"],
            keyed(intervals, true, interval),
        ),
        subject("prove, fast: link secret", ["1", "random"], keyed(age, false, link_secret)),
        subject("prove, compact: link secret", ["1", "random"], keyed(age, true, link_secret)),
        subject("prove, fast: r of a token", ["1", "random"], move || {
            Proving::new(seed, age(), false, |_, _, _, _| ()).with_tokens()
        }),
    ]
}

struct Proving {
    office: Office,
    relation: Relation,
    token_relation: Relation,
    /// By class, fixed first.
    stock: [Vec<Stocked>; 2],
    rng: ChaCha20Rng,
}

impl Proving {
    fn new(seed: u64, statements: Json, compact: bool, vary: Vary) -> Self {
        let mut office = Office::new(seed);
        let mut rng = rng(seed ^ 0x7072_6f76);
        let mut stock = |class| {
            let mut one = || {
                let (mut values, mut secret) = (values(), LinkSecret::generate(&mut rng));
                vary(class, &mut rng, &mut values, &mut secret);
                office.stock(secret, values)
            };
            (0..STOCK).map(|_| one()).collect()
        };
        let stock = [stock(Class::Fixed), stock(Class::Random)];
        let schema = office.schema.clone();
        let credentials = [("l", schema.as_ref())];
        let world = &mut office.world;
        let request = world.request_for_small(&credentials, statements.clone(), "keyed");
        let fast = world.relation(&request);
        let relation = if compact { fast.compact().unwrap() } else { fast };
        let request = world.request(&credentials, statements);
        let token_relation = world.relation(&request);
        Self { office, relation, token_relation, stock, rng }
    }

    /// To the issuer's own platform: the wallet draws r itself.
    fn keyed(self) -> Case {
        let Self { office, relation, stock: [fixed, random], rng: mut choice, .. } = self;
        let mut own = rng(17);
        let prepare = move |class| {
            let place = choice.next_u32() as usize % STOCK;
            office.take(either(class, &fixed[place], &random[place]))
        };
        Case::new(BATCH, prepare, move |(secret, credential)| {
            let holding = Holding::new(&credential, Showing::Keyed);
            let presentation = present(&relation, &secret, vec![holding], &mut own).unwrap().to_bytes();
            (presentation, secret, credential)
        })
    }

    /// With a token whose r is of the class. No proof comes of it that anybody would accept, but the prover does not look.
    fn with_tokens(self) -> Case {
        let Self { mut office, token_relation, stock: [_, random], rng: mut choice, .. } = self;
        let tokens: Vec<[u8; Token::LENGTH]> = random
            .iter()
            .map(|stocked| {
                let (_, credential) = office.take(stocked);
                office.world.token(&credential).to_bytes().as_slice().try_into().unwrap()
            })
            .collect();
        let mut own = rng(17);
        let prepare = move |class| {
            let place = choice.next_u32() as usize % STOCK;
            let (secret, credential) = office.take(&random[place]);
            let mut token = tokens[place];
            token[..32].copy_from_slice(scalar(class, &mut choice).as_bytes());
            (secret, credential, Token::from_bytes(&token).unwrap())
        };
        Case::new(BATCH, prepare, move |(secret, credential, token)| {
            let holding = Holding::new(&credential, Showing::Token(token));
            let presentation = present(&token_relation, &secret, vec![holding], &mut own).unwrap().to_bytes();
            (presentation, secret, credential)
        })
    }
}

fn age() -> Json {
    json!([{"age": {"of": "l.birth", "at_least": "18"}}])
}

fn range() -> Json {
    let of = [json!({"attribute": "l.amount", "coefficient": "1"})];
    json!([{"range": {"of": of, "lo": "0", "hi": u32::MAX.to_string()}}])
}

fn member() -> Json {
    json!([{"member": {"of": "l.code", "values": (0..100).map(code).collect::<Vec<_>>()}}])
}

fn member_of_age() -> Json {
    json!([member()[0], age()[0]])
}

fn no_flag() -> Json {
    json!([{"flags": {"of": "l.classes", "none": ["f0"]}}])
}

fn any_flag() -> Json {
    let any: Vec<String> = (1..32).map(|i| format!("f{i}")).collect();
    json!([{"flags": {"of": "l.classes", "any": any}}])
}

fn intervals() -> Json {
    let of = [json!({"attribute": "l.amount", "coefficient": "1"})];
    let interval = |i: u64| json!({"lo": (i * 10_000).to_string(), "hi": (i * 10_600 + 100).to_string()});
    json!([{"intervals": {"of": of, "intervals": (0..12).map(interval).collect::<Vec<_>>()}}])
}

fn birth(class: Class, rng: &mut ChaCha20Rng, values: &mut [Value], _: &mut LinkSecret) {
    values[BIRTH] = either(class, first_birth(), random_birth(rng));
}

fn amount(class: Class, rng: &mut ChaCha20Rng, values: &mut [Value], _: &mut LinkSecret) {
    values[AMOUNT] = Value::Uint(either(class, 0, u64::from(rng.next_u32())));
}

fn place(class: Class, rng: &mut ChaCha20Rng, values: &mut [Value], _: &mut LinkSecret) {
    values[CODE] = either(class, Value::Code(code(0)), random_code(rng, 100));
}

fn classes(class: Class, rng: &mut ChaCha20Rng, values: &mut [Value], _: &mut LinkSecret) {
    values[CLASSES] = Value::Flags(either(class, 0, rng.next_u32() & !1));
}

fn some_classes(class: Class, rng: &mut ChaCha20Rng, values: &mut [Value], _: &mut LinkSecret) {
    values[CLASSES] = Value::Flags(either(class, 2, (rng.next_u32() & !1).max(2)));
}

fn interval(class: Class, rng: &mut ChaCha20Rng, values: &mut [Value], _: &mut LinkSecret) {
    let place = either(class, 0, u64::from(rng.next_u32() % 12));
    values[AMOUNT] = Value::Uint(place * 10_000 + u64::from(rng.next_u32() % 100));
}

fn link_secret(class: Class, rng: &mut ChaCha20Rng, _: &mut [Value], secret: &mut LinkSecret) {
    *secret = LinkSecret::from_bytes(scalar(class, rng).as_bytes()).unwrap();
}
