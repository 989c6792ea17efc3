//! An article's Markdown as HTML that runs nothing, and as plain text for the index.
//!
//! Raw HTML is shown as the text it is. Links lead to `http`, `https` and `mailto`, to articles and
//! to files of the folder; pictures are files of the folder, never somebody else's: the page
//! fetches nothing from elsewhere. What is not allowed loses its link, keeps its words, and is a
//! mistake that `check` tells with its line.

use std::ops::Range;

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

use super::Article;
use super::link::{self, Target};
use super::spaces::unbroken;

/// Endings of pictures that browsers show and that hold no script.
const PICTURES: &[&str] = &["png", "jpg", "jpeg", "gif"];

/// Where links lead on the page at hand.
#[derive(Clone, Debug)]
pub struct Links {
    /// Before the slug of an article.
    pub articles: String,
    /// Before the path of a file.
    pub files: String,
}

/// The article as HTML.
pub fn html(article: &Article, links: &Links) -> String {
    let mut out = String::with_capacity(article.body.len() * 3 / 2);
    let mut refused = Vec::new();
    let mut outline = Outline::default();
    let mut code = false;
    let events = parser(&article.body).filter_map(|event| match event {
        Event::Start(Tag::CodeBlock(kind)) => {
            code = true;
            Some(Event::Start(Tag::CodeBlock(kind)))
        }
        Event::End(TagEnd::CodeBlock) => {
            code = false;
            Some(Event::End(TagEnd::CodeBlock))
        }
        // What is typed into a terminal stays as it is.
        Event::Text(text) if !code => Some(Event::Text(CowStr::from(unbroken(
            &text,
            &article.language,
        )))),
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::Start(Tag::HtmlBlock) => Some(Event::Start(Tag::Paragraph)),
        Event::End(TagEnd::HtmlBlock) => Some(Event::End(TagEnd::Paragraph)),
        Event::Start(Tag::Heading { level, .. }) => Some(Event::Start(Tag::Heading {
            level: outline.enter(level),
            id: None,
            classes: Vec::new(),
            attrs: Vec::new(),
        })),
        Event::End(TagEnd::Heading(_)) => Some(Event::End(TagEnd::Heading(outline.level()))),
        Event::Start(Tag::Link {
            link_type,
            dest_url,
            title,
            id,
        }) => {
            let address = href(article, links, &dest_url);
            refused.push(address.is_none());
            address.map(|address| {
                Event::Start(Tag::Link {
                    link_type,
                    dest_url: CowStr::from(address),
                    title,
                    id,
                })
            })
        }
        Event::End(TagEnd::Link) => match refused.pop() {
            Some(true) => None,
            _ => Some(Event::End(TagEnd::Link)),
        },
        Event::Start(Tag::Image {
            link_type,
            dest_url,
            title,
            id,
        }) => {
            let address = source(article, links, &dest_url);
            refused.push(address.is_none());
            address.map(|address| {
                Event::Start(Tag::Image {
                    link_type,
                    dest_url: CowStr::from(address),
                    title,
                    id,
                })
            })
        }
        Event::End(TagEnd::Image) => match refused.pop() {
            Some(true) => None,
            _ => Some(Event::End(TagEnd::Image)),
        },
        other => Some(other),
    });
    html::push_html(&mut out, events);
    out
}

/// The words of the article, blocks apart by line ends.
pub fn text(article: &Article) -> String {
    let mut out = String::with_capacity(article.body.len());
    for event in parser(&article.body) {
        match event {
            Event::Text(text) | Event::Code(text) => out.push_str(&text),
            // A tag is no word that anybody looks for.
            Event::Html(_) | Event::InlineHtml(_) => out.push(' '),
            Event::SoftBreak => out.push(' '),
            Event::HardBreak
            | Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item)
            | Event::End(TagEnd::TableRow | TagEnd::TableHead | TagEnd::CodeBlock) => {
                out.push('\n')
            }
            Event::End(TagEnd::TableCell) => out.push_str(" · "),
            _ => {}
        }
    }
    out
}

/// The files of the folder that the text shows or links to.
pub fn files(article: &Article) -> Vec<String> {
    parser(&article.body)
        .filter_map(|event| match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                match link::target(article.folder(), &dest_url) {
                    Target::File(path) => Some(path),
                    _ => None,
                }
            }
            _ => None,
        })
        .collect()
}

