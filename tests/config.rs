//! The configuration: the example loads, every mistake is reported with its line, secrets stay
//! secret, and the documentation names every key.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use guichet::config::{After, Config, Credential, Outlet, Problems, Settings, Source, Tls, keys};
use guichet::desk::calendar::Term;
use tempfile::TempDir;

const EXAMPLE: &str = include_str!("../config.toml");

/// A folder with what the example refers to.
fn example_folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    fs::create_dir(root.join("secrets")).expect("a folder");
    for name in ["smtp", "imap-support", "token-iut"] {
        secret(&root.join("secrets").join(name), "s3cret-canary\n");
    }
    for part in ["new", "cur", "tmp"] {
        fs::create_dir_all(root.join("mail/scolarite").join(part)).expect("a folder");
    }
    folder
}

fn secret(path: &Path, text: &str) {
    fs::write(path, text).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("its mode");
}

fn compile(text: &str, folder: &TempDir) -> Result<Settings, Problems> {
    Config::compile(text, &folder.path().join("config.toml"), [])
}

/// The lines that a configuration is refused with, without the folder.
fn refused(text: &str) -> Vec<String> {
    refused_with(text, &[])
}

fn refused_with(text: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let problems =
        Config::compile(text, Path::new("config.toml"), variables).expect_err("it has mistakes");
    problems.lines().collect()
}

/// The least that a desk needs.
const LEAST: &str = r#"
base_url = "http://127.0.0.1:8080"
smtp = { host = "127.0.0.1", port = 2525 }
[[accounts]]
name = "support"
team = "dsi"
imap = { host = "127.0.0.1", port = 1143, user = "support", oauth_token_file = "token" }
[[teams]]
id = "dsi"
from = "support@example.org"
"#;

fn least_folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    secret(&folder.path().join("token"), "t0ken\n");
    folder
}

#[test]
fn the_example_is_a_whole_desk() {
    let folder = example_folder();
    let settings = compile(EXAMPLE, &folder).unwrap_or_else(|problems| panic!("{problems}"));
    let policy = &settings.policy;
    assert_eq!(policy.desk_name, "Assistance informatique");
    let team = |address: &str| policy.pattern(address).map(|pattern| pattern.team.as_str());
    assert_eq!(team("Support@univ-exemple.fr"), Some("dsi"));
    assert_eq!(team("dsi.support.c5@univ-exemple.fr"), Some("c5"));
    assert_eq!(team("dsi.support.c7@univ-exemple.fr"), Some("dsi"));
    assert_eq!(team("scolarite.droit@univ-exemple.fr"), Some("scolarite"));
    assert_eq!(team("scolaritexdroit@univ-exemple.fr"), None);
    assert_eq!(
        policy.team("scolarite").expect("there").auto_close_after,
        None
    );
    assert_eq!(settings.max_message, 50 << 20);
    assert_eq!(settings.data_dir, folder.path().join("data"));
    let Outlet::Smtp(smtp) = &settings.outlet else {
        panic!("{:?}", settings.outlet);
    };
    assert_eq!((smtp.port, smtp.tls), (587, Tls::StartTls));
    let [support, iut, school] = settings.accounts.as_slice() else {
        panic!("three accounts");
    };
    assert_eq!(support.after, After::MoveTo("Traités".to_owned()));
    assert_eq!(iut.after, After::Seen);
    let Source::Imap(server) = &iut.source else {
        panic!("{:?}", iut.source);
    };
    assert_eq!((server.port, server.tls), (993, Tls::Implicit));
    let login = server.login.as_ref().expect("it logs in");
    assert!(matches!(login.credential, Credential::TokenFile(_)));
    assert!(matches!(school.source, Source::Maildir(_)));
}

/// Colours that cannot be read, a logo that is none, uploads that no mail could carry.
#[test]
fn the_look_of_the_pages_is_judged_at_start() {
    let text = format!(
        "max_message = \"10MB\"\n{LEAST}[web]\ncolour = \"#8fbfec\"\ncolour_dark = \"#1f4e79\"\nlogo = \"rien.svg\"\nmax_upload = \"8MB\"\n"
    );
    let problems = refused(&text);
    for (line, word) in [
        ("web.colour", "take a darker one"),
        ("web.colour_dark", "take a lighter one"),
        ("web.logo", "cannot be read"),
        ("web.max_upload", "1.4 times"),
    ] {
        let told = problems
            .iter()
            .any(|problem| problem.contains(line) && problem.contains(word));
        assert!(told, "{line}: {problems:#?}");
    }
}

