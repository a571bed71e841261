//! The settings from the owner's side: what is derived, what is refused, and how it is told.

use std::net::IpAddr;
use std::path::Path;

use super::*;

fn config(environment: &[(&str, &str)], file: Option<&str>) -> Result<Config, Errors> {
    let home = [("HOME", "/home/ada")];
    Config::parse(home.into_iter().chain(environment.iter().copied()), file)
}

fn wrong(environment: &[(&str, &str)], file: Option<&str>) -> String {
    config(environment, file).unwrap_err().to_string()
}

#[test]
fn without_any_setting_everything_lies_under_the_users_own_data_folder() {
    let config = config(&[], None).unwrap();
    assert_eq!(config.database(), Path::new("/home/ada/.local/share/metatron/data/metatron.db"));
    assert_eq!(config.master_key(), Path::new("/home/ada/.local/share/metatron/keys/master.key"));
    assert_eq!(config.redis_url, "unix:///home/ada/.local/share/metatron/run/redis.sock");
    assert_eq!(config.listen.to_string(), "127.0.0.1:7770");
    assert_eq!((config.heartbeat, config.notify_fd), (None, None));
}

#[test]
fn the_data_folder_of_xdg_is_honoured() {
    let config = config(&[("XDG_DATA_HOME", "/data")], None).unwrap();
    assert_eq!(config.keys, Path::new("/data/metatron/keys"));
}

#[test]
fn the_socket_of_redis_follows_the_run_folder() {
    let config = config(&[("METATRON_RUN", "/run/metatron")], None).unwrap();
    assert_eq!(config.redis_url, "unix:///run/metatron/redis.sock");
    assert_eq!(config.claim_code(), Path::new("/run/metatron/claim-code"));
}

#[test]
fn a_variable_goes_before_the_file_and_an_empty_one_counts_as_not_set() {
    let file = "lease_ms = 700\nhost = 'attic'\nlog = 'debug'";
    let config = config(&[("METATRON_HOST", "cellar"), ("METATRON_LEASE_MS", "")], Some(file)).unwrap();
    assert_eq!((config.host.as_str(), config.lease), ("cellar", Duration::from_millis(700)));
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let told = wrong(
        &[("METATRON_LISTEN", "7770"), ("METATRON_DATA", "data"), ("METATRON_HOSTS", "x")],
        Some("lease_ms = 5\nkolor = 1\nheartbeat_s = true"),
    );
    for part in ["METATRON_LISTEN: must be", "METATRON_DATA: must be", "METATRON_HOSTS: there is no such"] {
        assert!(told.contains(part), "{part:?} is missing in {told}");
    }
    for part in
        ["METATRON_LEASE_MS: must be", "kolor in the file: there is no", "heartbeat_s in the file: must"]
    {
        assert!(told.contains(part), "{part:?} is missing in {told}");
    }
    assert_eq!(told.lines().count(), 6);
}

#[test]
fn a_file_that_is_no_toml_is_told_with_its_place() {
    let told = wrong(&[], Some("host = "));
    assert!(told.contains("METATRON_CONFIG") && told.contains("line 1"), "{told}");
}

#[test]
fn without_a_home_the_folders_have_to_be_named() {
    let errors = Config::parse([("METATRON_LOG", "info")], None).unwrap_err().to_string();
    assert!(errors.contains("METATRON_DATA: must be an absolute path"), "{errors}");
}

#[test]
fn a_named_file_has_to_exist_and_the_usual_one_need_not() {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("metatron.toml");
    let absent = absent.to_str().unwrap();
    assert_eq!(source::file(None, absent).unwrap(), None);
    assert_eq!(source::file(Some(""), absent).unwrap(), None);
    assert!(source::file(Some(absent), "/etc/metatron/metatron.toml").is_err());
}

