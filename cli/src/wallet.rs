//! `glimpse wallet`: the holder's side.

mod lists;
mod trust;

use std::error::Error;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, Subcommand, ValueEnum};
use glimpse_circuits::text::Language;
use glimpse_wallet::{
    Change, Consent, KdfParams, LedgerOutcome, Passphrase, Pinning, Review, Wallet, WalletError,
};
use rand_core::OsRng;
use serde_json::json;

use crate::output::{self, Outcome, line, note, read_secret};

/// The wallet and how it is opened.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The wallet's encrypted file
    #[arg(long, env = "GLIMPSE_WALLET", default_value = "glimpse.wallet", global = true)]
    file: PathBuf,
    /// File with the passphrase; asked for otherwise
    #[arg(long, env = "GLIMPSE_PASSPHRASE_FILE", global = true)]
    passphrase_file: Option<PathBuf>,
    /// Language of what is shown
    #[arg(long, value_enum, env = "GLIMPSE_LANGUAGE", default_value_t = Tongue::Zh, global = true)]
    language: Tongue,
    /// Allow plain http to other machines, for test networks
    #[arg(long, global = true)]
    allow_insecure: bool,
    /// Answer with JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, ValueEnum)]
enum Tongue {
    /// 简体中文
    Zh,
    /// English
    En,
}

impl Tongue {
    fn language(self) -> Language {
        match self {
            Self::Zh => Language::Chinese,
            Self::En => Language::English,
        }
    }
}

#[derive(Subcommand)]
enum Command {
    /// Make a new wallet
    Init,
    /// Pin what an issuer publishes, or see what changed since
    Pin {
        /// The issuer's address
        uri: String,
        /// Take changes without asking
        #[arg(long)]
        yes: bool,
    },
    /// Go by a signed list of issuers, take the next one, or show it
    Trust(trust::Arguments),
    /// Go by no list of issuers any more
    Distrust {
        /// Give it up without being asked
        #[arg(long)]
        yes: bool,
    },
    /// Obtain the credential of an offer
    Accept {
        /// The issuer's address
        issuer_uri: String,
        /// File with the offer's code, - for standard input: a code on the command line is seen by others
        code_file: PathBuf,
    },
    /// Finish what was interrupted
    Resume,
    /// Fetch helper tokens for a credential
    Tokens {
        /// The credential's id
        credential: String,
        /// How many: 4, 16 or 64
        #[arg(long, default_value_t = 16)]
        count: usize,
    },
    /// Fetch the newest revocation lists, to show later that licences are not revoked
    Refresh,
    /// List the credentials
    List,
    /// Show what a credential says
    Show {
        /// The credential's id
        credential: String,
    },
    /// Say in plain words what a request asks for, and nothing else
    Review {
        /// The request's address
        request_uri: String,
    },
    /// Answer a request
    Present {
        /// The request's address
        request_uri: String,
        /// Which of the possible choices of credentials, counted from 1
        #[arg(long)]
        choice: Option<usize>,
        /// Agree without being asked
        #[arg(long)]
        yes: bool,
    },
    /// Show what was shown to whom
    Ledger,
    /// Delete all tokens: after a backup was restored
    DropTokens,
    /// Delete a credential
    Forget {
        /// The credential's id
        credential: String,
        /// Delete without being asked
        #[arg(long)]
        yes: bool,
    },
}

impl Command {
    /// Whether the holder opened the wallet for something that no relying party knows of: revocation lists are fetched then.
    /// After a backup was restored (`DropTokens`) the wallet is best left alone.
    fn is_no_answer(&self) -> bool {
        match self {
            Self::Accept { .. } | Self::Resume | Self::Tokens { .. } | Self::List | Self::Show { .. } => true,
            Self::Ledger => true,
            Self::Init | Self::Refresh | Self::Review { .. } | Self::Present { .. } => false,
            Self::Pin { .. } | Self::DropTokens | Self::Forget { .. } => false,
            Self::Trust(_) | Self::Distrust { .. } => false,
        }
    }
}

