//! HTTPS, with certificates that change while it is served.

use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use glimpse_api::paths;
use glimpse_service::{Application, StartError, TlsConfig};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};

use crate::support::{Service, config};

/// An authority, as far as one is needed here.
struct Authority {
    certificate: rcgen::Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    /// Certificate and key for a name, in PEM.
    fn certify(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }
}

fn write(path: &Path, text: &str, mode: u32) {
    // Put in place whole, as those who renew certificates do.
    let draft = path.with_extension("new");
    fs::write(&draft, text).unwrap();
    fs::set_permissions(&draft, fs::Permissions::from_mode(mode)).unwrap();
    fs::rename(&draft, path).unwrap();
}

struct Files {
    certificate: PathBuf,
    key: PathBuf,
    clients: PathBuf,
}

impl Files {
    fn of(directory: &Path) -> Self {
        let file = |name: &str| directory.join(name);
        Self { certificate: file("cert.pem"), key: file("key.pem"), clients: file("clients.pem") }
    }

    fn put(&self, (certificate, key): &(String, String)) {
        write(&self.certificate, certificate, 0o644);
        write(&self.key, key, 0o600);
    }

    fn tls(&self, clients: bool) -> TlsConfig {
        TlsConfig {
            certificate_file: self.certificate.clone(),
            key_file: self.key.clone(),
            client_ca_file: clients.then(|| self.clients.clone()),
        }
    }
}

/// A service with certificates of an authority, looked at often.
fn service(authority: &Authority, clients: Option<&Authority>) -> (Service, Files, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let files = Files::of(directory.path());
    files.put(&authority.certify("localhost"));
    if let Some(clients) = clients {
        write(&files.clients, &clients.certificate.pem(), 0o644);
    }
    let tls = files.tls(clients.is_some());
    let service = Service::start_with(|config| {
        config.tls = Some(tls);
        config.admin_listen = Some("127.0.0.1:0".parse().unwrap());
        config.limits.reload_interval = Duration::from_millis(20);
        // Shorter than what the tests wait for an end.
        config.limits.handshake_timeout = Duration::from_secs(6);
        config.limits.head_timeout = Duration::from_secs(6);
    });
    (service, files, directory)
}

type Stream = StreamOwned<ClientConnection, TcpStream>;

struct Visitor {
    roots: RootCertStore,
    identity: Option<(String, String)>,
    versions: Vec<&'static SupportedProtocolVersion>,
}

impl Visitor {
    fn trusting(authority: &Authority) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(authority.certificate.der().clone()).unwrap();
        Self { roots, identity: None, versions: vec![&TLS13, &TLS12] }
    }

    fn connect(&self, service: &Service) -> Stream {
        let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&self.versions)
            .unwrap()
            .with_root_certificates(self.roots.clone());
        let mut config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
                let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TcpStream::connect(service.url.trim_start_matches("https://")).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), stream)
    }

    /// A new connection, what is answered on it, and the certificate that it was served under.
    fn visit(&self, service: &Service) -> io::Result<(Stream, Vec<u8>)> {
        let mut stream = self.connect(service);
        get(&mut stream)?;
        let certificate = stream.conn.peer_certificates().unwrap()[0].to_vec();
        Ok((stream, certificate))
    }
}

/// Asks whether the service lives, and keeps the connection.
fn get(stream: &mut Stream) -> io::Result<()> {
    stream.write_all(format!("GET {} HTTP/1.1\r\nhost: localhost\r\n\r\n", paths::LIVEZ).as_bytes())?;
    let (mut answer, mut part) = (Vec::new(), [0u8; 1024]);
    while !answer.ends_with(b"{\"status\":\"ok\"}") {
        let read = stream.read(&mut part)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        answer.extend(&part[..read]);
    }
    assert!(answer.starts_with(b"HTTP/1.1 200 "));
    Ok(())
}

fn der((certificate, _): &(String, String)) -> Vec<u8> {
    CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap().to_vec()
}

fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let given_up = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < given_up, "{what}");
        sleep(Duration::from_millis(10));
    }
}

#[test]
fn served_over_both_versions_and_nothing_else() {
    let authority = Authority::new();
    let (service, ..) = service(&authority, None);
    assert!(service.url.starts_with("https://127.0.0.1:"));
    let mut visitor = Visitor::trusting(&authority);
    for version in [&TLS12, &TLS13] {
        visitor.versions = vec![version];
        let (stream, _) = visitor.visit(&service).unwrap();
        assert_eq!(stream.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
    }
    // Whoever trusts somebody else does not get that far.
    assert!(Visitor::trusting(&Authority::new()).visit(&service).is_err());

    // Plain HTTP, nonsense and silence end, and the service goes on.
    for sent in ["GET /livez HTTP/1.1\r\nhost: x\r\n\r\n", "\u{16}\u{3}\u{1}nonsense", ""] {
        let mut stream = TcpStream::connect(service.url.trim_start_matches("https://")).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.write_all(sent.as_bytes()).unwrap();
        let mut answer = Vec::new();
        match stream.read_to_end(&mut answer) {
            Ok(_) => assert!(!answer.starts_with(b"HTTP"), "{sent}"),
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::ConnectionReset, "{sent}"),
        }
    }
    visitor.visit(&service).unwrap();
}