#[test]
fn the_least_configuration_has_the_usual_values() {
    let folder = least_folder();
    let settings = compile(LEAST, &folder).unwrap_or_else(|problems| panic!("{problems}"));
    let policy = &settings.policy;
    assert_eq!(policy.language, "fr");
    assert_eq!(policy.timezone.name(), "Europe/Paris");
    assert_eq!(policy.internal_domains, ["example.org"]);
    assert_eq!(policy.limits, Default::default());
    assert_eq!(policy.hold_replies, chrono::Duration::seconds(30));
    assert_eq!(policy.teams[0].prefix, "DSI");
    assert_eq!(
        policy.teams[0].auto_close_after,
        Some(Term::After(chrono::Duration::days(15)))
    );
    assert_eq!(
        policy.teams[0].reminders,
        [Term::WorkingDays(3), Term::WorkingDays(7)]
    );
    assert_eq!(policy.teams[0].resolve_after, Some(Term::WorkingDays(10)));
    assert_eq!(policy.teams[0].late_after, Some(Term::WorkingDays(2)));
    assert_eq!(settings.web.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.key_file, folder.path().join("secret.key"));
    assert_eq!(settings.accounts[0].folder, "INBOX");
    let two_days = std::time::Duration::from_secs(2 * 86_400);
    assert_eq!(settings.accounts[0].first_start_age, Some(two_days));
}

#[test]
fn all_mistakes_are_reported_together_with_their_lines() {
    let text = r#"base_url = "guichet.example.org"
langage = "fr"
timezone = "Europe/Pariss"
min_free = "lots"
[web]
listen = 8080
[smtp]
host = "smtp.example.org"
prot = 25
tls = "none"
user = "guichet"
password_file = "nowhere"
[[accounts]]
name = "support"
team = "dsj"
maildir = "nowhere/mail"
first_start_age = "2 days"
[[teams]]
id = "dsi"
from = "support"
prefix = "dsi"
[[teams]]
id = "dsi"
[[addresses]]
pattern = "support"
team = "dsi"
[[technicians]]
name = "Camille"
teams = ["dsi", "drh"]
"#;
    let lines = refused(text);
    let expected = [
        "config.toml:1: base_url: \"guichet.example.org\" is not a plain http:// or https:// address",
        "config.toml:2: langage: unknown key (did you mean \"language\"?)",
        "config.toml:3: timezone: no time zone \"Europe/Pariss\" (did you mean \"Europe/Paris\"?)",
        "config.toml:4: min_free: \"lots\" is not a size: a number and kB, MB or GB is expected, as in \"50MB\"",
        "config.toml:6: web.listen: a text in quotes is expected",
        "config.toml:9: smtp.prot: unknown key (did you mean \"port\"?)",
        "config.toml:10: smtp.tls: \"none\" would send mails and password in plain text to smtp.example.org: use \"implicit\" or \"starttls\" (only if it must be: insecure_plaintext = true)",
        "config.toml:12: smtp.password_file: no file nowhere",
        "config.toml:15: accounts[0].team: no team \"dsj\" (did you mean \"dsi\"?)",
        "config.toml:16: accounts[0].maildir: nowhere/mail: the folder above does not exist",
        "config.toml:17: accounts[0].first_start_age: \"2 days\" is not a delay: a number and s, m, h, d or w is expected, as in \"15d\"",
        "config.toml:20: teams[0].from: \"support\" is not an e-mail address",
        "config.toml:21: teams[0].prefix: \"dsi\" cannot begin a reference: a capital letter, then capitals and digits, 10 at most",
        "config.toml:22: teams[1].from: from is missing: the address that its mails come from",
        "config.toml:23: teams[1].id: a second team \"dsi\"",
        "config.toml:25: addresses[0].pattern: \"support\" has no @",
        "config.toml:27: technicians[0].address: address is missing",
        "config.toml:29: technicians[0].teams: no team \"drh\"",
    ];
    let mut sorted = lines.clone();
    sorted.sort_by_key(|line| line.split(':').nth(1).and_then(|n| n.parse::<u32>().ok()));
    assert_eq!(lines, sorted, "in the order of the file");
    for line in &expected {
        assert!(
            lines.iter().any(|found| found == line),
            "{line}\nin {lines:#?}"
        );
    }
    assert_eq!(lines.len(), expected.len(), "{lines:#?}");
}

