//! What was typed into the form, and what it becomes: a request, or sentences beside the fields that
//! say what is missing. Nothing that was typed is lost over a mistake.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::desk::form::{self, Effect};
use crate::desk::policy::{Category, Policy};
use crate::desk::{Submission, is_ours};
use crate::mail::Address;
use crate::notification::header::{AddrSpec, Line};
use crate::ticket::Nature;
use crate::web::form::Form;
use crate::web::status::pick;

/// Characters of the short description.
pub const TITLE: usize = 150;

/// Of a name.
const NAME: usize = 100;

/// Of a phone number.
const PHONE: usize = 40;

/// What a visitor chooses who finds no category.
pub const UNKNOWN: &str = "-";

/// Nothing was chosen, in French and in English.
pub const NO_CATEGORY: (&str, &str) = (
    "Choisissez une catégorie\u{a0}; si aucune ne convient, «\u{a0}Je ne sais pas\u{a0}».",
    "Choose a category; if none fits, “I do not know”.",
);

/// All that can be typed, as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Typed {
    /// Id of a category, [`UNKNOWN`], or empty.
    pub category: String,
    /// Token of a nature, where the category leaves it open.
    pub nature: String,
    /// Id of a team, where the category leaves it open.
    pub team: String,
    pub title: String,
    pub details: String,
    /// Token of an [`Effect`].
    pub effect: String,
    /// Somebody else has the trouble.
    pub for_other: bool,
    pub beneficiary: String,
    pub beneficiary_address: String,
    pub phone: String,
    pub links: String,
    pub name: String,
    pub address: String,
    /// Answers to the questions of the category, by their number.
    pub answers: BTreeMap<usize, String>,
    /// Language of the page.
    pub language: String,
}

/// Sentences by field.
pub type Mistakes = BTreeMap<String, String>;

/// A request that can be sent.
#[derive(Clone, Debug)]
pub struct Request {
    pub title: String,
    pub text: String,
    /// One of our addresses.
    pub to: String,
    pub account: String,
    pub submission: Submission,
}

/// The field of a question.
pub fn question_field(category: &str, number: usize) -> String {
    format!("q-{category}-{number}")
}

impl Typed {
    /// Nothing yet.
    pub fn blank(language: &str) -> Self {
        Self {
            language: language.to_owned(),
            ..Self::default()
        }
    }

    /// What a form holds.
    pub fn of(form: &Form, policy: &Policy, language: &str) -> Self {
        let get = |name: &str| form.get(name).replace("\r\n", "\n");
        let category = get("categorie");
        let questions = policy
            .category(&category)
            .map_or(0, |category| category.questions.len());
        Self {
            answers: (0..questions)
                .map(|number| (number, get(&question_field(&category, number))))
                .collect(),
            category,
            nature: get("nature"),
            team: get("service"),
            title: get("titre"),
            details: get("details"),
            effect: get("effet"),
            for_other: form.get("pour") == "autre",
            beneficiary: get("beneficiaire"),
            beneficiary_address: get("beneficiaire-adresse"),
            phone: get("telephone"),
            links: get("liens"),
            name: get("nom"),
            address: get("adresse"),
            language: language.to_owned(),
        }
    }

    /// Chooses another category: the answers to questions that it asks in the same words stay.
    pub fn choose(&mut self, policy: &Policy, category: &str) {
        let asked = |id: &str| {
            let category = policy.category(id);
            let questions = category.map_or(&[][..], |category| category.questions.as_slice());
            questions.iter().map(|question| question.label.as_str())
        };
        let labels: Vec<&str> = asked(&self.category).collect();
        let answers = std::mem::take(&mut self.answers);
        self.answers = asked(category)
            .enumerate()
            .filter_map(|(number, label)| {
                let same = labels.iter().position(|known| *known == label)?;
                Some((number, answers.get(&same)?.clone()))
            })
            .collect();
        category.clone_into(&mut self.category);
    }

