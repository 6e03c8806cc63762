//! `glimpse licence import`: registers the licences of a file, however many there are and however often it is killed.
//!
//! The file is read twice: once to know it (digest, rows, data quality), once to send it. A state file says up to which
//! row everything was answered, and is written after what was answered is on disk. What was sent after that is sent
//! again by the next run, which the service takes for what it is: a row has one licence, however often it comes.

mod batches;
mod journal;
mod licence;
mod rejected_rows;
mod report;
mod rows;
mod send;
mod state;
mod survey;

use std::error::Error;
use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::Args;
use glimpse_api::{Import, ImportAnnouncement, paths};
use glimpse_circuits::date::Date;
use glimpse_profiles::Profile;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use self::batches::Batches;
use self::journal::{Journal, Reference, Rejected};
use self::licence::Names;
use self::report::Report;
use self::rows::{Format, Rows};
use self::send::{Answered, Fate, send_all};
use self::state::{Settings, State};
use crate::http::Client;
use crate::output::Outcome;

/// Between two times that the state is written.
const KEEP_EVERY: Duration = Duration::from_secs(1);

/// What is imported, and where what is told goes.
#[derive(Args)]
pub(crate) struct Arguments {
    /// File with the licences: JSON Lines, or CSV with a header; names are those of attributes or GB/T 36903 elements
    file: PathBuf,
    /// Profile, such as cn.driving_licence
    #[arg(long)]
    profile: String,
    /// Name of the import, which stands for this one file for ever: [a-z][a-z0-9_-]{0,63}
    #[arg(long, value_parser = name)]
    import: String,
    /// Member or column with the authority's reference for the holder; it may be an attribute as well
    #[arg(long, default_value = "holder")]
    holder: String,
    /// Members or columns to leave out
    #[arg(long = "ignore", value_name = "NAME")]
    ignored: Vec<String>,
    /// How rows are written [default: by the file's name]
    #[arg(long)]
    format: Option<Format>,
    /// Where rows that are not acceptable go, with the reasons [default: FILE.IMPORT.rejected.jsonl]
    #[arg(long)]
    rejected: Option<PathBuf>,
    /// Where rows that are not acceptable are copied to as they stand in the file, once the import is through
    #[arg(long)]
    rejected_rows: Option<PathBuf>,
    /// Where the references of registered licences go, row by row
    #[arg(long)]
    references: Option<PathBuf>,
    /// Where it is kept how far the import is [default: FILE.IMPORT.state.json]
    #[arg(long)]
    state: Option<PathBuf>,
    /// Where the report goes as JSON
    #[arg(long)]
    report: Option<PathBuf>,
    /// Batches that are sent at once
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    connections: u8,
}

