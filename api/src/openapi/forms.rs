//! Strings of one form: numbers, bytes, digests, references, names.

use glimpse_circuits::issuance::IssuanceRequest;
use serde_json::{Value, json};

use super::{Component, object};

/// `[a-z][a-z0-9_]{0,63}`.
pub(super) const IDENTIFIER: &str = "[a-z][a-z0-9_]{0,63}";
/// No control character, nor one that could rewrite the line it is shown on; U+E0000 to U+E007F are refused as well.
const PRINTABLE: &str = "[^\\u0000-\\u001F\\u007F-\\u009F\\u00AD\\u061C\\u115F\\u1160\\u180E\\u200B-\\u200F\\u2028-\\u202E\
    \\u2060-\\u206F\\u3164\\uFEFF\\uFFA0\\uFFF9-\\uFFFB]";
/// Control characters and those that are not seen, as far as they have four digits; the others are refused as well.
const UNSEEN: &str = "\\u0000-\\u001F\\u007F-\\u009F\\u00AD\\u034F\\u0600-\\u0605\\u061C\\u06DD\\u070F\\u0890\\u0891\\u08E2\\u115F\\u1160\
    \\u17B4\\u17B5\\u180B-\\u180F\\u200B-\\u200F\\u2028-\\u202E\\u2060-\\u206F\\u2800\\u3164\\uFE00-\\uFE0F\\uFEFF\\uFFA0\\uFFF0-\\uFFFB";

pub(super) fn components() -> Vec<Component> {
    vec![
        ("UnixSeconds", decimal("Seconds since 1970-01-01T00:00:00Z, below 2^64.", &json!("1795320300"))),
        (
            "Period",
            decimal("A number of seconds, a whole number of minutes, of 40 days at most.", &json!("3600")),
        ),
        ("Bytes", bytes(None, "Bytes in base64url without padding, left-over bits 0.")),
        ("Bytes32", bytes(Some(32), "32 bytes in base64url without padding.")),
        ("Bytes64", bytes(Some(64), "64 bytes in base64url without padding.")),
        (
            "IssuanceRequest",
            bytes(
                Some(IssuanceRequest::LENGTH),
                "The bytes of an issuance request (docs/protocol.md) in base64url without padding.",
            ),
        ),
        ("Nonce", hex(32, "A number that is used once: 32 bytes in lower-case hexadecimal.")),
        ("RequestDigest", hex(32, "The digest of a canonical request: 32 bytes in lower-case hexadecimal.")),
        ("SchemaDigest", hex(32, "The digest of a schema: 32 bytes in lower-case hexadecimal.")),
        ("FileDigest", hex(32, "SHA-256 of a file: 32 bytes in lower-case hexadecimal.")),
        ("IssuerKey", hex(32, "An issuer's public key: the encoding of a Ristretto point other than 0.")),
        ("DocumentKey", hex(32, "An Ed25519 public key (RFC 8032), of signed documents.")),
        ("Reason", reason()),
        ("Reference", hex(16, "A reference of this service: 16 random bytes in lower-case hexadecimal.")),
        (
            "ExchangeName",
            hex(
                24,
                "A token exchange and the node that holds it: 24 random bytes in lower-case hexadecimal.",
            ),
        ),
        (
            "IdempotencyKey",
            pattern("Something random by which its sender's repetition is recognised.", "^[!-~]{16,128}$"),
        ),
        ("Replayed", pattern("Whether something was done before.", "^(true|false)$")),
        ("Identifier", pattern("A name inside a request or a schema.", &format!("^{IDENTIFIER}$"))),
        (
            "AttributeRef",
            pattern(
                "An attribute of a requested licence: the licence's name in the request, a dot, the attribute's name.",
                &format!("^{IDENTIFIER}\\.{IDENTIFIER}$"),
            ),
        ),
        ("SchemaId", schema_id()),
        (
            "Region",
            pattern(
                "A code of GB/T 2260; trailing pairs of zeros stand for all of a province or a city.",
                "^[0-9]{6}$",
            ),
        ),
        ("PrincipalId", pattern("Whoever may do something here.", "^[a-z][a-z0-9_-]{0,63}$")),
        ("DecimalCount", pattern("A number, in decimal.", "^(0|[1-9][0-9]{0,19})$")),
        (
            "AllowedNames",
            json!({ "description": "Some names, or the word `any`.", "oneOf": [
                { "type": "string", "const": "any" },
                { "type": "array", "items": { "type": "string" } },
            ] }),
        ),
        ("ImportName", pattern("The name of an import.", "^[a-z][a-z0-9_-]{0,63}$")),
        ("PolicyName", pattern("The name of a stored policy.", "^[a-z][a-z0-9_-]{0,63}$")),
        (
            "OfferCode",
            json!({ "type": "string", "description": "The code of a one-time offer: 32 random bytes in base64url. \
                As good as the licence until it is used." }),
        ),
        ("HolderReference", holder()),
        (
            "Text",
            object(
                "A text in both languages.",
                json!({ "zh-CN": { "type": "string" }, "en": { "type": "string" } }),
                json!({}),
            ),
        ),
        ("Title", text("A name or title in both languages.", 120)),
        ("Purpose", text("What the answer will be used for, in both languages. Shown to the holder.", 500)),
    ]
}

