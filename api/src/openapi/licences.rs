//! Issuers, schemas of licences, and what licences say.

use glimpse_circuits::attribute::{MAX_CODES, MAX_FLAGS, MAX_STRING_CHARS};
use glimpse_circuits::schema::MAX_ATTRIBUTES;
use serde_json::{Value, json};

use super::forms::{decimal, hex, pattern, printable};
use super::{Component, object, to, with};

pub(super) fn components() -> Vec<Component> {
    vec![
        ("Issuer", issuer()),
        ("LicenceSchema", schema()),
        ("SchemaAttribute", attribute()),
        ("AttributeType", kind()),
        ("Code", code()),
        ("Day", day()),
        ("LicenceAttributes", attributes()),
        ("AttributeValue", value()),
        ("SignedDocument", signed()),
    ]
}

fn issuer() -> Value {
    let members = json!({
        "id": printable("Identifier, such as the authority's unified social credit code.", 255),
        "name": to("Title"),
        "key": to("IssuerKey"),
        "schemas": { "type": "array", "items": to("SchemaDigest"), "uniqueItems": true,
            "description": "The schemas it may issue under that key." },
    });
    let revocation =
        hex(32, "The key that the intervals of its revocation lists are under, if it has such lists.");
    object("An issuer key, and who it belongs to.", members, json!({ "revocation": revocation }))
}

fn signed() -> Value {
    let base64 = |description: &str| json!({ "type": "string", "contentEncoding": "base64", "description": description });
    let signature = object(
        "A signature.",
        json!({ "keyid": to("DocumentKey"), "sig": base64("64 bytes in base64 with padding.") }),
        json!({}),
    );
    let members = json!({
        "payloadType": { "type": "string", "description": "What kind of document it is: a media type." },
        "payload": base64("The document's bytes in base64 with padding."),
        "signatures": { "type": "array", "items": signature, "maxItems": 16 },
    });
    object(
        "A signed document: a DSSE envelope (github.com/secure-systems-lab/dsse, version 1.0).",
        members,
        json!({}),
    )
}

fn schema() -> Value {
    let members = json!({
        "id": to("SchemaId"),
        "version": pattern("Version of the schema, a decimal string below 2^32.", "^[1-9][0-9]{0,9}$"),
        "title": to("Title"),
        "binding": { "type": "string", "enum": ["holder", "none"],
            "description": "`holder`: bound to the link secret of a wallet. `none`: whoever has it may show it." },
        "attributes": { "type": "array", "items": to("SchemaAttribute"), "minItems": 1, "maxItems": MAX_ATTRIBUTES,
            "description": "In the order in which a credential carries them." },
    });
    let description = "The ordered, typed, bounded and graded attributes of a kind of licence. Its digest is over the \
        canonical form (RFC 8785) of this object.";
    object(description, members, json!({}))
}

fn attribute() -> Value {
    let members = json!({
        "name": to("Identifier"),
        "title": to("Title"),
        "type": to("AttributeType"),
        "required": { "type": "boolean", "description": "Whether every credential carries it." },
        "grade": { "type": "string", "enum": ["disclose", "predicate", "never"],
            "description": "What may leave the wallet: the value, facts about it, or nothing." },
    });
    let least = pattern(
        "A predicate that leaves fewer possible values than this counts as disclosure (1 if absent). A decimal string \
         below 2^64.",
        "^[1-9][0-9]{0,19}$",
    );
    object("One attribute of a schema.", members, json!({ "min_choices": least }))
}

fn kind() -> Value {
    let codes =
        |most: usize| json!({ "type": "array", "items": to("Code"), "minItems": 1, "maxItems": most });
    let number = |which| decimal(&format!("{which}, below 2^63."), &json!("0"));
    let characters = with(
        pattern(
            "Most characters: 1 to 256, a decimal string.",
            "^(?:[1-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-6])$",
        ),
        json!({ "examples": [MAX_STRING_CHARS.to_string()] }),
    );
    let variants = [
        tagged("date", "A day.", json!({ "min": to("Day"), "max": to("Day") }), json!({})),
        tagged(
            "uint",
            "A whole number.",
            json!({ "min": number("Least"), "max": number("Greatest") }),
            json!({}),
        ),
        tagged("flags", "A set of flags.", json!({ "flags": codes(MAX_FLAGS) }), json!({})),
        tagged(
            "code",
            "A code, from a table if one is given.",
            json!({}),
            json!({ "table": codes(MAX_CODES) }),
        ),
        tagged("text", "Any text.", json!({ "max_chars": characters }), json!({})),
    ];
    json!({ "oneOf": variants, "description": "The type of an attribute with its bounds." })
}

fn code() -> Value {
    let members = json!({ "code": printable("As licences carry it.", 64), "title": to("Title") });
    object("A code and what it means.", members, json!({}))
}

fn day() -> Value {
    // There is no year 0.
    let form = "^(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$";
    let said = "A day of the calendar from 0001-01-01; 9999-12-31 stands for \"no end\" (长期).";
    with(pattern(said, form), json!({ "format": "date", "examples": ["2026-11-22"] }))
}

fn attributes() -> Value {
    json!({
        "type": "object",
        "description": "The licence, by attribute names or by the profile's element names: a string (a day is written \
            YYYY-MM-DD, a number in decimal), or a list of flag codes.",
        "additionalProperties": { "oneOf": [
            { "type": "string" },
            { "type": "array", "items": { "type": "string" }, "maxItems": MAX_FLAGS, "uniqueItems": true },
        ] },
    })
}

fn value() -> Value {
    json!({
        "type": ["string", "array", "null"],
        "items": { "type": "string" },
        "description": "A value: a string, a list of flag codes, or null if absent.",
    })
}

/// `{name: {members}}`, as serde writes a variant.
pub(super) fn tagged(name: &str, description: &str, required: Value, optional: Value) -> Value {
    object(description, json!({ name: object(description, required, optional) }), json!({}))
}
