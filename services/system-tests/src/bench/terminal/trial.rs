//! What is done with a side, and the figures that come of it.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures::future::try_join_all;
use sha2::{Digest as _, Sha256};

use super::Amount;
use super::host::Host;
use super::view::View;
use crate::row::percentile;

/// The pause between two keys: both sides are at rest again by then.
const PAUSE: Duration = Duration::from_millis(5);
/// Bytes a slow viewer reads in a second.
const SLOW: usize = 2_000_000;

/// What is done.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    EchoOfCat,
    EchoOfBash,
    Flow { viewers: usize },
    EchoBesideFlood,
    Many,
    SlowViewer,
    Soak,
    Idle,
}

/// Does it; the figures are in the order of the rows.
pub(crate) async fn measure(kind: Kind, host: &mut Host, amount: &Amount) -> Result<Vec<f64>> {
    match kind {
        Kind::EchoOfCat => {
            let (_, mut view) = ready(host).await?;
            view.line("echo he''re; exec cat\n", "here\r\n").await?;
            percentiles(&echoes(&mut view, amount.keys).await?)
        }
        Kind::EchoOfBash => {
            let (_, mut view) = ready(host).await?;
            percentiles(&echoes(&mut view, amount.keys).await?)
        }
        Kind::Flow { viewers } => flow(host, viewers, amount).await,
        Kind::EchoBesideFlood => {
            let (_, mut flood) = ready(host).await?;
            let (_, mut view) = ready(host).await?;
            flood.press(b"yes\n").await?;
            let drain = async {
                loop {
                    flood.read().await?;
                }
            };
            let echoes = tokio::select! {
                echoes = echoes(&mut view, amount.keys) => echoes,
                never = drain => never,
            };
            percentiles(&echoes?).map(|both| vec![both[1]])
        }
        Kind::Many => many(host, amount).await,
        Kind::SlowViewer => slow(host, amount).await,
        Kind::Soak => soak(host, amount).await,
        Kind::Idle => idle(host, amount).await,
    }
}

/// A terminal whose shell waits at a short prompt.
async fn ready(host: &mut Host) -> Result<(String, View)> {
    let (name, mut view) = host.open().await?;
    view.line("PS1='$ '; echo rea''dy\n", "ready\r\n").await?;
    view.until(b"$ ").await?;
    Ok((name, view))
}

/// Presses a key at a time and waits for its echo.
async fn echoes(view: &mut View, keys: usize) -> Result<Vec<Duration>> {
    let mut times = Vec::with_capacity(keys);
    for n in 0..keys {
        // A line editor redraws a long line: it is wiped from time to time, outside of what is measured.
        if n % 40 == 39 {
            view.press(b"\x15").await?;
            tokio::time::sleep(PAUSE * 4).await;
        }
        tokio::time::sleep(PAUSE).await;
        let began = Instant::now();
        view.press(b"x").await?;
        view.until(b"x").await?;
        times.push(began.elapsed());
    }
    Ok(times)
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000_000.0
}

#[expect(clippy::unnecessary_wraps, reason = "every figure may fail to be had")]
fn percentiles(times: &[Duration]) -> Result<Vec<f64>> {
    let times: Vec<f64> = times.iter().copied().map(micros).collect();
    Ok(vec![percentile(times.clone(), 50), percentile(times, 99)])
}

/// Lines of 80 columns, their number in front; the length and the hash of what a terminal makes of them.
fn text(megabytes: usize) -> (String, usize, String) {
    let lines = megabytes * 1_000_000 / 80;
    let mut text = String::with_capacity(lines * 80);
    for n in 0..lines {
        // Writing to a String can't fail.
        let _ =
            writeln!(text, "{n:010} the quick brown fox jumps over the lazy dog, and then again: 0123456");
    }
    let shown = text.replace('\n', "\r\n");
    (text, shown.len(), hex(&Sha256::digest(shown)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// The whole text to several viewers; each must get every byte.
async fn flow(host: &mut Host, viewers: usize, amount: &Amount) -> Result<Vec<f64>> {
    let (text, shown, expected) = text(amount.megabytes);
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("text");
    std::fs::write(&file, &text)?;
    open_to_all(folder.path())?;
    let (name, first) = ready(host).await?;
    let mut views = vec![first];
    while views.len() < viewers {
        views.push(host.view(&name).await?);
    }
    let command = format!("PS1=; stty -echo; echo beg''in; cat {}; echo fin''ished\n", file.display());
    let (began, before) = (Instant::now(), host.processor());
    views[0].press(command.as_bytes()).await?;
    let hashes = try_join_all(views.iter_mut().map(|view| hash(view, shown))).await?;
    let (took, used) = (began.elapsed().as_secs_f64(), host.processor() - before);
    ensure!(hashes.iter().all(|hash| *hash == expected), "a viewer got other bytes");
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let megabytes = text.len() as f64 / 1_000_000.0;
    Ok(vec![megabytes / took, used])
}

/// The terminals' shells run as another user.
fn open_to_all(folder: &std::path::Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755))?)
}

