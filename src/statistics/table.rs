//! Figures as tables with French or English heads: the page draws them, the file and the command line
//! write them, all from these.

use chrono::NaiveDate;
use serde::Serialize;

use super::{Compared, Figures, Marked, Spread};

/// A table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Table {
    /// Short name, for addresses and files.
    pub id: &'static str,
    /// Title.
    pub title: String,
    /// Heads; the first column names the line.
    pub head: Vec<String>,
    /// Lines.
    pub rows: Vec<Vec<Cell>>,
    /// What is to be known to read it.
    pub note: Option<String>,
}

/// What stands in a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// Words.
    Text(String),
    /// A day.
    Day(NaiveDate),
    /// A number.
    Count(usize),
    /// A mean.
    Mean(f64),
    /// Working minutes.
    Minutes(u32),
    /// Nothing to say, or too little.
    None,
}

impl Cell {
    /// For people, in their language.
    pub fn shown(&self, language: &str) -> String {
        let french = language != "en";
        match self {
            Self::Text(text) => text.clone(),
            Self::Day(day) if french => day.format("%d/%m/%Y").to_string(),
            Self::Day(day) => day.format("%-d %b %Y").to_string(),
            Self::Count(count) => count.to_string(),
            Self::Mean(mean) => {
                let mean = format!("{mean:.1}");
                if french { mean.replace('.', ",") } else { mean }
            }
            Self::Minutes(minutes) if french => match (minutes / 60, minutes % 60) {
                (0, minutes) => format!("{minutes}\u{a0}min"),
                (hours, minutes) => format!("{hours}\u{a0}h\u{a0}{minutes:02}"),
            },
            Self::Minutes(minutes) => match (minutes / 60, minutes % 60) {
                (0, minutes) => format!("{minutes}\u{a0}min"),
                (hours, minutes) => format!("{hours}\u{a0}h\u{a0}{minutes:02}\u{a0}min"),
            },
            Self::None => "–".to_owned(),
        }
    }

    /// For spreadsheets: plain numbers, ISO dates, durations in minutes.
    pub fn raw(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Day(day) => day.to_string(),
            Self::Count(count) => count.to_string(),
            Self::Mean(mean) => format!("{mean:.2}"),
            Self::Minutes(minutes) => minutes.to_string(),
            Self::None => String::new(),
        }
    }

    /// How long its bar is.
    pub fn size(&self) -> Option<usize> {
        match self {
            Self::Count(count) => Some(*count),
            Self::Text(_) | Self::Day(_) | Self::Mean(_) | Self::Minutes(_) | Self::None => None,
        }
    }
}

struct Writer<'a> {
    language: &'a str,
}

