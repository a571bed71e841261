//! A Redis behind TLS whose certificate a private authority has signed.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use futures::StreamExt;
use metatron_bus::live::{LiveTerminal, Writer};
use metatron_bus::{Access, Bus};
use metatron_domain::command::{Priority, Queue};
use metatron_domain::id::TerminalId;
use tempfile::TempDir;

use super::queue::{ONE, telling};
use super::{Rig, ticket, within};

/// An authority of its own, and what it signs for `localhost`.
fn authority(folder: &Path) -> Vec<u8> {
    let openssl = |line: &str| {
        let words = line.split_whitespace();
        let done = Command::new("openssl").args(words).current_dir(folder).stderr(Stdio::null()).status();
        assert!(done.expect("is the package openssl installed?").success(), "openssl {line}");
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&format!("req -x509 {key} -keyout ca.key -out ca.pem -subj /CN=test-authority -days 2"));
    openssl(&format!("req {key} -keyout redis.key -out redis.csr -subj /CN=localhost"));
    std::fs::write(folder.join("names"), "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n")
        .unwrap();
    openssl(
        "x509 -req -in redis.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile names -days 2 -out redis.pem",
    );
    std::fs::read(folder.join("ca.pem")).unwrap()
}

#[tokio::test]
async fn redis_is_reached_over_tls_by_who_trusts_its_authority_and_by_nobody_else() {
    let (own, foreign) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (ca, other_ca) = (authority(own.path()), authority(foreign.path()));
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let file = |name: &str| own.path().join(name).display().to_string();
    let mut rig = Rig::with(&[
        &format!("--tls-port {port} --tls-auth-clients no --bind 127.0.0.1"),
        &format!("--tls-cert-file {} --tls-key-file {}", file("redis.pem"), file("redis.key")),
        &format!("--tls-ca-cert-file {}", file("ca.pem")),
    ]);
    let url = format!("rediss://localhost:{port}");
    let trusting = |ca| Bus::enter(&url, Access { ca, ..Access::default() }, "tls");
    for stranger in [trusting(None), trusting(Some(other_ca.as_slice())), trusting(Some(b"no certificate"))] {
        assert!(within(stranger.ping()).await.is_err());
    }
    let bus = trusting(Some(&ca));
    within(bus.ping()).await.unwrap();

    // The pooled, the blocking and the pub/sub connections alike.
    let owed = ticket();
    bus.enqueue(&Queue::Run, Priority::High, &owed, None).await.unwrap();
    let mut told = telling(&mut rig, &bus, Queue::Run, ONE);
    assert_eq!(within(told.recv()).await.unwrap().ticket, owed);
    let terminal = TerminalId::new();
    let mut live = bus.hub().follow_terminal(terminal, 0);
    let mut writer = Writer::terminal(&bus, terminal, 0);
    for word in ["sealed ", "words"] {
        assert!(writer.append(word.as_bytes()).await);
        let LiveTerminal::Bytes { bytes, .. } = within(live.next()).await.unwrap() else { panic!() };
        assert_eq!(bytes, word);
    }
    rig.finish().await;
}