#[test]
fn an_empty_file_says_what_a_desk_needs() {
    let lines = refused("");
    for key in ["accounts", "base_url", "smtp", "teams"] {
        let start = format!("config.toml: {key}: ");
        assert!(
            lines.iter().any(|line| line.starts_with(&start)),
            "{key}: {lines:?}"
        );
    }
    assert_eq!(lines.len(), 4, "{lines:?}");
}

#[test]
fn broken_syntax_is_reported_with_its_line_and_the_rest_is_still_read() {
    let lines = refused("language = \"fr\"\ntimezone = Europe\nsubject_style = \"titeld\"\n");
    assert!(
        lines.iter().any(|line| line.starts_with("config.toml:2: ")),
        "{lines:?}"
    );
    assert!(
        lines.iter().any(|line| line
            == "config.toml:3: subject_style: \"titled\" or \"threaded\" is expected, not \"titeld\" (did you mean \"titled\"?)"),
        "{lines:?}"
    );
}

#[test]
fn variables_override_the_file_and_unknown_ones_are_refused() {
    let folder = least_folder();
    let variables = [
        ("GUICHET_SMTP__PORT", "2526"),
        ("GUICHET_BASE_URL", "https://guichet.example.org/"),
        ("GUICHET_INTERNAL_DOMAINS", "example.org, example.net"),
        ("GUICHET_PLUS_ADDRESSING", "true"),
        ("GUICHET_ACCOUNTS__0__FOLDER", "Support"),
        ("GUICHET_LIMITS__SENDER_PER_HOUR", "0"),
        ("GUICHET_SMTP__USER", "0123"),
        ("GUICHET_SMTP__OAUTH_TOKEN_FILE", "token"),
        ("GUICHET_CONFIG", "read elsewhere"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let settings = Config::compile(LEAST, &folder.path().join("config.toml"), variables)
        .unwrap_or_else(|problems| panic!("{problems}"));
    let Outlet::Smtp(smtp) = &settings.outlet else {
        panic!("{:?}", settings.outlet);
    };
    assert_eq!(smtp.port, 2526);
    assert_eq!(smtp.login.as_ref().expect("a login").user, "0123");
    assert_eq!(settings.policy.base_url, "https://guichet.example.org");
    assert_eq!(
        settings.policy.internal_domains,
        ["example.org", "example.net"]
    );
    assert!(settings.policy.plus_addressing);
    assert_eq!(settings.policy.limits.sender_per_hour, 0);
    assert_eq!(settings.accounts[0].folder, "Support");

    let lines = refused_with(
        LEAST,
        &[
            ("GUICHET_SMTP__PRT", "25"),
            ("GUICHET_WEB__LISTEN", "everywhere"),
            ("GUICHET_SMTP__PORT", "many"),
            ("GUICHET_ACCOUNTS__3__FOLDER", "x"),
        ],
    );
    let expected = [
        "variable GUICHET_SMTP__PRT: unknown variable (did you mean \"GUICHET_SMTP__PORT\"?)",
        "variable GUICHET_WEB__LISTEN: web.listen: an address and a port are expected, as in \"127.0.0.1:8080\"",
        "variable GUICHET_SMTP__PORT: smtp.port: a port from 1 to 65535 is expected",
        "variable GUICHET_ACCOUNTS__3__FOLDER: the file has no accounts[3]; a variable changes entries, it adds none",
    ];
    for line in expected {
        assert!(
            lines.iter().any(|found| found == line),
            "{line}\nin {lines:#?}"
        );
    }
}

#[test]
fn a_secret_that_others_can_change_is_refused_and_none_is_printed() {
    let folder = example_folder();
    let settings = compile(EXAMPLE, &folder).unwrap_or_else(|problems| panic!("{problems}"));
    let printed = format!("{settings:?} {settings:#?}");
    assert!(
        printed.contains("***") && !printed.contains("s3cret"),
        "{printed}"
    );

    let path = folder.path().join("secrets/smtp");
    for mode in [0o640, 0o604] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("its mode");
        let settings = compile(EXAMPLE, &folder).unwrap_or_else(|problems| panic!("{problems}"));
        let text = settings.warnings.join("\n");
        assert!(
            text.contains("chmod 600") && !text.contains("s3cret"),
            "{text}"
        );
    }
    for mode in [0o620, 0o602, 0o666] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("its mode");
        let problems = compile(EXAMPLE, &folder).expect_err("changed by others");
        let text = problems.to_string();
        assert!(
            text.contains("smtp.password_file") && text.contains("chmod 600"),
            "{text}"
        );
        assert!(!text.contains("s3cret"), "{text}");
    }
    secret(&path, "\n");
    let text = compile(EXAMPLE, &folder).expect_err("empty").to_string();
    assert!(text.contains("is empty"), "{text}");
}