impl Writer<'_> {
    fn pick(&self, french: &str, english: &str) -> String {
        match self.language {
            "en" => english.to_owned(),
            _ => french.to_owned(),
        }
    }

    fn head(&self, names: &[(&str, &str)]) -> Vec<String> {
        let names = names.iter();
        names
            .map(|(french, english)| self.pick(french, english))
            .collect()
    }

    fn line(&self, french: &str, english: &str, count: usize) -> Vec<Cell> {
        vec![Cell::Text(self.pick(french, english)), Cell::Count(count)]
    }

    fn summary(&self, figures: &Figures) -> Table {
        Table {
            id: "summary",
            title: self.pick("En bref", "In brief"),
            head: self.head(&[("Demandes", "Requests"), ("Nombre", "Number")]),
            rows: vec![
                self.line("Ouvertes pendant la période", "Opened in the period", figures.opened),
                self.line("dont résolues ou closes à ce jour", "of which resolved or closed by now", figures.resolved),
                self.line("dont suggestions, sans délai", "of which suggestions, without a deadline", figures.suggestions),
                self.line("Ouvertes pendant la période précédente", "Opened in the period before", figures.opened_before),
                self.line("Rouvertes", "Opened again", figures.reopened),
                self.line("Solution refusée", "Solution refused", figures.refused),
                self.line("Complément demandé après la solution", "Something added after the solution", figures.complemented),
                self.line("Catégorie corrigée", "Category put right", figures.recategorised),
            ],
            note: Some(self.pick(
                "Une réouverture après un refus compte dans les deux lignes.",
                "A ticket that was opened again because its solution was refused counts in both lines.",
            )),
        }
    }

    fn volume(&self, figures: &Figures) -> Table {
        let mut head = self.head(&[("Jour", "Day")]);
        head.extend(figures.teams.iter().cloned());
        let rows = figures.days.iter().map(|(day, counts)| {
            let counts = counts.iter().map(|count| Cell::Count(*count));
            std::iter::once(Cell::Day(*day)).chain(counts).collect()
        });
        Table {
            id: "volume",
            title: self.pick(
                "Demandes par jour et par équipe",
                "Requests by day and team",
            ),
            head,
            rows: rows.collect(),
            note: None,
        }
    }

    /// A table of what tickets have in common, beside the period before.
    fn compared(
        &self,
        id: &'static str,
        title: (&str, &str),
        head: (&str, &str),
        none: (&str, &str),
        counted: &[Compared],
    ) -> Table {
        let none = self.pick(none.0, none.1);
        let rows = counted.iter().map(|one| {
            vec![
                Cell::Text(one.name.clone().unwrap_or_else(|| none.clone())),
                Cell::Count(one.tickets),
                Cell::Count(one.before),
            ]
        });
        Table {
            id,
            title: self.pick(title.0, title.1),
            head: self.head(&[
                head,
                ("Demandes", "Requests"),
                ("Période précédente", "Period before"),
            ]),
            rows: rows.collect(),
            note: None,
        }
    }

    fn categories(&self, figures: &Figures) -> Table {
        self.compared(
            "categories",
            ("Par catégorie", "By category"),
            ("Catégorie", "Category"),
            ("Sans catégorie", "No category"),
            &figures.categories,
        )
    }

    /// None where no site is known.
    fn sites(&self, figures: &Figures) -> Option<Table> {
        let table = self.compared(
            "sites",
            ("Par site", "By site"),
            ("Site", "Site"),
            ("Site inconnu", "Site unknown"),
            &figures.sites,
        );
        let note = self.pick(
            "Le site choisi dans le formulaire, sinon celui de la personne dans l'annuaire.",
            "The site chosen in the form, otherwise the person's in the directory.",
        );
        (!table.rows.is_empty()).then_some(Table {
            note: Some(note),
            ..table
        })
    }

    /// None where no application is counted, or named.
    fn applications(&self, figures: &Figures) -> Option<Table> {
        let table = self.compared(
            "applications",
            ("Par application", "By application"),
            ("Application", "Application"),
            ("", ""),
            &figures.applications,
        );
        let note = self.pick(
            "Les applications que l'objet ou le premier message nomme ; une demande qui en nomme deux compte dans les deux lignes.",
            "Applications that the subject or the first message names; a request that names two counts in both lines.",
        );
        (!table.rows.is_empty()).then_some(Table {
            note: Some(note),
            ..table
        })
    }

    fn proposals(&self, figures: &Figures) -> Table {
        let rows = figures.proposals.iter().map(|proposal| {
            vec![
                Cell::Text(proposal.words.clone()),
                Cell::Count(proposal.tickets),
            ]
        });
        Table {
            id: "proposals",
            title: self.pick("Catégories à envisager", "Categories to consider"),
            head: self.head(&[("Mots communs", "Words in common"), ("Demandes", "Requests")]),
            rows: rows.collect(),
            note: Some(self.pick(
                "Ce qui revient le plus dans « Autre problème » et parmi les demandes sans catégorie.",
                "What comes most often among requests of no described category.",
            )),
        }
    }

    /// None where nothing comes again.
    fn subjects(&self, figures: &Figures) -> Option<Table> {
        let rows = figures.subjects.iter().map(|subject| {
            vec![
                Cell::Text(subject.words.clone()),
                Cell::Text(subject.category.clone()),
                Cell::Count(subject.tickets),
            ]
        });
        (!figures.subjects.is_empty()).then(|| Table {
            id: "subjects",
            title: self.pick("Sujets qui reviennent", "Subjects that come again"),
            head: self.head(&[
                ("Mots communs", "Words in common"),
                ("Catégorie", "Category"),
                ("Demandes", "Requests"),
            ]),
            rows: rows.collect(),
            note: Some(self.pick(
                "Ce qui revient dans une même catégorie, sans les mots qui la désignent ; trois demandes au moins.",
                "What comes again within a category, without the words that it is known by; three requests at least.",
            )),
        })
    }

    fn channels(&self, figures: &Figures) -> Table {
        let [mail, page, phone, machine] = figures.channels;
        Table {
            id: "channels",
            title: self.pick("Par quelle voie", "By which way"),
            head: self.head(&[("Voie", "Way"), ("Demandes", "Requests")]),
            rows: vec![
                self.line("Courriel", "Mail", mail),
                self.line("Formulaire", "Form", page),
                self.line("Téléphone", "Phone", phone),
                self.line("Machine (supervision)", "Machine (monitoring)", machine),
            ],
            note: None,
        }
    }

    fn spread(&self, french: &str, english: &str, spread: Spread) -> Vec<Cell> {
        let minutes = |value: Option<u32>| value.map_or(Cell::None, Cell::Minutes);
        vec![
            Cell::Text(self.pick(french, english)),
            Cell::Count(spread.n),
            minutes(spread.median),
            minutes(spread.p90),
        ]
    }

    fn times(&self, figures: &Figures) -> Table {
        let [open, requester, third_party, paused] = figures.spent;
        Table {
            id: "times",
            title: self.pick("Délais, en heures ouvrées", "Times, in working hours"),
            head: self.head(&[
                ("Délai", "Time"),
                ("Demandes", "Requests"),
                ("Médiane", "Median"),
                ("9 sur 10 en moins de", "9 of 10 within"),
            ]),
            rows: vec![
                self.spread("Première réponse d'une personne", "First answer of a person", figures.first_answer),
                self.spread("Résolution", "Resolution", figures.resolution),
                self.spread("dont ouverte, à la charge du service", "of which open, for the desk to act", open),
                self.spread("dont en attente du demandeur", "of which waiting for the requester", requester),
                self.spread("dont en attente d'un tiers", "of which waiting for a third party", third_party),
                self.spread("dont en pause", "of which paused", paused),
            ],
            note: Some(self.pick(
                "Temps ouvré du calendrier de l'équipe. Les accusés automatiques ne sont pas des réponses ; un appel noté compte pour une réponse immédiate.",
                "Working time of the team's calendar. Automatic acknowledgements are no answers; a logged call counts as an immediate one.",
            )),
        }
    }

    fn marks(&self, figures: &Figures) -> Table {
        let row = |french: &str, english: &str, marked: Marked| {
            let mut row = vec![
                Cell::Text(self.pick(french, english)),
                Cell::Count(marked.n()),
                marked.mean().map_or(Cell::None, Cell::Mean),
            ];
            row.extend(marked.counts.map(Cell::Count));
            row
        };
        let [speed, answers] = figures.marks;
        let mut head = self.head(&[
            ("Note", "Mark"),
            ("Nombre", "Number"),
            ("Moyenne sur 5", "Mean of 5"),
        ]);
        head.extend((1..=5).map(|mark: u8| mark.to_string()));
        Table {
            id: "marks",
            title: self.pick("Notes des demandeurs", "Requesters' marks"),
            head,
            rows: vec![
                row("Durée", "Time", speed),
                row("Réponses", "Answers", answers),
            ],
            note: None,
        }
    }

    /// All of them, then service by service.
    fn by_service<const N: usize>(
        &self,
        all: [usize; N],
        services: &[(Option<String>, [usize; N])],
    ) -> Vec<Vec<Cell>> {
        let row = |name: String, numbers: [usize; N]| {
            let mut row = vec![Cell::Text(name)];
            row.extend(numbers.map(Cell::Count));
            row
        };
        let mut rows = vec![row(self.pick("Toutes", "All"), all)];
        let others = self.pick("Autres services ou inconnus", "Other services or unknown");
        let named = services.iter();
        rows.extend(
            named.map(|(name, numbers)| {
                row(name.clone().unwrap_or_else(|| others.clone()), *numbers)
            }),
        );
        rows
    }

    fn few(&self) -> Option<String> {
        Some(self.pick(
            "Par service, jamais par personne ; moins de cinq demandes : réunies.",
            "By service, never by person; fewer than five requests: taken together.",
        ))
    }

    fn judged(&self, figures: &Figures) -> Table {
        let all = [figures.opened, figures.reopened, figures.refused];
        Table {
            id: "judged",
            title: self.pick(
                "Réouvertures et refus, par service",
                "Opened again and refused, by service",
            ),
            head: self.head(&[
                ("Service", "Service"),
                ("Demandes", "Requests"),
                ("Rouvertes", "Opened again"),
                ("Solution refusée", "Solution refused"),
            ]),
            rows: self.by_service(all, &figures.judged),
            note: self.few(),
        }
    }

    fn urgent(&self, figures: &Figures) -> Table {
        Table {
            id: "urgent",
            title: self.pick(
                "Demandes URGENT, par service",
                "URGENT requests, by service",
            ),
            head: self.head(&[
                ("Service", "Service"),
                ("Déclarées", "Claimed"),
                ("Confirmées", "Confirmed"),
                ("Déclassées", "Lowered"),
                ("Contestées", "Disputed"),
            ]),
            rows: self.by_service(figures.claims, &figures.services),
            note: self.few(),
        }
    }

    fn technicians(&self, figures: &Figures) -> Option<Table> {
        let rows = figures.technicians.as_ref()?.iter().map(|one| {
            let minutes = |value: Option<u32>| value.map_or(Cell::None, Cell::Minutes);
            let marks = one.marks.unwrap_or_default();
            let mean = |marked: Marked| marked.mean().map_or(Cell::None, Cell::Mean);
            let [speed, answers] = marks;
            vec![
                Cell::Text(one.name.clone()),
                Cell::Count(one.resolved),
                minutes(one.first_answer.median),
                minutes(one.resolution.median),
                Cell::Count(one.reopened),
                one.marks.map_or(Cell::None, |_| Cell::Count(speed.n())),
                mean(speed),
                mean(answers),
            ]
        });
        Some(Table {
            id: "technicians",
            title: self.pick("Par technicien", "By technician"),
            head: self.head(&[
                ("Technicien", "Technician"),
                ("Résolues", "Resolved"),
                ("Première réponse (médiane)", "First answer (median)"),
                ("Résolution (médiane)", "Resolution (median)"),
                ("Rouvertes", "Opened again"),
                ("Notes reçues", "Marks given"),
                ("Durée", "Time"),
                ("Réponses", "Answers"),
            ]),
            rows: rows.collect(),
            note: Some(self.pick(
                "Réservé aux responsables. Moins de cinq demandes ou de cinq notes : rien n'est montré. La difficulté des demandes n'apparaît pas ici.",
                "For leads only. Fewer than five requests or five marks: nothing is shown. How hard the requests were does not appear here.",
            )),
        })
    }
}

/// All tables of the figures.
pub fn tables(figures: &Figures, language: &str) -> Vec<Table> {
    let writer = Writer { language };
    let mut tables = vec![
        writer.summary(figures),
        writer.volume(figures),
        writer.categories(figures),
        writer.proposals(figures),
    ];
    tables.extend(writer.subjects(figures));
    tables.extend(writer.sites(figures));
    tables.extend(writer.applications(figures));
    tables.extend([
        writer.channels(figures),
        writer.times(figures),
        writer.marks(figures),
        writer.judged(figures),
        writer.urgent(figures),
    ]);
    tables.extend(writer.technicians(figures));
    tables
}
