//! Generated licences: a persona's facts, put where a profile says they belong.
//!
//! Everything is drawn from a seed, the same on every machine. Names are made of words such as 样例 (sample) and the
//! sexagenary cycle, numbers carry county code 99, which no county has, and plates begin with 样, which no province
//! has: a sample is never somebody's licence.

mod draw;
mod fact;
mod family;
mod persona;

use glimpse_circuits::attribute::Kind;
use rand_chacha::ChaCha20Rng;
use serde_json::{Map, Value};

pub use self::fact::Fact;
pub use self::persona::{Persona, Sex};

use self::draw::{below, generated_name, later, pick, rng};
use crate::profile::Profile;

impl Profile {
    /// The licence of this kind that a persona holds, as input for [`Profile::admit`].
    ///
    /// Attributes for which the profile names neither a fact nor a check are drawn by their type, within bounds and
    /// tables. Optional attributes are given too.
    pub fn sample(&self, persona: &Persona) -> Map<String, Value> {
        let mut licence = Map::new();
        for (i, (attribute, info)) in (1..).zip(self.schema().attributes().iter().zip(self.attributes())) {
            let fact = info.sample.or(info.check.map(Fact::checked_by));
            let value = match fact {
                Some(fact) => persona.value(fact),
                None => drawn(&attribute.kind, &mut rng(persona.seed(), i)),
            };
            licence.insert(attribute.name.clone(), value);
        }
        licence
    }
}

/// Any value that a type allows.
fn drawn(kind: &Kind, rng: &mut ChaCha20Rng) -> Value {
    match kind {
        Kind::Date { min, max } => {
            later(*min, below(rng, u64::from(max.days() - min.days()) + 1)).to_string().into()
        }
        Kind::Uint { min, max } => (min + below(rng, max - min + 1)).to_string().into(),
        Kind::Flags { flags } => {
            let first = below(rng, flags.len() as u64);
            let chosen = (0..).zip(flags).filter(|(i, _)| *i == first || below(rng, 4) == 0);
            chosen.map(|(_, flag)| Value::from(flag.code.as_str())).collect()
        }
        Kind::Code { table: Some(table) } => {
            pick(rng, &table.iter().map(|entry| entry.code.as_str()).collect::<Vec<_>>()).into()
        }
        Kind::Code { table: None } => generated_name(rng).into(),
        Kind::Text { max_chars } => {
            generated_name(rng).chars().take(*max_chars as usize).collect::<String>().into()
        }
    }
}
