//! `annals serve`: the ledger over HTTP, until somebody says stop.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::{Common, Writing, term};
use crate::app::App;
use crate::error::{Exit, Failure};
use crate::http::serve::{serve, tls};
use crate::http::service::{Service, Settings};

/// See [`super::Command::Serve`].
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    writing: Writing,
    /// Where to listen; port 0 takes a free one, which the first line names. Without TLS this is
    /// meant for this host, or for a proxy in front.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: String,
    /// Certificate chain in PEM; then all connections are TLS.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its private key in PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

/// Run it.
pub async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let (home, _) = arguments.common.home()?;
    let acceptor = match (&arguments.tls_cert, &arguments.tls_key) {
        (Some(certificate), Some(key)) => {
            Some(tls(certificate, key).map_err(|why| Failure::input(format!("TLS: {why}")))?)
        }
        _ => None,
    };
    // Asked for before anything is opened: a signal that comes early stops it too.
    let fault = |error: std::io::Error| Failure::fault(error.to_string());
    let mut interrupt = signal(SignalKind::interrupt()).map_err(fault)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(fault)?;
    let listen = &arguments.listen;
    let wrong = |error: std::io::Error| Failure::input(format!("--listen {listen}: {error}"));
    let listener = TcpListener::bind(listen).await.map_err(wrong)?;
    let address = listener.local_addr().map_err(wrong)?;
    let app = App::open(&home, arguments.writing.allow_owner).await?;
    let settings = Settings { is_tls: acceptor.is_some(), ..Settings::default() };
    let service = Service::new(app, settings).await;
    if acceptor.is_none() && !address.ip().is_loopback() {
        let why = "tokens come over plain HTTP: a proxy that speaks TLS belongs in front";
        tracing::warn!(%address, "{why}");
    }
    let scheme = if acceptor.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{address}");
    let object = json!({ "listening": address.to_string(), "url": url });
    term::answer(arguments.common.json, &object, &format!("listening on {url}"));
    let stop = async {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping");
    };
    serve(&service, listener, acceptor, stop).await;
    let service = Arc::into_inner(service)
        .ok_or_else(|| Failure::fault("a request did not end: nothing was sealed"))?;
    let checkpoint = service.app.stop().await?;
    tracing::info!(size = checkpoint.size, "sealed and closed");
    Ok(Exit::Done)
}
