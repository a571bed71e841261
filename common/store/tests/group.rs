//! Units of work that meet at the writer: each is whole, each is durable when it returns, and none is lost with another.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::path::PathBuf;

use futures::future::join_all;
use futures::poll;
use metatron_domain::actor::Actor;
use metatron_domain::clock::Instant;
use metatron_domain::command::{JobKind, Priority, Queue};
use metatron_domain::id::ChatId;
use metatron_store::{Error, Store};
use tempfile::TempDir;

const T0: Instant = Instant::from_millis(1_800_000_000_000);

async fn store() -> (TempDir, PathBuf, Store) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("metatron.db");
    metatron_store::migrate(&path, &folder.path().join("backup")).await.unwrap();
    let store = Store::open(&path).await.unwrap();
    (folder, path, store)
}

async fn owe(store: &Store, subject: &str) -> Result<(), Error> {
    let mut tx = store.begin().await?;
    tx.enqueue(Queue::Run, Priority::Low, JobKind::Probe, subject, None, T0).await?;
    tx.commit().await.map(|_| ())
}

async fn owed(store: &Store) -> Vec<String> {
    let rows = store.owed(None, 10_000).await.unwrap();
    let mut subjects: Vec<_> = rows.into_iter().map(|row| row.owed.ticket.subject).collect();
    subjects.sort();
    subjects
}

#[tokio::test(flavor = "multi_thread")]
async fn what_many_commit_at_once_is_all_there_for_another_process() {
    let (_folder, path, store) = store().await;
    let names: Vec<String> = (0..500).map(|n| format!("{n:04}")).collect();
    let ended = join_all(names.iter().map(|name| owe(&store, name))).await;
    assert!(ended.iter().all(Result::is_ok));
    let other = Store::open(&path).await.unwrap();
    assert_eq!(owed(&other).await, names);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_is_dropped_in_a_group_takes_nothing_of_the_others_with_it() {
    let (_folder, _, store) = store().await;
    let work = (0..300).map(|n| {
        let store = &store;
        async move {
            let subject = format!("{n:04}");
            if n % 3 != 0 {
                return owe(store, &subject).await;
            }
            let mut tx = store.begin().await?;
            tx.create_chat("undone", &Actor::Owner, T0).await?;
            tx.enqueue(Queue::Run, Priority::Low, JobKind::Probe, &subject, None, T0).await?;
            drop(tx);
            Ok(())
        }
    });
    assert!(join_all(work).await.iter().all(Result::is_ok));
    let kept: Vec<_> = (0..300).filter(|n| n % 3 != 0).map(|n| format!("{n:04}")).collect();
    assert_eq!(owed(&store).await, kept);
    assert!(store.chats(10, None).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gives_up_waiting_leaves_no_group_uncommitted() {
    let (_folder, _, store) = store().await;
    for round in 0..50 {
        // The writer is held while two line up; the first of them goes away again, before or after it was counted on.
        let held = store.begin().await.unwrap();
        let mut goes = Box::pin(owe(&store, "gone"));
        assert!(poll!(&mut goes).is_pending());
        let subject = format!("{round:04}");
        let mut stays = Box::pin(owe(&store, &subject));
        if round % 2 == 0 {
            assert!(poll!(&mut stays).is_pending());
        }
        let went = async move { drop(goes) };
        let (committed, (), stayed) = tokio::join!(held.commit(), went, stays);
        let _ = committed.unwrap();
        stayed.unwrap();
    }
    assert_eq!(owed(&store).await.len(), 50);
}

#[tokio::test]
async fn a_claim_is_given_to_one_of_many_who_ask_at_once() {
    let (_folder, _, store) = store().await;
    owe(&store, "one").await.unwrap();
    let job = store.owed(None, 1).await.unwrap().remove(0).owed.ticket.id;
    let names: Vec<String> = (0..32).map(|n| format!("worker-{n}")).collect();
    let claims = join_all(names.iter().map(|name| store.claim(job, name, None))).await;
    assert_eq!(claims.into_iter().filter(|claim| claim.as_ref().unwrap().is_some()).count(), 1);
}

#[tokio::test]
async fn a_refused_statement_ends_its_own_unit_and_no_other() {
    let (_folder, _, store) = store().await;
    let refused = async {
        let mut tx = store.begin().await.unwrap();
        let missing = ChatId::new();
        let posted = tx.rename_chat(missing, "nobody", &Actor::Owner, T0).await;
        assert!(posted.is_err());
    };
    let (a, (), b) = tokio::join!(owe(&store, "a"), refused, owe(&store, "b"));
    a.unwrap();
    b.unwrap();
    assert_eq!(owed(&store).await, ["a", "b"]);
}

#[tokio::test]
async fn claims_and_ends_that_meet_are_each_answered_for_their_own_row() {
    let (_folder, path, store) = store().await;
    let names: Vec<String> = (0..50).map(|n| format!("{n:04}")).collect();
    join_all(names.iter().map(|name| owe(&store, name)))
        .await
        .into_iter()
        .collect::<Result<Vec<_>, _>>()
        .unwrap();
    let jobs: Vec<_> =
        store.owed(None, 100).await.unwrap().into_iter().map(|row| row.owed.ticket.id).collect();
    // The first ten are somebody else's already.
    let other = Store::open(&path).await.unwrap();
    for job in &jobs[..10] {
        other.claim(*job, "other", None).await.unwrap().unwrap();
    }
    let claims = join_all(jobs.iter().map(|job| store.claim(*job, "worker", None))).await;
    let claims: Vec<_> = claims.into_iter().map(Result::unwrap).collect();
    assert!(claims[..10].iter().all(Option::is_none), "held by somebody alive");
    let mut claims: Vec<_> = claims.into_iter().flatten().collect();
    assert_eq!(claims.iter().map(|claim| claim.job).collect::<Vec<_>>(), jobs[10..]);
    // One of them is taken over meanwhile.
    let taken = other.claim(claims[7].job, "other", Some("worker")).await.unwrap().unwrap();
    assert_eq!(taken.epoch, claims[7].epoch + 1);
    // And one is finished twice at once.
    claims.push(claims[0]);
    let ends = join_all(claims.iter().map(|claim| store.finish(claim, T0))).await;
    let refused: Vec<_> = (0..claims.len()).filter(|n| ends[*n].is_err()).collect();
    assert_eq!(refused, [7, claims.len() - 1]);
    assert!(refused.iter().all(|n| matches!(ends[*n], Err(Error::Conflict(_)))));
    assert_eq!(store.held(None, 100).await.unwrap().len(), 11);
}

#[tokio::test]
async fn entries_that_were_only_to_be_noted_are_there_after_the_close() {
    let (_folder, path, store) = store().await;
    owe(&store, "one").await.unwrap();
    let job = store.owed(None, 1).await.unwrap().remove(0).owed.ticket.id;
    store.note_entries(vec![(job, "1-0".to_owned())]);
    store.close().await;
    let other = Store::open(&path).await.unwrap();
    assert_eq!(other.owed(None, 1).await.unwrap()[0].entry.as_deref(), Some("1-0"));
}
