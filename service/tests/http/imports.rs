//! Bulk registration over HTTP: announced, sent in batches, sent again, counted.

use std::thread;

use glimpse_api::{Act, Catalogue, CatalogueImport, Import, ImportOutcome, ImportedBatch, Stage, paths};
use serde_json::{Value, json};

use crate::support::{ADMIN, Client, DRIVING, RELYING_PARTY, Response, Service, Wallet, sample};

fn announce(client: &Client, name: &str, announcement: &Value) -> Response {
    client.json("PUT", &paths::IMPORT.replace("{import}", name), Some(ADMIN), announcement)
}

fn announcement(rows: u64) -> Value {
    json!({ "profile": DRIVING, "announced": rows.to_string(), "digest": "a1".repeat(32) })
}

fn import(client: &Client, name: &str) -> Import {
    client.get(&paths::IMPORT.replace("{import}", name), Some(ADMIN)).ok()
}

fn send(client: &Client, name: &str, rows: &[Value]) -> Response {
    client.post(&paths::IMPORT_ROWS.replace("{import}", name), Some(ADMIN), &json!({ "rows": rows }))
}

fn row(number: u64) -> Value {
    json!({ "row": number.to_string(), "holder": format!("holder-{number}"), "attributes": sample(DRIVING, number) })
}

#[test]
fn announced_sent_and_counted() {
    let service = Service::start();
    let client = service.client();
    let announced: Import = announce(&client, "driving-2026", &announcement(3)).ok();
    assert_eq!((announced.profile.as_str(), announced.issuer.as_str()), (DRIVING, "91000000TEST"));
    assert_eq!((announced.announced, announced.registered, announced.complete), (3, 0, false));

    let mut wrong = row(2);
    wrong["attributes"]["birth_date"] = json!("1990-02-30");
    wrong["attributes"]["licence_number"] = json!("110105194912310020");
    wrong["holder"] = json!(" ");
    let answer: ImportedBatch = send(&client, "driving-2026", &[row(1), wrong, row(3)]).ok();
    let outcomes: Vec<_> = answer.rows.iter().map(|row| (row.row, row.outcome)).collect();
    assert_eq!(
        outcomes,
        [(1, ImportOutcome::Registered), (2, ImportOutcome::Refused), (3, ImportOutcome::Registered)]
    );
    let fields: Vec<_> = answer.rows[1].errors.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["holder", "attributes.licence_number", "attributes.birth_date"]);
    assert!(answer.rows[1].errors.iter().all(|error| !error.reason.contains("1990")));
    assert!(answer.rows[1].licence.is_none() && answer.rows[0].errors.is_empty());
    assert_eq!(import(&client, "driving-2026").registered, 2);

    // Again, with the second one as it should be: the first and third are what and where they were.
    let again: ImportedBatch = send(&client, "driving-2026", &[row(3), row(2), row(1)]).ok();
    assert!(
        again.rows[0].licence == answer.rows[2].licence && again.rows[2].licence == answer.rows[0].licence
    );
    let whole = import(&client, "driving-2026");
    assert!(whole.registered == 3 && whole.complete);
    let catalogue: Catalogue = client.get(paths::CATALOGUE, Some(ADMIN)).ok();
    let count = &catalogue.counts[0];
    assert_eq!((catalogue.counts.len(), count.stage, count.count), (1, Stage::Registered, 3));
    let expected = CatalogueImport {
        import: "driving-2026".into(),
        profile: DRIVING.into(),
        announced: 3,
        registered: 3,
    };
    assert_eq!(catalogue.imports, [expected]);

    // The reference is good for an offer, and what was made of the licence stays when its row is sent once more.
    let licence = answer.rows[0].licence.clone().unwrap();
    let wallet = Wallet::new(client.clone());
    wallet.obtain(&client.offer(&licence).code);
    send(&client, "driving-2026", &[row(1)]).ok::<ImportedBatch>();
    let report = client.licence(&licence);
    assert_eq!(report.stage, Stage::Valid);
    assert_eq!(report.events[0].act, Act::Imported);
    assert_eq!(report.events.len(), 3);
}

#[test]
fn a_name_stands_for_one_file() {
    let service = Service::start();
    let client = service.client();
    announce(&client, "a", &announcement(3)).ok::<Import>();
    announce(&client, "a", &announcement(3)).ok::<Import>();
    let mut others = vec![announcement(4), announcement(3), announcement(3)];
    others[1]["digest"] = json!("a2".repeat(32));
    others[2]["profile"] = json!("cn.resident_identity_card");
    for other in others {
        announce(&client, "a", &other).problem(409, "import-differs");
    }
    assert_eq!(import(&client, "a").announced, 3);
    // References of two imports of the same file are not the same.
    announce(&client, "b", &announcement(3)).ok::<Import>();
    let [one, other]: [ImportedBatch; 2] = ["a", "b"].map(|name| send(&client, name, &[row(1)]).ok());
    assert!(one.rows[0].licence != other.rows[0].licence);
}

#[test]
fn what_is_no_import_is_refused() {
    let service = Service::start();
    let client = service.client();
    for (member, wrong) in [("profile", json!("cn.none")), ("digest", json!("A1".repeat(32)))] {
        let mut body = announcement(3);
        body[member] = wrong;
        assert_eq!(announce(&client, "a", &body).fields(422, "invalid"), [member]);
    }
    assert_eq!(announce(&client, "A", &announcement(3)).fields(422, "invalid"), ["import"]);
    send(&client, "a", &[row(1)]).problem(404, "import-unknown");
    client.get(&paths::IMPORT.replace("{import}", "a"), Some(ADMIN)).problem(404, "import-unknown");
    announce(&client, "a", &announcement(600)).ok::<Import>();
    assert_eq!(send(&client, "a", &[]).fields(422, "invalid"), ["rows"]);
    assert_eq!(send(&client, "a", &[row(1), row(601)]).fields(422, "invalid"), ["rows[1].row"]);
    assert_eq!(send(&client, "a", &[row(0)]).fields(422, "invalid"), ["rows[0].row"]);
    assert_eq!(send(&client, "a", &[row(1), row(2), row(1)]).fields(422, "invalid"), ["rows[2].row"]);
    let many: Vec<_> = (1..=501).map(row).collect();
    assert_eq!(send(&client, "a", &many).fields(422, "invalid"), ["rows"]);
    assert_eq!(import(&client, "a").registered, 0);
    let path = paths::IMPORT.replace("{import}", "a");
    client.get(&path, None).problem(401, "unauthorized");
    client.get(&path, Some(RELYING_PARTY)).problem(403, "forbidden");
    client.json("PUT", &path, Some(RELYING_PARTY), &announcement(1)).problem(403, "forbidden");
    let rows = paths::IMPORT_ROWS.replace("{import}", "a");
    client.post(&rows, Some(RELYING_PARTY), &json!({ "rows": [row(1)] })).problem(403, "forbidden");
}

#[test]
fn batches_that_overlap_at_once_are_counted_once() {
    let service = Service::start();
    let client = service.client();
    announce(&client, "a", &announcement(100)).ok::<Import>();
    thread::scope(|scope| {
        for start in 1..=8u64 {
            let client = client.clone();
            scope.spawn(move || {
                let rows: Vec<_> = (start..start + 12).map(row).collect();
                send(&client, "a", &rows).ok::<ImportedBatch>();
            });
        }
    });
    assert_eq!(import(&client, "a").registered, 19);
    let catalogue: Catalogue = client.get(paths::CATALOGUE, Some(ADMIN)).ok();
    assert_eq!(catalogue.counts[0].count, 19);
}