#[test]
fn a_password_in_the_address_of_redis_is_refused() {
    let told = wrong(&[("METATRON_REDIS", "redis://ada:secret@cache:6379")], None);
    assert!(told.contains("METATRON_REDIS_PASSWORD_FILE"), "{told}");
    assert!(!told.contains("secret"), "{told}");
}

#[test]
fn the_password_of_redis_is_the_first_line_of_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("password");
    std::fs::write(&path, "s3cret\n").unwrap();
    let config = config(&[("METATRON_REDIS_PASSWORD_FILE", path.to_str().unwrap())], None).unwrap();
    assert_eq!(config.redis_password().unwrap().as_deref(), Some("s3cret"));
    std::fs::remove_file(&path).unwrap();
    assert!(config.redis_password().unwrap_err().to_string().contains("cannot read"));
}

#[test]
fn the_authority_that_redis_is_trusted_by_stands_in_a_file() {
    assert_eq!(config(&[], None).unwrap().redis_ca().unwrap(), None);
    let told =
        config(&[("METATRON_REDIS_CA_FILE", "/nowhere/ca.pem")], None).unwrap().redis_ca().unwrap_err();
    assert!(told.to_string().contains("METATRON_REDIS_CA_FILE: cannot read /nowhere/ca.pem"), "{told}");
}

#[test]
fn a_public_url_gives_host_and_origin() {
    let config = config(&[("METATRON_PUBLIC_URL", "https://AI.example.org/")], None).unwrap();
    let url = config.public_url.unwrap();
    assert!(url.secure());
    assert_eq!((url.host(), url.origin().as_str()), ("ai.example.org", "https://ai.example.org"));
    for text in ["ai.example.org", "ftp://x", "https://", "https://x/path", "https://a b"] {
        assert!(wrong(&[("METATRON_PUBLIC_URL", text)], None).contains("without a path"), "{text}");
    }
}

#[test]
fn a_network_holds_its_addresses_and_no_others() {
    let holds = |network: &str, address: &str| {
        Network::parse(network).unwrap().contains(address.parse::<IpAddr>().unwrap())
    };
    assert!(holds("10.0.0.0/8", "10.255.0.1") && holds("10.0.0.0/8", "::ffff:10.1.1.1"));
    assert!(holds("0.0.0.0/0", "1.2.3.4") && holds("::1", "::1") && holds("fd00::/8", "fd12::1"));
    assert!(!holds("10.0.0.0/8", "11.0.0.1") && !holds("127.0.0.1", "127.0.0.2"));
    assert!(!holds("0.0.0.0/0", "::1") && !holds("::1/128", "::2"));
    assert!(Network::parse("10.0.0.0/33").is_err() && Network::parse("proxy").is_err());
}

#[test]
fn names_that_could_be_taken_for_options_are_refused() {
    for (key, value) in [
        ("METATRON_HOST", "-v"),
        ("METATRON_AGENT_USER", "-root"),
        ("METATRON_AGENT_USER", "a b"),
        ("METATRON_TIMEZONE", "../../etc/passwd"),
    ] {
        assert!(config(&[(key, value)], None).is_err(), "{key}={value}");
    }
}

#[test]
fn the_documented_table_has_a_row_for_every_setting() {
    let document = Config::document();
    assert_eq!(document.lines().count(), Config::KEYS.len() + 2);
    assert!(document.contains("| `METATRON_LISTEN` | `127.0.0.1:7770` | Address and port"), "{document}");
    assert!(document.lines().all(|line| line.matches('|').count() == 4), "{document}");
}

#[test]
fn the_readme_shows_every_setting() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (begin, end) = ("a test compares -->\n", "\n<!-- /settings");
    let shown = readme.split_once(begin).and_then(|(_, rest)| rest.split_once(end)).unwrap().0;
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, readme.replace(shown, Config::document().trim_end())).unwrap();
        return;
    }
    assert_eq!(shown, Config::document().trim_end(), "UPDATE=1 writes it anew");
}