/// Links and pictures that are not allowed or lead nowhere, with their line.
pub fn mistakes(
    article: &Article,
    exists: &dyn Fn(&str) -> bool,
    known: &dyn Fn(&str) -> bool,
) -> Vec<(usize, String)> {
    let options = options();
    let events = Parser::new_ext(&article.body, options).into_offset_iter();
    let mut mistakes = Vec::new();
    for (event, at) in events {
        let (written, picture) = match event {
            Event::Start(Tag::Link { dest_url, .. }) => (dest_url, false),
            Event::Start(Tag::Image { dest_url, .. }) => (dest_url, true),
            _ => continue,
        };
        let wrong = match link::target(article.folder(), &written) {
            Target::Refused(why) => Some(format!("\"{written}\": {why}")),
            Target::Article(slug) if !picture && !known(&slug) => Some(format!(
                "\"{written}\": no article \"{slug}.md\": correct the name, or take the link out"
            )),
            Target::File(path) if picture && !is_picture(&path) => Some(format!(
                "\"{written}\": a picture ends with .{}",
                PICTURES.join(", .")
            )),
            Target::File(path) if !exists(&path) => Some(format!(
                "\"{written}\": no file \"{path}\" in the folder: correct its path, or put it there"
            )),
            Target::Article(_) | Target::Elsewhere(_) | Target::Here(_) if picture => {
                Some(format!(
                    "\"{written}\": a picture is a file of the folder, the page fetches nothing from elsewhere"
                ))
            }
            _ => None,
        };
        if let Some(message) = wrong {
            mistakes.push((line_of(article, at), message));
        }
    }
    mistakes
}

fn line_of(article: &Article, at: Range<usize>) -> usize {
    let before = article.body.get(..at.start).unwrap_or_default();
    article.body_line + before.matches('\n').count()
}

fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH
}

fn parser(body: &str) -> Parser<'_> {
    Parser::new_ext(body, options())
}

/// The headings above the one at hand, as they are written. The title of the page is the first level, and
/// none is left out below it, whichever an author begins with: who hears a page finds his way by them.
#[derive(Default)]
struct Outline(Vec<HeadingLevel>);

impl Outline {
    /// A heading begins: its level on the page.
    fn enter(&mut self, written: HeadingLevel) -> HeadingLevel {
        while self.0.pop_if(|above| *above >= written).is_some() {}
        self.0.push(written);
        self.level()
    }

    fn level(&self) -> HeadingLevel {
        match self.0.len() {
            0 | 1 => HeadingLevel::H2,
            2 => HeadingLevel::H3,
            3 => HeadingLevel::H4,
            4 => HeadingLevel::H5,
            _ => HeadingLevel::H6,
        }
    }
}

fn href(article: &Article, links: &Links, written: &str) -> Option<String> {
    match link::target(article.folder(), written) {
        Target::Article(slug) => Some(format!("{}{}", links.articles, link::encoded(&slug))),
        Target::File(path) => Some(format!("{}{}", links.files, link::encoded(&path))),
        Target::Elsewhere(address) => Some(address),
        // Headings have no anchors.
        Target::Here(_) | Target::Refused(_) => None,
    }
}

fn source(article: &Article, links: &Links, written: &str) -> Option<String> {
    match link::target(article.folder(), written) {
        Target::File(path) if is_picture(&path) => {
            Some(format!("{}{}", links.files, link::encoded(&path)))
        }
        _ => None,
    }
}

