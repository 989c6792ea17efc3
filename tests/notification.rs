//! What goes out: every kind, in every language, as bytes that mail programs read back.

use guichet::desk::Kind;
use guichet::notification::Templates;

#[test]
fn embedded_templates_have_no_problem() {
    let templates = Templates::load(&[]).unwrap_or_else(|problems| {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        panic!("{}", problems.join("\n"))
    });
    for language in ["fr", "en"] {
        for kind in Kind::ALL {
            assert_eq!(templates.language(None, kind, language, "fr"), language);
        }
    }
}
