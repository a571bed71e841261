//! Lists that grow: read page by page they miss nothing and repeat nothing.

use std::time::Duration;

use metatron_domain::actor::Actor;
use metatron_domain::clock::Clock as _;
use metatron_domain::policy::Risk;
use metatron_domain::run::Origin;
use serde_json::{Value, json};

use crate::room::ask_owner;
use crate::world::World;

/// The pages of a list, two items each, until there is none.
async fn pages(world: &World, cookie: &str, list: &str) -> Vec<Vec<Value>> {
    let sign = if list.contains('?') { '&' } else { '?' };
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world.get(&format!("{list}{sign}limit=2{cursor}")).cookie(cookie).send().await;
        assert_eq!(page.status, 200, "{}", page.text);
        let page = page.json();
        pages.push(page["items"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return pages,
        }
    }
}

/// The text at the JSON pointer `at` of every item.
fn each<'a>(pages: &'a [Vec<Value>], at: &str) -> Vec<Vec<&'a str>> {
    let text = |item: &'a Value| item.pointer(at).and_then(Value::as_str).unwrap();
    pages.iter().map(|page| page.iter().map(text).collect()).collect()
}

#[tokio::test]
async fn pages_of_conversations_miss_none_and_repeat_none() {
    let (world, cookie) = World::claimed().await;
    for n in 0..5 {
        let body = json!({ "title": format!("Chat {n}") });
        assert_eq!(world.post("/api/v1/chats", &body).cookie(&cookie).send().await.status, 201);
        // Two of them at the same instant.
        if n != 2 {
            world.pass(Duration::from_secs(1));
        }
    }
    let pages = pages(&world, &cookie, "/api/v1/chats").await;
    let mut seen = each(&pages, "/title").concat();
    seen.sort_unstable();
    assert_eq!(seen, ["Chat 0", "Chat 1", "Chat 2", "Chat 3", "Chat 4"]);
}

#[tokio::test]
async fn the_newest_page_of_a_conversation_comes_first_and_each_is_in_order() {
    let (world, cookie) = World::claimed().await;
    let mut tx = world.store.begin().await.unwrap();
    let now = world.clock.now();
    let chat = tx.create_chat("Long", &Actor::Owner, now).await.unwrap();
    let other = tx.create_chat("Other", &Actor::Owner, now).await.unwrap();
    for text in ["one", "two", "three", "four", "five"] {
        tx.post_message(chat, text, Origin::Chat, &Actor::Owner, now).await.unwrap();
        tx.post_message(other, "elsewhere", Origin::Chat, &Actor::Owner, now).await.unwrap();
    }
    let _ = tx.commit().await.unwrap();
    let list = format!("/api/v1/chats/{chat}/messages");
    let read = pages(&world, &cookie, &list).await;
    assert_eq!(each(&read, "/parts/0/text"), [vec!["four", "five"], vec!["two", "three"], vec!["one"]]);

    // What is said later moves no page that is older.
    let first = world.get(&format!("{list}?limit=2")).cookie(&cookie).send().await.json();
    assert!(first["eid"].as_i64().unwrap() > 0);
    let posted = world.post(&list, &json!({ "text": "six" })).cookie(&cookie).send().await;
    assert_eq!(posted.status, 201);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = world.get(&format!("{list}?limit=2&cursor={cursor}")).cookie(&cookie).send().await.json();
    assert_eq!(second["items"].as_array().unwrap(), &read[1]);
    let all = world.get(&list).cookie(&cookie).send().await.json();
    assert_eq!((all["items"].as_array().unwrap().len(), &all["next_cursor"]), (6, &Value::Null));
}

#[tokio::test]
async fn pages_of_questions_miss_none_whether_they_wait_or_are_answered() {
    let (world, cookie) = World::claimed().await;
    for n in 0..5 {
        ask_owner(&world, Risk::Medium).await;
        // Two of them expire at the same instant.
        if n != 2 {
            world.pass(Duration::from_secs(1));
        }
    }
    let waiting = pages(&world, &cookie, "/api/v1/approvals?state=waiting").await;
    let ids = each(&waiting, "/id").concat();
    let expire = each(&waiting, "/expires_at").concat();
    assert!(expire.is_sorted(), "{expire:?}");
    let mut once = ids.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!((ids.len(), once.len()), (5, 5));

    for card in waiting.concat() {
        let path = format!("/api/v1/approvals/{}/decision", card["id"].as_str().unwrap());
        let body = json!({ "decision": "deny", "digest": card["digest"], "nonce": card["nonce"] });
        assert_eq!(world.post(&path, &body).cookie(&cookie).send().await.status, 200);
    }
    let history = pages(&world, &cookie, "/api/v1/approvals?state=history").await;
    let answered = each(&history, "/id").concat();
    assert!(answered.is_sorted_by(|newer, older| newer > older));
    assert_eq!(answered.len(), 5);
}

#[tokio::test]
async fn what_is_no_page_is_refused() {
    let (world, cookie) = World::claimed().await;
    let (chat, _) = ask_owner(&world, Risk::Low).await;
    for list in
        ["/api/v1/chats", "/api/v1/approvals", "/api/v1/runs", &format!("/api/v1/chats/{chat}/messages")]
    {
        for wrong in ["limit=0", "limit=201", "limit=x", "cursor=", "cursor=x"] {
            let refused = world.get(&format!("{list}?{wrong}")).cookie(&cookie).send().await;
            assert_eq!(refused.refusal(), (400, "bad_request".into()), "{list}?{wrong}");
        }
    }
}
