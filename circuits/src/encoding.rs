//! Canonical bytes: points, scalars and attribute values in one spelling each, nothing left over.

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::IsIdentity;

use crate::attribute::{MAX_STRING_CHARS, Value};
use crate::date::Date;
use crate::text::is_nfc;

/// A point together with its encoding, so that neither is computed twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncodedPoint {
    /// The point.
    pub point: RistrettoPoint,
    /// Its 32 bytes.
    pub encoded: CompressedRistretto,
}

impl EncodedPoint {
    /// Whether it is the identity.
    pub fn is_identity(&self) -> bool {
        self.point.is_identity()
    }
}

impl From<RistrettoPoint> for EncodedPoint {
    fn from(point: RistrettoPoint) -> Self {
        Self { point, encoded: point.compress() }
    }
}

/// Why bytes are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Fewer bytes than the statement asks for.
    #[error("too short")]
    TooShort,
    /// More bytes than the statement asks for.
    #[error("too long")]
    TooLong,
    /// Not the canonical encoding of a point.
    #[error("a point is not canonical")]
    Point,
    /// The identity where it must not stand.
    #[error("a point is the identity")]
    Identity,
    /// A scalar that is not reduced modulo the group order.
    #[error("a scalar is not canonical")]
    Scalar,
    /// An attribute value that is not in its one spelling.
    #[error("an attribute value is not canonical")]
    Value,
    /// A version or profile that this build does not know.
    #[error("unknown version or profile")]
    Version,
    /// An issuer key that the request accepts but the reader does not know.
    #[error("unknown issuer key")]
    Issuer,
    /// An index beyond what it points into.
    #[error("an index is out of range")]
    Index,
}

/// Reads canonical bytes from the front.
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader over all of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Fails unless everything was read.
    pub fn finish(self) -> Result<(), DecodeError> {
        if self.rest.is_empty() { Ok(()) } else { Err(DecodeError::TooLong) }
    }

    /// Fails unless exactly `length` bytes are left.
    pub fn expect_remaining(&self, length: usize) -> Result<(), DecodeError> {
        match self.rest.len().cmp(&length) {
            std::cmp::Ordering::Less => Err(DecodeError::TooShort),
            std::cmp::Ordering::Equal => Ok(()),
            std::cmp::Ordering::Greater => Err(DecodeError::TooLong),
        }
    }

    /// The next `length` bytes.
    pub fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(DecodeError::TooShort)?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(DecodeError::TooShort)?;
        self.rest = rest;
        Ok(*taken)
    }

    /// One byte.
    pub fn byte(&mut self) -> Result<u8, DecodeError> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// A point, the identity allowed.
    pub fn point(&mut self) -> Result<EncodedPoint, DecodeError> {
        let encoded = CompressedRistretto(self.array()?);
        let point = encoded.decompress().ok_or(DecodeError::Point)?;
        Ok(EncodedPoint { point, encoded })
    }

    /// A point other than the identity.
    pub fn nonzero_point(&mut self) -> Result<EncodedPoint, DecodeError> {
        let point = self.point()?;
        if point.is_identity() { Err(DecodeError::Identity) } else { Ok(point) }
    }

    /// A reduced scalar.
    pub fn scalar(&mut self) -> Result<Scalar, DecodeError> {
        Option::from(Scalar::from_canonical_bytes(self.array()?)).ok_or(DecodeError::Scalar)
    }

    /// `count` reduced scalars.
    pub fn scalars(&mut self, count: usize) -> Result<Vec<Scalar>, DecodeError> {
        (0..count).map(|_| self.scalar()).collect()
    }

    /// An attribute value, checked for its spelling but not against any schema.
    pub fn value(&mut self) -> Result<Value, DecodeError> {
        Ok(match self.byte()? {
            TAG_ABSENT => Value::Absent,
            TAG_DATE => {
                Value::Date(Date::from_days(u32::from_le_bytes(self.array()?)).ok_or(DecodeError::Value)?)
            }
            TAG_UINT => Value::Uint(u64::from_le_bytes(self.array()?)),
            TAG_FLAGS => Value::Flags(u32::from_le_bytes(self.array()?)),
            TAG_CODE => Value::Code(self.string()?),
            TAG_TEXT => Value::Text(self.string()?),
            _ => return Err(DecodeError::Value),
        })
    }

    fn string(&mut self) -> Result<String, DecodeError> {
        let length = usize::from(u16::from_le_bytes(self.array()?));
        let text = std::str::from_utf8(self.take(length)?).map_err(|_| DecodeError::Value)?;
        if is_nfc(text) && text.chars().count() <= MAX_STRING_CHARS as usize {
            Ok(text.to_owned())
        } else {
            Err(DecodeError::Value)
        }
    }
}

