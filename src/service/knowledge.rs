//! The knowledge base as it is in its folder: read at start, and again when a file of it changed.
//! An article that is wrong is left out and told with its line; the others stay.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Result;

use super::{Current, Rules, Service};
use crate::config::Settings;
use crate::desk::Policy;
use crate::knowledge::{
    self, Article, Audience, Library, Offered, Problem, Question, WORTH_OFFERING,
};
use crate::mail::Mail;
use crate::mail::authenticity::Authenticity;
use crate::store::ArticleIndex;

mod folder;
pub mod readers;

/// How often the folder is looked at; only names, sizes and times are.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Articles offered in one acknowledgement (row L3).
const OFFERED: usize = 2;

/// Articles, and how they are found.
#[derive(Debug)]
pub struct Knowledge {
    folder: Option<PathBuf>,
    stamp: Stamp,
    library: Library,
    index: ArticleIndex,
    /// The files that articles show or give, and the widest circle that may read one of those.
    files: BTreeMap<String, Audience>,
    problems: Vec<Problem>,
}

/// Tells that something in the folder changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Stamp(u64);

impl Stamp {
    fn of(found: &BTreeMap<String, (u64, Option<SystemTime>)>) -> Self {
        let mut hasher = DefaultHasher::new();
        found.hash(&mut hasher);
        Self(hasher.finish())
    }
}

impl Knowledge {
    /// Reads the folder that the settings name; without one there are no articles.
    ///
    /// # Errors
    /// When there is no memory for the index. Mistakes in the folder are [`Self::problems`].
    pub fn load(settings: &Settings) -> Result<Self> {
        let mut problems = Vec::new();
        let mut articles: Vec<Article> = Vec::new();
        let mut stamp = Stamp::default();
        if let Some(root) = &settings.knowledge {
            let found = folder::walk(root, &mut problems);
            stamp = Stamp::of(&found);
            for path in found.keys() {
                let Some(slug) = path.strip_suffix(".md") else {
                    continue;
                };
                if path.rsplit('/').next() == Some("README.md") {
                    continue;
                }
                match folder::text(root, path) {
                    Ok(text) => match knowledge::parse(slug, &text, &settings.policy.language) {
                        Ok(article) => articles.push(article),
                        Err(mistakes) => problems.extend(mistakes),
                    },
                    Err(message) => problems.push(Problem {
                        file: path.clone(),
                        line: None,
                        message,
                    }),
                }
            }
            let exists = |path: &str| found.contains_key(path);
            problems.extend(knowledge::cross_check(&articles, &exists));
        }
        problems.sort();
        problems.dedup();
        let mut files: BTreeMap<String, Audience> = BTreeMap::new();
        for article in &articles {
            for file in article.files() {
                let widest = files.entry(file).or_insert(article.audience);
                *widest = article.audience.min(*widest);
            }
        }
        let library = Library::new(articles);
        Ok(Self {
            folder: settings.knowledge.clone(),
            stamp,
            index: ArticleIndex::of(&library)?,
            library,
            files,
            problems,
        })
    }

    /// There is a knowledge base, with at least an article.
    pub fn is_there(&self) -> bool {
        !self.library.articles().is_empty()
    }