/// Imports; exit status 1 if rows were rejected.
pub(crate) fn run(client: &Client, arguments: &Arguments) -> Outcome {
    let profile = glimpse_profiles::builtin_by_schema_id(&arguments.profile)
        .ok_or_else(|| crate::profile::unknown(&arguments.profile))?;
    let settings = Settings {
        import: arguments.import.clone(),
        schema: profile.schema().digest(),
        format: arguments
            .format
            .or_else(|| by_name(&arguments.file))
            .ok_or("say the --format of the file")?,
        holder: arguments.holder.clone(),
        ignored: arguments.ignored.clone(),
        rejected: beside(arguments, arguments.rejected.as_ref(), "rejected.jsonl"),
        references: arguments.references.clone(),
    };
    let state_path = beside(arguments, arguments.state.as_ref(), "state.json");
    arguments.rejected_rows.as_deref().map_or(Ok(()), rejected_rows::check_free)?;
    let named = |error: std::io::Error| format!("{}: {error}", arguments.file.display());
    let mut file = File::open(&arguments.file).map_err(named)?;
    let mut names = Names::new(profile, &settings.holder, &settings.ignored);

    let found = State::read(&state_path, &settings)?;
    let (state, begun) = match found {
        Some(state) => (gone_on_with(state, &mut file, &mut names, arguments)?, true),
        None => (
            begin(settings, &mut file, profile, &mut names).map_err(|error| in_file(arguments, &*error))?,
            false,
        ),
    };
    let import = announce(client, &state, profile)?;
    if !begun {
        state.write(&state_path)?;
    }
    let mut run = Run::open(state, state_path, begun)?;
    run.send(client, file, &names, usize::from(arguments.connections))?;
    if let Some(to) = &arguments.rejected_rows {
        rejected_rows::copy(&arguments.file, &run.state, to)?;
    }
    let path = paths::IMPORT.replace("{import}", &import.import);
    let report = Report {
        import: client.get(&path)?,
        rejected: run.state.progress.rejected,
        quality: run.state.survey.quality,
    };
    report.print();
    if let Some(path) = &arguments.report {
        report.write(path)?;
    }
    Ok(if report.rejected == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The first look at a file.
fn begin(
    settings: Settings,
    file: &mut File,
    profile: &'static Profile,
    names: &mut Names,
) -> Result<State, Box<dyn Error>> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let bar = bar(file.metadata()?.len(), "reading ", "{bytes}/{total_bytes}, {binary_bytes_per_sec}");
    let survey = survey::survey(file, settings.format, profile, names, Date::in_china_at(seconds), &bar)?;
    bar.finish_and_clear();
    Ok(State::new(settings, survey))
}

/// A state that was kept, if the file is the one that it is of.
fn gone_on_with(
    state: State,
    file: &mut File,
    names: &mut Names,
    arguments: &Arguments,
) -> Result<State, Box<dyn Error>> {
    let bar = bar(file.metadata()?.len(), "comparing ", "{bytes}/{total_bytes}, {binary_bytes_per_sec}");
    let found = survey::digest(file, &bar)?;
    bar.finish_and_clear();
    if found != (state.survey.length, state.survey.digest.clone()) {
        let reason =
            "is not the file that this import was begun with; another file has another name (--import)";
        return Err(in_file(arguments, reason));
    }
    if state.settings.format == Format::Csv {
        file.seek(SeekFrom::Start(0))?;
        let mut rows = Rows::new(Format::Csv, BufReader::new(&mut *file), rows::Place::START);
        let header = rows.read()?.map(|(_, header)| names.read_header(&header));
        header.ok_or("it has no header")??;
    }
    Ok(state)
}

/// Tells the service what will come; its profile must be the one that was read with here.
fn announce(client: &Client, state: &State, profile: &Profile) -> Result<Import, Box<dyn Error>> {
    let announcement = ImportAnnouncement {
        profile: profile.schema().id().to_owned(),
        announced: state.survey.rows,
        digest: state.survey.digest.clone(),
    };
    let path = paths::IMPORT.replace("{import}", &state.settings.import);
    let import: Import = client.put_for(&path, &announcement)?;
    if import.schema != profile.schema().digest() {
        return Err("the service has another version of this profile than this command".into());
    }
    Ok(import)
}

/// A run of the second reading.
struct Run {
    state: State,
    state_path: PathBuf,
    rejected: Journal,
    references: Journal,
}

impl Run {
    fn open(state: State, state_path: PathBuf, begun: bool) -> Result<Self, Box<dyn Error>> {
        let (settings, progress) = (&state.settings, &state.progress);
        let rejected = Journal::open(&settings.rejected, progress.rejected_bytes, begun)?;
        let references = match &settings.references {
            Some(path) => Journal::open(path, progress.references_bytes, begun)?,
            None => Journal::nowhere(),
        };
        Ok(Self { state, state_path, rejected, references })
    }

    fn send(
        &mut self,
        client: &Client,
        mut file: File,
        names: &Names,
        connections: usize,
    ) -> Result<(), Box<dyn Error>> {
        let (rows, next) = (self.state.survey.rows, self.state.progress.next);
        let bar = bar(rows, "", "{pos}/{len}, {rows_per_sec}, {eta} left, {msg} rejected");
        bar.set_position(next.row - 1);
        bar.reset_eta();
        bar.set_message(self.state.progress.rejected.to_string());
        let (before, import) = (file.try_clone()?, self.state.settings.import.clone());
        file.seek(SeekFrom::Start(next.offset))?;
        let rows =
            Rows::new(self.state.settings.format, BufReader::with_capacity(survey::BUFFER, file), next);
        let mut kept = Instant::now();
        send_all(client, &import, connections, Batches::new(rows, names), |answered| {
            self.take(answered)?;
            bar.set_position(self.state.progress.next.row - 1);
            bar.set_message(self.state.progress.rejected.to_string());
            if kept.elapsed() >= KEEP_EVERY {
                self.keep()?;
                kept = Instant::now();
            }
            Ok(())
        })?;
        if before.metadata()?.len() != self.state.survey.length
            || self.state.progress.next.row != self.state.survey.rows + 1
        {
            return Err("the file was changed while it was read".into());
        }
        self.keep()?;
        bar.finish_and_clear();
        Ok(())
    }

    fn take(&mut self, answered: Answered) -> Result<(), Box<dyn Error>> {
        let progress = &mut self.state.progress;
        for (place, fate) in answered.rows {
            match fate {
                Fate::Registered(licence) => {
                    progress.registered += 1;
                    self.references.add(&Reference { row: place.row, licence })?;
                }
                Fate::Rejected(reasons) => {
                    progress.rejected += 1;
                    self.rejected.add(&Rejected { row: place.row, line: place.line, reasons })?;
                }
            }
        }
        progress.next = answered.after;
        Ok(())
    }

    /// First what was answered, then that it was.
    fn keep(&mut self) -> Result<(), Box<dyn Error>> {
        self.state.progress.rejected_bytes = self.rejected.sync()?;
        self.state.progress.references_bytes = self.references.sync()?;
        self.state.write(&self.state_path)
    }
}

/// A bar on standard error, if that is a terminal.
fn bar(length: u64, what: &str, told: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(&format!("{what}{{wide_bar}} {{percent}} % {told}"));
    let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr_with_hz(4));
    // Without digits that nobody reads.
    let rows_per_sec = |state: &ProgressState, out: &mut dyn fmt::Write| {
        // What cannot be written is not shown.
        let _ = write!(out, "{:.0}/s", state.per_sec());
    };
    style.into_iter().for_each(|style| bar.set_style(style.with_key("rows_per_sec", rows_per_sec)));
    bar
}

/// It is part of addresses and of files' names.
fn name(text: &str) -> Result<String, &'static str> {
    let sound = text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-');
    sound.then(|| text.to_owned()).ok_or("must match [a-z][a-z0-9_-]{0,63}")
}

fn by_name(file: &Path) -> Option<Format> {
    match file.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "jsonl" | "ndjson" => Some(Format::Jsonl),
        "csv" => Some(Format::Csv),
        _ => None,
    }
}

/// Where something stands that was given no place.
fn beside(arguments: &Arguments, given: Option<&PathBuf>, what: &str) -> PathBuf {
    given.cloned().unwrap_or_else(|| {
        let mut name = OsString::from(&arguments.file);
        name.push(format!(".{}.{what}", arguments.import));
        name.into()
    })
}

fn in_file(arguments: &Arguments, reason: impl std::fmt::Display) -> Box<dyn Error> {
    format!("{}: {reason}", arguments.file.display()).into()
}
