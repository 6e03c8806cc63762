//! What is true is accepted.

use std::sync::Arc;

use glimpse_circuits::attribute::Value;
use glimpse_circuits::schema::Schema;
use glimpse_fixtures::{NOW, World};
use serde_json::json;

fn schema() -> Arc<Schema> {
    let text = |t: &str| json!({"zh-CN": t, "en": t});
    let codes = |all: &[&str]| all.iter().map(|c| json!({"code": c, "title": text(c)})).collect::<Vec<_>>();
    let json = json!({
        "id": "test.all", "version": "1", "title": text("T"), "binding": "holder",
        "attributes": [
            {"name":"name","title":text("n"),"type":{"text":{"max_chars":"64"}},"required":true,"grade":"disclose"},
            {"name":"birth","title":text("b"),"type":{"date":{"min":"1900-01-01","max":"2099-12-31"}},"required":true,"grade":"predicate"},
            {"name":"until","title":text("u"),"type":{"date":{"min":"1900-01-01","max":"9999-12-31"}},"required":true,"grade":"predicate"},
            {"name":"amount","title":text("a"),"type":{"uint":{"min":"0","max":"9223372036854775807"}},"required":true,"grade":"predicate"},
            {"name":"classes","title":text("c"),"type":{"flags":{"flags":codes(&["A1","A2","B1","B2","C1","C2"])}},"required":true,"grade":"predicate"},
            {"name":"region","title":text("r"),"type":{"code":{"table":codes(&["1","2","3","4","5","6","7","8","9","10"])}},"required":true,"grade":"disclose"},
            {"name":"note","title":text("o"),"type":{"text":{"max_chars":"64"}},"required":false,"grade":"disclose"}
        ]
    });
    Arc::new(Schema::from_json(&json.to_string()).unwrap())
}

fn values() -> Vec<Value> {
    vec![
        Value::Text("张三".into()),
        Value::Date("1990-05-17".parse().unwrap()),
        Value::Date("2030-01-01".parse().unwrap()),
        Value::Uint(1_000_000),
        Value::Flags(0b010010),
        Value::Code("7".into()),
        Value::Absent,
    ]
}

#[test]
fn every_statement_once_and_together() {
    let schema = schema();
    let mut world = World::new(1, std::slice::from_ref(&schema));
    let wallet = world.wallet();
    let credential = world.obtain(&wallet, &schema, values());
    let statements = [
        json!({"disclose":{"of":"l.name"}}),
        json!({"disclose":{"of":"l.note"}}),
        json!({"age":{"of":"l.birth","at_least":"18","below":"60"}}),
        json!({"date":{"of":"l.until","from":"today"}}),
        json!({"range":{"of":[{"attribute":"l.amount","coefficient":"2"},{"attribute":"l.birth","coefficient":"-1"}],"lo":"-100","hi":"9000000"}}),
        json!({"equals":{"of":"l.region","value":"7"}}),
        json!({"member":{"of":"l.region","values":["1","2","7"]}}),
        json!({"not_member":{"of":"l.region","values":["1","2"]}}),
        json!({"intervals":{"of":[{"attribute":"l.amount","coefficient":"1"}],"intervals":[{"lo":"5","hi":"10"},{"lo":"999999","hi":"1000001"},{"lo":"2000000","hi":"3000000"}]}}),
        json!({"flags":{"of":"l.classes","all":["A2"],"none":["C2"],"any":["C1","B1"]}}),
    ];
    let verifier = world.verifier();
    let mut all: Vec<Vec<_>> = statements.iter().map(|statement| vec![statement.clone()]).collect();
    all.push(statements.to_vec());
    all.push(Vec::new());
    for statements in all {
        for check in ["token", "keyed"] {
            let request = world.request_with(&[("l", &schema)], json!(statements), check);
            let relation = world.relation(&request);
            let bytes = world.present(&relation, &wallet, &[&credential]);
            let verdict = if check == "token" {
                verifier.verify(&request, &bytes, NOW + 1)
            } else {
                world.keyed_verifier().verify(&request, &bytes, NOW + 1)
            };
            let verdict = verdict.unwrap_or_else(|failure| panic!("{statements:?}: {:?}", failure.cause()));
            assert_eq!(verdict.statements.len(), statements.len());
            for text in &verdict.statements {
                println!("{} | {}", text.zh_cn, text.en);
            }
        }
    }
}