/// Runs one subcommand. What the wallet refuses it says in the holder's language, where it can.
pub(crate) fn run(arguments: Arguments) -> Outcome {
    let language = arguments.language.language();
    run_one(arguments).map_err(|error| match error.downcast_ref::<WalletError>() {
        Some(refused) => refused.to_text(language).into(),
        None => error,
    })
}

fn run_one(arguments: Arguments) -> Outcome {
    let passphrase = passphrase(&arguments)?;
    if matches!(arguments.command, Command::Init) {
        Wallet::create(&arguments.file, &passphrase, KdfParams::DEFAULT, &mut OsRng)?;
        note(&format!("made {}", arguments.file.display()));
        return Ok(ExitCode::SUCCESS);
    }
    let mut wallet = Wallet::open(&arguments.file, &passphrase)?.allow_insecure(arguments.allow_insecure);
    let language = arguments.language.language();
    match &arguments.command {
        Command::Init => {}
        Command::Pin { uri, yes } => return pin(&mut wallet, uri, *yes, language),
        Command::Trust(list) => return trust::run(&mut wallet, list, language, arguments.json),
        Command::Distrust { yes } => return trust::distrust(&mut wallet, *yes, language, arguments.json),
        Command::Accept { issuer_uri, code_file } => {
            let code = read_secret(code_file)?;
            let summary = wallet.accept_offer(issuer_uri, code.trim(), now(), &mut OsRng)?;
            output::json(&summary)?;
        }
        Command::Resume => {
            for resumed in wallet.resume(now()) {
                match resumed.result {
                    Ok(summary) => output::json(&summary)?,
                    Err(error) => note(&format!("{}: {}", resumed.id, error.to_text(language))),
                }
            }
        }
        Command::Tokens { credential, count } => {
            let stock = wallet.fetch_tokens(credential, *count, now(), &mut OsRng)?;
            output::json(&json!({ "credential": credential, "tokens": stock }))?;
        }
        Command::Refresh => return lists::refresh(&mut wallet, language, arguments.json),
        Command::List => lists::list(&wallet, language, arguments.json)?,
        Command::Show { credential } => show(&wallet, credential, language, arguments.json)?,
        Command::Review { request_uri } => {
            let review = wallet.review(request_uri, now())?;
            line(&review.to_text(language));
            return Ok(if review.can_answer() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::Present { request_uri, choice, yes } => {
            let review = wallet.review(request_uri, now())?;
            return present(&mut wallet, review, *choice, *yes, &arguments);
        }
        Command::Ledger => output::json(&wallet.ledger())?,
        Command::DropTokens => output::json(&json!({ "dropped": wallet.drop_tokens()? }))?,
        Command::Forget { credential, yes } => {
            let question = match language {
                Language::Chinese => format!("删除凭证 {credential}？可能无法再次领取。[y/N] "),
                Language::English => {
                    format!("Delete credential {credential}? It may not be issued again. [y/N] ")
                }
            };
            if !*yes && !agreed(&question)? {
                return Ok(ExitCode::FAILURE);
            }
            wallet.forget(credential)?;
        }
    }
    if arguments.command.is_no_answer() {
        lists::refresh_if_due(&mut wallet, language);
    }
    Ok(ExitCode::SUCCESS)
}

fn pin(wallet: &mut Wallet, uri: &str, yes: bool, language: Language) -> Outcome {
    let pinned = match wallet.pin_issuer(uri, now())? {
        Pinning::Pinned(pinned) | Pinning::Unchanged(pinned) => pinned,
        Pinning::Noticed(pinned, changes) => {
            trust::note_changes(&changes, language);
            pinned
        }
        Pinning::Changed(changed) => {
            changed
                .changes()
                .iter()
                .map(|change: &Change| change.to_text(language))
                .for_each(|text| note(&text));
            let question = match language {
                Language::Chinese => "接受这些变化吗？[y/N] ",
                Language::English => "Take these changes? [y/N] ",
            };
            if !yes && !agreed(question)? {
                return Ok(ExitCode::FAILURE);
            }
            wallet.repin(changed, now())?
        }
    };
    let issuers: Vec<_> = pinned
        .issuers
        .iter()
        .map(|issuer| {
            json!({
                "id": issuer.id,
                "name": issuer.name,
                "key": issuer.key,
                "revocation": issuer.revocation,
            })
        })
        .collect();
    let schemas: Vec<_> = pinned
        .schemas
        .iter()
        .map(|schema| json!({ "schema": schema.id(), "title": schema.title() }))
        .collect();
    output::json(
        &json!({ "uri": pinned.uri, "issuers": issuers, "licences": schemas, "manifest_keys": pinned.manifest_keys, "schedule": pinned.schedule }),
    )?;
    Ok(ExitCode::SUCCESS)
}

fn show(wallet: &Wallet, credential: &str, language: Language, as_json: bool) -> Result<(), Box<dyn Error>> {
    let views = wallet.show(credential)?;
    lists::note_unlisted(wallet, credential, language);
    if as_json {
        let shown = views.iter().map(|view| (view.name.clone(), view.value.get(language).into()));
        return output::json(&shown.collect::<serde_json::Map<_, _>>());
    }
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::UTF8_FULL_CONDENSED);
    for view in &views {
        table.add_row([view.title.get(language), view.value.get(language)]);
    }
    line(&table.to_string());
    Ok(())
}

fn present(
    wallet: &mut Wallet,
    mut review: Review,
    choice: Option<usize>,
    yes: bool,
    arguments: &Arguments,
) -> Outcome {
    let language = arguments.language.language();
    if let Some(choice) = choice {
        review.choose(choice.checked_sub(1).ok_or("choices are counted from 1")?)?;
    }
    note(&review.to_text(language));
    let question = match language {
        Language::Chinese => "同意出示吗？[y/N] ",
        Language::English => "Do you agree? [y/N] ",
    };
    let consent = Consent::given_to(&review)?;
    if !yes && !agreed(question)? {
        note(match language {
            Language::Chinese => "未出示任何内容。",
            Language::English => "Nothing was shown.",
        });
        return Ok(ExitCode::FAILURE);
    }
    let outcome = wallet.present(review, consent, now(), &mut OsRng)?;
    let accepted = outcome.outcome == LedgerOutcome::Accepted;
    if arguments.json {
        output::json(&json!({ "outcome": outcome.outcome, "detail": outcome.detail }))?;
    } else {
        let text = match (outcome.outcome, language) {
            (LedgerOutcome::Accepted, Language::Chinese) => "已被接受。",
            (LedgerOutcome::Accepted, Language::English) => "Accepted.",
            (LedgerOutcome::Refused, Language::Chinese) => "未被接受。",
            (LedgerOutcome::Refused, Language::English) => "Not accepted.",
            (_, Language::Chinese) => "不知道是否已送达；请按已出示对待。",
            (_, Language::English) => "Nobody knows whether it arrived; count it as shown.",
        };
        line(text);
        outcome.detail.iter().for_each(|detail| note(detail));
    }
    Ok(if accepted { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Asks on the terminal. Without one, nobody agreed.
fn agreed(question: &str) -> io::Result<bool> {
    if !io::stdin().is_terminal() {
        note("nobody to ask: give --yes to agree without being asked");
        return Ok(false);
    }
    write!(io::stderr(), "{question}")?;
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes" | "是"))
}

fn passphrase(arguments: &Arguments) -> Result<Passphrase, Box<dyn Error>> {
    if let Some(path) = &arguments.passphrase_file {
        return Ok(Passphrase::new(&read_secret(path)?));
    }
    let ask = |prompt: &str| rpassword::prompt_password(prompt).map(zeroize::Zeroizing::new);
    let first =
        ask("passphrase: ").map_err(|error| format!("no passphrase: {error}; give --passphrase-file"))?;
    if matches!(arguments.command, Command::Init) && *ask("once more: ")? != *first {
        return Err("the two passphrases differ".into());
    }
    Ok(Passphrase::new(&first))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
