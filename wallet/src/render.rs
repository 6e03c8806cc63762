//! A review in plain words, for terminals.

use glimpse_circuits::request::CheckKind;
use glimpse_circuits::text::Language;
use serde_json::{Value, json};

use crate::display::{clean, fill, moment, pad, width};
use crate::review::{Choice, Hidden, Review};

/// Columns of a terminal that nobody has widened.
const COLUMNS: usize = 80;

/// The fixed words of one language.
struct Words {
    who: &'static str,
    purpose: &'static str,
    answer_goes: &'static str,
    until: &'static str,
    used: &'static str,
    choose: &'static str,
    twice: &'static str,
    issuer: &'static str,
    issued_by: &'static str,
    keyed: &'static str,
    shown: &'static str,
    kind: &'static str,
    proven: &'static str,
    revealing: &'static str,
    hidden: &'static str,
    hidden_rest: &'static str,
    always_hidden: &'static str,
    heed: &'static str,
    can: &'static str,
    must_choose: &'static str,
    cannot: &'static str,
    open: [&'static str; 2],
    separator: &'static str,
    colon: &'static str,
}

const CHINESE: Words = Words {
    who: "请求方",
    purpose: "用途",
    answer_goes: "回答发往",
    until: "有效期至",
    used: "将使用的证照",
    choose: "可用的证照（请先选择一项）",
    twice: "（同一张证照用于请求中的多处）",
    issuer: "签发机关",
    issued_by: "，签发机关：",
    keyed: "仅签发机关自己的平台可以核验",
    shown: "将会出示，对方看得到",
    kind: "证照种类",
    proven: "将会证明，但不出示具体的值",
    revealing: "注意：以下内容问得很细，证明等于出示",
    hidden: "仍然隐藏",
    hidden_rest: "除上述结论外",
    always_hidden: "您持有的是哪一张证照，以及所出示内容之外与您其他回答的关联",
    heed: "请注意",
    can: "可以回答。征得您同意之前，不会发送任何内容。",
    must_choose: "可以回答。请先选择证照；征得您同意之前，不会发送任何内容。",
    cannot: "不回答，也不会发送任何内容：",
    open: ["（", "）"],
    separator: "、",
    colon: "：",
};

const ENGLISH: Words = Words {
    who: "Asked by",
    purpose: "Purpose",
    answer_goes: "Answer goes to",
    until: "Good until",
    used: "Licences that will be used",
    choose: "Licences that would do (choose one line first)",
    twice: "(one licence stands in several places of the request)",
    issuer: "issuer",
    issued_by: ", issued by ",
    keyed: "only the issuer's own platform can check it",
    shown: "Will be SHOWN to them",
    kind: "kind of licence",
    proven: "Will be PROVEN without being shown",
    revealing: "Beware: asked so narrowly that proving it amounts to showing it",
    hidden: "STAYS HIDDEN",
    hidden_rest: "beyond what is proven",
    always_hidden: "which licence of its kind it is, and any link to your other answers beyond what is shown",
    heed: "Please note",
    can: "The wallet can answer. Nothing is sent before you agree.",
    must_choose: "The wallet can answer. Choose first; nothing is sent before you agree.",
    cannot: "The wallet does not answer, and sends nothing:",
    open: [" (", ")"],
    separator: ", ",
    colon: ": ",
};

impl Review {
    /// The whole review, for a holder to read before agreeing. No trailing line break.
    pub fn to_text(&self, language: Language) -> String {
        let words = match language {
            Language::Chinese => &CHINESE,
            Language::English => &ENGLISH,
        };
        let mut page = Page { words, language, text: String::new() };
        page.head(self);
        page.licences(self);
        page.shown(self);
        page.section(words.proven, self.proven().iter().map(|text| text.get(language).to_owned()));
        page.section(words.revealing, self.revealing().iter().map(|text| text.get(language).to_owned()));
        if self.can_answer() {
            page.hidden(&self.hidden());
        }
        page.section(words.heed, self.warnings().iter().map(|warning| warning.to_text(language)));
        page.verdict(self);
        page.text.truncate(page.text.trim_end().len());
        page.text
    }

    /// The same for machines. Contains the values that would be shown.
    pub fn to_json(&self) -> Value {
        let document = self.request().document();
        let both = |text: &dyn Fn(Language) -> String| json!({ "zh-CN": text(Language::Chinese), "en": text(Language::English) });
        let choice = |choice: &Choice| {
            let shown = choice.shown.iter().map(|shown| {
                json!({ "title": shown.title, "value": both(&|language| shown.value.get(language).to_owned()) })
            });
            json!({ "credentials": choice.credentials, "shown": shown.collect::<Vec<_>>() })
        };
        let hidden = self.hidden();
        let hidden = hidden.iter().map(|hidden| {
            json!({ "licence": hidden.licence, "untouched": hidden.untouched, "proven": hidden.proven })
        });
        json!({
            "request": self.request().digest(),
            "audience": document.audience,
            "audience_name": document.audience_name,
            "purpose": document.purpose,
            "response_origin": self.response_origin(),
            "expires_at": document.expires_at.to_string(),
            "can_answer": self.can_answer(),
            "choices": self.choices().iter().map(choice).collect::<Vec<_>>(),
            "chosen": self.chosen,
            "proven": self.proven(),
            "revealing": self.revealing(),
            "hidden": hidden.collect::<Vec<_>>(),
            "warnings": self.warnings().iter().map(|w| both(&|language| w.to_text(language))).collect::<Vec<_>>(),
            "obstacles": self.obstacles().iter().map(|o| both(&|language| o.to_text(language))).collect::<Vec<_>>(),
        })
    }
}

/// A page being written.
struct Page {
    words: &'static Words,
    language: Language,
    text: String,
}

impl Page {
    fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    /// A heading and its items; nothing without items.
    fn section(&mut self, heading: &str, items: impl Iterator<Item = String>) {
        let mut items = items.peekable();
        if items.peek().is_none() {
            return;
        }
        self.line("");
        self.line(heading);
        items.for_each(|item| self.line(&format!("  - {item}")));
    }

