//! Values as they are written in files, variables and flags, and what they mean.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use glimpse_circuits::key::DocumentKey;
use glimpse_service::{IpNet, RateLimit};
use serde_json::Value;

/// A value as somebody wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Written {
    One(String),
    Many(Vec<String>),
}

/// How a value is given as a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    One,
    /// A flag without a value.
    Switch,
    /// A flag that may be repeated, a variable with commas, a list in a file.
    Many,
}

/// A value of one part.
pub(super) trait Scalar: Sized {
    const SHAPE: Shape = Shape::One;
    /// What help calls it.
    const HINT: &'static str;

    /// Reads it, or says what it must be. Never repeats it.
    fn parse(text: &str) -> Result<Self, &'static str>;
    fn show(&self) -> Value;
}

/// A value of any shape.
pub(super) trait Setting: Sized {
    const SHAPE: Shape;
    const HINT: &'static str;

    fn read(written: &Written) -> Result<Self, &'static str>;
    /// Null if there is none.
    fn show(&self) -> Value;
}

impl<T: Scalar> Setting for T {
    const SHAPE: Shape = T::SHAPE;
    const HINT: &'static str = T::HINT;

    fn read(written: &Written) -> Result<Self, &'static str> {
        match written {
            Written::One(text) => T::parse(text),
            Written::Many(_) => Err("must be one value, not a list"),
        }
    }

    fn show(&self) -> Value {
        Scalar::show(self)
    }
}

impl<T: Scalar> Setting for Option<T> {
    const SHAPE: Shape = T::SHAPE;
    const HINT: &'static str = T::HINT;

    fn read(written: &Written) -> Result<Self, &'static str> {
        T::read(written).map(Some)
    }

    fn show(&self) -> Value {
        self.as_ref().map_or(Value::Null, Scalar::show)
    }
}

impl<T: Scalar> Setting for Vec<T> {
    const SHAPE: Shape = Shape::Many;
    const HINT: &'static str = T::HINT;

    fn read(written: &Written) -> Result<Self, &'static str> {
        match written {
            Written::Many(texts) => texts.iter().map(|text| T::parse(text)).collect(),
            Written::One(_) => Err("must be a list"),
        }
    }

    fn show(&self) -> Value {
        self.iter().map(Scalar::show).collect()
    }
}

impl Scalar for String {
    const HINT: &'static str = "TEXT";

    fn parse(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() { Err("must not be empty") } else { Ok(text.to_owned()) }
    }

    fn show(&self) -> Value {
        self.as_str().into()
    }
}

impl Scalar for SocketAddr {
    const HINT: &'static str = "ADDRESS";

    fn parse(text: &str) -> Result<Self, &'static str> {
        text.parse().map_err(|_| "must be an IP address and a port, such as 127.0.0.1:8080 or [::]:8080")
    }

    fn show(&self) -> Value {
        self.to_string().into()
    }
}

impl Scalar for PathBuf {
    const HINT: &'static str = "PATH";

    fn parse(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() { Err("must not be empty") } else { Ok(text.into()) }
    }

    fn show(&self) -> Value {
        self.display().to_string().into()
    }
}

impl Scalar for bool {
    const SHAPE: Shape = Shape::Switch;
    const HINT: &'static str = "BOOLEAN";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match text {
            "true" | "1" | "yes" | "on" => Ok(true),
            "false" | "0" | "no" | "off" => Ok(false),
            _ => Err("must be true or false"),
        }
    }

    fn show(&self) -> Value {
        (*self).into()
    }
}

impl Scalar for usize {
    const HINT: &'static str = "NUMBER";

    fn parse(text: &str) -> Result<Self, &'static str> {
        number(text).and_then(|number| number.try_into().ok()).ok_or("must be a whole number")
    }

    fn show(&self) -> Value {
        (*self).into()
    }
}

impl Scalar for u32 {
    const HINT: &'static str = "NUMBER";

    fn parse(text: &str) -> Result<Self, &'static str> {
        number(text).and_then(|number| number.try_into().ok()).ok_or("must be a whole number")
    }

    fn show(&self) -> Value {
        (*self).into()
    }
}

/// Where a Redis is. Shown and logged, so it must not say how to get in.
#[derive(Clone)]
pub(super) struct RedisAddress(pub(super) String);

impl Scalar for RedisAddress {
    const HINT: &'static str = "ADDRESS";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let sound = ["redis://", "rediss://"].iter().any(|scheme| text.starts_with(scheme));
        if sound && !text.contains('@') {
            Ok(Self(text.to_owned()))
        } else {
            Err("must be redis://host:port or rediss://host:port, without user and password")
        }
    }

    fn show(&self) -> Value {
        self.0.as_str().into()
    }
}