fn is_picture(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, ending)| {
        let ending = ending.to_ascii_lowercase();
        PICTURES.contains(&ending.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn article(body: &str) -> Article {
        let text = format!("+++\ntitle = \"x\"\n+++\n{body}");
        super::super::parse("reseau/vpn", &text, "fr").expect("an article")
    }

    fn shown(body: &str) -> String {
        html(
            &article(body),
            &Links {
                articles: "/kb/a/".to_owned(),
                files: "/kb/files/".to_owned(),
            },
        )
    }

    #[test]
    fn markdown_becomes_a_page() {
        let page = shown(
            "# Étapes\n\n1. Ouvrez [le mot de passe](/mot-de-passe.md).\n2. ![Écran](img/a.png)\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
        );
        for piece in [
            "<h2>Étapes</h2>",
            "<a href=\"/kb/a/mot-de-passe\">le mot de passe</a>",
            "<img src=\"/kb/files/reseau/img/a.png\" alt=\"Écran\" />",
            "<table>",
        ] {
            assert!(page.contains(piece), "{piece}: {page}");
        }
    }

    /// What runs, loads from elsewhere or leaves its place in any browser.
    #[test]
    fn nothing_of_it_runs() {
        for body in [
            "<script>alert(1)</script>",
            "texte <img src=x onerror=alert(1)> texte",
            "<svg/onload=alert(1)>\n\nfin",
            "<a href=\"javascript:alert(1)\">x</a>",
            "<!-- --><iframe src=//evil.example></iframe>",
            "[x](javascript:alert(1))",
            "[x](<java\tscript:alert(1)>)",
            "[x](&#106;avascript:alert(1))",
            "[x](\\javascript:alert(1))",
            "[x]: JAVASCRIPT:alert(1)\n\n[x]",
            "<javascript:alert(1)>",
            "![x](https://evil.example/p.png)",
            "![x](//evil.example/p.png)",
            "![x](data:image/svg+xml;base64,AAAA)",
            "![x](dessin.svg)",
            "![\"onerror=alert(1)](a.png \"\\\" onerror=alert(1) x=\\\"\")",
            "[x](a.pdf \"\\\" onclick=alert(1) x=\\\"\")",
            "# titre {onclick=alert(1)}",
            "```\"><script>alert(1)</script>\ncode\n```",
            "`<script>alert(1)</script>`",
            "| <b onmouseover=alert(1)> | b |\n|---|---|\n| <script> | 2 |",
            "<style>*{background:url(//evil.example)}</style>",
            "<form action=//evil.example><button>x</button></form>",
            "<base href=//evil.example>",
            "&lt;script&gt;alert(1)&lt;/script&gt;",
            "<div\n onclick=alert(1)\n>\n\ntexte\n\n</div>",
            "<?php echo 1 ?>\n<![CDATA[x]]>\n<!DOCTYPE x>",
        ] {
            let page = shown(body);
            for tag in page.split('<').skip(1) {
                let tag = tag.split('>').next().unwrap_or_default();
                let tag = tag.trim_start_matches('/');
                let name = tag.split([' ', '/']).next().unwrap_or_default();
                assert!(
                    [
                        "p", "a", "img", "h2", "pre", "code", "table", "thead", "tbody", "tr",
                        "th", "td",
                    ]
                    .contains(&name),
                    "{body}: <{tag}>"
                );
                let attributes = attributes(&tag[name.len().min(tag.len())..]);
                for attribute in &attributes {
                    assert!(
                        ["href", "src", "alt", "title", "class"].contains(&attribute.as_str()),
                        "{body}: {attribute} in <{tag}>"
                    );
                }
                for address in ["href=\"", "src=\""] {
                    for value in tag.to_lowercase().split(address).skip(1) {
                        assert!(value.starts_with("/kb/"), "{body}: {page}");
                    }
                }
            }
        }
    }

    /// The names of the attributes of a tag whose values are in double quotes.
    fn attributes(tag: &str) -> Vec<String> {
        tag.split('"')
            .step_by(2)
            .flat_map(|outside| outside.split_whitespace())
            .filter(|word| *word != "/")
            .map(|word| word.trim_end_matches('=').to_owned())
            .collect()
    }

    #[test]
    fn headings_leave_no_level_out() {
        for (written, levels) in [
            ("## a\n### b\n## c\n", "h2 h3 h2"),
            ("# a\n### b\n###### c\n## d\n# e\n", "h2 h3 h4 h3 h2"),
            ("### a\n# b\n## c\n", "h2 h2 h3"),
        ] {
            let html = shown(written);
            let found: Vec<&str> = html
                .match_indices("<h")
                .filter_map(|(at, _)| html.get(at + 1..at + 3))
                .collect();
            assert_eq!(found.join(" "), levels, "{html}");
        }
    }

    #[test]
    fn mistakes_have_their_line() {
        let article = article(
            "Voir [la page](perdue.md).\n\n![x](a.svg) et [y](javascript:x)\n\n![z](https://e.example/z.png)\n[f](f.pdf)\n",
        );
        let found = mistakes(&article, &|_| false, &|_| false);
        let lines: Vec<usize> = found.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [4, 6, 6, 8, 9], "{found:?}");
    }

    #[test]
    fn the_plain_text_has_the_words_and_no_tags() {
        let text = text(&article(
            "# Un\n\nDeux *trois*\nquatre\n\n- cinq\n- `six`\n\n<b>sept</b>\n",
        ));
        assert_eq!(
            text.split_whitespace().collect::<Vec<_>>().join(" "),
            "Un Deux trois quatre cinq six sept"
        );
    }

    #[test]
    fn hostile_nesting_is_quick_and_harmless() {
        for body in [
            "> ".repeat(20_000),
            "[".repeat(50_000),
            "*a ".repeat(30_000),
            "- ".repeat(10_000),
            "![".repeat(20_000),
            "`".repeat(50_000),
            "<".repeat(50_000),
        ] {
            let page = shown(&body);
            assert!(page.len() < 4_000_000);
        }
    }
}
