//! What every request passes: names, origins, forms, sizes, headers, files (SECURITY I1–I4, H2, H3, H5).

use axum::http::Method;
use serde_json::json;

use crate::world::{PASSWORD, World};

#[tokio::test]
async fn h3_another_name_is_misdirected_whatever_is_asked() {
    let (world, cookie) = World::claimed().await;
    for path in ["/", "/healthz", "/api/v1/session", "/api/openapi.json"] {
        let reply = world.get(path).cookie(&cookie).with("host", "evil.example").send().await;
        assert_eq!(reply.refusal(), (421, "unknown_host".into()), "{path}");
    }
}

#[tokio::test]
async fn i2_h2_changes_come_from_our_own_pages_only() {
    let (world, cookie) = World::claimed().await;
    let ask = || world.post("/api/v1/chats", &json!({})).cookie(&cookie);
    for origin in ["http://evil.example", "null", "http://localhost:7770", "https://127.0.0.1:7770"] {
        assert_eq!(
            ask().with("origin", origin).send().await.refusal(),
            (403, "origin_refused".into()),
            "{origin}"
        );
    }
    assert_eq!(ask().without("origin").send().await.status, 403, "a cookie, and no page named");
    assert_eq!(ask().without("origin").with("sec-fetch-site", "cross-site").send().await.status, 403);
    assert_eq!(ask().without("origin").with("sec-fetch-site", "same-origin").send().await.status, 201);
    assert_eq!(ask().send().await.status, 201);
    let login =
        world.post("/api/v1/login", &json!({ "password": PASSWORD })).with("origin", "http://evil.example");
    assert_eq!(login.send().await.status, 403, "nobody is signed in from another site");
    let (_, token) = world.token(&cookie, &["chat"]).await;
    assert_eq!(world.post("/api/v1/chats", &json!({})).bearer(&token).send().await.status, 201);
    let page = world.post("/api/v1/chats", &json!({})).bearer(&token).with("origin", "http://evil.example");
    assert_eq!(page.send().await.status, 403);
}

#[tokio::test]
async fn h2_only_json_is_taken() {
    let (world, cookie) = World::claimed().await;
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx"]
    {
        let reply =
            world.post("/api/v1/chats", &json!({})).cookie(&cookie).with("content-type", kind).send().await;
        assert_eq!(reply.refusal(), (415, "unsupported_media_type".into()), "{kind}");
    }
    let typeless = world.ask(Method::POST, "/api/v1/chats").raw("{}").cookie(&cookie).send().await;
    assert_eq!(typeless.status, 415);
    let charset = world.post("/api/v1/chats", &json!({})).cookie(&cookie);
    assert_eq!(charset.with("content-type", "application/json; charset=utf-8").send().await.status, 201);
    let empty = world.ask(Method::POST, "/api/v1/chats").cookie(&cookie).send().await;
    assert_eq!(empty.status, 201, "nothing in it is required");
}

#[tokio::test]
async fn i1_a_secret_in_the_address_is_refused() {
    let (world, cookie) = World::claimed().await;
    for query in ["token=x", "limit=1&access_token=x", "API_KEY=x", "%74oken=x"] {
        let reply = world.get(&format!("/api/v1/chats?{query}")).cookie(&cookie).send().await;
        assert_eq!(reply.refusal(), (400, "secret_in_url".into()), "{query}");
    }
}

