//! Requests and the facts they ask for.

use glimpse_circuits::labels;
use glimpse_circuits::request::{MAX_CREDENTIALS, MAX_ISSUERS, MAX_SET, MAX_STATEMENTS, MAX_TERMS};
use serde_json::{Value, json};

use super::forms::{decimal, pattern, printable, signed};
use super::licences::tagged;
use super::{Component, object, to, with};

/// Most intervals of a statement, as the compiler of relations has it.
const MAX_INTERVALS: usize = 512;

pub(super) fn components() -> Vec<Component> {
    vec![
        ("Request", request()),
        ("RequestedCredential", credential()),
        ("RequestCreation", creation()),
        ("CheckKind", check()),
        ("Preference", preference()),
        ("Statement", statement()),
        ("Term", term()),
        ("DayBound", day_bound()),
    ]
}

fn request() -> Value {
    let credentials = json!({ "type": "array", "items": to("RequestedCredential"), "minItems": 1,
        "maxItems": MAX_CREDENTIALS });
    let statements = json!({ "type": "array", "items": to("Statement"), "maxItems": MAX_STATEMENTS,
        "description": "The facts asked for. None at all asks only for the credentials." });
    let members = json!({
        "version": { "type": "string", "const": labels::VERSION.to_string(), "description": "Protocol version." },
        "audience": printable("Identifier of the relying party, such as its origin. A proof is worth nothing to anyone \
            else.", 255),
        "audience_name": to("Title"),
        "purpose": to("Purpose"),
        "response_uri": printable("Where the presentation goes.", 1024),
        "nonce": to("Nonce"),
        "issued_at": to("UnixSeconds"),
        "expires_at": to("UnixSeconds"),
        "credentials": credentials,
        "statements": statements,
    });
    let description = "What a relying party asks for. Its digest is over the canonical form (RFC 8785) of this object, \
        which is how it is sent; `expires_at` is the first second in which it is no longer answered.";
    object(description, members, json!({ "prefer": to("Preference") }))
}

fn credential() -> Value {
    let members = json!({
        "id": to("Identifier"),
        "schema": to("SchemaDigest"),
        "issuers": keys("The issuer keys that are accepted. Which one it was is disclosed."),
        "check": to("CheckKind"),
    });
    object(
        "A credential the holder has to have. Its `id` is its name inside the request.",
        members,
        json!({}),
    )
}

/// A list of issuer keys.
pub(super) fn keys(description: &str) -> Value {
    json!({ "type": "array", "items": to("IssuerKey"), "minItems": 1, "maxItems": MAX_ISSUERS, "uniqueItems": true,
        "description": description })
}

fn creation() -> Value {
    let stored = object("From a stored policy.", json!({ "policy": to("PolicyName") }), json!({}));
    let inline = object("From a policy in place.", json!({ "inline": to("Policy") }), json!({}));
    json!({ "oneOf": [stored, inline], "description": "Creates a request." })
}

fn check() -> Value {
    json!({ "type": "string", "enum": ["token", "keyed"],
        "description": "How a presentation shows that its credential is under the issuer's key: by a helper token, \
            which anyone can check, or to the issuer's own platform, which checks with its key." })
}

fn preference() -> Value {
    json!({ "type": "string", "enum": ["small"],
        "description": "`small`: few bytes rather than an answer that is fast to check." })
}

fn statement() -> Value {
    let of = || to("AttributeRef");
    let strings = |least: usize, most: usize| {
        json!({ "type": "array", "items": { "type": "string" }, "minItems": least, "maxItems": most,
            "uniqueItems": true })
    };
    let terms = json!({ "type": "array", "items": to("Term"), "minItems": 1, "maxItems": MAX_TERMS });
    let years = |description| pattern(description, &up_to_65535());
    let interval = object(
        "All integers from `lo` to `hi`.",
        json!({ "lo": signed("The least."), "hi": signed("The greatest.") }),
        json!({}),
    );
    let intervals = json!({ "type": "array", "items": interval, "minItems": 1, "maxItems": MAX_INTERVALS });
    let flags = || strings(0, 32);
    let variants = [
        tagged("disclose", "The value of an attribute.", json!({ "of": of() }), json!({})),
        tagged(
            "range",
            "An integer combination lies between two bounds, both included.",
            json!({ "of": terms, "lo": signed("The least."), "hi": signed("The greatest.") }),
            json!({}),
        ),
        bounded(
            "age",
            "Completed years since a date, on the day of the request in China. At least one bound.",
            json!({ "at_least": years("At least so many years."), "below": years("Fewer than so many years.") }),
        ),
        bounded(
            "date",
            "A date lies between two days, both included. At least one bound.",
            json!({ "from": to("DayBound"), "to": to("DayBound") }),
        ),
        tagged(
            "equals",
            "An attribute has a given value.",
            json!({ "of": of(), "value": { "type": "string" } }),
            json!({}),
        ),
        tagged(
            "member",
            "An attribute is one of a set; which one stays hidden.",
            json!({ "of": of(), "values": strings(1, MAX_SET) }),
            json!({}),
        ),
        tagged(
            "not_member",
            "A code is in its schema's table and none of a set.",
            json!({ "of": of(), "values": strings(1, MAX_SET) }),
            json!({}),
        ),
        tagged(
            "intervals",
            "An integer combination lies in one of several intervals; which one stays hidden.",
            json!({ "of": terms, "intervals": intervals }),
            json!({}),
        ),
        bounded(
            "flags",
            "All of `all` are set, none of `none`, and at least one of `any`. At least one flag.",
            json!({ "all": flags(), "none": flags(), "any": flags() }),
        ),
        tagged(
            "equal",
            "Two attributes have the same value, which stays hidden.",
            json!({ "left": of(), "right": of() }),
            json!({}),
        ),
        tagged(
            "not_revoked",
            "The licence of this name is neither revoked nor suspended, by a list of its issuer that is recent enough. No \
             issuer has lists yet: such a request is refused.",
            json!({
                "credential": to("Identifier"),
                "max_age": decimal(
                    "Most seconds by which the list may have been issued before the request, a decimal string of 64 bits.",
                    &json!("86400"),
                ),
            }),
            json!({}),
        ),
    ];
    json!({ "oneOf": variants, "description": "One fact asked for." })
}

/// A statement on one attribute with bounds that may be left out, but not all of them.
fn bounded(name: &str, description: &str, bounds: Value) -> Value {
    let mut statement = tagged(name, description, json!({ "of": to("AttributeRef") }), bounds);
    statement["properties"][name]["minProperties"] = json!(2);
    statement
}

fn term() -> Value {
    let members = json!({
        "attribute": to("AttributeRef"),
        "coefficient": pattern("Its coefficient: a decimal string of 64 bits, not 0.", "^-?[1-9][0-9]{0,18}$"),
    });
    object("An attribute (required, a date or a number) times a whole number.", members, json!({}))
}

fn day_bound() -> Value {
    let today = json!({ "type": "string", "const": "today", "description": "The day of the request in China (UTC+8)." });
    with(json!({ "oneOf": [today, to("Day")] }), json!({ "description": "The bound of a date." }))
}

/// A decimal string of 16 bits.
fn up_to_65535() -> String {
    let five = "[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]";
    format!("^(?:0|[1-9][0-9]{{0,3}}|{five})$")
}