#[test]
fn plain_text_stays_on_this_machine() {
    let folder = least_folder();
    let far = LEAST.replace(
        r#"smtp = { host = "127.0.0.1", port = 2525 }"#,
        r#"smtp = { host = "192.0.2.1", tls = "none" }"#,
    );
    let text = compile(&far, &folder).expect_err("plain text").to_string();
    assert!(
        text.contains("smtp.tls") && text.contains("plain text"),
        "{text}"
    );
    let loud = far.replace(
        "tls = \"none\"",
        "tls = \"none\", insecure_plaintext = true",
    );
    compile(&loud, &folder).unwrap_or_else(|problems| panic!("{problems}"));
    for host in ["localhost", "127.0.0.1", "::1"] {
        let near = far.replace("192.0.2.1", host);
        compile(&near, &folder).unwrap_or_else(|problems| panic!("{problems}"));
    }
    // Without `tls`, another machine is spoken to in TLS.
    let silent = far.replace(", tls = \"none\"", "");
    let settings = compile(&silent, &folder).unwrap_or_else(|problems| panic!("{problems}"));
    let Outlet::Smtp(smtp) = &settings.outlet else {
        panic!("{:?}", settings.outlet);
    };
    assert_eq!((smtp.tls, smtp.port), (Tls::Implicit, 465));
}

#[test]
fn an_address_of_the_desk_is_no_technician() {
    let lines = refused(
        r#"
base_url = "http://127.0.0.1:8080"
smtp = { maildir = "out" }
[[teams]]
id = "dsi"
from = "support@example.org"
[[addresses]]
pattern = "support*@example.org"
team = "dsi"
[[technicians]]
name = "Loop"
address = "Support.tech@example.org"
teams = "dsi"
"#,
    );
    assert!(
        lines.iter().any(
            |line| line.starts_with("config.toml:12: technicians[0].address: ")
                && line.contains("address of the desk itself")
        ),
        "{lines:?}"
    );
}

#[test]
fn a_report_to_the_desk_itself_is_refused() {
    let lines = refused(
        r#"
base_url = "http://127.0.0.1:8080"
smtp = { maildir = "out" }
[[teams]]
id = "dsi"
from = "support@example.org"
report_to = ["direction@example.org", "Support@example.org"]
"#,
    );
    let about: Vec<_> = lines
        .iter()
        .filter(|line| line.contains("report_to"))
        .collect();
    assert!(
        matches!(&about[..], [line] if line.contains("Support@example.org is an address of the desk itself")),
        "{lines:?}"
    );
}

#[test]
fn the_example_shows_every_key_and_nothing_else() {
    // A commented line that would be a key shows an alternative or a default: it counts.
    let mut shown = std::collections::BTreeSet::new();
    let mut table = String::new();
    for line in EXAMPLE.lines() {
        let line = line.strip_prefix("# ").unwrap_or(line);
        if let Some(name) = line.strip_prefix("[[") {
            // A list within an entry of a list.
            let name = name.split(']').next().expect("a name");
            table = format!("{}[].", name.replace('.', "[]."));
        } else if let Some(name) = line.strip_prefix('[') {
            table = format!("{}.", name.split(']').next().expect("a name"));
        } else if let Some((name, rest)) = line.split_once(" = ")
            && name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        {
            shown.insert(format!("{table}{name}"));
            if rest.starts_with('{') {
                let inside = rest.split('}').next().expect("its end");
                for part in inside.trim_start_matches('{').split(", ") {
                    let inner = part.split(" = ").next().expect("a name").trim();
                    shown.insert(format!("{table}{name}.{inner}"));
                }
            }
        }
    }
    shown.remove("accounts[].imap");
    // Told in a comment beside `maildir`.
    shown.insert("accounts[].pipe".to_owned());
    // What `imap` shares with `smtp` is shown there.
    let shared: Vec<String> = shown
        .iter()
        .filter_map(|key| key.strip_prefix("smtp."))
        .map(|name| format!("accounts[].imap.{name}"))
        .filter(|key| keys::Shape::of(key).is_some())
        .collect();
    shown.extend(shared);
    let known: std::collections::BTreeSet<String> = keys::KEYS
        .iter()
        .map(|(key, _)| (*key).to_owned())
        .collect();
    assert_eq!(shown, known);
}

