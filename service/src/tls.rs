//! TLS whose certificate, key and client authorities can be exchanged while the service runs.
//!
//! HTTP/1.1 only: actix has no limit on the streams of an HTTP/2 connection and no way to end one in order, so such
//! connections would neither keep to the limits nor drain.

use std::any::Any;
use std::fmt::{self, Write};
use std::fs;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{
    ClientHello, NoServerSessionStorage, ResolvesServerCert, VerifierBuilderError, WebPkiClientVerifier,
};
use rustls::sign::CertifiedKey;
use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, InconsistentKeys, RootCertStore, ServerConfig,
    SignatureScheme,
};
use sha2::{Digest, Sha256};

use crate::config::TlsConfig;
use crate::secret_file;

/// Most bytes of a file of certificates or of a key.
const MAX_FILE: usize = 1024 * 1024;

/// SHA-256 of the certificate that a client has shown and that was verified. In the data of its connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct PeerCertificate(pub(crate) [u8; 32]);

impl fmt::Debug for PeerCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PeerCertificate(..)")
    }
}

/// Puts the certificate of a client, if it has shown one, into the data of its connection.
pub(crate) fn on_connect(connection: &dyn Any, data: &mut Extensions) {
    let Some(stream) = connection.downcast_ref::<TlsStream<TcpStream>>() else { return };
    // rustls only keeps what the verifier below has accepted.
    if let Some(leaf) = stream.get_ref().1.peer_certificates().and_then(<[_]>::first) {
        data.insert(PeerCertificate(Sha256::digest(leaf).into()));
    }
}

/// Certificate, key and client authorities as they were last read.
pub(crate) struct Tls {
    files: TlsConfig,
    current: RwLock<Arc<Material>>,
}

struct Material {
    key: Arc<CertifiedKey>,
    clients: Option<Arc<dyn ClientCertVerifier>>,
    /// Of everything that was read, to tell whether anything changed.
    digest: [u8; 32],
}

impl Tls {
    /// Reads the files, or says which one cannot be used and why.
    pub(crate) fn load(files: TlsConfig) -> Result<Self, String> {
        let current = RwLock::new(Arc::new(Material::read(&files, None)?.ok_or("nothing was read")?));
        Ok(Self { files, current })
    }

    /// Reads the files again. New connections get what was read, if all of it can be used.
    pub(crate) fn reload(&self) -> Result<bool, String> {
        let Some(new) = Material::read(&self.files, Some(&self.now().digest))? else { return Ok(false) };
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
        Ok(true)
    }

    /// TLS 1.2 and 1.3 with whatever was read last.
    pub(crate) fn server_config(self: &Arc<Self>) -> Result<ServerConfig, String> {
        let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(|error| error.to_string())?;
        let live = Arc::new(Live(self.clone()));
        let mut config = match self.files.client_ca_file {
            None => builder.with_no_client_auth().with_cert_resolver(live),
            Some(_) => {
                let mut config = builder.with_client_cert_verifier(live.clone()).with_cert_resolver(live);
                // A session that is taken up again is not verified again: its certificate may be of an authority
                // that was removed meanwhile.
                config.session_storage = Arc::new(NoServerSessionStorage {});
                config.send_tls13_tickets = 0;
                config
            }
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    fn now(&self) -> Arc<Material> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Material {
    /// `None` if the files are those of this digest.
    fn read(files: &TlsConfig, known: Option<&[u8; 32]>) -> Result<Option<Self>, String> {
        let provider = Arc::new(default_provider());
        let certificates = open(&files.certificate_file)?;
        let secret = fs::File::open(&files.key_file)
            .map_err(Into::into)
            .and_then(|file| secret_file::read(file, MAX_FILE))
            .map_err(|error| named(&files.key_file, error))?;
        let authorities = files.client_ca_file.as_deref().map(open).transpose()?;

        let parts = [&certificates[..], &secret[..], authorities.as_deref().unwrap_or_default()];
        let digest = parts.iter().fold(Sha256::new(), |hash, part| hash.chain_update(Sha256::digest(part)));
        let digest: [u8; 32] = digest.finalize().into();
        if known == Some(&digest) {
            return Ok(None);
        }

        let chain = certificates_of(&files.certificate_file, &certificates)?;
        let key = PrivateKeyDer::from_pem_slice(&secret)
            .map_err(|_| named(&files.key_file, "is not a secret key in PEM"))?;
        let key = CertifiedKey::from_der(chain, key, &provider).map_err(|error| match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                named(&files.key_file, "is not the key of the certificate")
            }
            Error::InvalidCertificate(_) => named(&files.certificate_file, "has a damaged certificate"),
            _ => named(&files.key_file, "is not a key that TLS can use"),
        })?;
        let clients = match (&files.client_ca_file, authorities) {
            (Some(path), Some(pem)) => Some(verifier(path, &pem, provider)?),
            _ => None,
        };
        Ok(Some(Self { key: Arc::new(key), clients, digest }))
    }
}

fn verifier(
    path: &Path,
    pem: &[u8],
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates_of(path, pem)? {
        roots
            .add(certificate)
            .map_err(|_| named(path, "has a certificate that is not one of an authority"))?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .allow_unauthenticated()
        .build()
        .map_err(|error: VerifierBuilderError| named(path, error))
}

fn certificates_of(path: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match read {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(named(path, "has no certificate in PEM, or a damaged one")),
    }
}

fn open(path: &Path) -> Result<Vec<u8>, String> {
    let metadata = fs::metadata(path).map_err(|error| named(path, error))?;
    if !metadata.is_file() || metadata.len() > MAX_FILE as u64 {
        return Err(named(path, "is not a file, or is too large"));
    }
    fs::read(path).map_err(|error| named(path, error))
}

fn named(path: &Path, reason: impl fmt::Display) -> String {
    let mut text = String::new();
    // Writing to a text does not fail.
    let _ = write!(text, "{}: {reason}", path.display());
    text
}

/// What rustls asks at every handshake.
struct Live(Arc<Tls>);

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Live(..)")
    }
}

