//! Figures of a month as the parts of a mail: what a manager reads in two minutes. Figures of single
//! technicians are never among them: a mail is passed on, the page is not.

use super::{Cell, Compared, Figures, Marked, Spread};
use crate::desk::words::pick;
use crate::desk::{Row, Section};

/// Categories and sites named; the others together.
const NAMED: usize = 10;

/// The parts that have something to say.
pub fn sections(figures: &Figures, language: &str) -> Vec<Section> {
    let writer = Writer { language };
    let all = [
        writer.volumes(figures),
        writer.times(figures),
        writer.opinions(figures),
        writer.urgent(figures),
        writer.categories(figures),
        writer.proposals(figures),
        writer.subjects(figures),
        writer.sites(figures),
        writer.applications(figures),
    ];
    let said = all.into_iter().filter(|section| !section.rows.is_empty());
    said.collect()
}

struct Writer<'a> {
    language: &'a str,
}

impl Writer<'_> {
    fn pick(&self, french: &str, english: &str) -> String {
        pick(self.language, french, english)
    }

    fn row(&self, french: &str, english: &str, value: impl ToString) -> Row {
        Row {
            label: self.pick(french, english),
            value: value.to_string(),
            link: None,
        }
    }

    /// « 42 (36 le mois précédent) ».
    fn compared(&self, now: usize, before: usize) -> String {
        pick(
            self.language,
            format!("{now} ({before} le mois précédent)"),
            format!("{now} ({before} the month before)"),
        )
    }

    fn volumes(&self, figures: &Figures) -> Section {
        let opened = self.compared(figures.opened, figures.opened_before);
        let mut rows = vec![self.row("Demandes reçues", "Requests", opened)];
        if figures.suggestions > 0 {
            let suggestions = figures.suggestions;
            rows.push(self.row("dont suggestions", "of which suggestions", suggestions));
        }
        rows.extend([
            self.row(
                "Résolues ou closes à ce jour",
                "Resolved or closed by now",
                figures.resolved,
            ),
            self.row("Rouvertes", "Opened again", figures.reopened),
            self.row("Solution refusée", "Solution refused", figures.refused),
        ]);
        Section {
            title: self.pick("En bref", "In brief"),
            rows,
            note: None,
        }
    }

    fn times(&self, figures: &Figures) -> Section {
        let mut rows = Vec::new();
        for (label, spread) in [
            (
                self.pick(
                    "Première réponse d'une personne",
                    "First answer of a person",
                ),
                figures.first_answer,
            ),
            (self.pick("Résolution", "Resolution"), figures.resolution),
        ] {
            rows.extend(self.spread(spread).map(|value| Row {
                label,
                value,
                link: None,
            }));
        }
        Section {
            title: self.pick("Délais", "Times"),
            rows,
            note: Some(self.pick(
                "En heures ouvrées du service ; les suggestions et les machines n'y comptent pas.",
                "In working hours of the team; suggestions and machines do not count.",
            )),
        }
    }

    /// « médiane 1 h 20, 9 sur 10 en moins de 6 h 00 (38 demandes) ».
    fn spread(&self, spread: Spread) -> Option<String> {
        let shown = |minutes| Cell::Minutes(minutes).shown(self.language);
        let (median, p90, n) = (shown(spread.median?), shown(spread.p90?), spread.n);
        Some(match n {
            1 => pick(
                self.language,
                format!("{median} (1 demande)"),
                format!("{median} (1 request)"),
            ),
            _ => pick(
                self.language,
                format!("médiane {median}, 9 sur 10 en moins de {p90} ({n} demandes)"),
                format!("median {median}, 9 of 10 within {p90} ({n} requests)"),
            ),
        })
    }

    fn opinions(&self, figures: &Figures) -> Section {
        let [speed, answers] = figures.marks;
        let mut rows = Vec::new();
        for (label, marked) in [
            (self.pick("Durée", "Time"), speed),
            (self.pick("Réponses", "Answers"), answers),
        ] {
            rows.extend(self.mean(marked).map(|value| Row {
                label,
                value,
                link: None,
            }));
        }
        Section {
            title: self.pick("Notes des demandeurs", "Requesters' marks"),
            rows,
            note: None,
        }
    }

    /// « 4,2 sur 5 (7 notes) ».
    fn mean(&self, marked: Marked) -> Option<String> {
        let mean = Cell::Mean(marked.mean()?).shown(self.language);
        Some(match marked.n() {
            1 => pick(
                self.language,
                format!("{mean} sur 5 (1 note)"),
                format!("{mean} of 5 (1 mark)"),
            ),
            n => pick(
                self.language,
                format!("{mean} sur 5 ({n} notes)"),
                format!("{mean} of 5 ({n} marks)"),
            ),
        })
    }

    fn urgent(&self, figures: &Figures) -> Section {
        let [claimed, confirmed, lowered, disputed] = figures.claims;
        let rows = match claimed {
            0 => Vec::new(),
            _ => vec![
                self.row("Déclarées", "Claimed", claimed),
                self.row("Confirmées", "Confirmed", confirmed),
                self.row("Déclassées", "Lowered", lowered),
                self.row("Contestées", "Disputed", disputed),
            ],
        };
        Section {
            title: self.pick("Demandes URGENT", "URGENT requests"),
            rows,
            note: None,
        }
    }

    /// The largest, each beside the month before, and the others together.
    fn ranked(&self, title: String, none: &str, others: &str, counted: &[Compared]) -> Section {
        let had = counted.iter().filter(|one| one.tickets > 0);
        let (shown, rest): (Vec<_>, Vec<_>) = had.enumerate().partition(|(at, _)| *at < NAMED);
        let row = |label: &str, tickets, before| Row {
            label: label.to_owned(),
            value: self.compared(tickets, before),
            link: None,
        };
        let shown = shown.into_iter();
        let mut rows: Vec<Row> = shown
            .map(|(_, one)| row(one.name.as_deref().unwrap_or(none), one.tickets, one.before))
            .collect();
        if !rest.is_empty() {
            let tickets = rest.iter().map(|(_, one)| one.tickets).sum();
            let before = rest.iter().map(|(_, one)| one.before).sum();
            rows.push(row(others, tickets, before));
        }
        Section {
            title,
            rows,
            note: None,
        }
    }

    fn categories(&self, figures: &Figures) -> Section {
        self.ranked(
            self.pick("Par catégorie", "By category"),
            &self.pick("Sans catégorie", "No category"),
            &self.pick("Autres catégories", "Other categories"),
            &figures.categories,
        )
    }

    fn sites(&self, figures: &Figures) -> Section {
        self.ranked(
            self.pick("Par site", "By site"),
            &self.pick("Site inconnu", "Site unknown"),
            &self.pick("Autres sites", "Other sites"),
            &figures.sites,
        )
    }

    /// Not the others together: a request may name several.
    fn applications(&self, figures: &Figures) -> Section {
        let most = figures.applications.iter().take(NAMED);
        let most: Vec<Compared> = most.cloned().collect();
        self.ranked(
            self.pick("Applications les plus citées", "Applications named most"),
            "",
            "",
            &most,
        )
    }

    /// A pile has three of them at least.
    fn requests(&self, tickets: usize) -> String {
        pick(
            self.language,
            format!("{tickets} demandes"),
            format!("{tickets} requests"),
        )
    }

    fn subjects(&self, figures: &Figures) -> Section {
        let rows = figures.subjects.iter().map(|subject| Row {
            label: format!("{} – {}", subject.category, subject.words),
            value: self.requests(subject.tickets),
            link: None,
        });
        Section {
            title: self.pick("Sujets qui reviennent", "Subjects that come again"),
            rows: rows.collect(),
            note: Some(self.pick(
                "Ce qui revient dans une même catégorie, sans les mots qui la désignent.",
                "What comes again within a category, without the words that it is known by.",
            )),
        }
    }

    fn proposals(&self, figures: &Figures) -> Section {
        let rows = figures.proposals.iter().map(|proposal| Row {
            label: proposal.words.clone(),
            value: self.requests(proposal.tickets),
            link: None,
        });
        Section {
            title: self.pick("Catégories à envisager", "Categories to consider"),
            rows: rows.collect(),
            note: Some(self.pick(
                "Les mots qui reviennent le plus dans « Autre problème » et parmi les demandes sans catégorie.",
                "The words that come most often among requests of no described category.",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(name: Option<&str>, tickets: usize) -> Compared {
        Compared {
            name: name.map(str::to_owned),
            tickets,
            before: 1,
        }
    }

    #[test]
    fn sites_are_ranked_and_the_small_ones_together() {
        let mut sites: Vec<Compared> = (0..NAMED + 2)
            .map(|number| compared(Some(&format!("Campus {number}")), 20 - number))
            .collect();
        sites.insert(1, compared(None, 19));
        let figures = Figures {
            sites,
            applications: vec![compared(Some("Moodle"), 2), compared(Some("Zimbra"), 0)],
            ..Figures::default()
        };
        let section = |language: &str, title: &str| {
            let mut all = sections(&figures, language).into_iter();
            let section = all.find(|section| section.title == title);
            let rows = section.expect("it is said").rows.into_iter();
            rows.map(|row| format!("{} : {}", row.label, row.value))
                .collect::<Vec<_>>()
        };
        let sites = section("fr", "Par site");
        assert_eq!(sites.len(), NAMED + 1);
        assert_eq!(sites[1], "Site inconnu : 19 (1 le mois précédent)");
        assert_eq!(sites[NAMED], "Autres sites : 30 (3 le mois précédent)");
        assert_eq!(
            section("en", "Applications named most"),
            ["Moodle : 2 (1 the month before)"]
        );
        let none = sections(&Figures::default(), "fr");
        assert!(!none.iter().any(|section| section.title == "Par site"));
    }
}
