//! `glimpse licence import` against a service: what it registers, what it rejects, what it reports, and that it can be
//! killed whenever.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use glimpse_profiles::builtin_by_schema_id;
use glimpse_profiles::sample::Persona;
use serde_json::{Map, Value, json};
use support::log::{ALL, Kind, found_in, keep_all};
use support::service::Service;
use support::{glimpse, run, write_secrets};

const DRIVING: &str = "cn.driving_licence";

/// Generated, and kept as something that nobody may print.
fn licence(seed: u64) -> Map<String, Value> {
    let licence = builtin_by_schema_id(DRIVING).unwrap().sample(&Persona::new(seed));
    keep_all(Kind::Attribute, &Value::from(licence.clone()));
    licence
}

fn line(seed: u64, change: impl FnOnce(&mut Map<String, Value>)) -> String {
    let mut licence = licence(seed);
    licence.insert("holder".into(), json!(format!("holder-of-{seed}")));
    change(&mut licence);
    Value::from(licence).to_string() + "\n"
}

/// What was said and written holds nothing that a licence says.
fn import(place: &Path, url: &str, file: &str, name: &str, more: &[&str]) -> Output {
    let arguments = [&["licence", "import", file, "--profile", DRIVING, "--import", name], more].concat();
    let output = run(place, url, &arguments, "");
    for text in [&output.stdout, &output.stderr] {
        let found = found_in(text, &[Kind::Attribute, Kind::Key]);
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
    for written in ["rejected.jsonl", "state.json"] {
        if let Ok(text) = fs::read(place.join(format!("{file}.{name}.{written}"))) {
            assert!(found_in(&text, &ALL).is_empty(), "{written}");
        }
    }
    output
}

fn said(output: &Output) -> String {
    String::from_utf8([&output.stdout[..], &output.stderr].concat()).unwrap()
}

#[track_caller]
fn refused(output: &Output, reason: &str) {
    let said = said(output);
    assert!(output.status.code() == Some(1) && said.contains(reason), "{said}");
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Announced and registered by the catalogue, and all licences there.
fn counts(service: &Service, name: &str) -> (String, String, u64) {
    let catalogue = service.ask("/admin/v1/catalogue");
    let imports = catalogue["imports"].as_array().unwrap();
    let import = imports.iter().find(|import| import["import"] == name).unwrap();
    let number = |value: &Value| value.as_str().unwrap().to_owned();
    let all = catalogue["counts"].as_array().unwrap().iter();
    let all = all.map(|count| count["count"].as_str().unwrap().parse::<u64>().unwrap()).sum();
    (number(&import["announced"]), number(&import["registered"]), all)
}

#[test]
fn json_lines_with_everything_that_can_be_wrong() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    write_secrets(place);
    let service = Service::start(place);
    let number = |licence: &mut Map<String, Value>| {
        licence["licence_number"] = json!("110105491231002");
    };
    let text = [
        line(1, |_| ()),
        "\n".into(),
        line(2, |licence| drop(licence.remove("name"))),
        line(3, |licence| licence["valid_from"] = json!("2026-02-30")),
        line(4, |licence| {
            licence["valid_from"] = json!("2024-01-01");
            licence["valid_until"] = json!("2010-01-01");
        }),
        "{\"holder\": \"not closed\n".into(),
        format!("{{\"holder\": \"{}\"}}\n", "x".repeat(70_000)),
        line(5, |licence| drop(licence.remove("holder"))),
        // A number from before there were check characters, said to be so; and the same, not said.
        line(6, |licence| {
            number(licence);
            let number = json!({
                "attribute": "licence_number", "check": "citizen_id", "reason": "before_standard",
            });
            licence.insert("overrides".into(), json!([number]));
        }),
        line(7, number),
        // The first one again, under its element name.
        line(1, |licence| {
            let number = licence.remove("licence_number").unwrap();
            licence.insert("ZZBH".into(), number);
        }),
        line(8, |licence| drop(licence.insert("备注".into(), json!("x")))),
    ];
    let mut bytes = text.concat().into_bytes();
    bytes.extend(b"{\"holder\":\"h\",\"name\":\"\xd0\xd5\"}\n");
    fs::write(place.join("all.jsonl"), &bytes).unwrap();

    let more = ["--report", "report.json", "--rejected-rows", "again.jsonl"];
    let output = import(place, &service.url, "all.jsonl", "first", &more);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let rejected = lines(&place.join("all.jsonl.first.rejected.jsonl"));
    let told: Vec<(&str, &str, &str)> = rejected
        .iter()
        .map(|one| {
            let text = |value: &'static str| one[value].as_str().unwrap();
            (text("row"), text("line"), one["reasons"][0]["field"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        told,
        [
            ("2", "3", "attributes.name"),
            ("3", "4", "attributes.valid_from"),
            ("4", "5", "attributes.valid_until"),
            ("5", "6", "."),
            ("6", "7", "."),
            ("7", "8", "."),
            ("9", "10", "attributes.licence_number"),
            ("11", "12", "attributes.a key"),
            ("12", "13", "."),
        ]
    );
    assert_eq!(counts(&service, "first"), ("12".into(), "3".into(), 3));
    // The rows themselves, for their owner alone.
    let copied = [&text[2..=7].concat(), &text[9], &text[11]].map(|rows| rows.as_bytes()).concat();
    let expected = [&copied, &bytes[text.concat().len()..]].concat();
    let again = place.join("again.jsonl");
    assert!(fs::read(&again).unwrap() == expected);
    assert_eq!(fs::metadata(&again).unwrap().permissions().mode() & 0o777, 0o600);
    refused(
        &import(place, &service.url, "all.jsonl", "first", &more),
        "again.jsonl: there is a file already",
    );
    fs::remove_file(&again).unwrap();
    assert_eq!(import(place, &service.url, "all.jsonl", "first", &more).status.code(), Some(1));
    assert!(fs::read(&again).unwrap() == expected);
    let report: Value = serde_json::from_slice(&fs::read(place.join("report.json")).unwrap()).unwrap();
    let quality = &report["quality"];
    assert_eq!((&report["rejected"], &report["import"]["registered"]), (&json!("9"), &json!("3")));
    assert_eq!(report["import"]["issuer"], "demo");
    for (name, expected) in
        [("licences", "12"), ("unreadable", "4"), ("sound", "3"), ("with_unknown_names", "1")]
    {
        assert_eq!(quality[name], expected, "{name}");
    }
    let element = |name: &str| {
        quality["elements"].as_array().unwrap().iter().find(|element| element["attribute"] == name).unwrap()
    };
    let name = element("name");
    assert_eq!(
        (&name["given"], &name["valid"], &name["element"]),
        (&json!("7"), &json!("7"), &json!("CZZT"))
    );
    let number = element("licence_number");
    assert_eq!((&number["given"], &number["valid"]), (&json!("8"), &json!("7")));
    assert_eq!(number["set_aside"], "1");
    assert_eq!(number["repeated"], json!({ "compared": "8", "repeated": "2" }));
    assert_eq!(
        (&element("valid_from")["given"], &element("valid_from")["valid"]),
        (&json!("8"), &json!("7"))
    );
    let order = quality["rules"].as_array().unwrap().iter();
    let order =
        order.clone().find(|rule| rule["attributes"] == json!(["valid_from", "valid_until"])).unwrap();
    assert_eq!(
        (&order["rule"], &order["broken"], &order["compared"]),
        (&json!("order"), &json!("1"), &json!("7"))
    );
    let table = said(&output);
    for part in ["announced 12, registered 3 (25.0 %), rejected 9", "licence_number", "ZZBH", "1 set aside"] {
        assert!(table.contains(part), "{part} in {table}");
    }
}

/// The header has the names of GB/T 36903, the cells have commas, quotes, line breaks and a mark before the first.
#[test]
fn csv_in_the_names_of_the_standard_again_and_changed() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    write_secrets(place);
    let service = Service::start(place);
    let elements = [("name", "CZZT"), ("licence_number", "ZZBH"), ("valid_until", "ZZYXQJZRQ")];
    let names: Vec<String> = licence(1).keys().cloned().collect();
    let header: Vec<&str> = names
        .iter()
        .map(|name| elements.iter().find(|(known, _)| known == name).map_or(name.as_str(), |found| found.1))
        .collect();
    let mut text = format!("\u{feff}{},\"remark, as it\r\nstands\"\r\n", header.join(","));
    for seed in 1..=40 {
        let licence = licence(seed);
        let cells: Vec<String> = names
            .iter()
            .map(|name| match &licence[name] {
                Value::Array(codes) => {
                    codes.iter().map(|code| code.as_str().unwrap()).collect::<Vec<_>>().join(";")
                }
                value => format!("\"{}\"", value.as_str().unwrap()),
            })
            .collect();
        text += &format!("{},\"a \"\"remark\"\",\nof two lines\"\r\n", cells.join(","));
    }
    fs::write(place.join("all.csv"), &text).unwrap();
    let more =
        ["--holder", "ZZBH", "--ignore", "remark, as it\r\nstands", "--references", "references.jsonl"];
    let output = import(place, &service.url, "all.csv", "standard", &more);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(counts(&service, "standard"), ("40".into(), "40".into(), 40));
    assert!(service.ask("/admin/v1/imports/standard")["complete"].as_bool().unwrap());
    let references = lines(&place.join("references.jsonl"));
    assert!(references.iter().zip(1..).all(|(one, row)| one["row"] == format!("{row}")));
    let licence = references[39]["licence"].as_str().unwrap();
    let read = service.ask(&format!("/admin/v1/licences/{licence}"));
    assert_eq!((&read["stage"], &read["events"][0]["act"]), (&json!("registered"), &json!("imported")));

    // Once more: there is nothing left to do.
    assert!(import(place, &service.url, "all.csv", "standard", &more).status.success());
    assert_eq!(counts(&service, "standard").2, 40);
    assert_eq!(lines(&place.join("references.jsonl")).len(), 40);
    // Without its state file it is sent again, and nothing is doubled; what it wrote must be out of the way.
    fs::remove_file(place.join("all.csv.standard.state.json")).unwrap();
    refused(&import(place, &service.url, "all.csv", "standard", &more), "there is a file already");
    fs::remove_file(place.join("all.csv.standard.state.json")).unwrap();
    let again = [&more[..5], &["again.jsonl"]].concat();
    assert!(import(place, &service.url, "all.csv", "standard", &again).status.success());
    assert_eq!(counts(&service, "standard").2, 40);
    assert_eq!(lines(&place.join("again.jsonl")), references);
    // Otherwise than it was begun, and of another file.
    refused(&import(place, &service.url, "all.csv", "standard", &[]), "begun otherwise");
    fs::write(place.join("all.csv"), text.replace("two lines", "2 lines")).unwrap();
    refused(&import(place, &service.url, "all.csv", "standard", &again), "is not the file");
    fs::remove_file(place.join("all.csv.standard.state.json")).unwrap();
    refused(&import(place, &service.url, "all.csv", "standard", &again), "announced of another file");
    assert_eq!(counts(&service, "standard").2, 40);
}

/// What was rejected is corrected in the copy, and imported under another name.
#[test]
fn rejected_rows_are_copied_under_their_header() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    write_secrets(place);
    let service = Service::start(place);
    let names: Vec<String> = licence(1).keys().cloned().collect();
    let header = format!("\u{feff}holder,remark,{}", names.join(","));
    let row = |seed: u64, is_right: bool| {
        let licence = licence(seed);
        let cell = |name: &String| match &licence[name] {
            Value::Array(codes) => {
                codes.iter().map(|code| code.as_str().unwrap()).collect::<Vec<_>>().join(";")
            }
            _ if name == "name" && !is_right => String::new(),
            value => format!("\"{}\"", value.as_str().unwrap()),
        };
        let cells: Vec<String> = names.iter().map(cell).collect();
        format!("holder-of-{seed},\"of\r\ntwo lines\",{}", cells.join(","))
    };
    let rows: Vec<String> = (1..=5).map(|seed| row(seed, ![2, 5].contains(&seed))).collect();
    // Blank lines between, and no end of the last one.
    fs::write(place.join("all.csv"), format!("{header}\r\n\r\n{}", rows.join("\r\n\r\n"))).unwrap();
    let more = ["--ignore", "remark", "--rejected-rows", "again.csv"];
    assert_eq!(import(place, &service.url, "all.csv", "first", &more).status.code(), Some(1));
    let copied = fs::read_to_string(place.join("again.csv")).unwrap();
    assert!(copied == format!("{header}\n{}\n{}\n", rows[1], rows[4]));

    let corrected = copied.replace(&rows[1], &row(2, true)).replace(&rows[4], &row(5, true));
    fs::write(place.join("again.csv"), corrected).unwrap();
    let more = ["--ignore", "remark", "--rejected-rows", "none.csv"];
    assert!(import(place, &service.url, "again.csv", "second", &more).status.success());
    assert_eq!(counts(&service, "second"), ("2".into(), "2".into(), 5));
    // Nothing was rejected: nothing but the header.
    assert!(fs::read_to_string(place.join("none.csv")).unwrap() == format!("{header}\n"));
}

#[test]
fn files_that_are_none() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    write_secrets(place);
    let service = Service::start(place);
    let url = service.url.clone();
    let try_it = |file: &str, bytes: &[u8], reason: &str| {
        fs::write(place.join(file), bytes).unwrap();
        refused(&import(place, &url, file, "none", &[]), reason);
    };
    try_it("a.csv", b"", "it has no header");
    try_it("a.jsonl", b"", "the file has no rows");
    try_it("a.jsonl", b"\n\r\n\n", "the file has no rows");
    try_it("b.csv", b"holder,name\r\n", "the file has no rows");
    try_it("c.csv", "holder,姓名\r\na,b\r\n".as_bytes(), "column 2 of the header is not known");
    try_it("d.csv", b"name\r\nb\r\n", "no column holder");
    try_it("e.csv", b"holder,\xd0\xd5\xc3\xfb\r\na,b\r\n", "GB18030");
    try_it("f.txt", b"{}", "--format");
    refused(&import(place, &url, "missing.csv", "none", &[]), "missing.csv");
    // Nothing of all that was announced.
    assert_eq!(service.ask("/admin/v1/catalogue")["imports"], json!([]));
    fs::write(place.join("g.jsonl"), line(1, |_| ())).unwrap();
    for name in ["Not-a-name", "../up", ""] {
        assert_eq!(import(place, &url, "g.jsonl", name, &[]).status.code(), Some(2));
    }
    refused(&import(place, "http://127.0.0.1:9", "g.jsonl", "nobody", &[]), "cannot be reached");
}

/// The service is killed and comes back: the import waits for it.
#[test]
fn a_service_that_is_away_for_a_while() {
    const ROWS: u64 = 12_000;
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    write_secrets(place);
    let service = Service::start(place);
    let (url, address) = (service.url.clone(), service.url.trim_start_matches("http://").to_owned());
    let text: String = (1..=ROWS)
        .map(|row| line(row % 50, |licence| licence["holder"] = json!(format!("holder-of-{row}"))))
        .collect();
    fs::write(place.join("all.jsonl"), text).unwrap();
    let import = ["licence", "import", "all.jsonl", "--profile", DRIVING, "--import", "away"];
    let mut child =
        glimpse(place).env("GLIMPSE_URL", &url).args(import).stdout(Stdio::null()).spawn().unwrap();
    let registered =
        || service.ask("/admin/v1/catalogue")["imports"][0]["registered"].as_str().map(str::to_owned);
    while registered().is_none_or(|count| count == "0") {
        assert!(child.try_wait().unwrap().is_none(), "too quick");
        sleep(Duration::from_millis(5));
    }
    // A second run of the same import stays out of the first one's way.
    // The first one stands still meanwhile, so that it is not through before.
    let signal = |name: &str| {
        assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
    };
    signal("-STOP");
    refused(&run(place, &url, &import, ""), "another run");
    signal("-CONT");
    drop(service);
    sleep(Duration::from_millis(300));
    let service = Service::start_at(place, &address);
    assert!(child.wait().unwrap().success());
    assert_eq!(counts(&service, "away"), (ROWS.to_string(), ROWS.to_string(), ROWS));
}

/// Killed at some moment, again and again: in the end every row is there once, and every rejected one is told once.
#[test]
fn killed_at_any_moment_nothing_is_doubled_and_nothing_lost() {
    const ROWS: u64 = 12_000;
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    write_secrets(place);
    let service = Service::start(place);
    let mut text = String::new();
    for row in 1..=ROWS {
        // Every tenth is rejected, in two ways.
        text += &match row % 20 {
            0 => "{}\n".to_owned(),
            10 => line(row % 50, |licence| drop(licence.remove("name"))),
            _ => line(row % 50, |licence| licence["holder"] = json!(format!("holder-of-{row}"))),
        };
    }
    fs::write(place.join("all.jsonl"), text).unwrap();
    let arguments = ["licence", "import", "all.jsonl", "--profile", DRIVING, "--import", "killed"];
    let more = ["--references", "references.jsonl", "--report", "report.json"];
    let start = || {
        let mut command = glimpse(place);
        command.env("GLIMPSE_URL", &service.url).args(arguments).args(more);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let mut random = u64::from(now.subsec_nanos());
    let mut below = |most: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % most
    };
    let registered = || {
        let count = service.ask("/admin/v1/catalogue")["imports"][0]["registered"].clone();
        count.as_str().map_or(0, |count| count.parse::<u64>().unwrap())
    };
    let mut kills = 0;
    for attempt in 0..12 {
        let mut child = start();
        // In turns a moment after the start, and after so many more rows: however quick the machine is, it does not get
        // through all of them.
        let pause = Duration::from_millis(below(60));
        let enough = registered() + below(ROWS / 20);
        sleep(pause);
        while attempt % 2 == 1 && registered() < enough && child.try_wait().unwrap().is_none() {
            sleep(Duration::from_millis(2));
        }
        if let Some(status) = child.try_wait().unwrap() {
            // Some rows are rejected, so it says so.
            assert_eq!(status.code(), Some(1), "attempt {attempt}");
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
    }
    assert!(kills >= 4, "too quick to be killed: {kills}");
    let output = import(place, &service.url, "all.jsonl", "killed", &more);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));

    let (announced, registered, all) = counts(&service, "killed");
    assert_eq!((announced.as_str(), registered.as_str(), all), ("12000", "10800", 10_800));
    let numbers = |path: &str| -> Vec<u64> {
        lines(&place.join(path)).iter().map(|one| one["row"].as_str().unwrap().parse().unwrap()).collect()
    };
    let (rejected, sound): (Vec<u64>, Vec<u64>) = (1..=ROWS).partition(|row| row % 10 == 0);
    assert_eq!(numbers("all.jsonl.killed.rejected.jsonl"), rejected);
    assert_eq!(numbers("references.jsonl"), sound);
    let report: Value = serde_json::from_slice(&fs::read(place.join("report.json")).unwrap()).unwrap();
    assert_eq!((&report["rejected"], &report["quality"]["licences"]), (&json!("1200"), &json!("12000")));
    assert_eq!(
        (&report["quality"]["unreadable"], &report["quality"]["sound"]),
        (&json!("600"), &json!("10800"))
    );
}
