//! Phrases that end or surround what a person writes: closing formulas, « Envoyé de mon iPhone »,
//! disclaimers, postscripts, warnings of gateways. What is cut because of them belongs to
//! `signature`.

use super::line::Line;
use super::words::{fold, is_longer};
use crate::mail::pattern::regex;

/// Whether a line is nothing but a closing formula (« Cordialement, », « Merci, »).
pub fn is_closing(text: &str) -> bool {
    closing(text, &fold(text)).is_some()
}

regex!(
    EXTERNAL,
    concat!(
        r"^\W*(?:attention|avertissement|prudence|alerte|caution|warning|achtung|external|externe|",
        r"mail externe|message externe|ce (?:mail|message|courriel|e-?mail)|cet e-?mail|",
        r"this (?:e-?mail|message))\b.{0,80}\b(?:exterieur|externe|external|outside|extern)\b",
    )
);
regex!(
    SENDER,
    concat!(
        r"\b(?:provient|provenant|vient d|emane|envoye|expediteur|originated|originates|came|",
        r"comes|sent|sender|outside|organi[sz]ation|stammt)",
    )
);
regex!(
    UNUSUAL,
    concat!(
        r"^(?:vous n'obtenez pas souvent d'e-?mail|vous ne recevez pas souvent de (?:courriers?|",
        r"messages?|e-?mails?)|you don't often get email from|sie erhalten nicht (?:oft|",
        r"haufig) e-?mails? von)",
    )
);
regex!(
    ADVICE,
    concat!(
        r"^(?:ne (?:pas )?cliqu|n'ouvr|soyez|merci d'etre|veillez|verifiez|do not (?:click|open)|",
        r"don't click|be (?:careful|cautious)|please (?:be|exercise)|klicken sie nicht|offnen sie)",
    )
);

/// What a closing line is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Closing {
    /// « Cordialement, ».
    Formula,
    /// « Merci, »: an end when a name follows, and words that count.
    Thanks,
}

regex!(
    FORMULA,
    concat!(
        r"^(?:(?:bien |tres |avec mes |mes |nos |sincerely |sinceres |cordiales? |meilleures |",
        r"respectueuses |amicales )*(?:cordialement|cordialemnt|cordialement votre|b?c?dlt|b?cdt|crdlt|cord|",
        r"(?:je |nous )?(?:rest(?:e|ons|ant)|(?:me tiens|nous tenons|tenant)).{0,20} a (?:votre|ta) ",
        r"(?:entiere )?disposition.{0,80}|\w{5,}ment votre|a (?:tres )?bientot|au plaisir.{0,40}|a plus(?: tard)?|",
        r"chaleureusement|confraternellement|sportivement|solidairement|fraternellement|",
        r"cordially|salutations|salutations (?:distinguees|cordiales|respectueuses|",
        r"les meilleures)|sincerement(?: votre)?|amicalement|respectueusement|bien a (?:vous|toi)|a vous|bav|",
        r"amities|bises)|(?:(?:je|nous) (?:vous|te) souhait(?:e|ons) |passez |",
        r"(?:tout )?en vous souhaitant |vous en souhaitant )?(?:une? )?(?:tres |toute )?(?:bonne|belle|excellente|agreable|bon|",
        r"bel|excellent) (?:fin de )?(?:journee|soiree|semaine|week-?end|apres-?midi|reception|",
        r"continuation|weekend)(?: (?:a|et) [^.?]{1,30})?|(?:je vous (?:prie|souhaite)|veuillez|",
        r"nous vous prions) (?:d'agreer|agreer|recevoir|une (?:bonne|excellente|belle)|",
        r"de (?:croire|recevoir)).{0,120}|dans l'attente de (?:votre|ton|vous).{0,60}|",
        r"(?:with )?(?:my |our )?(?:(?:very )?best|kind|kindest|warm|warmest|many)? ?(?:regards|wishes)|",
        r"best|rgds|brgds|br|kr|(?:yours )?(?:sincerely|faithfully|truly|respectfully)(?: yours)?|",
        r"yours|cheers|all the best|take care|warmly|have a (?:nice|good|great) (?:day|evening|",
        r"week-?end)|(?:mit )?(?:freundlichen?|besten?|vielen?|lieben?|schonen?|",
        r"herzlichen?) grussen?(?: (?:aus|vom) \p{L}+)?|hochachtungsvoll|mfg|lg|vg|gruss|grusse|(?:un |saludos |",
        r"muchos )?(?:cordial )?saludos?(?: cordiales)?|atentamente|cordialmente|(?:cordiali|",
        r"distinti|cari)? ?saluti|(?:met )?(?:vriendelijke|hartelijke|beste) groet(?:en)?|mvg|",
        r"groet(?:en|jes)?|(?:melhores |os meus |com os melhores )?cumprimentos|atenciosamente|",
        r"(?:med )?vanliga halsningar|(?:med )?vennlig hilsen|mvh|pozdrawiam|z powazaniem)$",
    )
);
regex!(
    THANKS,
    concat!(
        r"^(?:(?:d'avance |par avance |(?:bonne|belle) (?:journee|soiree) et )?(?:un grand |mille |encore |grand )?merci(?: beaucoup| bien| infiniment| encore|",
        r" a vous| a toi| d'avance| par avance| de votre (?:aide|retour|reponse|attention|",
        r"comprehension)| pour votre (?:aide|retour|reponse|comprehension))*|(?:many |",
        r"with )?(?:thanks|thank you|thx)(?: again| a lot| so much| very much| in advance|",
        r" for your help)*|(?:vielen |besten |herzlichen )?dank(?:e)?(?: im voraus)?|",
        r"(?:muchas )?gracias|grazie(?: mille)?|(?:hartelijk )?(?:dank|bedankt)(?: alvast)?|",
        r"obrigad[oa])(?:(?: et|,| and)? (?:bien )?(?:cordialement|cdlt|bonne (?:journee|soiree)|",
        r"best regards|regards))?$",
    )
);
regex!(
    NAMED,
    r"^(.{2,40}?)\s*[,.;!]\s*(\p{Lu}[\p{L}.'’\-]*(?:\s\p{Lu}[\p{L}.'’\-]*){0,3})\s*[.,]?$"
);