#[test]
fn the_documentation_explains_every_key_and_nothing_else() {
    let documentation = include_str!("../docs/configuration.md");
    let explained: std::collections::BTreeSet<&str> = documentation
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    let known: std::collections::BTreeSet<&str> = keys::KEYS.iter().map(|(key, _)| *key).collect();
    assert_eq!(explained, known);
}

#[test]
fn mistakes_of_the_form_have_their_lines() {
    let lines = refused(&format!(
        r#"{LEAST}
[web]
identity_header = "Remote User"
identity_domain = "a@b"
[desk]
urgency_labels = ["basse", "haute"]
[[categories]]
id = "a"
[[categories.questions]]
kind = "choice"
choices = ["A"]
[[categories.questions]]
label = "Quoi ?"
choices = ["A", "B"]
[[categories.questions]]
label = "Quoi ?"
kind = "texte"
"#
    ));
    for (at, message) in [
        ("web.identity_header", "not the name of a header"),
        (
            "web.identity_header",
            "name the proxy that sets it in web.trusted_proxies",
        ),
        ("web.identity_domain", "is not a domain"),
        ("desk.urgency_labels", "three different words"),
        ("categories[0].questions[0].label", "what is asked"),
        ("categories[0].questions[0]", "two at least"),
        (
            "categories[0].questions[1].choices",
            "for kind = \"choice\" alone",
        ),
        ("categories[0].questions[2].label", "a second question"),
        ("categories[0].questions[2].kind", "\"yes-no\""),
    ] {
        assert!(
            lines
                .iter()
                .any(|line| line.contains(at) && line.contains(message)),
            "{at}: {message}\n{lines:#?}"
        );
    }
    let lines = refused(&format!(
        "{LEAST}\n[web]\nidentity_domain = \"example.org\"\n"
    ));
    assert!(
        lines
            .iter()
            .any(|line| line.contains("without web.identity_header")),
        "{lines:?}"
    );
}

/// The thirteen categories of S1 (S1.27–S1.41): each is found by what people write of it.
#[test]
fn the_categories_of_the_example_are_found() {
    use guichet::desk::classify::{by_name, classify};
    let folder = example_folder();
    let settings = compile(EXAMPLE, &folder).unwrap_or_else(|problems| panic!("{problems}"));
    let policy = &settings.policy;
    assert_eq!(policy.categories.len(), 13);
    for (subject, body, expected) in [
        (
            "Plus de connexion",
            "Les postes du plateau n'ont plus internet.",
            "internet",
        ),
        ("Accès refusé", "Mon mot de passe ne marche plus.", "acces"),
        (
            "Log agent 4512",
            "Merci de désactiver le log de Paul.",
            "log-agent",
        ),
        (
            "Soucis de claviers",
            "Deux touches sont mortes.",
            "materiel",
        ),
        ("Imprimente du 2e", "Elle n'imprime plus.", "materiel"),
        ("Le CRM est lent", "", "crm"),
        (
            "URGENT",
            "Bonjour, le C.R.M. ? non : le CRM ne répond plus.",
            "crm",
        ),
        ("Extractoin du mois", "", "reporting"),
        (
            "Bytel : nouvelle application",
            "Comment la configurer ?",
            "bytel-nouvelle",
        ),
        (
            "Poste de travail Bytel",
            "La position 12 est éteinte.",
            "bytel-poste",
        ),
        (
            "Bytel, ça grésille",
            "Grésillement sur toutes les communications.",
            "bytel-communication",
        ),
        ("BYTEL HERMES", "Impossible de se connecter.", "bytel-arret"),
        (
            "Bytel",
            "L'application métier est en indisponibilité.",
            "bytel-application",
        ),
        (
            "Suggestion",
            "Et si les tickets avaient un numéro plus court ?",
            "suggestion",
        ),
    ] {
        let found = classify(policy, "dsi", subject, body);
        assert_eq!(
            found.category.as_deref(),
            Some(expected),
            "{subject}: {found:?}"
        );
        assert!(found.why.is_some_and(|why| why.contains('«')), "{subject}");
    }
    // A tie, a client's word without the client, words that only look alike, and nothing at all.
    for (subject, body) in [
        ("CRM et reporting", ""),
        ("Hermès", ""),
        ("Porte du hall", "Le badge n'ouvre plus la porte."),
        ("Bonjour", "Pouvez-vous me rappeler ?"),
    ] {
        let found = classify(policy, "dsi", subject, body);
        assert_eq!(found.category, None, "{subject}: {found:?}");
    }
    for (name, expected) in [
        ("CRM", "crm"),
        ("connexion internet", "internet"),
        ("Matériel", "materiel"),
        ("reportin", "reporting"),
        ("Bytel – Arrêt production", "bytel-arret"),
        ("autre", "autre"),
    ] {
        let found = by_name(policy, name).map(|category| category.id.as_str());
        assert_eq!(found, Ok(expected), "{name}");
    }
    assert!(by_name(policy, "badgeuse").is_err());
    assert!(by_name(policy, "Bytel").is_err_and(|near| near.len() > 1));
}