const TAG_ABSENT: u8 = 0;
const TAG_DATE: u8 = 1;
const TAG_UINT: u8 = 2;
const TAG_FLAGS: u8 = 3;
const TAG_CODE: u8 = 4;
const TAG_TEXT: u8 = 5;

/// Writes an attribute value as [`Reader::value`] reads it: a tag, then 4, 8 or 4 bytes little-endian, or a string's
/// length in bytes (2 bytes little-endian) and its UTF-8 bytes.
pub fn write_value(bytes: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Absent => bytes.push(TAG_ABSENT),
        Value::Date(day) => {
            bytes.push(TAG_DATE);
            bytes.extend_from_slice(&day.days().to_le_bytes());
        }
        Value::Uint(number) => {
            bytes.push(TAG_UINT);
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        Value::Flags(mask) => {
            bytes.push(TAG_FLAGS);
            bytes.extend_from_slice(&mask.to_le_bytes());
        }
        Value::Code(text) => write_string(bytes, TAG_CODE, text),
        Value::Text(text) => write_string(bytes, TAG_TEXT, text),
    }
}

/// How many bytes [`write_value`] writes.
pub fn value_length(value: &Value) -> usize {
    match value {
        Value::Absent => 1,
        Value::Date(_) | Value::Flags(_) => 1 + 4,
        Value::Uint(_) => 1 + 8,
        Value::Code(text) | Value::Text(text) => 1 + 2 + text.len(),
    }
}

fn write_string(bytes: &mut Vec<u8>, tag: u8, text: &str) {
    // Checked values have at most 256 characters, so at most 1,024 bytes.
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    bytes.push(tag);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Absent),
            (0..=Date::MAX.days()).prop_map(|days| Value::Date(Date::from_days(days).unwrap())),
            any::<u64>().prop_map(Value::Uint),
            any::<u32>().prop_map(Value::Flags),
            "\\PC{0,40}".prop_map(|text| Value::Code(crate::text::nfc(&text))),
            "\\PC{0,40}".prop_map(|text| Value::Text(crate::text::nfc(&text))),
        ]
    }

    proptest! {
        #[test]
        fn values_have_one_spelling(value in any_value()) {
            let mut bytes = Vec::new();
            write_value(&mut bytes, &value);
            prop_assert_eq!(bytes.len(), value_length(&value));
            let mut reader = Reader::new(&bytes);
            prop_assert!(reader.value().unwrap() == value);
            reader.finish().unwrap();
            for length in 0..bytes.len() {
                prop_assert!(Reader::new(&bytes[..length]).value().is_err());
            }
        }

        #[test]
        fn whatever_reads_writes_back_the_same(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut reader = Reader::new(&bytes);
            if let Ok(value) = reader.value() {
                let mut again = Vec::new();
                write_value(&mut again, &value);
                prop_assert_eq!(&again[..], &bytes[..again.len()]);
            }
        }
    }

    #[test]
    fn non_canonical_points_and_scalars_are_refused() {
        // ℓ itself, and the field prime's negative and non-square encodings of RFC 9496 appendix A.3.
        let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
        assert_eq!(Reader::new(&order).scalar(), Err(DecodeError::Scalar));
        for bad in [
            "00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
        ] {
            assert_eq!(Reader::new(&hex::decode(bad).unwrap()).point(), Err(DecodeError::Point), "{bad}");
        }
        assert_eq!(Reader::new(&[0u8; 32]).nonzero_point(), Err(DecodeError::Identity));
    }
}
