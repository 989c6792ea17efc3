//! Whole bodies, as clients write them: what is the reply, what is folded, what was forwarded.

use super::*;

fn plain(text: &str) -> Written {
    split(&Bodies {
        plain: Some(text),
        ..Bodies::default()
    })
}

fn html(text: &str) -> Written {
    split(&Bodies {
        html: Some(text),
        subject: Some("Re: [SUP-1042] Imprimante"),
        ..Bodies::default()
    })
}

#[test]
fn nothing_is_nothing() {
    for text in ["", " \n\r\n", "\u{200b}"] {
        assert_eq!(plain(text), Written::default());
    }
}