#[test]
fn mistakes_of_categories_and_answerers_have_their_lines() {
    let text = format!(
        r#"{LEAST}
[[technicians]]
name = "Ann"
address = "ann@example.org"
teams = ["dsi"]
[[addresses]]
pattern = "help@example.org"
team = "dsi"
technicians = ["Anne"]
[[categories]]
id = "crm"
words = ["crm", "!"]
[[categories]]
id = "CRM 2"
team = "dsj"
words = ["CRM"]
type = "panne"
"#
    );
    let lines = refused(&text);
    for (at, message) in [
        (
            "addresses[0].technicians",
            "no technician \"Anne\" (did you mean \"Ann\"?)",
        ),
        ("categories[0].words", "no word that could be looked for"),
        ("categories[1].id", "only a-z"),
        ("categories[1].team", "no team \"dsj\""),
        ("categories[1].words", "a word of category \"crm\" as well"),
        ("categories[1].type", "\"incident\" or \"request\""),
    ] {
        assert!(
            lines
                .iter()
                .any(|line| line.contains(at) && line.contains(message)),
            "{at}: {message}\n{lines:#?}"
        );
    }
}

#[test]
fn a_directory_that_cannot_be_used_is_a_mistake_of_the_configuration() {
    let folder = least_folder();
    let text = format!("directory = \"annuaire.csv\"\n{LEAST}");
    let problems = compile(&text, &folder).expect_err("it is missing");
    assert!(problems.to_string().contains("annuaire.csv"), "{problems}");
    fs::write(
        folder.path().join("annuaire.csv"),
        "mail;nom\na@example.org;Anne\nnobody;Nobody\n",
    )
    .expect("written");
    let settings = compile(&text, &folder).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(settings.policy.directory.len(), 1);
    let file = settings.directory.expect("read");
    assert!(
        matches!(file.mistakes.as_slice(), [one] if one.contains("annuaire.csv:3:")),
        "{:?}",
        file.mistakes
    );
}

#[test]
fn only_those_named_read_the_requests_of_their_service() {
    let folder = least_folder();
    fs::write(
        folder.path().join("annuaire.csv"),
        "mail;autres;nom;service\n\
         anne@example.org;a.roux@labo.example.org;Anne Roux;Chimie organique\n\
         paul@example.org;;Paul Petit;Scolarité\n\
         chef@example.org;dupuis@example.org;Luc Dupuis;Chimie organique\n",
    )
    .expect("written");
    let services =
        "[[services]]\nname = \"CHIMIE Organique\"\nreaders = [\"dupuis@example.org\"]\n";
    let text = format!("directory = \"annuaire.csv\"\n{LEAST}\n{services}");
    let settings = compile(&text, &folder).unwrap_or_else(|problems| panic!("{problems}"));
    let policy = settings.policy;
    let names = |reader: &str| -> Vec<String> {
        let services = policy.read_by(reader);
        services.map(|of| of.service.clone()).collect()
    };
    let none: Vec<String> = Vec::new();
    assert_eq!(names("chef@example.org"), ["CHIMIE Organique"]);
    assert_eq!(names("anne@example.org"), none, "of the service, not named");
    let mut all = policy.directory.addresses_of_service("Chimie organique");
    all.sort();
    assert_eq!(
        all,
        [
            "a.roux@labo.example.org",
            "anne@example.org",
            "chef@example.org",
            "dupuis@example.org"
        ]
    );
    let without = format!("{LEAST}\n{services}");
    let problems = compile(&without, &folder).expect_err("no directory");
    assert!(problems.to_string().contains("services"), "{problems}");
}
