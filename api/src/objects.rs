//! Objects where serde would take lists as well.

use serde::de::{Deserializer, Visitor};
use serde::forward_to_deserialize_any;

/// Hands on an object or nothing. To know the tag of an enum among its members, serde asks for anything there is, and then
/// takes a list of the tag and the members in order for the same.
pub(crate) struct OnlyObject<D>(pub(crate) D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for OnlyObject<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(visitor)
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