impl ResolvesServerCert for Live {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.now().key.clone())
    }
}

impl Live {
    fn clients(&self) -> Result<Arc<dyn ClientCertVerifier>, Error> {
        self.0.now().clients.clone().ok_or_else(|| Error::General("no authorities for clients".to_owned()))
    }
}

impl ClientCertVerifier for Live {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    /// None: they may change, and a client without a hint shows what it has.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.clients()?.verify_client_cert(end_entity, intermediates, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.clients()?.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.clients()?.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.clients().map(|clients| clients.supported_verify_schemes()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write as _};
    use std::net::TcpListener;

    use actix_web::{App, HttpRequest, HttpServer, web};
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    use rustls::pki_types::ServerName;
    use rustls::{ClientConfig, ClientConnection, StreamOwned};

    use super::*;

    /// What the server has seen of a client.
    async fn seen(request: HttpRequest) -> String {
        request.conn_data::<PeerCertificate>().map_or("nobody".to_owned(), |peer| hex::encode(peer.0))
    }

    fn ask(address: std::net::SocketAddr, config: ClientConfig) -> String {
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut stream = StreamOwned::new(connection, std::net::TcpStream::connect(address).unwrap());
        stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer.rsplit("\r\n").next().unwrap().to_owned()
    }

    #[actix_web::test]
    async fn a_verified_certificate_reaches_the_data_of_its_connection() {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let certify = |name: &str| {
            let key = KeyPair::generate().unwrap();
            let params = CertificateParams::new([name.to_owned()]).unwrap();
            (params.signed_by(&key, &authority).unwrap(), key)
        };
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = directory.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
            path
        };
        let (certificate, key) = certify("localhost");
        let files = TlsConfig {
            certificate_file: file("cert", &certificate.pem()),
            key_file: file("key", &key.serialize_pem()),
            client_ca_file: Some(file("clients", &authority.pem())),
        };
        let tls = Arc::new(Tls::load(files).unwrap());
        assert_eq!(tls.reload(), Ok(false));

        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = HttpServer::new(|| App::new().route("/", web::get().to(seen)))
            .workers(1)
            .disable_signals()
            .on_connect(on_connect)
            .listen_rustls_0_23(listener, tls.server_config().unwrap())
            .unwrap()
            .run();
        let handle = server.handle();
        let serving = actix_web::rt::spawn(server);

        let (client, client_key) = certify("client");
        let expected = hex::encode(Sha256::digest(client.der()));
        let roots = {
            let mut roots = RootCertStore::empty();
            roots.add(authority.der().clone()).unwrap();
            roots
        };
        let config = || {
            ClientConfig::builder_with_provider(Arc::new(default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_root_certificates(roots.clone())
        };
        let nobody = config().with_no_client_auth();
        let secret = PrivateKeyDer::try_from(client_key.serialize_der()).unwrap();
        let somebody = config().with_client_auth_cert(vec![client.der().clone()], secret).unwrap();
        let asked =
            actix_web::rt::task::spawn_blocking(move || [ask(address, nobody), ask(address, somebody)]);
        assert_eq!(asked.await.unwrap(), ["nobody".to_owned(), expected]);
        handle.stop(false).await;
        serving.await.unwrap().unwrap();
    }
}
