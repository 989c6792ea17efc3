//! The knowledge base: by category, searched, and article by article (S2, rows L1, L2, I9). What
//! somebody may not read is not there for him, on every page of it.

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};

use super::frame::{self, Visitor};
use super::{Site, client, download, form, link, page, see, unavailable};
use crate::config::FormFor;
use crate::knowledge::{Article, Audience};
use crate::service::knowledge::Knowledge;
use crate::service::knowledge::readers::{Did, is_robot};

mod reader;
mod ticket;
mod view;

pub use reader::Reader;

pub const TEMPLATES: &[(&str, &str)] = &[
    (
        "knowledge/index.html",
        include_str!("web-templates/knowledge/index.html"),
    ),
    (
        "knowledge/form.html",
        include_str!("web-templates/knowledge/form.html"),
    ),
    (
        "knowledge/search.html",
        include_str!("web-templates/knowledge/search.html"),
    ),
    (
        "knowledge/otherwise.html",
        include_str!("web-templates/knowledge/otherwise.html"),
    ),
    (
        "knowledge/article.html",
        include_str!("web-templates/knowledge/article.html"),
    ),
    (
        "knowledge/record.html",
        include_str!("web-templates/knowledge/record.html"),
    ),
    (
        "knowledge/offered.html",
        include_str!("web-templates/knowledge/offered.html"),
    ),
];

/// Where the articles are.
pub const PATH: &str = "/articles";

/// Times that one client may ask in a minute what answers the request that is being typed: a whole
/// institution may be behind one address, and its typists pause once a second.
pub const QUESTIONS_PER_MINUTE: u32 = 1200;

/// Articles on one page of what was found.
const FOUND: usize = 20;

/// Files on the page change seldom.
const TEN_MINUTES: HeaderValue = HeaderValue::from_static("private, max-age=600");

pub fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/articles", get(index))
        .route("/articles/recherche", get(search))
        .route("/articles/proposes", post(offered))
        .route("/articles/a/{*slug}", get(article).post(helped))
        .route("/articles/fichiers/{*path}", get(file))
        .route(
            "/t/{token}/articles/{*slug}",
            get(ticket::article).post(ticket::helped),
        )
        .route("/t/{token}/articles-fichiers/{*path}", get(ticket::file))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    /// What is looked for.
    q: String,
    /// A category, as its path.
    categorie: String,
}

/// What cannot be read asks for nothing.
fn asked(query: Result<Query<Asked>, QueryRejection>) -> Asked {
    query.map(|Query(asked)| asked).unwrap_or_default()
}

async fn index(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Reader(reader): Reader,
    query: Result<Query<Asked>, QueryRejection>,
) -> Response {
    let asked = asked(query);
    let rules = site.service.rules();
    let Some(index) = view::index(&rules.knowledge, &visitor, reader, &asked.categorie) else {
        return link::not_found(&site, &visitor);
    };
    let mut context = frame::context(&site, &visitor);
    context.insert("index", &index);
    context.insert("q", "");
    page(StatusCode::OK, "knowledge/index.html", &context)
}

async fn search(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Reader(reader): Reader,
    query: Result<Query<Asked>, QueryRejection>,
) -> Response {
    let asked = asked(query);
    let knowledge = Arc::clone(&site.service.rules().knowledge);
    let (text, by) = (asked.q.clone(), visitor.clone());
    // The index is in memory, but a search is work.
    let found = tokio::task::spawn_blocking(move || found(&knowledge, &text, &by, reader)).await;
    let found = match found.map_err(anyhow::Error::new).and_then(|found| found) {
        Ok(found) => found,
        Err(error) => {
            tracing::error!("The articles cannot be searched: {error:#}");
            return unavailable(&site, &visitor);
        }
    };
    let mut context = frame::context(&site, &visitor);
    context.insert("q", asked.q.trim());
    context.insert("count", &found.0);
    context.insert("found", &found.1);
    let current = site.service.current();
    let form_is_there = current.settings.web.form != FormFor::Off;
    context.insert("form_is_there", &form_is_there);
    context.insert("write_to", &view::write_to(&current.settings.policy));
    page(StatusCode::OK, "knowledge/search.html", &context)
}

/// How many there are, and the first of them.
fn found(
    knowledge: &Knowledge,
    text: &str,
    visitor: &Visitor,
    reader: Audience,
) -> anyhow::Result<(usize, Vec<view::Found>)> {
    let (question, articles) = knowledge.search(text, visitor.language, reader)?;
    let shown = articles.iter().take(FOUND);
    let shown = shown.map(|article| view::found(knowledge, article, &question, visitor));
    Ok((articles.len(), shown.collect()))
}

/// An article beside a form that is being filled in.
#[derive(Clone, Debug, Serialize)]
pub struct Suggestion {
    /// Its title.
    pub title: String,
    /// Where it is.
    pub link: String,
}

/// Articles that may answer what somebody is about to send, for `knowledge/offered.html` (row I9).
pub async fn suggestions(
    site: &Site,
    visitor: &Visitor,
    Reader(reader): Reader,
    subject: &str,
    text: &str,
) -> Vec<Suggestion> {
    let knowledge = Arc::clone(&site.service.rules().knowledge);
    let (subject, text, language) = (subject.to_owned(), text.to_owned(), visitor.language);
    // Every article is compared with what was typed: that is work.
    let found =
        tokio::task::spawn_blocking(move || knowledge.find(&subject, &text, language, reader));
    let found = found.await.unwrap_or_else(|error| {
        tracing::error!("Articles cannot be suggested: {error}");
        Vec::new()
    });
    found
        .into_iter()
        .map(|offered| Suggestion {
            title: offered.title,
            link: view::article_link(&offered.slug, visitor),
        })
        .collect()
}