/// The hash of the `length` bytes that come between `begin` and `finished`. It has to cost little: both sides share the
/// machine with it.
async fn hash(view: &mut View, length: usize) -> Result<String> {
    view.until(b"begin\r\n").await?;
    let (mut hash, mut left) = (Sha256::new(), length);
    while left > 0 {
        let mut piece = view.read().await?;
        if piece.len() > left {
            view.give_back(piece.split_off(left));
        }
        left -= piece.len();
        hash.update(&piece);
    }
    view.until(b"finished\r\n").await?;
    Ok(hex(&hash.finalize()))
}

/// Many terminals, each echoing ten keys a second.
async fn many(host: &mut Host, amount: &Amount) -> Result<Vec<f64>> {
    let mut views = Vec::new();
    for _ in 0..amount.terminals {
        let (_, mut view) = ready(host).await?;
        view.line("echo he''re; exec cat\n", "here\r\n").await?;
        views.push(view);
    }
    let (began, before) = (Instant::now(), host.processor());
    let end = began + Duration::from_secs(amount.seconds);
    try_join_all(views.iter_mut().enumerate().map(|(n, view)| async move {
        // Not all in the same instant.
        let phase = Duration::from_millis(100) * u32::try_from(n % 100)? / 100;
        let mut tick = tokio::time::interval_at((began + phase).into(), Duration::from_millis(100));
        while Instant::now() < end {
            tick.tick().await;
            view.press(b"x").await?;
            view.until(b"x").await?;
        }
        anyhow::Ok(())
    }))
    .await?;
    Ok(vec![(host.processor() - before) / began.elapsed().as_secs_f64()])
}

/// How much memory grows while a viewer reads a flood slowly.
async fn slow(host: &mut Host, amount: &Amount) -> Result<Vec<f64>> {
    let (name, mut view) = ready(host).await?;
    // Once round first, so that what every terminal needs is there already.
    view.line("head -c 3000000 /dev/zero | tr '\\0' x; echo; echo do''ne\n", "done\r\n").await?;
    let before = host.memory();
    let mut flood = host.view(&name).await?;
    view.press(b"yes\n").await?;
    let end = Instant::now() + Duration::from_secs(amount.seconds * 2);
    let mut most = before;
    while Instant::now() < end {
        let piece = tokio::time::timeout(PAUSE * 20, flood.read()).await;
        let read = match piece {
            Ok(piece) => piece?.len(),
            Err(_) => 0,
        };
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        tokio::time::sleep(Duration::from_secs_f64(read as f64 / SLOW as f64)).await;
        most = most.max(host.memory());
    }
    Ok(vec![most - before])
}

/// A flood for a long time, with a viewer of it that doesn't read: how much memory grows behind its first second, and how
/// long the keys of another terminal take meanwhile.
async fn soak(host: &mut Host, amount: &Amount) -> Result<Vec<f64>> {
    if matches!(host, Host::Peer { .. }) {
        // It holds in memory whatever a viewer does not read.
        return Ok(vec![f64::NAN; 2]);
    }
    let (name, mut flood) = ready(host).await?;
    let stuck = host.view(&name).await?;
    let (_, mut view) = ready(host).await?;
    flood.press(b"yes\n").await?;
    let watch = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let (first, end) = (host.memory(), Instant::now() + Duration::from_secs(amount.soak));
        let (mut most, mut times) = (first, Vec::new());
        while Instant::now() < end {
            times.extend(echoes(&mut view, 100).await?);
            most = most.max(host.memory());
        }
        let p99 = percentile(times.into_iter().map(micros).collect(), 99);
        anyhow::Ok(vec![most - first, p99])
    };
    let drain = async {
        loop {
            flood.read().await?;
        }
    };
    let figures = tokio::select! {
        figures = watch => figures,
        never = drain => never,
    };
    drop(stuck);
    figures
}

/// What one more terminal at rest costs the process that owns it.
async fn idle(host: &mut Host, amount: &Amount) -> Result<Vec<f64>> {
    let first = ready(host).await?;
    let before = host.worker_memory();
    let mut more = Vec::new();
    for _ in 0..amount.terminals.min(50) {
        more.push(ready(host).await?);
    }
    let grown = host.worker_memory() - before;
    drop(first);
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let each = grown / more.len() as f64;
    Ok(vec![each])
}
