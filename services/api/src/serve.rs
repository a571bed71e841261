//! From settings to an open port, and from the port to the router: connections with limits of their own.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use metatron_bus::seal::LinkKey;
use metatron_bus::{Access, Bus};
use metatron_domain::actor::Actor;
use metatron_domain::clock::{Clock as _, SystemClock};
use metatron_domain::event::EventKind;
use metatron_process::{Fatal, Frame};
use metatron_store::vault::Vault;
use metatron_store::{About, Store};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::{App, Limits, book, reconcile, remote, report, router, undo, witness};

/// How long open requests may take to finish after a signal.
const DRAIN: Duration = Duration::from_secs(5);

/// Opens the store, the keys and the port, and serves until the process has to end.
pub async fn build(frame: Frame) -> anyhow::Result<()> {
    let config = &frame.config;
    let store = Store::open(&config.database()).await.with_context(|| {
        format!("cannot open {}; `metatron-migrate` makes it", config.database().display())
    })?;
    let now = SystemClock.now();
    let vault = match Vault::open(&store, &config.master_key(), now).await {
        Ok(vault) => vault,
        Err(error @ metatron_store::Error::Key(_)) => return Err(Fatal::new(error.to_string()).into()),
        Err(error) => return Err(error.into()),
    };
    let link = LinkKey::load(&config.link_key()).map_err(|error| Fatal::new(error.to_string()))?;
    let password = config.redis_password()?;
    let ca = config.redis_ca()?;
    let user = config.redis_user.as_deref();
    let access = Access { user, password: password.as_deref(), ca: ca.as_deref() };
    let bus = Bus::enter(&config.redis_url, access, &frame.instance);
    if config.is_beside() {
        bus.use_direct(&config.host, config.direct());
    }
    let app = App::new(config, store, vault, link, bus, Arc::new(SystemClock), Limits::default()).await?;
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.listen))?;
    app.announce_claim().await.map_err(|error| anyhow::anyhow!("{error:?}"))?;
    tracing::info!(address = %config.listen, "listening");
    record_up(&app).await?;
    frame.ready.announce();
    // Boxed, here and below: the types of everything that is served are long.
    Box::pin(run(app.clone(), listener, frame.shutdown.clone())).await;
    app.store.close().await;
    Ok(())
}

async fn record_up(app: &App) -> anyhow::Result<()> {
    let mut tx = app.store.begin().await?;
    let about = About { subject: Some("api".to_owned()), ..About::default() };
    let data = json!({ "version": env!("CARGO_PKG_VERSION") });
    tx.record(EventKind::ServiceUp, app.now(), &Actor::Schedule, about, data).await?;
    app.commit(tx).await.map_err(|error| anyhow::anyhow!("{error:?}"))?;
    Ok(())
}

/// Serves `app` on `listener` until `shutdown`, with everything that goes beside it.
pub async fn run(app: App, listener: TcpListener, shutdown: CancellationToken) {
    let beside = async {
        tokio::join!(
            app.feed.run(shutdown.clone()),
            app.carrier.run(shutdown.clone()),
            app.bus.beat_forever("api", env!("CARGO_PKG_VERSION"), std::process::id(), shutdown.clone()),
            app.bus.renew_forever(app.lease, shutdown.clone()),
            report::run(app.clone(), shutdown.clone()),
            reconcile::run(app.clone(), shutdown.clone()),
            remote::run(app.clone(), shutdown.clone()),
            book::run(app.clone(), shutdown.clone()),
            app.presence.run(&app.bus, shutdown.clone()),
            witness::run(app.clone(), shutdown.clone()),
            undo::run(app.clone(), shutdown.clone()),
        )
    };
    tokio::join!(Box::pin(accept(app.clone(), listener, shutdown.clone())), beside);
}

async fn accept(app: App, listener: TcpListener, shutdown: CancellationToken) {
    let router = router(app.clone());
    let slots = Arc::new(Semaphore::new(app.limits.connections));
    let mut open = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = async {
                let slot = slots.clone().acquire_owned().await;
                (listener.accept().await, slot)
            } => accepted,
            Some(_) = open.join_next() => continue,
            () = shutdown.cancelled() => break,
        };
        match accepted {
            (Ok((stream, peer)), Ok(slot)) => {
                let (router, head, shutdown) = (router.clone(), app.limits.head, shutdown.clone());
                open.spawn(async move {
                    Box::pin(serve(router, stream, peer, head, shutdown)).await;
                    drop(slot);
                });
            }
            (Err(error), _) => {
                // Out of descriptors, most likely: some have to be closed first.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            (_, Err(_)) => break,
        }
    }
    drop(listener);
    app.closing.cancel();
    let _ = tokio::time::timeout(DRAIN, async { while open.join_next().await.is_some() {} }).await;
}

async fn serve(
    router: Router,
    stream: TcpStream,
    peer: SocketAddr,
    head: Duration,
    shutdown: CancellationToken,
) {
    // Small frames must not wait for more.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let router = router.clone();
        async move { router.oneshot(request.map(Body::new)).await.map_err(|never: Infallible| match never {}) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .max_buf_size(64 * 1024)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
