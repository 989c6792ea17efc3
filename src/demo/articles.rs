//! The articles of the demo: those of `fixtures/knowledge`, written into its folder.

use std::path::Path;

use anyhow::{Context, Result};

macro_rules! articles {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_bytes!(concat!("../../fixtures/knowledge/", $path)))),*]
    };
}

/// Path in the folder, and bytes.
const FILES: &[(&str, &[u8])] = articles![
    "comptes/compte-bloque.md",
    "comptes/double-authentification.md",
    "comptes/mot-de-passe.md",
    "english/password.md",
    "english/wifi.md",
    "impression/bourrage.md",
    "impression/numeriser.md",
    "interne/accueil-nouvel-arrivant.md",
    "interne/serveurs-impression.md",
    "messagerie/boite-pleine.md",
    "notes/demandes-informatiques.md",
    "postes/lecteur-reseau.md",
    "reseau/images/vpn-connecte.png",
    "reseau/vpn-en-une-page.pdf",
    "reseau/vpn.md",
    "reseau/wifi.md",
];

/// Writes them.
///
/// # Errors
/// When the folder cannot be written.
pub fn write(folder: &Path) -> Result<()> {
    for (path, bytes) in FILES {
        let path = folder.join(path);
        let parent = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent)
            .and_then(|()| std::fs::write(&path, bytes))
            .with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}