    /// The category that was chosen, when it is one of ours.
    pub fn category<'a>(&self, policy: &'a Policy) -> Option<&'a Category> {
        policy.category(&self.category)
    }

    /// What the request is: the category says it, else its author.
    pub fn nature(&self, policy: &Policy) -> Nature {
        let own = self.category(policy).and_then(|category| category.nature);
        own.unwrap_or(match self.nature.as_str() {
            "request" => Nature::Request,
            _ => Nature::Incident,
        })
    }

    /// What it stops. An entry of the catalogue stops nothing, and neither does a suggestion.
    pub fn effect(&self, policy: &Policy) -> Option<Effect> {
        let own = self.category(policy).and_then(|category| category.nature);
        let asked = own.is_none_or(|nature| nature == Nature::Incident);
        Effect::parse(&self.effect).filter(|_| asked)
    }

    /// The request, or what is wrong with it. `proven`: nobody has to be asked who he is.
    ///
    /// # Errors
    /// The mistakes.
    pub fn judge(
        &self,
        policy: &Policy,
        proven: bool,
        internal_only: bool,
    ) -> Result<Request, Mistakes> {
        let mut judge = Judge {
            language: &self.language,
            mistakes: Mistakes::new(),
        };
        let category = self.category(policy);
        if category.is_none() && self.category != UNKNOWN {
            judge.wrong("categorie", NO_CATEGORY.0, NO_CATEGORY.1);
        }
        let title = form::one_line(&self.title);
        judge.length("titre", &title, TITLE);
        if title.is_empty() {
            judge.wrong(
                "titre",
                "Décrivez votre demande en quelques mots.",
                "Describe your request in a few words.",
            );
        }
        judge.length("details", &self.details, form::LONG);
        if self.details.trim().is_empty() {
            judge.wrong(
                "details",
                "Expliquez ce qui se passe ou ce qu’il vous faut.",
                "Explain what happens or what you need.",
            );
        }
        let nature = self.nature(policy);
        let effect = self.effect(policy);
        if nature == Nature::Incident && effect.is_none() {
            judge.wrong(
                "effet",
                "Indiquez ce que le problème vous empêche de faire\u{a0}: nous en déduisons l’urgence.",
                "Say what the problem stops you from doing: the urgency follows from it.",
            );
        }
        let answers = self.answers(category, &mut judge);
        let links = form::links(&self.links, &self.language).unwrap_or_else(|why| {
            judge.mistakes.insert("liens".to_owned(), why);
            Vec::new()
        });
        // A suggestion is nobody's trouble: it is not asked whose.
        let beneficiary = match nature {
            Nature::Suggestion => None,
            Nature::Incident | Nature::Request => self.beneficiary(policy, &mut judge),
        };
        let phone = self.phone(&mut judge);
        if !proven {
            self.author(policy, internal_only, &mut judge);
        }
        if !judge.mistakes.is_empty() {
            return Err(judge.mistakes);
        }
        let mut answers = answers;
        if let Some(effect) = effect {
            let label = pick(&self.language, "Conséquence", "Consequence").to_owned();
            answers.insert(0, (label, effect.sentence(&self.language)));
        }
        let (to, account) = self.addressed(policy, category);
        Ok(Request {
            text: form::text(&self.language, &self.details, &answers, &links),
            title,
            to,
            account,
            submission: Submission {
                ticket: None,
                language: Some(self.language.clone()),
                category: category.map(|category| category.id.clone()),
                nature: Some(nature).filter(|_| category.is_some() || !self.nature.is_empty()),
                urgency: effect.map(Effect::level),
                beneficiary,
                phone,
            },
        })
    }

    fn answers(&self, category: Option<&Category>, judge: &mut Judge<'_>) -> Vec<(String, String)> {
        let mut answers = Vec::new();
        let Some(category) = category else {
            return answers;
        };
        for (number, question) in category.questions.iter().enumerate() {
            let given = self.answers.get(&number).map_or("", String::as_str);
            match question.judge(given, &self.language) {
                Ok(Some(answer)) => answers.push((question.label.clone(), answer)),
                Ok(None) => {}
                Err(mistake) => {
                    let field = question_field(&category.id, number);
                    let sentence = mistake.sentence(&self.language);
                    judge.mistakes.insert(field, sentence);
                }
            }
        }
        answers
    }

    /// Who has the trouble, when it is another (S4.19, S4.20).
    fn beneficiary(&self, policy: &Policy, judge: &mut Judge<'_>) -> Option<Address> {
        if !self.for_other {
            return None;
        }
        let name = form::one_line(&self.beneficiary);
        judge.length("beneficiaire", &name, NAME);
        let written = self.beneficiary_address.trim();
        let address = AddrSpec::parse(written);
        if name.is_empty() && written.is_empty() {
            judge.wrong(
                "beneficiaire",
                "Indiquez le nom de la personne qui a le problème.",
                "Give the name of the person who has the problem.",
            );
        }
        let ours = address
            .as_ref()
            .is_some_and(|address| is_ours(policy, address.as_str()));
        let reached = address
            .as_ref()
            .is_some_and(|address| is_reached(address.domain()));
        if !written.is_empty() && (!reached || ours) {
            judge.wrong(
                "beneficiaire-adresse",
                "Cette adresse n’est pas celle d’une personne\u{a0}; vous pouvez la laisser vide.",
                "This is no person’s address; you may leave it empty.",
            );
        }
        Some(Address {
            name: Line::new(&name).into_text(),
            address: address.map_or_else(String::new, |address| address.as_str().to_lowercase()),
        })
    }

    fn phone(&self, judge: &mut Judge<'_>) -> Option<String> {
        let phone = form::one_line(&self.phone);
        let known = |c: char| c.is_alphanumeric() || " +-./()#*,:".contains(c);
        let digits = phone.chars().filter(char::is_ascii_digit).count();
        if !phone.is_empty() && (digits < 3 || !phone.chars().all(known)) {
            judge.wrong(
                "telephone",
                "Ce numéro est incomplet, par exemple\u{a0}: 02 31 00 00 00 ou poste 5510.",
                "This number is not complete, for example: 02 31 00 00 00 or extension 5510.",
            );
        }
        judge.length("telephone", &phone, PHONE);
        Some(phone).filter(|phone| !phone.is_empty())
    }

    /// Whose mailbox is asked.
    fn author(&self, policy: &Policy, internal_only: bool, judge: &mut Judge<'_>) {
        judge.length("nom", &form::one_line(&self.name), NAME);
        match AddrSpec::parse(self.address.trim()) {
            None => judge.wrong(
                "adresse",
                "Indiquez votre adresse de courriel, par exemple prenom.nom@exemple.fr.",
                "Give your mail address, for example first.last@example.org.",
            ),
            // Nobody on the Internet is reached without a dot: a typing mistake.
            Some(address) if !is_reached(address.domain()) => judge.wrong(
                "adresse",
                "Cette adresse est incomplète\u{a0}: vérifiez ce qui suit «\u{a0}@\u{a0}», par exemple exemple.fr.",
                "This address is not complete: check what follows “@”, for example example.org.",
            ),
            Some(address) if is_ours(policy, address.as_str()) => judge.wrong(
                "adresse",
                "Cette adresse est celle du service\u{a0}: indiquez la vôtre.",
                "This is the address of the desk: please give your own.",
            ),
            Some(address) if internal_only && !policy.is_internal(address.as_str()) => judge.wrong(
                "adresse",
                "Ce formulaire est réservé aux adresses de l’établissement\u{a0}; indiquez votre adresse professionnelle, ou écrivez-nous.",
                "This form is for addresses of the institution only; give your work address, or write to us.",
            ),
            Some(_) => {}
        }
    }

    /// Its author, as he calls himself.
    pub fn author_address(&self) -> Option<Address> {
        Some(Address {
            name: Line::new(&form::one_line(&self.name)).into_text(),
            address: AddrSpec::parse(self.address.trim())?
                .as_str()
                .to_lowercase(),
        })
    }

    /// Where it goes: to the team of its category, else to the one that was chosen, else to that of
    /// the first account, as a mail would.
    fn addressed(&self, policy: &Policy, category: Option<&Category>) -> (String, String) {
        let account = policy.accounts.first();
        let own = category.and_then(|category| category.team.as_deref());
        let team = own
            .or(Some(self.team.as_str()))
            .and_then(|id| policy.team(id))
            .or_else(|| policy.team(&account?.team))
            .or_else(|| policy.teams.first());
        // Through the account of that team, where it has one.
        let account = policy
            .accounts
            .iter()
            .find(|account| team.is_some_and(|team| account.team == team.id))
            .or(account);
        (
            team.map_or_else(String::new, |team| team.from.clone()),
            account.map_or_else(String::new, |account| account.name.clone()),
        )
    }
}

/// A domain with a dot inside.
fn is_reached(domain: &str) -> bool {
    domain.contains('.') && domain.split('.').all(|label| !label.is_empty())
}

struct Judge<'a> {
    language: &'a str,
    mistakes: Mistakes,
}

impl Judge<'_> {
    fn wrong(&mut self, field: &str, french: &str, english: &str) {
        let sentence = pick(self.language, french, english).to_owned();
        self.mistakes.insert(field.to_owned(), sentence);
    }

    fn length(&mut self, field: &str, text: &str, limit: usize) {
        if text.chars().nth(limit).is_some() {
            let sentence = form::Mistake::TooLong(limit).sentence(self.language);
            self.mistakes.insert(field.to_owned(), sentence);
        }
    }
}