/// Whether a whole text, given with its folded form, is a closing formula, perhaps with a name
/// after the comma.
pub(super) fn closing(text: &str, folded: &str) -> Option<Closing> {
    if is_longer(text, 160) {
        return None;
    }
    let bare = folded.trim_matches(|c: char| !c.is_alphanumeric());
    if let Some(closing) = formula(bare) {
        return Some(closing);
    }
    let last = text
        .trim_end_matches(|c: char| matches!(c, '.' | ',') || c.is_whitespace())
        .rsplit(char::is_whitespace)
        .next()?;
    if !last.contains(char::is_uppercase) {
        return None;
    }
    let named = NAMED.captures(text)?;
    let start = fold(named.get(1)?.as_str());
    // « Merci, Jean » is short and says something: it stays.
    formula(start.trim_matches(|c: char| !c.is_alphanumeric()))
        .filter(|closing| *closing == Closing::Formula)
}

fn formula(bare: &str) -> Option<Closing> {
    if FORMULA.is_match(bare) {
        Some(Closing::Formula)
    } else if THANKS.is_match(bare) {
        Some(Closing::Thanks)
    } else {
        None
    }
}

regex!(
    SENT_FROM,
    concat!(
        r"^(?:envoye (?:de|depuis|a partir d[eu]|via|avec|a l'aide de)\b|envoye (?:a partir d|",
        r"depuis l|avec l)'|(?:e-?mail |message )?envoye (?:de|depuis|a partir de|via) (?:mon|ma|",
        r"l'app|un|le)\b|sent (?:from|via|with|using) (?:my |an? |the )?|get (?:the )?outlook for|",
        r"(?:obtenir|obtenez|telecharge[rz]) outlook (?:pour|sur)|(?:obtenir|obtenez|",
        r"telecharge[rz]|get) (?:the |l'application )?[\w-]{3,20}(?: mail)? (?:pour|sur|for|fur) ",
        r"(?:android|ios|iphone|ipad|mobile)\b|provenance ?: ?courrier|von meinem|",
        r"gesendet (?:von|mit|uber|aus)\b|inviato (?:da|",
        r"dal|tramite)\b|enviado (?:desde|do|a partir d|via|con)\b|verzonden (?:vanaf|van|met|",
        r"via)\b|verstuurd (?:vanaf|van)\b|(?:securise|chiffre|protege) (?:avec|par)\b|(?:secured|encrypted) (?:with|by)\b|gesichert mit\b|skickat fran|sendt fra|wyslane? z\b|lahetetty )",
    )
);
regex!(
    DEVICE,
    concat!(
        r"\b(?:iphone|ipad|ipod|android|samsung|galaxy|huawei|xiaomi|redmi|oppo|oneplus|pixel|",
        r"wiko|nokia|htc|motorola|honor|blackberry|windows|outlook|mail|yahoo|gmail|orange|free|",
        r"sfr|bouygues|laposte|proton\w*|smartphone|mobile|telephone|portable|ordiphone|tablette|tablet|",
        r"phone|mobil\w*|handy|telefono|cellulare|telefoon|telemovel|celular|courrier|courriel|",
        r"app|application|device|appareil|terminal|thunderbird|spark|typeapp|bluemail|aquamail|",
        r"k-9|wifi|bigpond|appareil mobile|zimbra|mobilni\w*)\b",
    )
);

