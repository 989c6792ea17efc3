//! Who people are (rows B14, H4, H6): the directory of the institution, as read. One person may have
//! several addresses. Pure; the file is read by `config`.

use std::collections::BTreeMap;

use crate::mail::text::fold_accents;
use crate::mail::{Address, Digest};

/// One person of the directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Addresses, folded; the first is the main one.
    pub addresses: Vec<String>,
    /// Name as printed.
    pub name: Option<String>,
    /// Phone.
    pub phone: Option<String>,
    /// Site.
    pub site: Option<String>,
    /// Service.
    pub service: Option<String>,
    /// `fr`, `en`.
    pub language: Option<String>,
}

impl Entry {
    /// Name and main address.
    pub fn who(&self) -> Address {
        Address {
            name: self.name.clone(),
            address: self.addresses.first().cloned().unwrap_or_default(),
        }
    }
}

/// The people that the institution knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory {
    entries: Vec<Entry>,
    by_address: BTreeMap<String, usize>,
    /// Words of the name in alphabetical order, for « DUPONT Jeanne » is « Jeanne Dupont ».
    by_name: BTreeMap<String, Vec<usize>>,
    /// See [`Directory::places`].
    places: String,
}

impl Directory {
    /// Of these people; an address belongs to the first who has it.
    pub fn new(entries: Vec<Entry>) -> Self {
        let mut directory = Self::default();
        for (index, entry) in entries.iter().enumerate() {
            for address in &entry.addresses {
                directory.by_address.entry(folded(address)).or_insert(index);
            }
            if let Some(name) = &entry.name {
                directory
                    .by_name
                    .entry(name_key(name))
                    .or_default()
                    .push(index);
            }
        }
        directory.entries = entries;
        let place = |index: &usize| {
            let entry = directory.entries.get(*index)?;
            let place = (entry.service.as_deref(), entry.site.as_deref());
            (place != (None, None)).then_some(place)
        };
        let places = directory.by_address.iter();
        let places: Vec<_> = places
            .filter_map(|(address, index)| Some((address, place(index)?)))
            .collect();
        directory.places = Digest::of(format!("{places:?}").as_bytes()).to_string();
        directory
    }

    /// Names who works for which service and where: the same as long as nobody changes.
    pub fn places(&self) -> &str {
        &self.places
    }

    /// How many people it knows.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// It knows nobody.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The person with this address.
    pub fn entry(&self, address: &str) -> Option<&Entry> {
        self.entries.get(*self.by_address.get(&folded(address))?)
    }

    /// The only person of this name; nobody when two are called so.
    pub fn named(&self, name: &str) -> Option<&Entry> {
        match self.by_name.get(&name_key(name))?.as_slice() {
            [one] => self.entries.get(*one),
            _ => None,
        }
    }

    /// Every address of the people of a service, folded.
    pub fn addresses_of_service(&self, service: &str) -> Vec<String> {
        let key = name_key(service);
        let of_it = |entry: &&Entry| entry.service.as_deref().map(name_key).as_ref() == Some(&key);
        let people = self.entries.iter().filter(of_it);
        people
            .flat_map(|entry| entry.addresses.iter().map(|address| folded(address)))
            .collect()
    }

    /// Both are addresses of one person.
    pub fn is_same(&self, one: &str, other: &str) -> bool {
        let (one, other) = (folded(one), folded(other));
        !one.is_empty()
            && (one == other
                || self
                    .by_address
                    .get(&one)
                    .is_some_and(|index| self.by_address.get(&other) == Some(index)))
    }

    /// Every address of the person with this one, folded; at least this one.
    pub fn addresses_of(&self, address: &str) -> Vec<String> {
        match self.entry(address) {
            Some(entry) => entry.addresses.iter().map(|own| folded(own)).collect(),
            None => vec![folded(address)],
        }
    }
}

/// How addresses are compared.
fn folded(address: &str) -> String {
    address.trim().to_lowercase()
}

/// How names are compared: words without accents and case, in any order.
pub fn name_key(name: &str) -> String {
    let folded = fold_accents(name);
    let mut words: Vec<&str> = folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    words.sort_unstable();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> Directory {
        let entry = |name: &str, addresses: &[&str]| Entry {
            addresses: addresses.iter().map(|own| (*own).to_owned()).collect(),
            name: Some(name.to_owned()),
            ..Entry::default()
        };
        Directory::new(vec![
            entry(
                "Jeanne Dupont",
                &["jeanne.dupont@example.org", "jdupont@example.org"],
            ),
            entry("Paul Martin", &["paul.martin@example.org"]),
            entry("Paul MARTIN", &["pmartin@example.org"]),
        ])
    }

    #[test]
    fn one_person_has_several_addresses() {
        let directory = directory();
        assert!(directory.is_same("JDupont@example.org", "jeanne.dupont@example.org"));
        assert!(!directory.is_same("paul.martin@example.org", "pmartin@example.org"));
        assert!(!directory.is_same("", ""));
        assert_eq!(
            directory.addresses_of("jdupont@example.org"),
            ["jeanne.dupont@example.org", "jdupont@example.org"]
        );
        assert_eq!(directory.addresses_of("x@y"), ["x@y"]);
    }

    #[test]
    fn a_name_finds_one_person_or_nobody() {
        let directory = directory();
        let found = directory.named("DUPONT Jeanne").expect("the only one");
        assert_eq!(found.who().address, "jeanne.dupont@example.org");
        assert_eq!(directory.named("Paul Martin"), None);
        assert_eq!(directory.named("Jeanne"), None);
    }
}
