//! What another machine needs to join: where Redis is, whom to trust there, the key and the password of its shell host.
//! Put together once, when it is registered, as the files and lines to be copied there.

use std::fmt::Write as _;
use std::path::PathBuf;

use metatron_bus::access;
use metatron_process::Config;
use zeroize::Zeroizing;

/// Where other machines find Redis.
#[derive(Debug, Clone)]
pub(crate) struct Join {
    url: String,
    /// The authority to be trusted there; the public ones where there is none.
    ca: Option<PathBuf>,
}

/// What is copied to the other machine.
pub(crate) struct Papers {
    /// The settings of its shell-worker.
    pub(crate) environment: Vec<(&'static str, String)>,
    /// Its files, by name: each is a secret, but for the certificate.
    pub(crate) files: Vec<(&'static str, Zeroizing<String>)>,
    /// Both as one text for a shell: it makes a folder with them and with a `compose.yaml`.
    pub(crate) script: Zeroizing<String>,
}

/// The folder of keys in the image.
const KEYS: &str = "/etc/metatron/keys";
const LINK: &str = "link.key";
const PASSWORD: &str = "redis.password";
const CA: &str = "redis-ca.pem";

impl Join {
    /// As the settings say; nothing where Redis is only reached on this machine.
    pub(crate) fn of(config: &Config) -> Option<Self> {
        if let Some(address) = &config.join {
            return Some(Self { url: format!("rediss://{address}"), ca: Some(config.keys.join(CA)) });
        }
        let url = config.redis_url.clone();
        url.starts_with("rediss://").then(|| Self { url, ca: config.redis_ca_file.clone() })
    }

    /// What `host` needs. Blocks while it reads the certificate.
    pub(crate) fn papers(&self, host: &str, key: &str, password: &str) -> std::io::Result<Papers> {
        let mut environment = vec![
            ("METATRON_ROLE", "shell-worker".to_owned()),
            ("METATRON_HOST", host.to_owned()),
            ("METATRON_REDIS", self.url.clone()),
            ("METATRON_REDIS_USER", access::user(host)),
            ("METATRON_REDIS_PASSWORD_FILE", format!("{KEYS}/{PASSWORD}")),
        ];
        let line = |text: &str| Zeroizing::new(format!("{}\n", text.trim_end()));
        let mut files = vec![(LINK, line(key)), (PASSWORD, line(password))];
        if let Some(path) = &self.ca {
            environment.push(("METATRON_REDIS_CA_FILE", format!("{KEYS}/{CA}")));
            files.push((CA, line(&std::fs::read_to_string(path)?)));
        }
        let script = script(host, &environment, &files);
        Ok(Papers { environment, files, script })
    }
}

/// One text that a person pastes into a shell of the other machine.
fn script(
    host: &str,
    environment: &[(&str, String)],
    files: &[(&str, Zeroizing<String>)],
) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::new());
    // Writing to a String can't fail.
    let _ = writeln!(text, "mkdir -m 700 -p metatron-{host}/keys && cd metatron-{host}\numask 077");
    for (name, content) in files {
        let _ = writeln!(text, "cat >keys/{name} <<'END'\n{}END", content.as_str());
    }
    text.push_str("cat >compose.yaml <<'END'\nservices:\n  shell:\n    image: metatronos\n    restart: unless-stopped\n    environment:\n");
    for (name, value) in environment {
        let _ = writeln!(text, "      {name}: {value}");
    }
    let _ = writeln!(
        text,
        "    volumes:\n      - ./keys:{KEYS}\n      - data:/var/lib/metatron\n      - workspace:/home/agent/work\n    \
         healthcheck: {{ disable: true }}\n    stop_grace_period: 15s\n    cap_drop: [ALL]\n    cap_add: [SETUID, SETGID, \
         KILL, CHOWN, DAC_OVERRIDE, FOWNER]\n    security_opt: [\"no-new-privileges:true\"]\n    pids_limit: 2048\nvolumes:\n  \
         data:\n  workspace:\nEND\ndocker compose up -d"
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redis_of_this_machine_alone_is_joined_by_nobody() {
        let config = |settings: &[(&'static str, &'static str)]| {
            Config::parse([("HOME", "/root")].iter().chain(settings).copied(), None).unwrap()
        };
        assert!(Join::of(&config(&[])).is_none());
        assert!(Join::of(&config(&[("METATRON_REDIS", "redis://10.0.0.1")])).is_none(), "not over plain TCP");
        let join = Join::of(&config(&[("METATRON_REDIS", "rediss://redis.example.org:6390")])).unwrap();
        let papers = join.papers("b", "key", "sesame").unwrap();
        assert_eq!(papers.files.len(), 2);
        assert!(papers.environment.contains(&("METATRON_REDIS_USER", "host-b".to_owned())));
        assert!(!papers.environment.iter().any(|(_, value)| value.contains("sesame")), "B3");
    }

    #[test]
    fn the_text_for_a_shell_is_one_that_it_can_read() {
        let join = Join { url: "rediss://r:1".to_owned(), ca: None };
        let papers = join.papers("b", &"0".repeat(64), "word").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let text = papers.script.replace("docker compose up -d", "cat keys/redis.password compose.yaml");
        let done = std::process::Command::new("sh").args(["-euc", &text]).current_dir(folder.path()).output();
        let done = done.unwrap();
        let shown = String::from_utf8(done.stdout).unwrap();
        assert!(done.status.success() && shown.starts_with("word\nservices:\n"), "{shown}");
        assert!(shown.contains("\n      METATRON_HOST: b\n") && shown.ends_with("  workspace:\n"), "{shown}");
    }
}