// « Sécurisé avec Tuta Mail : », and the address of the advertised page below.
regex!(
    SECURED,
    r"^(?:securise|chiffre|protege|secured|encrypted|gesichert) .{2,30}\bmail$"
);
// « Envoyé de mon Fairphone »: whose it is says enough. "My desk" and « mon domicile » are places.
regex!(
    MY_THING,
    concat!(
        r"^(?:sent (?:from|with|via) my|envoye (?:de|depuis|avec|via) (?:mon|ma)|enviado (?:desde mi|do meu)|",
        r"inviato dal mio|verzonden vanaf mijn) (?:\w+[- ]?){1,4}$",
    )
);
regex!(
    ADVERTISED,
    concat!(
        r"^(?:sent|envoye|gesendet|enviado|inviato|verzonden|skickat) (?:with|from|via|using|avec|depuis|par|",
        r"mit|von|uber|con|desde|com|tramite|da|met|vanaf|med) [\w.]+(?: [\w.]+)?(?: (?:pour|for|fur|para|per|",
        r"voor) \w+)?(?: \(?https?:.*)?$",
    )
);
// "Yahoo Mail: Search, Organize, Conquer": a product and three words for it.
regex!(
    SLOGAN,
    r"^\w[\w.]{2,12} mail ?: ?(?:[\w'-]+, ?){2}(?:and |et |und |y |e )?[\w'-]+$"
);

regex!(
    EXCUSE,
    concat!(
        r"[,.;:!(\-]* (?:merci d'|veuillez |please |pardon|desole|sorry |apologies |bitte |",
        r"entschuldig|so please )[^?]{0,40}\b(?:excuse[rz]?|brievete|fautes?|frappe|orthographe|brevity|",
        r"typos?|terse\w*|errors|kurze|tippfehler)\b",
    )
);

// How the two above begin.
regex!(
    ADVERTISES,
    r"^(?:(?:sent|envoye|gesendet|enviado|inviato|verzonden|skickat) |\w[\w.]{2,12} mail)"
);

/// « Envoyé de mon iPhone » and what others add.
pub(super) fn is_sent_from(line: &Line) -> bool {
    let original = line.head();
    if is_longer(original, 200) {
        return false;
    }
    // The address of an advertised page does not count.
    let (text, before_address);
    let folded = match original.split_once('<') {
        Some((before, _)) => {
            text = before;
            before_address = fold(before);
            before_address.as_str()
        }
        None => {
            text = original;
            line.folded()
        }
    };
    // How each of the forms below begins.
    let start = folded.trim_start_matches(|c: char| !c.is_alphanumeric());
    if !SENT_FROM.is_match(start) && !ADVERTISES.is_match(start) {
        return false;
    }
    // « …, veuillez excuser ma brièveté » goes with it.
    let (folded, is_excused) = match EXCUSE.find(folded) {
        Some(found) => (folded.get(..found.start()).unwrap_or_default(), true),
        None => (folded, false),
    };
    let folded = folded.trim_matches(|c: char| !c.is_alphanumeric());
    if SLOGAN.is_match(folded) {
        return true;
    }
    // "Sent with Canary <https://…>": a product that nobody knows, and where to get it.
    if ADVERTISED.is_match(folded) && original.contains("http") {
        return true;
    }
    if folded.chars().count() > 70 || !SENT_FROM.is_match(folded) {
        return false;
    }
    // "Sent from my desk, is much easier": a sentence.
    let words = folded.split(' ').count();
    let is_sentence = folded.contains(", ")
        || text.trim_end().ends_with('?')
        || text.trim_end().ends_with(':') && !SECURED.is_match(folded);
    let names_device = DEVICE.is_match(folded);
    let is_bare = MY_THING.is_match(folded) && words <= 6 && !text.ends_with('.');
    !is_sentence && words <= 9 && (names_device || is_bare || is_excused)
}