impl Scalar for IpNet {
    const HINT: &'static str = "NETWORK";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(Self::from));
        network.map_err(|_| "must be an address or a network, such as 10.0.0.7 or 10.0.0.0/8")
    }

    fn show(&self) -> Value {
        self.to_string().into()
    }
}

impl Scalar for DocumentKey {
    const HINT: &'static str = "KEY";

    fn parse(text: &str) -> Result<Self, &'static str> {
        text.parse().map_err(|_| "must be a public key: 64 lower-case hexadecimal digits")
    }

    fn show(&self) -> Value {
        self.to_string().into()
    }
}

impl Scalar for RateLimit {
    const HINT: &'static str = "RATE";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let read = |text: &str| number(text).and_then(|number| u32::try_from(number).ok());
        let parts = || {
            let (burst, rest) = text.split_once('+')?;
            Some(Self { burst: read(burst)?, per_minute: read(rest.strip_suffix("/m")?)? })
        };
        if text == "none" {
            return Ok(Self::NONE);
        }
        let reason = "must be none, or how many at once and how many more in a minute, such as 100+60/m";
        parts().filter(|rate| rate.burst > 0 && rate.per_minute > 0).ok_or(reason)
    }

    fn show(&self) -> Value {
        match *self {
            Self { per_minute: 0, .. } => "none".into(),
            Self { burst, per_minute } => format!("{burst}+{per_minute}/m").into(),
        }
    }
}

impl Scalar for Duration {
    const HINT: &'static str = "TIME";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_lowercase());
        let millis = match &text[digits.len()..] {
            "ms" => 1,
            "" | "s" => 1000,
            "m" => 60 * 1000,
            "h" => 3600 * 1000,
            _ => 0,
        };
        let whole = number(digits).and_then(|number| number.checked_mul(millis));
        let sound = whole.filter(|_| millis > 0).map(Duration::from_millis);
        sound.ok_or("must be a time such as 500ms, 30s, 5m or 1h; a number alone means seconds")
    }

    fn show(&self) -> Value {
        let millis = self.as_millis();
        if millis.is_multiple_of(1000) {
            format!("{}s", millis / 1000).into()
        } else {
            format!("{millis}ms").into()
        }
    }
}

fn number(text: &str) -> Option<u64> {
    // `parse` would take a plus sign.
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Option<Duration> {
        Duration::parse(text).ok()
    }

    #[test]
    fn rates_are_none_or_two_numbers() {
        for (text, burst, per_minute) in [("none", 0, 0), ("1+1/m", 1, 1), ("1200+600/m", 1200, 600)] {
            let rate = RateLimit::parse(text).unwrap();
            assert_eq!((rate.burst, rate.per_minute), (burst, per_minute));
            assert_eq!(Scalar::show(&rate), text);
        }
        for bad in ["", "0", "10", "10/m", "10+10", "0+10/m", "10+0/m", "10+10/s", "-1+1/m", "4294967296+1/m"]
        {
            assert!(RateLimit::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn times_have_units() {
        for (text, millis) in
            [("0", 0), ("30", 30_000), ("30s", 30_000), ("500ms", 500), ("5m", 300_000), ("1h", 3_600_000)]
        {
            assert_eq!(time(text), Some(Duration::from_millis(millis)), "{text}");
            assert_eq!(Setting::read(&Written::One(text.into())), Ok(Duration::from_millis(millis)));
        }
        for bad in ["", "s", "-1", "+1", "1.5s", "1 s", "1d", "1S", "18446744073709551615h", "1é"] {
            assert_eq!(time(bad), None, "{bad}");
        }
        assert_eq!(Scalar::show(&Duration::from_millis(1500)), "1500ms");
        assert_eq!(Scalar::show(&Duration::from_secs(90)), "90s");
    }

    #[test]
    fn one_is_not_many() {
        assert!(Vec::<String>::read(&Written::One("a".into())).is_err());
        assert!(String::read(&Written::Many(vec!["a".into()])).is_err());
        assert!(Vec::<usize>::read(&Written::Many(vec!["1".into(), "x".into()])).is_err());
        assert_eq!(Vec::<usize>::read(&Written::Many(vec!["1".into(), "2".into()])), Ok(vec![1, 2]));
        assert_eq!(Option::<bool>::read(&Written::One("on".into())), Ok(Some(true)));
        assert!(bool::parse("maybe").is_err() && usize::parse("-1").is_err() && usize::parse("+1").is_err());
    }
}
