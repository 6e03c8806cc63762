//! `glimpse profile`: the kinds of licences there are, and whether the file of a new one is a good one.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use glimpse_circuits::attribute::Kind;
use glimpse_circuits::schema::{Attribute, Grade};
use glimpse_profiles::lint::{self, Finding, Severity};
use glimpse_profiles::status::Status;
use glimpse_profiles::{Profile, builtin, builtin_by_schema_id, tables};
use serde_json::{Value, json};

use crate::output::{self, Outcome, line, read_text};

/// Look at profiles and check them.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// List the built-in profiles
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Show a profile: attributes, questions and status codes
    Show {
        /// Profile, such as cn.driving_licence
        profile: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Check profiles; exit status 1 if there is an error in one of them
    Check {
        /// Files with a profile each, - for standard input [default: the built-in profiles]
        files: Vec<PathBuf>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn run(command: Command) -> Outcome {
    match command {
        Command::List { json: false } => list(),
        Command::List { json: true } => output::json(&builtin().iter().map(summary).collect::<Vec<_>>())?,
        Command::Show { profile, json } => {
            let known = builtin_by_schema_id(&profile).ok_or_else(|| unknown(&profile))?;
            if json { output::json(&document(known))? } else { show(known) }
        }
        Command::Check { files, json } => return check(&files, json),
    }
    Ok(ExitCode::SUCCESS)
}

/// One line for each built-in profile.
pub(crate) fn list() {
    for profile in builtin() {
        let (schema, title) = (profile.schema(), profile.schema().title());
        line(&format!("{}  {} / {}  {}", schema.id(), title.zh_cn, title.en, schema.digest()));
    }
}

/// What to say of a name that no built-in profile has.
pub(crate) fn unknown(profile: &str) -> String {
    format!("no profile {profile}; `glimpse profile list` lists them")
}

fn summary(profile: &Profile) -> Value {
    let schema = profile.schema();
    json!({
        "id": schema.id(), "version": schema.version().to_string(), "title": schema.title(),
        "digest": schema.digest(), "licence_type": profile.licence_type(),
    })
}

fn document(profile: &Profile) -> Value {
    json!({
        "schema": profile.schema(), "digest": profile.schema().digest(), "licence_type": profile.licence_type(),
        "notes": profile.notes(), "status": profile.status(), "questions": profile.questions(),
    })
}

fn show(profile: &Profile) {
    let (schema, title) = (profile.schema(), profile.schema().title());
    line(&format!("{schema}  {} / {}", title.zh_cn, title.en));
    line(&format!("digest {}", schema.digest()));
    line("\nattributes");
    for (attribute, info) in schema.attributes().iter().zip(profile.attributes()) {
        let element = info.element.as_deref().unwrap_or("-");
        let (title, bounds) = (&attribute.title, bounds(profile, attribute));
        let (name, grade) = (&attribute.name, grade(attribute));
        line(&format!("  {name:<22} {grade:<10} {element:<10} {bounds:<32} {} / {}", title.zh_cn, title.en));
    }
    line("\nquestions");
    for question in profile.questions() {
        line(&format!("  {:<32} {} / {}", question.id, question.title.zh_cn, question.title.en));
    }
    line("\nstatus codes");
    for code in &profile.status().codes {
        let meaning = match code.status {
            Status::Valid => "valid".to_owned(),
            Status::Suspended => "suspended".to_owned(),
            Status::Ended(ending) => format!("ended: {}", ending.name()),
        };
        line(&format!("  {meaning:<20} {}  {} / {}", code.code, code.title.zh_cn, code.title.en));
    }
    line("\nnotes");
    for note in profile.notes() {
        line(&format!("  {note}"));
    }
}

fn grade(attribute: &Attribute) -> &'static str {
    match attribute.grade {
        Grade::Disclose => "disclose",
        Grade::Predicate => "predicate",
        Grade::Never => "never",
    }
}

fn bounds(profile: &Profile, attribute: &Attribute) -> String {
    let optional = if attribute.required { "" } else { ", optional" };
    let bounds = match &attribute.kind {
        Kind::Date { min, max } => format!("{min} to {max}"),
        Kind::Uint { min, max } => format!("{min} to {max}"),
        Kind::Flags { flags } => format!("{} flags", flags.len()),
        Kind::Code { table: None } => "code".to_owned(),
        Kind::Code { table: Some(table) } => match profile.shared_table(&attribute.name) {
            Some(shared) => format!("{} codes, {}", table.len(), shared.id),
            None => format!("{} codes", table.len()),
        },
        Kind::Text { max_chars } => format!("at most {max_chars} characters"),
    };
    bounds + optional
}

/// Findings with what they were found in.
type Found = Vec<(String, Finding)>;

fn check(files: &[PathBuf], json: bool) -> Outcome {
    let (checked, found) = if files.is_empty() { check_builtin() } else { check_files(files)? };
    let count = |severity| found.iter().filter(|(_, finding)| finding.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    if json {
        let findings: Vec<Value> = found
            .iter()
            .map(|(of, it)| {
                json!({"of": of, "severity": it.severity, "lint": it.lint, "place": it.place, "reason": it.reason})
            })
            .collect();
        output::json(&json!({
            "checked": checked.to_string(), "errors": errors.to_string(), "warnings": warnings.to_string(),
            "findings": findings,
        }))?;
    } else {
        for (of, finding) in &found {
            line(&format!("{of}: {finding}"));
        }
        line(&format!("profiles: {checked}, errors: {errors}, warnings: {warnings}"));
    }
    Ok(if errors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The built-in profiles, each by itself and all together, and the tables that they share.
fn check_builtin() -> (usize, Found) {
    let named = |of: &str, findings: Vec<Finding>| {
        findings.into_iter().map(|finding| (of.to_owned(), finding)).collect::<Found>()
    };
    let profiles: Vec<&Profile> = builtin().iter().collect();
    let mut found: Found = Vec::new();
    for table in tables::tables() {
        found.extend(named(&table.id, lint::check_table(table)));
    }
    for profile in &profiles {
        found.extend(named(profile.schema().id(), lint::check(profile)));
    }
    found.extend(named("together", lint::check_together(&profiles)));
    (profiles.len(), found)
}

/// Files, each by itself and all together; one of them may well be that of a built-in profile.
fn check_files(files: &[PathBuf]) -> Result<(usize, Found), Box<dyn std::error::Error>> {
    let mut found: Found = Vec::new();
    let mut profiles = Vec::new();
    for file in files {
        let text = read_text(file)?;
        let name = file.display().to_string();
        found.extend(lint::check_text(&text).into_iter().map(|finding| (name.clone(), finding)));
        profiles.extend(Profile::from_json(&text).ok());
    }
    let together = lint::check_together(&profiles.iter().collect::<Vec<_>>());
    found.extend(together.into_iter().map(|finding| ("together".to_owned(), finding)));
    Ok((files.len(), found))
}