    /// Two columns: names, then what they stand for.
    fn table(&mut self, indent: &str, rows: &[(String, String)]) {
        let column = rows.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
        rows.iter().for_each(|(name, value)| self.line(&format!("{indent}{}  {value}", pad(name, column))));
    }

    fn in_parentheses(&self, text: &str) -> String {
        format!("{}{text}{}", self.words.open[0], self.words.open[1])
    }

    fn head(&mut self, review: &Review) {
        let document = review.request().document();
        let name = clean(document.audience_name.get(self.language));
        let who = format!("{name}{}", self.in_parentheses(&clean(&document.audience)));
        let mut rows = vec![
            (self.words.who.to_owned(), who),
            (self.words.purpose.to_owned(), clean(document.purpose.get(self.language))),
        ];
        if let Some(origin) = review.response_origin() {
            rows.push((self.words.answer_goes.to_owned(), clean(&origin)));
        }
        let until = moment(document.expires_at).get(self.language).to_owned();
        rows.push((self.words.until.to_owned(), until));
        self.table("", &rows);
    }

    fn licences(&mut self, review: &Review) {
        let checks = review.checks();
        match review.chosen() {
            Some(chosen) => {
                let lines = self.licence_lines(chosen, &checks);
                self.section(self.words.used, lines.into_iter());
                let ids: Vec<&String> = chosen.credentials.iter().map(|credential| &credential.id).collect();
                if ids.iter().enumerate().any(|(i, id)| ids[..i].contains(id)) {
                    self.line(&format!("  {}", self.words.twice));
                }
            }
            None => {
                let choices = review.choices().iter().enumerate();
                let lines: Vec<String> = choices
                    .map(|(i, choice)| {
                        format!("{}. {}", i + 1, self.licence_lines(choice, &checks).join(" + "))
                    })
                    .collect();
                self.section(self.words.choose, lines.into_iter());
            }
        }
    }

    fn licence_lines(&self, choice: &Choice, checks: &[CheckKind]) -> Vec<String> {
        let words = self.words;
        let one = |(credential, check): (&crate::CredentialSummary, &CheckKind)| {
            let title = credential.title.get(self.language);
            let issuer = credential.issuer.get(self.language);
            let keyed =
                if *check == CheckKind::Keyed { self.in_parentheses(words.keyed) } else { String::new() };
            let uri = self.in_parentheses(&clean(&credential.issuer_uri));
            format!("{title} [{}]{}{issuer}{uri}{keyed}", credential.id, words.issued_by)
        };
        choice.credentials.iter().zip(checks).map(one).collect()
    }

    fn shown(&mut self, review: &Review) {
        let Some(chosen) = review.chosen() else {
            // The values depend on the choice; what they are called does not.
            if let Some(first) = review.choices().first() {
                let always = [self.words.kind, self.words.issuer].map(str::to_owned);
                let language = self.language;
                let titles = first.shown.iter().map(|shown| shown.title.get(language).to_owned());
                self.section(self.words.shown, always.into_iter().chain(titles));
            }
            return;
        };
        let mut rows = Vec::new();
        let mut seen = Vec::new();
        for credential in &chosen.credentials {
            let told = (&credential.title, &credential.issuer);
            if !seen.contains(&told) {
                seen.push(told);
                rows.push((self.words.kind.to_owned(), credential.title.get(self.language).to_owned()));
                rows.push((self.words.issuer.to_owned(), credential.issuer.get(self.language).to_owned()));
            }
        }
        let shown = chosen.shown.iter();
        rows.extend(shown.map(|shown| {
            (shown.title.get(self.language).to_owned(), shown.value.get(self.language).to_owned())
        }));
        self.line("");
        self.line(self.words.shown);
        self.table("  - ", &rows);
    }

    fn hidden(&mut self, hidden: &[Hidden]) {
        self.line("");
        self.line(self.words.hidden);
        let words = self.words;
        let mut lines = Vec::new();
        for of in hidden {
            for (titles, of_what) in [(&of.untouched, None), (&of.proven, Some(words.hidden_rest))] {
                let mut items: Vec<String> = titles.iter().map(|t| t.get(self.language).to_owned()).collect();
                let Some(first) = items.first_mut() else { continue };
                let licence = of.licence.get(self.language);
                *first = match (of_what, hidden.len() > 1) {
                    (None, false) => first.clone(),
                    (None, true) => format!("{licence}{}{first}", words.colon),
                    (Some(of_what), false) => format!("{of_what}{}{first}", words.colon),
                    (Some(of_what), true) => {
                        format!("{licence}{}{}{first}", self.in_parentheses(of_what), words.colon)
                    }
                };
                lines.push(fill(&items, words.separator, "    ", COLUMNS));
            }
        }
        lines.push(format!("    {}", self.words.always_hidden));
        // The first line of each item carries its dash.
        lines.iter().for_each(|line| self.line(&format!("  - {}", line.trim_start())));
    }

    fn verdict(&mut self, review: &Review) {
        self.line("");
        if !review.can_answer() {
            self.line(self.words.cannot);
            let reasons: Vec<String> = review.obstacles().iter().map(|o| o.to_text(self.language)).collect();
            reasons.iter().for_each(|reason| self.line(&format!("  - {reason}")));
        } else if review.chosen().is_some() {
            self.line(self.words.can);
        } else {
            self.line(self.words.must_choose);
        }
    }
}
