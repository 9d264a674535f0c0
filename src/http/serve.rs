//! Sockets: accept, TLS where there is a certificate, one task a connection, and a stop that lets
//! nobody down.

use std::io;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::limits;
use super::patient::Patient;
use super::router;
use super::service::Service;

/// A certificate and its key, from PEM files.
///
/// # Errors
/// What cannot be read; of a key nothing but that.
pub fn tls(certificate: &Path, key: &Path) -> Result<TlsAcceptor, String> {
    let named = |path: &Path, why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<CertificateDer<'static>>, _>>)
        .map_err(|error| named(certificate, &error))?;
    if chain.is_empty() {
        return Err(named(certificate, &"no certificate in it"));
    }
    let secret = PrivateKeyDer::from_pem_file(key)
        .map_err(|_| named(key, &"cannot be read as a private key in PEM"))?;
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, secret));
    let mut config = config.map_err(|error| named(certificate, &error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Serve until `stop` ends; then finish what is under way, within limits. Afterwards nobody but
/// the caller holds the service.
pub async fn serve(
    service: &Arc<Service>,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    stop: impl Future<Output = ()>,
) {
    let router = router(service.clone());
    let (closing, closed) = watch::channel(false);
    let places = Arc::new(Semaphore::new(limits::CONNECTIONS));
    let mut tasks = JoinSet::new();
    let upkeep = {
        let service = service.clone();
        tokio::spawn(async move { service.upkeep.run(&service.app).await })
    };
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &places) => accepted,
            // Ended tasks are let go of as they end.
            Some(_) = tasks.join_next(), if !tasks.is_empty() => continue,
        };
        match accepted {
            Ok((stream, place)) => {
                tasks.spawn(connection(stream, place, tls.clone(), router.clone(), closed.clone()));
            }
            Err(error) => {
                // Out of files, mostly: the next connection may find one.
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    service.stop();
    closing.send_replace(true);
    let all = async { while tasks.join_next().await.is_some() {} };
    if timeout(limits::STOP_TIME, all).await.is_err() {
        tracing::warn!(left = tasks.len(), "connections were cut");
    }
    tasks.shutdown().await;
    upkeep.abort();
    // Whatever came of it, it holds nothing any more.
    let _ = upkeep.await;
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let place = places.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, place))
}

async fn connection(
    stream: TcpStream,
    _place: OwnedSemaphorePermit,
    tls: Option<TlsAcceptor>,
    router: Router,
    closed: watch::Receiver<bool>,
) {
    let Some(tls) = tls else {
        return speak(stream, router, closed).await;
    };
    match timeout(limits::HANDSHAKE_TIME, tls.accept(stream)).await {
        Ok(Ok(stream)) => speak(stream, router, closed).await,
        Ok(Err(error)) => tracing::debug!(%error, "no TLS came about"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
}

async fn speak<S>(stream: S, router: Router, mut closed: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stream = TokioIo::new(Patient::new(stream, limits::TAKE_TIME));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HEAD_TIME)
        .max_buf_size(limits::HEAD_BYTES)
        .max_headers(limits::HEADERS)
        .serve_connection(stream, TowerToHyperService::new(router));
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        // It is said once; who hears it, or that nobody can say it any more, ends.
        _ = closed.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}