/// The piece of a page that a form's script puts beside it while its user types: `titre` and `details`,
/// as in the form. They come in the body of a POST, although nothing is kept: what somebody types is
/// no part of an address, which lies in histories and in the logs of proxies.
async fn offered(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    reader: Reader,
    request: Request,
) -> Response {
    if site.questions.is_over(visitor.address) {
        return StatusCode::TOO_MANY_REQUESTS.into_response();
    }
    site.questions.count(visitor.address);
    let asked = match form::question(&site, &visitor, request).await {
        Ok(asked) => asked,
        Err(response) => return response,
    };
    let mut context = tera::Context::new();
    context.insert("en", &(visitor.language == "en"));
    let (title, details) = (asked.get("titre"), asked.get("details"));
    let articles = suggestions(&site, &visitor, reader, title, details).await;
    context.insert("articles", &articles);
    page(StatusCode::OK, "knowledge/offered.html", &context)
}

async fn article(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Reader(reader): Reader,
    method: Method,
    headers: HeaderMap,
    path: Result<Path<String>, PathRejection>,
) -> Response {
    let slug = path.map(|Path(slug)| slug).unwrap_or_default();
    // Technicians look at them for work.
    if method == Method::GET && reader != Audience::Technicians {
        count(&site, &visitor, &headers, reader, &slug, Did::Read);
    }
    let place = view::Place::of(reader);
    show(&site, &visitor, &slug, &place, StatusCode::OK).await
}

/// The page of an article; a wrong name and one that is not for this reader look the same.
async fn show(
    site: &Site,
    visitor: &Visitor,
    slug: &str,
    place: &view::Place,
    status: StatusCode,
) -> Response {
    let rules = site.service.rules();
    let knowledge = &rules.knowledge;
    let Some(article) = readable(knowledge, slug, place.reader) else {
        return link::not_found(site, visitor);
    };
    let counts = site.service.store().article_counts(Some(slug.to_owned()));
    let counts = match counts.await {
        Ok(mut counts) => counts.remove(slug).unwrap_or_default(),
        Err(error) => {
            tracing::error!("The counts of articles cannot be read: {error:#}");
            return unavailable(site, visitor);
        }
    };
    let views = counts.views + site.service.readers().pending(slug).views;
    let today = site.service.now().with_timezone(&rules.policy.timezone);
    let today = today.date_naive();
    let shown = view::article(knowledge, article, visitor, place, views, today);
    let mut context = frame::context(site, visitor);
    context.insert("article", &shown);
    context.insert("helped", &(visitor.done.as_deref() == Some("aide")));
    context.insert("closes", &place.closes);
    context.insert("unticked", &(status == StatusCode::UNPROCESSABLE_ENTITY));
    context.insert("write_to", &view::write_to(&rules.policy));
    page(status, "knowledge/article.html", &context)
}

fn readable<'a>(knowledge: &'a Knowledge, slug: &str, reader: Audience) -> Option<&'a Article> {
    let found = knowledge.library().article(slug);
    found.filter(|article| reader.may_read(article.audience))
}

/// Counts what a person did with an article that he may read, once a day.
fn count(
    site: &Site,
    visitor: &Visitor,
    headers: &HeaderMap,
    reader: Audience,
    slug: &str,
    did: Did,
) {
    if readable(&site.service.rules().knowledge, slug, reader).is_none() {
        return;
    }
    let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let agent = value("user-agent").unwrap_or_default();
    // Browsers fetch pages that nobody may ever look at.
    let fetched_ahead = value("sec-purpose").is_some_and(|purpose| purpose.contains("prefetch"));
    if !is_robot(agent) && !fetched_ahead {
        let network = client::network(visitor.address);
        let now = site.service.now();
        site.service.readers().count(network, slug, did, now);
    }
}

/// « Cela m'a aidé ». What submits every form ticks no box, so it counts for nothing.
async fn helped(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Reader(reader): Reader,
    headers: HeaderMap,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    let slug = path.map(|Path(slug)| slug).unwrap_or_default();
    let form = match form::read(&site, &visitor, request).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    if readable(&site.service.rules().knowledge, &slug, reader).is_none() {
        return link::not_found(&site, &visitor);
    }
    let place = view::Place::of(reader);
    if !form.is_ticked("confirme") {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return show(&site, &visitor, &slug, &place, status).await;
    }
    count(&site, &visitor, &headers, reader, &slug, Did::Helped);
    see(&place.thanks(&slug, &visitor))
}

async fn file(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Reader(reader): Reader,
    path: Result<Path<String>, PathRejection>,
) -> Response {
    let path = path.map(|Path(path)| path).unwrap_or_default();
    give(&site, &visitor, path, reader).await
}

/// A file of an article, for who may read one that shows it.
async fn give(site: &Site, visitor: &Visitor, path: String, reader: Audience) -> Response {
    let knowledge = Arc::clone(&site.service.rules().knowledge);
    let name = path.rsplit('/').next().unwrap_or_default().to_owned();
    let Some(size) = knowledge.file_size(&path, reader) else {
        return link::not_found(site, visitor);
    };
    let held = match download::room(site, visitor, size).await {
        Ok(held) => held,
        Err(response) => return response,
    };
    let bytes = tokio::task::spawn_blocking(move || knowledge.file(&path, reader)).await;
    let Ok(Some(bytes)) = bytes else {
        return link::not_found(site, visitor);
    };
    let mut response = download::answer(Some(&name), bytes, held);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, TEN_MINUTES);
    response
}