    /// All articles.
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// What is wrong in the folder.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// What was found for somebody who searches, the best first: what holds all words before what
    /// holds some, and what is in the reader's language before what is not.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn search(
        &self,
        text: &str,
        language: &str,
        reader: Audience,
    ) -> Result<(Question, Vec<&Article>)> {
        let question = self.library.question(text);
        let mut found: Vec<(bool, &Article)> = self
            .index
            .search(&question)?
            .into_iter()
            .filter_map(|(at, all)| Some((all, self.library.articles().get(at)?)))
            .filter(|(_, article)| reader.may_read(article.audience))
            .collect();
        found.sort_by_key(|(all, article)| (!all, article.language != language));
        let articles = found.into_iter().map(|(_, article)| article).collect();
        Ok((question, articles))
    }

    /// Articles that may answer what somebody is about to send, the surest first: for a form. A text that is
    /// too short to say what it is about finds none.
    pub fn find(
        &self,
        subject: &str,
        text: &str,
        language: &str,
        reader: Audience,
    ) -> Vec<Offered> {
        self.library.offer(
            subject,
            text,
            language,
            reader,
            knowledge::WORTH_SHOWING,
            2 * OFFERED,
        )
    }

    /// Articles for the acknowledgement of a mail. Who claims an address of ours without proof is
    /// answered there, so what is internal stays inside; a sender that was disowned gets nothing.
    pub(super) fn for_mail(
        &self,
        policy: &Policy,
        mail: &Mail,
        authenticity: Authenticity,
    ) -> Vec<Offered> {
        let Some(sender) = mail.sender() else {
            return Vec::new();
        };
        let answers = !mail.in_reply_to.is_empty() || !mail.references.is_empty();
        if !self.is_there()
            || answers
            || mail.automatic.is_some()
            || mail.spam
            || authenticity == Authenticity::Fail
        {
            return Vec::new();
        }
        let reply_to = mail.reply_to.iter().map(|to| to.address.as_str());
        let reader = correspondent(policy, &sender.address, reply_to);
        let language = mail.language.as_deref().unwrap_or(&policy.language);
        self.library.offer(
            mail.subject.as_deref().unwrap_or(&mail.title),
            &mail.reply,
            language,
            reader,
            WORTH_OFFERING,
            OFFERED,
        )
    }

    /// The size of a file that an article shows or gives, when `reader` may read one of those
    /// articles.
    pub fn file_size(&self, path: &str, reader: Audience) -> Option<u64> {
        let audience = self.files.get(path)?;
        if !reader.may_read(*audience) {
            return None;
        }
        folder::size(self.folder.as_deref()?, path)
    }

    /// Such a file; read here and now, and only inside the folder.
    pub fn file(&self, path: &str, reader: Audience) -> Option<Vec<u8>> {
        self.file_size(path, reader)?;
        folder::bytes(self.folder.as_deref()?, path).ok()
    }

    /// Something in the folder is not as it was.
    fn changed(&self) -> bool {
        self.folder
            .as_ref()
            .is_some_and(|folder| Stamp::of(&folder::walk(folder, &mut Vec::new())) != self.stamp)
    }
}

/// What somebody may read to whom answers go by mail: what is internal is for addresses of ours, unless
/// they ask to be answered elsewhere, where somebody else may read it.
pub fn correspondent<'a>(
    policy: &Policy,
    address: &str,
    reply_to: impl IntoIterator<Item = &'a str>,
) -> Audience {
    let mut elsewhere = reply_to.into_iter().filter(|to| !to.is_empty());
    if policy.is_internal(address) && elsewhere.all(|to| policy.is_internal(to)) {
        Audience::Internal
    } else {
        Audience::Public
    }
}

/// The loop: looks at the folder, and writes down who read what.
pub async fn station(service: Service) -> Result<()> {
    tell(&service.rules().knowledge);
    while !service.is_stopping() {
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = service.stopped() => {}
        }
        if let Err(error) = once(&service).await {
            tracing::error!("The knowledge base stays as it was: {error:#}");
        }
        readers::flush(&service).await;
    }
    Ok(())
}

/// Looks once, and takes the new articles over.
///
/// # Errors
/// When they cannot be indexed; then nothing has changed.
pub async fn once(service: &Service) -> Result<()> {
    let before = service.current();
    if before.settings.knowledge.is_none() {
        return Ok(());
    }
    let current = Arc::clone(&before);
    let read = tokio::task::spawn_blocking(move || -> Result<Option<Current>> {
        if !current.rules.knowledge.changed() {
            return Ok(None);
        }
        let settings = current.settings.clone();
        let rules = Arc::new(Rules::load(&settings)?);
        Ok(Some(Current { settings, rules }))
    })
    .await?;
    let Some(new) = read? else { return Ok(()) };
    let knowledge = Arc::clone(&new.rules.knowledge);
    if !service.replace(&before, new) {
        return Ok(());
    }
    tracing::info!(
        articles = knowledge.library.articles().len(),
        "The knowledge base changed: read again"
    );
    tell(&knowledge);
    Ok(())
}

fn tell(knowledge: &Knowledge) {
    for problem in &knowledge.problems {
        tracing::warn!("The knowledge base: {problem}");
    }
}