#[tokio::test]
async fn bad_bodies_are_told_apart_and_change_nothing() {
    let (world, cookie) = World::claimed().await;
    let refuse = async |body: &[u8]| {
        let ask = world.ask(Method::POST, "/api/v1/chats").raw(body).cookie(&cookie);
        ask.with("content-type", "application/json").send().await
    };
    assert_eq!(refuse(b"{").await.refusal(), (400, "bad_json".into()));
    assert_eq!(refuse(b"\xff\xfe").await.refusal(), (400, "bad_json".into()));
    let deep = format!("{{\"title\":{}", "[".repeat(100_000));
    assert_eq!(
        refuse(deep.as_bytes()).await.refusal(),
        (422, "invalid_field".into()),
        "not followed to its end"
    );
    assert_eq!(refuse(br#"{"title":1}"#).await.refusal(), (422, "invalid_field".into()));
    let unknown = refuse(br#"{"title":"x","admin":true}"#).await;
    assert_eq!(unknown.refusal(), (422, "unknown_field".into()));
    assert_eq!(unknown.json()["errors"][0]["pointer"], "/admin");
    let large = format!(r#"{{"title":"{}"}}"#, "x".repeat(1024 * 1024));
    assert_eq!(refuse(large.as_bytes()).await.refusal(), (413, "body_too_large".into()));
    let chats = world.get("/api/v1/chats").cookie(&cookie).send().await.json();
    assert_eq!(chats["items"], json!([]));
}

#[tokio::test]
async fn what_is_not_there_is_said_in_the_same_form() {
    let (world, cookie) = World::claimed().await;
    for path in
        ["/api/v1/nothing", "/api/nothing", "/api", "/api/v1/chats/cht_nonsense", "/api/v1/runs/cht_01j0"]
    {
        let reply = world.get(path).cookie(&cookie).send().await;
        assert_eq!(reply.refusal(), (404, "not_found".into()), "{path}");
    }
    let reply = world.ask(Method::PUT, "/api/v1/chats").json(&json!({})).cookie(&cookie).send().await;
    assert_eq!(reply.refusal(), (405, "method_not_allowed".into()));
    assert!(reply.header("allow").contains("GET"));
    for query in ["limit=0", "limit=201", "limit=x", "cursor=x"] {
        let reply = world.get(&format!("/api/v1/chats?{query}")).cookie(&cookie).send().await;
        assert_eq!(reply.refusal(), (400, "bad_request".into()), "{query}");
    }
}

#[tokio::test]
async fn h5_every_answer_carries_the_headers() {
    let (world, cookie) = World::claimed().await;
    std::fs::write(world.path("web/index.html"), "<!doctype html>").unwrap();
    for path in ["/", "/api/v1/session", "/api/v1/nothing", "/api/docs/", "/healthz"] {
        let reply = world.get(path).cookie(&cookie).send().await;
        let policy = reply.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"), "{path}");
        assert!(!policy.contains("unsafe-eval") && !policy.contains("script-src 'unsafe"), "{path}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(reply.header(name), value, "{path}");
        }
        assert!(!reply.headers.contains_key("access-control-allow-origin"));
        assert!(!reply.headers.contains_key("server"));
    }
    let page = world.get("/").send().await;
    assert!(page.header("content-security-policy").contains("connect-src 'self'"));
    assert!(page.header("content-security-policy").contains("require-trusted-types-for 'script'"));
    assert_eq!(world.get("/api/v1/session").cookie(&cookie).send().await.header("cache-control"), "no-store");
}

#[tokio::test]
async fn the_web_app_is_served_with_the_right_freshness() {
    let world = World::unclaimed(&[]).await;
    let missing = world.get("/").send().await;
    assert_eq!(missing.status, 503);
    assert!(missing.text.contains("npm run build"));
    std::fs::create_dir_all(world.path("web/assets")).unwrap();
    std::fs::write(world.path("web/index.html"), "<!doctype html><title>MetatronOS</title>").unwrap();
    std::fs::write(world.path("web/assets/app-1a2b.js"), "1").unwrap();
    std::fs::write(world.path("web/sw.js"), "2").unwrap();
    std::fs::write(world.path("web/.secret"), "3").unwrap();
    std::fs::write(world.path("keys/beside"), "4").unwrap();

    for path in ["/", "/setup", "/chat/cht_01"] {
        let page = world.get(path).send().await;
        assert!(page.text.contains("<title>MetatronOS"), "{path}");
        assert_eq!(page.header("cache-control"), "no-cache");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    }
    let script = world.get("/assets/app-1a2b.js").send().await;
    assert_eq!(script.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(world.get("/sw.js").send().await.header("cache-control"), "no-cache");
    let again = world.get("/assets/app-1a2b.js").with("if-none-match", script.header("etag")).send().await;
    assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""));
    for path in ["/assets/gone.js", "/robots.txt", "/.secret", "/../keys/beside", "/%2e%2e/keys/beside"] {
        assert_eq!(world.get(path).send().await.status, 404, "{path}");
    }
    assert_eq!(world.ask(Method::POST, "/").json(&json!({})).send().await.status, 405);
}

#[tokio::test]
async fn who_takes_gzip_gets_the_packed_twin_of_a_file_and_nothing_of_the_api_is_packed() {
    let (world, cookie) = World::claimed().await;
    std::fs::create_dir_all(world.path("web/assets")).unwrap();
    std::fs::write(world.path("web/assets/app-1a2b.js"), "plain").unwrap();
    std::fs::write(world.path("web/assets/app-1a2b.js.gz"), "packed").unwrap();
    std::fs::write(world.path("web/assets/lone-1a2b.js"), "lone").unwrap();
    let ask = async |file: &str, encoding: &str| {
        world.get(&format!("/assets/{file}")).with("accept-encoding", encoding).send().await
    };
    let packed = ask("app-1a2b.js", "br, GZIP;q=0.5").await;
    assert_eq!((packed.text.as_str(), packed.header("content-encoding")), ("packed", "gzip"));
    assert_eq!(packed.header("content-type"), "text/javascript; charset=utf-8");
    for (file, encoding, text) in [
        ("app-1a2b.js", "br", "plain"),
        ("app-1a2b.js", "gzip;q=0", "plain"),
        ("lone-1a2b.js", "gzip", "lone"),
    ] {
        let reply = ask(file, encoding).await;
        assert_eq!((reply.text.as_str(), reply.header("content-encoding")), (text, ""), "{file} {encoding}");
        assert_eq!(reply.header("vary"), "accept-encoding");
        assert_ne!(reply.header("etag"), packed.header("etag"));
    }
    for path in ["/api/v1/session", "/api/openapi.json"] {
        let reply = world.get(path).cookie(&cookie).with("accept-encoding", "gzip").send().await;
        assert_eq!(reply.header("content-encoding"), "", "{path}");
    }
}

#[tokio::test]
async fn i3_a_stranger_learns_nothing_but_the_login() {
    let (world, _) = World::claimed().await;
    std::fs::write(world.path("web/index.html"), "<!doctype html>").unwrap();
    let version = env!("CARGO_PKG_VERSION");
    for path in ["/", "/healthz", "/readyz", "/api/openapi.json", "/api/docs/", "/api/v1/setup"] {
        let reply = world.get(path).send().await;
        assert!(!reply.text.contains(&format!("\"{version}\"")), "{path} tells the version");
    }
    assert_eq!(world.get("/healthz").send().await.json(), json!({ "status": "ok" }));
}

#[tokio::test]
async fn without_redis_it_says_so_and_still_takes_what_it_is_told() {
    let (world, cookie) = World::claimed().await;
    let reply = world.get("/readyz").send().await;
    assert_eq!(reply.refusal(), (503, "redis_unavailable".into()));
    assert!(reply.json()["detail"].as_str().unwrap().contains("redis"));
    let chat = world.post("/api/v1/chats", &json!({})).cookie(&cookie).send().await.json();
    let path = format!("/api/v1/chats/{}/messages", chat["id"].as_str().unwrap());
    let posted = world.post(&path, &json!({ "text": "hello" })).cookie(&cookie).send().await;
    assert_eq!(posted.status, 201);
    assert_eq!(world.store.owed(None, 10).await.unwrap().len(), 1);
    assert_eq!(world.get("/api/v1/services").cookie(&cookie).send().await.refusal().1, "redis_unavailable");
}

#[tokio::test]
async fn the_docs_come_from_here_alone() {
    let world = World::unclaimed(&[]).await;
    assert_eq!(world.get("/api/docs").send().await.header("location"), "/api/docs/");
    let page = world.get("/api/docs/").send().await;
    assert!(
        page.text.contains("swagger-ui-bundle.js")
            && !page.text.contains("http://")
            && !page.text.contains("cdn")
    );
    assert!(!page.text.contains("<script>"), "its policy permits no inline script");
    for file in ["swagger-ui-bundle.js", "swagger-ui.css", "swagger-initializer.js"] {
        let reply = world.get(&format!("/api/docs/{file}")).send().await;
        assert_eq!(reply.status, 200, "{file}");
    }
    assert!(world.get("/api/docs/swagger-initializer.js").send().await.text.contains("/api/openapi.json"));
    assert_eq!(world.get("/api/openapi.json").send().await.json()["openapi"], "3.1.0");
}