#[test]
fn requests_name_the_address_with_https() {
    use crate::support::{RELYING_PARTY, driving_policy};

    let authority = Authority::new();
    let (service, ..) = service(&authority, None);
    let body = serde_json::json!({ "inline": driving_policy("token") }).to_string();
    let mut stream = Visitor::trusting(&authority).connect(&service);
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {RELYING_PARTY}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        paths::REQUESTS,
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).unwrap();
    let mut answer = String::new();
    // Actix does not say goodbye in TLS; the length of the body says that it is whole.
    let _ = stream.read_to_string(&mut answer);
    assert!(answer.contains(&format!("\"request_uri\":\"{}/", service.url)), "{answer}");
}

#[test]
fn a_new_pair_is_taken_over_and_a_broken_one_is_not() {
    let authority = Authority::new();
    let (service, files, _directory) = service(&authority, None);
    let visitor = Visitor::trusting(&authority);
    let (mut old, first) = visitor.visit(&service).unwrap();

    let second = authority.certify("localhost");
    files.put(&second);
    eventually("the new certificate", || visitor.visit(&service).unwrap().1 == der(&second));
    assert_ne!(first, der(&second));
    // Whoever is connected stays so.
    get(&mut old).unwrap();

    let third = authority.certify("localhost");
    let broken = [
        ("the key of another", &third.0, &second.1, 0o600),
        ("no certificate", &"nonsense".to_owned(), &second.1, 0o600),
        ("half a key", &third.0, &third.1[..80].to_owned(), 0o600),
        ("a key for everybody", &third.0, &third.1, 0o644),
    ];
    for (what, certificate, key, mode) in broken {
        // One file at a time: with the key from before, the certificate could be a whole pair for a moment.
        write(&files.key, "", mode);
        write(&files.certificate, certificate, 0o644);
        write(&files.key, key, mode);
        sleep(Duration::from_millis(100));
        assert_eq!(visitor.visit(&service).unwrap().1, der(&second), "{what}");
    }
    // So that somebody hears of it.
    let failing = |value: u8| {
        service.metrics().contains(&format!("glimpse_reload_failing{{what=\"certificate\"}} {value}\n"))
    };
    eventually("a word of the failure", || failing(1));
    fs::remove_file(&files.key).unwrap();
    sleep(Duration::from_millis(100));
    assert_eq!(visitor.visit(&service).unwrap().1, der(&second));
    files.put(&third);
    eventually("the sound pair after all", || visitor.visit(&service).unwrap().1 == der(&third));
    eventually("nothing to complain about", || failing(0));
    get(&mut old).unwrap();
}

#[test]
fn clients_may_show_a_certificate_of_an_authority_that_may_change() {
    let (authority, clients, others) = (Authority::new(), Authority::new(), Authority::new());
    let (service, files, _directory) = service(&authority, Some(&clients));
    let mut visitor = Visitor::trusting(&authority);
    visitor.visit(&service).unwrap();
    visitor.identity = Some(clients.certify("client"));
    visitor.visit(&service).unwrap();
    let mut stranger = Visitor::trusting(&authority);
    stranger.identity = Some(others.certify("client"));
    assert!(stranger.visit(&service).is_err());

    write(&files.clients, &others.certificate.pem(), 0o644);
    eventually("the new authority", || stranger.visit(&service).is_ok());
    assert!(visitor.visit(&service).is_err());
    visitor.identity = None;
    visitor.visit(&service).unwrap();
}

#[test]
fn what_it_does_not_start_with() {
    let authority = Authority::new();
    let directory = tempfile::tempdir().unwrap();
    let files = Files::of(directory.path());
    let pair = authority.certify("localhost");
    let refusal = |clients: bool| {
        let mut config = config(directory.path());
        config.tls = Some(files.tls(clients));
        let found: Vec<String> = glimpse_service::check(&config).iter().map(ToString::to_string).collect();
        match Application::build(config) {
            Err(error @ StartError::Tls(_)) => assert_eq!(found, [error.to_string()]),
            other => panic!("{other:?}"),
        }
        found.into_iter().next().unwrap()
    };
    assert!(refusal(false).contains("cert.pem"));
    files.put(&pair);
    fs::set_permissions(&files.key, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(refusal(false).contains("mode 640"));
    files.put(&(pair.0.clone(), authority.certify("localhost").1));
    assert!(refusal(false).contains("not the key of the certificate"));
    files.put(&pair);
    write(&files.clients, "nobody", 0o644);
    assert!(refusal(true).contains("clients.pem"));
}