regex!(
    DISCLAIMER,
    concat!(
        r"^(?:ce (?:message|courriel|mail|e-?mail|courrier electronique)(?: electronique)?(?:,|",
        r" et| est| contient| peut| ainsi| a ete| ne| \()|(?:les|",
        r"l')\s?informations? (?:contenues?|transmises?|figurant) dans|le contenu de ce|",
        r"l'integrite de ce|l'absence de virus|si vous (?:n'etes pas|avez recu ce|recevez ce)|",
        r"toute (?:utilisation|diffusion|publication|copie|modification)|",
        r"afin de respecter l'environnement|(?:avis de |clause de )?confidentialite|avertissement|",
        r"this (?:e-?mail|message|communication|email message|transmission)(?: and|,| is| may|",
        r" contains| \(| has)|the (?:information|content|contents) (?:contained |",
        r"transmitted )?(?:in|of) this|if you (?:are not the|have received this)|",
        r"confidentiality (?:notice|warning)|disclaimer|diese (?:e-?mail|nachricht)|",
        r"der inhalt dieser|este (?:correo|mensaje|e-?mail)|esta (?:mensagem|comunicacion)|",
        r"questo (?:messaggio|e-?mail)|le informazioni contenute|il (?:presente messaggio|",
        r"contenuto)|dit (?:bericht|e-?mail)|deze e-?mail|(?:please )?consider the environment|",
        r"(?:before|think before you|(?:please )?(?:do not|don't|avoid)) print|(?:merci de |pensez|pensons|",
        r"s'il vous plait).{0,30}environnement|(?:avant d'imprimer|n'imprimez|imprime[rz]).{0,60}|",
        r"adoptez l'eco|cet? (?:e-?mail|courrier) a ete (?:verifie|analyse)|",
        r"(?:garanti )?sans virus|virus-?free|l'antivirus|avast|this email has been (?:checked|",
        r"scanned))",
    )
);
regex!(
    ENVIRONMENT,
    r"environ|virus|imprim|print\b|avast|confidentialit|disclaimer"
);
regex!(
    LEGAL,
    concat!(
        r"confidenti|destinataire|destinee?s? (?:uniquement|exclusivement)|a l'attention exclusive|addressee|recipient|intended|privileg|virus|environ|imprim|print|",
        r"responsab|liab|vertraulich|empfanger|destinatari|riservat|vertrouwelijk|geadresseerde|",
        r"erreur|en error|delete|detrui|supprim|avast|integrite|altere|secret|usage exclusif|",
        r"exclusi|unauthori|non autoris|legal",
    )
);

/// A legal, environmental or antivirus footer.
pub(super) fn is_disclaimer(line: &Line) -> bool {
    let text = line.head();
    let count = text.chars().count();
    if count < 12 {
        return false;
    }
    let folded = line
        .folded()
        .trim_start_matches(|c: char| !c.is_alphanumeric());
    // The tree of Webdings is a letter for everybody else.
    let folded = folded.strip_prefix("p ").map_or(folded, |rest| {
        rest.trim_start_matches(|c: char| !c.is_alphanumeric())
    });
    DISCLAIMER.is_match(folded)
        && (LEGAL.is_match(folded) && count >= 50 || ENVIRONMENT.is_match(folded) && count <= 200)
        && !text.ends_with('?')
}

regex!(
    POSTSCRIPT,
    r"^(?:p\.? ?s\.?(?: ?:|\b)|n\.? ?b\.?(?: ?:|\b)|note ?:|post-?scriptum)"
);

/// « PS : … ».
pub(super) fn is_postscript(line: &Line) -> bool {
    POSTSCRIPT.is_match(line.folded())
}

/// A warning that a gateway or a client puts above a text: « Ce message provient de l'extérieur ».
pub(super) fn is_warning(line: &Line) -> bool {
    let folded = line.folded();
    let bare = folded.trim_matches(|c: char| !c.is_alphanumeric());
    EXTERNAL.is_match(folded) && SENDER.is_match(folded)
        || UNUSUAL.is_match(folded)
        || matches!(
            bare,
            "external" | "externe" | "external email" | "external sender" | "mail externe"
        )
}

/// What may follow such a warning: « Ne cliquez pas sur les liens ».
pub(super) fn is_advice(line: &Line) -> bool {
    ADVICE.is_match(line.folded())
}