/// An integer of 64 bits without a sign, as a decimal string.
pub(super) fn decimal(description: &str, example: &Value) -> Value {
    let mut schema = pattern(description, "^(?:0|[1-9][0-9]{0,19})$");
    schema["examples"] = json!([example]);
    schema
}

/// An integer of 128 bits as a decimal string.
pub(super) fn signed(description: &str) -> Value {
    pattern(&format!("{description} A decimal string of 128 bits."), "^(?:0|-?[1-9][0-9]{0,38})$")
}

pub(super) fn pattern(description: &str, pattern: &str) -> Value {
    json!({ "type": "string", "description": description, "pattern": pattern })
}

/// 1 to `max` characters that can be shown on one line.
pub(super) fn printable(description: &str, max: usize) -> Value {
    let mut schema = pattern(description, &format!("^{PRINTABLE}+$"));
    schema["minLength"] = json!(1);
    schema["maxLength"] = json!(max);
    schema
}

fn text(description: &str, max: usize) -> Value {
    let text = |language| printable(language, max);
    let languages = json!({ "zh-CN": text("Simplified Chinese."), "en": text("English.") });
    object(description, languages, json!({}))
}

pub(super) fn hex(bytes: usize, description: &str) -> Value {
    pattern(description, &format!("^[0-9a-f]{{{}}}$", 2 * bytes))
}

/// Four characters for three bytes; the last of a rest has its unused bits 0.
fn bytes(length: Option<usize>, description: &str) -> Value {
    const ANY: &str = "[A-Za-z0-9_-]";
    const FOUR_BITS: &str = "[AEIMQUYcgkosw048]";
    const TWO_BITS: &str = "[AQgw]";
    let form = match length {
        None => format!("^(?:{ANY}{{4}})*(?:{ANY}{TWO_BITS}|{ANY}{{2}}{FOUR_BITS})?$"),
        Some(length) => {
            let whole = length / 3 * 4;
            match length % 3 {
                0 => format!("^{ANY}{{{whole}}}$"),
                1 => format!("^{ANY}{{{}}}{TWO_BITS}$", whole + 1),
                _ => format!("^{ANY}{{{}}}{FOUR_BITS}$", whole + 2),
            }
        }
    };
    let mut schema = pattern(description, &form);
    schema["contentEncoding"] = json!("base64url");
    schema
}

fn schema_id() -> Value {
    let form = format!("^{IDENTIFIER}(?:\\.{IDENTIFIER})*$");
    let mut schema = pattern("The id of a schema: names joined by dots.", &form);
    schema["maxLength"] = json!(128);
    schema["examples"] = json!(["cn.driving_licence"]);
    schema
}

fn reason() -> Value {
    let mut schema = pattern(
        "Why something was done, in words that do not repeat what a licence says.",
        &format!("^[^{UNSEEN}]*[^\\s{UNSEEN}][^{UNSEEN}]*$"),
    );
    schema["minLength"] = json!(1);
    schema["maxLength"] = json!(200);
    schema
}

fn holder() -> Value {
    let visible = format!("[^\\s{UNSEEN}]");
    let mut schema = pattern(
        "The authority's own reference for the person or organisation: all licences of one holder carry the same. \
         No blanks around it, and no others in it than spaces.",
        &format!("^{visible}(?:(?: |{visible})*{visible})?$"),
    );
    schema["minLength"] = json!(1);
    schema["maxLength"] = json!(256);
    schema["examples"] = json!(["holder-0001"]);
    schema
}
