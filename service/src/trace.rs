//! W3C Trace Context: which trace a request belongs to.

use std::fmt;

use actix_web::http::header::{HeaderMap, HeaderName};

use crate::ids::random;

/// Name of the header that carries the context.
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// The one flag that is defined by version 00 and can be passed on: whoever started the trace records it.
const SAMPLED: u8 = 1;

/// The place of one request in its trace. In the extensions of every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TraceContext {
    trace_id: [u8; 16],
    span_id: [u8; 8],
    flags: u8,
}

impl TraceContext {
    /// Continues the trace of a request under a new span, or starts one.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut given = headers.get_all(&TRACEPARENT);
        let parent = match (given.next(), given.next()) {
            (Some(only), None) => only.to_str().ok().and_then(Self::parse),
            _ => None,
        };
        let span_id = nonzero();
        match parent {
            Some(parent) => Self { span_id, ..parent },
            None => Self { trace_id: nonzero(), span_id, flags: 0 },
        }
    }

    /// Reads a header. A later version may have more after the parts that are known, set off by a hyphen.
    fn parse(text: &str) -> Option<Self> {
        let (known, rest) = text.split_at_checked(55)?;
        let mut parts = known.split('-');
        let version = bytes::<1>(parts.next()?)?[0];
        let (trace_id, span_id, flags) =
            (bytes::<16>(parts.next()?)?, bytes::<8>(parts.next()?)?, bytes::<1>(parts.next()?)?[0]);
        let whole = match version {
            0 => rest.is_empty(),
            0xff => false,
            _ => rest.is_empty() || rest.starts_with('-'),
        };
        let sound = whole && parts.next().is_none() && trace_id != [0; 16] && span_id != [0; 8];
        sound.then_some(Self { trace_id, span_id, flags: flags & SAMPLED })
    }

    /// As the log has it.
    pub(crate) fn trace_id(&self) -> String {
        hex::encode(self.trace_id)
    }

    /// As the log has it.
    pub(crate) fn span_id(&self) -> String {
        hex::encode(self.span_id)
    }
}

/// The header of a request that is made on behalf of this one.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{:02x}", self.trace_id(), self.span_id(), self.flags)
    }
}

/// Exactly so many bytes in lower-case digits.
fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0u8; N];
    let lower = !text.bytes().any(|b| b.is_ascii_uppercase());
    (lower && hex::decode_to_slice(text, &mut bytes).is_ok()).then_some(bytes)
}

fn nonzero<const N: usize>() -> [u8; N] {
    loop {
        let bytes = random::<N>();
        if bytes != [0; N] {
            return bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    fn of(values: &[&str]) -> TraceContext {
        let mut headers = HeaderMap::new();
        values.iter().for_each(|value| headers.append(TRACEPARENT, HeaderValue::from_str(value).unwrap()));
        TraceContext::of(&headers)
    }

    #[test]
    fn a_sound_trace_goes_on_under_a_new_span() {
        for (given, flags) in [
            (format!("00-{TRACE}-{SPAN}-01"), "01"),
            (format!("00-{TRACE}-{SPAN}-00"), "00"),
            (format!("00-{TRACE}-{SPAN}-ff"), "01"),
            (format!("cc-{TRACE}-{SPAN}-01"), "01"),
            (format!("cc-{TRACE}-{SPAN}-01-what-the-future-brings"), "01"),
        ] {
            let context = of(&[&given]);
            assert_eq!(context.trace_id(), TRACE, "{given}");
            assert_ne!(context.span_id(), SPAN);
            assert_eq!(context.to_string(), format!("00-{TRACE}-{}-{flags}", context.span_id()));
        }
    }

    #[test]
    fn anything_else_starts_a_new_one() {
        let sound = format!("00-{TRACE}-{SPAN}-01");
        assert_ne!(of(&[&sound, &sound]).trace_id(), TRACE);
        assert_ne!(of(&[]).trace_id(), of(&[]).trace_id());
        for bad in [
            String::new(),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-1"),
            format!("00-{TRACE}-{SPAN}-01-"),
            format!("00-{TRACE}-{SPAN}-01 "),
            format!("cc-{TRACE}-{SPAN}-01x"),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{}-{SPAN}-01", "0".repeat(32)),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
            format!("00-{TRACE}-{SPAN}-0g"),
            format!("00_{TRACE}_{SPAN}_01"),
            format!("00-{SPAN}-{TRACE}-01"),
            format!("00-{}é-{SPAN}-01", &TRACE[..30]),
        ] {
            assert_ne!(of(&[&bad]).trace_id(), TRACE, "{bad}");
        }
    }
}
