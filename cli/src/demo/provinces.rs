//! A licence of one province in another: two authorities, and a relying party and a traveller who know nothing but a signed
//! list of issuers.

use std::fs;
use std::path::Path;

use glimpse_api::{Metadata, RequestCreated, RequestCreation, RequestStatus, paths};
use glimpse_circuits::text::Text;
use glimpse_service::{KeyFile, TrustListConfig};
use glimpse_trust::list::{ListedIssuer, ListedKey, ListedRevocation, Roots, Validity};
use glimpse_trust::{TrustList, TrustListDocument};
use glimpse_wallet::{ListFrom, Wallet};
use rand_core::OsRng;

use crate::demo::lives::{Step, answer, obstacles, status, wallet};
use crate::demo::policies::{self, DRIVING_LICENCE};
use crate::demo::world::{self, DemoResult, Service, text};

const SHANDONG: &str = "370000";
const SHANGHAI: &str = "310000";
const DAY: u64 = 86_400;

/// Plays it in `directory`.
pub(crate) fn run(directory: &Path) -> DemoResult<Vec<Step>> {
    let authority = |name: &str, title: Text| {
        Service::start_with(&directory.join(name), title, |config| {
            config.verifier = None;
            if let Some(issuer) = &mut config.issuer {
                issuer.id = format!("demo-{name}");
            }
        })
    };
    let shandong = authority("shandong", text("山东公安交管", "Traffic police of Shandong"))?;
    let shanghai = authority("shanghai", text("上海公安交管", "Traffic police of Shanghai"))?;
    let list = directory.join("list.json");
    let roots = sign(&list, &[(&shandong, SHANDONG), (&shanghai, SHANGHAI)])?;
    let verifier = Service::start_with(
        &directory.join("hire"),
        text("上海租车行", "Car hire in Shanghai"),
        |config| {
            config.issuer = None;
            if let Some(verifier) = &mut config.verifier {
                verifier.trust_list = Some(TrustListConfig { file: list.clone(), roots: roots.clone() });
            }
        },
    )?;

    let mut traveller = wallet(&directory.join("traveller"))?;
    let envelope = fs::read_to_string(&list)?;
    traveller.trust_list(&[ListFrom::Text(&envelope)], &roots, shandong.now())?;
    let (_, offer) =
        shandong.register(DRIVING_LICENCE, "traveller", &world::outsider()?.with_classes(&["C1"]))?;
    let card = traveller.accept_offer(&offer.issuer_uri, &offer.code, shandong.now(), &mut OsRng)?;
    traveller.fetch_tokens(&card.id, 4, world::unix_seconds(), &mut OsRng)?;

    let impostor = authority("impostor", text("山东公安交管", "Traffic police of Shandong"))?;
    let steps = vec![
        anywhere(&verifier, &mut traveller)?,
        of_the_city(&verifier, &traveller)?,
        not_listed(&impostor, &mut traveller)?,
    ];
    for service in [shandong, shanghai, verifier, impostor] {
        service.running.stop()?;
    }
    Ok(steps)
}

/// The list, signed by a root that only this demonstration has.
fn sign(file: &Path, issuers: &[(&Service, &str)]) -> DemoResult<Roots> {
    let root = KeyFile::DOCUMENT.create(&file.with_extension("key"))?;
    let roots = Roots::one(root.public());
    let now = world::unix_seconds();
    let document = TrustListDocument {
        version: 1,
        name: text("电子证照互认", "Mutual recognition of licences"),
        issued_at: now,
        expires_at: now + DAY,
        roots: roots.clone(),
        issuers: issuers
            .iter()
            .map(|(service, region)| listed(service, region, now))
            .collect::<DemoResult<_>>()?,
    };
    let envelope = root.sign(TrustList::try_from(document)?.to_envelope()?);
    fs::write(file, envelope.to_json()?)?;
    Ok(roots)
}

fn listed(service: &Service, region: &str, now: u64) -> DemoResult<ListedIssuer> {
    let metadata: Metadata = service.admin.get(paths::METADATA)?;
    let issuer = metadata.issuers.into_iter().next().ok_or("an issuer without a key")?;
    let (manifests, schedule) = (metadata.manifest_keys, metadata.schedule);
    let key = ListedKey {
        key: issuer.key,
        accepted: Validity { from: now - DAY, until: now + DAY },
        schemas: issuer.schemas,
        revocation: issuer.revocation.map(|key| ListedRevocation { key, manifests, schedule }),
    };
    let (id, name, uri) = (issuer.id, issuer.name, service.url().to_owned());
    Ok(ListedIssuer { id, name, regions: vec![region.to_owned()], uri, keys: vec![key] })
}

fn anywhere(verifier: &Service, traveller: &mut Wallet) -> DemoResult<Step> {
    let created = ask(verifier, None)?;
    let result = answer(verifier, traveller, &created)?;
    let accepted = result.status == RequestStatus::Accepted;
    let status = status(&result);
    let issuer = result.verdict.and_then(|verdict| Some(verdict.licences.first()?.issuer.name.en.clone()));
    let by = issuer.unwrap_or_default();
    Ok(Step {
        step: "a car hire in Shanghai that knows nobody but the list takes a licence of Shandong",
        outcome: format!("{status}, issued by: {by}"),
        as_it_should_be: accepted && by == "Traffic police of Shandong",
    })
}

fn of_the_city(verifier: &Service, traveller: &Wallet) -> DemoResult<Step> {
    let created = ask(verifier, Some(SHANGHAI))?;
    let review = traveller.review(&created.request_uri, verifier.now())?;
    let why = obstacles(&review).unwrap_or_else(|| "it would answer".into());
    Ok(Step {
        step: "the same, asked for a licence of Shanghai",
        as_it_should_be: !review.can_answer() && why.contains("issued by Traffic police of Shanghai"),
        outcome: format!("the wallet does not answer: {why}"),
    })
}

fn not_listed(impostor: &Service, traveller: &mut Wallet) -> DemoResult<Step> {
    let refused = traveller.pin_issuer(impostor.url(), impostor.now()).err();
    let why = refused.map_or_else(|| "it was taken".to_owned(), |error| error.to_string());
    Ok(Step {
        step: "somebody who is not on the list calls himself the traffic police of Shandong",
        as_it_should_be: why.contains("no issuer on the list"),
        outcome: format!("the wallet refuses: {why}"),
    })
}

fn ask(verifier: &Service, region: Option<&str>) -> DemoResult<RequestCreated> {
    let mut policy = policies::may_drive_c1()?;
    for licence in &mut policy.licences {
        licence.regions = region.map(|region| vec![region.to_owned()]);
    }
    Ok(verifier.relying_party.post(paths::REQUESTS, &RequestCreation::Inline(policy))?)
}
