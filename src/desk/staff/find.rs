//! Whom a technician means: a colleague or a team, by what he wrote of the name.

use super::super::policy::{Policy, Team, Technician};
use super::super::words;
use crate::mail::text::fold_accents;

/// What was found of what was written.
pub enum Found<T> {
    One(T),
    /// Nobody or several; what to say.
    Refused(String),
}

/// The technician of that name, part of a name, or address. `me` is who writes.
pub fn technician<'a>(
    policy: &'a Policy,
    me: &'a Technician,
    written: &str,
) -> Found<&'a Technician> {
    let language = &me.language;
    if let Some(address) = super::super::command::address(written) {
        return match policy.technician(&address.address) {
            Some(technician) => Found::One(technician),
            None => Found::Refused(words::pick(
                language,
                format!("{} n'est l'adresse d'aucun technicien", address.address),
                format!("{} is no technician's address", address.address),
            )),
        };
    }
    if matches!(words_of(written).as_slice(), [one] if ["moi", "me", "myself"].contains(&one.as_str()))
    {
        return Found::One(me);
    }
    let named: Vec<(&Technician, &str)> = policy
        .technicians
        .iter()
        .map(|technician| (technician, technician.name.as_str()))
        .collect();
    one(named, written, language, |near| {
        words::pick(
            language,
            format!("aucun technicien ne s'appelle « {written} »{near}"),
            format!("no technician is called \"{written}\"{near}"),
        )
    })
}

/// The team with that id, name, or part of a name.
pub fn team<'a>(policy: &'a Policy, language: &str, written: &str) -> Found<&'a Team> {
    let folded = fold_accents(written.trim());
    if let Some(team) = policy.teams.iter().find(|team| team.id == folded) {
        return Found::One(team);
    }
    let named: Vec<(&Team, &str)> = policy
        .teams
        .iter()
        .map(|team| (team, team.name.as_str()))
        .collect();
    one(named, written, language, |near| {
        let ids: Vec<&str> = policy.teams.iter().map(|team| team.id.as_str()).collect();
        let ids = ids.join(", ");
        words::pick(
            language,
            format!("aucune équipe ne s'appelle « {written} »{near} ; équipes : {ids}"),
            format!("no team is called \"{written}\"{near}; teams: {ids}"),
        )
    })
}

/// The one that is meant: the whole name first, then every word the beginning of a word of the name.
fn one<T: Copy>(
    named: Vec<(T, &str)>,
    written: &str,
    language: &str,
    nobody: impl Fn(&str) -> String,
) -> Found<T> {
    let wanted = words_of(written);
    let whole: Vec<&(T, &str)> = named
        .iter()
        .filter(|(_, name)| words_of(name) == wanted)
        .collect();
    let mut candidates = whole;
    if candidates.is_empty() && !wanted.is_empty() {
        candidates = named
            .iter()
            .filter(|(_, name)| {
                let name = words_of(name);
                let begins =
                    |word: &String| name.iter().any(|part| part.starts_with(word.as_str()));
                wanted.iter().all(begins)
            })
            .collect();
    }
    match candidates.as_slice() {
        [(found, _)] => Found::One(*found),
        [] => {
            let near = nearest(&named, &wanted)
                .map(|name| {
                    words::pick(
                        language,
                        format!(" ; vouliez-vous dire {name} ?"),
                        format!("; did you mean {name}?"),
                    )
                })
                .unwrap_or_default();
            Found::Refused(nobody(&near))
        }
        several => {
            let names: Vec<&str> = several.iter().map(|(_, name)| *name).collect();
            let names = names.join(", ");
            Found::Refused(words::pick(
                language,
                format!("« {written} » peut être {names} : précisez"),
                format!("\"{written}\" may be {names}: say which"),
            ))
        }
    }
}

/// The name with a word within two changes of the one that was written.
fn nearest<'n, T>(named: &[(T, &'n str)], wanted: &[String]) -> Option<&'n str> {
    let distance = |name: &str| {
        let parts = words_of(name);
        let pairs = parts
            .iter()
            .flat_map(|part| wanted.iter().map(move |word| (part, word)))
            .filter(|(_, word)| word.chars().count() > 2);
        pairs
            .map(|(part, word)| strsim::damerau_levenshtein(part, word))
            .min()
    };
    named
        .iter()
        .filter_map(|(_, name)| Some((distance(name)?, *name)))
        .filter(|(distance, _)| *distance <= 2)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

fn words_of(name: &str) -> Vec<String> {
    fold_accents(name)
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named() -> Vec<(usize, &'static str)> {
        vec![
            (0, "Camille Martin"),
            (1, "Karim Benali"),
            (2, "Maëlle Martin-Le Goff"),
        ]
    }

    fn found(written: &str) -> Result<usize, String> {
        match one(named(), written, "fr", |near| format!("personne{near}")) {
            Found::One(found) => Ok(found),
            Found::Refused(why) => Err(why),
        }
    }

    #[test]
    fn a_part_of_a_name_is_enough_when_it_is_one_persons() {
        for (written, expected) in [
            ("benali", 1),
            ("Karim B.", 1),
            ("CAMILLE MARTIN", 0),
            ("camille", 0),
            ("maelle", 2),
            ("le goff", 2),
            ("martin-le", 2),
        ] {
            assert_eq!(found(written), Ok(expected), "{written}");
        }
        assert_eq!(
            found("martin"),
            Err("« martin » peut être Camille Martin, Maëlle Martin-Le Goff : précisez".to_owned())
        );
        assert_eq!(
            found("bennali"),
            Err("personne ; vouliez-vous dire Karim Benali ?".to_owned())
        );
        assert_eq!(found("dupont"), Err("personne".to_owned()));
        assert_eq!(found("…"), Err("personne".to_owned()));
    }
}
