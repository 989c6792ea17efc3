//! `[[services]]`: who of a service reads its requests (row H5).

use super::compile::{checked_address, list};
use super::reading::Reading;
use super::written::Config;
use crate::desk::directory::name_key;
use crate::desk::policy::Readers;

/// The services that opted in, in order.
pub fn services(reading: &mut Reading, config: &Config) -> Vec<Readers> {
    let mut services: Vec<Readers> = Vec::new();
    for (index, written) in config.services.iter().enumerate() {
        let at = format!("services[{index}]");
        let name = written.name.as_deref().map(str::trim).unwrap_or_default();
        if name_key(name).is_empty() {
            let path = format!("{at}.name");
            reading.missing(
                &path,
                "name is missing: that of the service as the directory writes it",
            );
        } else if services.iter().any(|other| other.is_of(name)) {
            reading.wrong(
                &format!("{at}.name"),
                format!("a second service \"{name}\""),
            );
        }
        let path = format!("{at}.readers");
        let written = list(written.readers.as_ref());
        if written.is_empty() {
            reading.missing(
                &path,
                "readers is missing: the addresses of those who may read the service's requests",
            );
        }
        let addresses = written
            .iter()
            .filter_map(|address| checked_address(reading, &path, Some(address)));
        services.push(Readers {
            service: name.to_owned(),
            addresses: addresses.map(|address| address.to_lowercase()).collect(),
        });
    }
    if !services.is_empty() && config.directory.is_none() {
        reading.wrong(
            "services",
            "without directory nobody is known to be of a service".to_owned(),
        );
    }
    services
}
