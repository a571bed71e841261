//! One instance for one test, and somebody who asks it things.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use metatron_api::{App, Limits, router};
use metatron_bus::Bus;
use metatron_bus::seal::LinkKey;
use metatron_domain::clock::{Clock as _, FixedClock, Instant};
use metatron_domain::id::ApprovalId;
use metatron_process::Config;
use metatron_store::Store;
use metatron_store::vault::Vault;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const LOOPBACK: &str = "127.0.0.1:40000";
pub(crate) const HOST: &str = "127.0.0.1:7770";

/// An instance. Owner: the test.
pub(crate) struct World {
    folder: TempDir,
    pub(crate) app: App,
    pub(crate) store: Store,
    pub(crate) bus: Bus,
    pub(crate) clock: Arc<FixedClock>,
    router: Router,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

/// A request that is being put together.
pub(crate) struct Ask<'a> {
    world: &'a World,
    method: Method,
    path: String,
    peer: SocketAddr,
    headers: HeaderMap,
    body: Option<Vec<u8>>,
}

impl World {
    /// An instance that nobody owns yet, without Redis.
    pub(crate) async fn unclaimed(settings: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        let absent = format!("unix://{}/no-redis.sock", folder.path().display());
        Self::with(folder, &absent, settings, Limits::default()).await
    }

    /// An instance that nobody owns yet, on a Redis.
    pub(crate) async fn on(redis: &str) -> Self {
        Self::limited(redis, Limits::default()).await
    }

    /// The same, within other bounds.
    pub(crate) async fn limited(redis: &str, limits: Limits) -> Self {
        Self::with(TempDir::new().unwrap(), redis, &[], limits).await
    }

    async fn with(folder: TempDir, redis: &str, settings: &[(&str, &str)], limits: Limits) -> Self {
        let text = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let (data, keys, run, web) = (text("data"), text("keys"), text("run"), text("web"));
        let mut all = vec![
            ("METATRON_DATA", data.as_str()),
            ("METATRON_KEYS", &keys),
            ("METATRON_RUN", &run),
            ("METATRON_WEB", &web),
            ("METATRON_REDIS", redis),
            ("HOME", "/root"),
        ];
        all.extend_from_slice(settings);
        let config = Config::parse(all, None).unwrap();
        for path in [&config.data, &config.keys, &config.run, &config.web] {
            std::fs::create_dir_all(path).unwrap();
        }
        metatron_store::migrate(&config.database(), &config.backup()).await.unwrap();
        let store = Store::open(&config.database()).await.unwrap();
        let clock = Arc::new(FixedClock::new(Instant::from_millis(1_795_372_800_000)));
        let vault = Vault::open(&store, &config.master_key(), clock.now()).await.unwrap();
        std::fs::write(config.link_key(), LinkKey::generate().unwrap().as_str()).unwrap();
        let link = LinkKey::load(&config.link_key()).unwrap();
        let bus = Bus::connect(&config.redis_url, None, None, "api-test-1");
        let app = App::new(&config, store.clone(), vault, link, bus.clone(), clock.clone(), limits);
        let app = app.await.unwrap();
        app.announce_claim().await.unwrap();
        Self { router: router(app.clone()), folder, app, store, bus, clock }
    }

    /// An instance with an owner, and the owner's cookies.
    pub(crate) async fn claimed() -> (Self, String) {
        let world = Self::unclaimed(&[]).await;
        let cookie = world.claim().await;
        (world, cookie)
    }

    /// Claims it; returns the cookies.
    pub(crate) async fn claim(&self) -> String {
        let reply = self
            .post("/api/v1/setup/claim", &json!({ "code": self.code(), "password": PASSWORD }))
            .send()
            .await;
        assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text);
        reply.cookies()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The code that was written for the owner to find.
    pub(crate) fn code(&self) -> String {
        std::fs::read_to_string(self.path("run/claim-code")).unwrap().trim().to_owned()
    }

    /// The key of the shell-worker.
    pub(crate) fn link(&self) -> LinkKey {
        LinkKey::load(&self.path("keys/link.key")).unwrap()
    }

    /// The vault of the instance, opened once more.
    pub(crate) async fn vault(&self) -> Vault {
        Vault::open(&self.store, &self.path("keys/master.key"), self.now()).await.unwrap()
    }

    /// The present instant.
    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, time: Duration) {
        self.clock.set(self.clock.now().after(time));
    }

    pub(crate) fn ask(&self, method: Method, path: &str) -> Ask<'_> {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HOST.parse().unwrap());
        Ask {
            world: self,
            method,
            path: path.to_owned(),
            peer: LOOPBACK.parse().unwrap(),
            headers,
            body: None,
        }
    }

    pub(crate) fn get(&self, path: &str) -> Ask<'_> {
        self.ask(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Ask<'_> {
        self.ask(Method::POST, path).json(body)
    }

    /// A token with these scopes, made by the owner.
    pub(crate) async fn token(&self, cookie: &str, scopes: &[&str]) -> (String, String) {
        let body = json!({ "name": "test", "scopes": scopes });
        let reply = self.post("/api/v1/tokens", &body).cookie(cookie).send().await;
        assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text);
        let value = reply.json();
        (value["id"].as_str().unwrap().to_owned(), value["token"].as_str().unwrap().to_owned())
    }

    /// The question that waits.
    pub(crate) async fn waiting(&self) -> Option<ApprovalId> {
        self.store.approvals(true, 10, None).await.unwrap().pop().map(|question| question.id)
    }
}

impl Ask<'_> {
    pub(crate) fn json(self, body: &Value) -> Self {
        self.raw(body.to_string()).with("content-type", "application/json")
    }

    pub(crate) fn raw(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Adds or replaces a header.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().unwrap());
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    /// As the owner's browser.
    pub(crate) fn cookie(self, cookie: &str) -> Self {
        self.with("cookie", cookie).with("origin", &format!("http://{HOST}"))
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.with("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn from(mut self, peer: &str) -> Self {
        self.peer = format!("{peer}:50000").parse().unwrap();
        self
    }

    pub(crate) async fn send(self) -> Reply {
        let length = self.body.as_ref().map(Vec::len);
        let mut request = Request::new(self.body.map_or_else(Body::empty, Body::from));
        *request.method_mut() = self.method;
        *request.uri_mut() = self.path.parse().unwrap();
        *request.headers_mut() = self.headers;
        if let Some(length) = length {
            request.headers_mut().insert(header::CONTENT_LENGTH, length.into());
        }
        request.extensions_mut().insert(ConnectInfo(self.peer));
        let response = self.world.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Reply { status: parts.status, headers: parts.headers, text }
    }
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The status and the code of a refusal, which must be problem details.
    pub(crate) fn refusal(&self) -> (u16, String) {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{}", self.text);
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        assert_eq!(problem["request_id"], self.headers["x-request-id"].to_str().unwrap());
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{problem}");
        (self.status.as_u16(), problem["code"].as_str().unwrap().to_owned())
    }

    /// The cookies it sets, as a browser would send them back.
    pub(crate) fn cookies(&self) -> String {
        let set = self.headers.get_all("set-cookie").iter();
        let pairs: Vec<_> =
            set.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap().to_owned()).collect();
        pairs.join("; ")
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}
