//! Whether a reply is nothing but thanks (row E9) or an emoji (row E10).
//!
//! A lexicon, so that every verdict can be explained: words of thanks or of success are required,
//! words that ask, object, announce or deny are refused, and what is left over must be little.
//! In doubt it is not thanks: then a ticket is reopened for nothing, which costs less than a
//! request that nobody reads.

use super::phrases::is_closing;
use super::words::{among, fold, is_greeting, is_longer};
use crate::mail::pattern::regex;

/// Characters of a thanks; a longer text says something else too.
const CHARACTERS: usize = 500;

/// Words of a thanks.
const WORDS: usize = 45;

/// Emoji of a reaction.
const EMOJI: usize = 8;

// Taken out first: they hold a word that is refused elsewhere. What says that it is over counts as
// thanks.
regex!(
    OVER,
    concat!(
        r"\b(?:pas de (?:souci|soucis|probleme|problemes)|plus (?:de|aucun) (?:souci|soucis|probleme|problemes|",
        r"message d'erreur|erreur)|sans (?:souci|soucis|probleme)|no (?:problem|problems|worries)|",
        r"no more (?:issues?|problems?|errors?)|(?:probleme|souci|incident|problem|issue) (?:est |a ete |",
        r"is |was )?(?:resolu|regle|solved|fixed|resolved)|(?:vous pouvez|tu peux|on peut|you can|you may)",
        r" (?:donc |now )?(?:fermer|clore|cloturer|close|resoudre)(?: (?:le|ce|the|this|mon|my) (?:ticket|",
        r"incident|dossier|case|request))?|(?:das |mein )?problem (?:ist |wurde )?(?:gelost|behoben|",
        r"erledigt)|(?:el |mi )?problema (?:esta |ha sido |queda )?(?:resuelto|solucionado|arreglado)|",
        r"(?:il )?problema (?:e )?(?:stato )?risolto|(?:het )?probleem (?:is )?(?:opgelost|verholpen)|",
        r"(?:o )?problema (?:esta |foi )?resolvido|(?:le |ce |mon |the |this |my )?(?:ticket|incident|",
        r"dossier|demande|case|request) (?:peut|can) (?:etre |be )(?:ferme|cloture|clos|close|closed)e?|",
        r"(?:c'est |tout est )?comme neuf|n'hesiterai pas|que demander de plus|(?:that|it) did the trick)",
    )
);
regex!(
    HARMLESS,
    concat!(
        r"\b(?:encore (?:un grand |mille )?mercis?|merci encore(?: une fois)?|encore une fois|encore bravo|",
        r"(?:thanks|thank you) again|vous aussi|toi aussi|a vous aussi|(?:10|20|5)/(?:10|20|5)|100 ?%|",
        r"1000 (?:fois )?merci|mille (?:fois )?mercis?|mille fois|(?:aus)?si (?:vite|rapide|rapidement|",
        r"efficace|efficacement|bien|gentiment|promptement))",
    )
);
regex!(
    REFUSED,
    concat!(
        r"\b(?:mais|toujours|encore|par contre|cependant|pourtant|neanmoins|sauf|hormis|",
        r"en revanche|toutefois|malheureusement|dommage|but|still|however|except|although|though|",
        r"yet|unfortunately|svp|stp|s'il (?:vous|te) plait|please|pouvez|pourriez|pourrez|peux|",
        r"pourrais|puis-je|pouvons|peut-on|could|would|can|should|besoin|need|needs|faut|faudrait|",
        r"faudra|quand|comment|pourquoi|combien|lequel|when|how|why|what|where|which|attends|",
        r"attendons|attente|attendant|waiting|wait|avance|advance|autre|autres|another|other|else|",
        r"reste|remains|sinon|otherwise|si|if|avant|before|des que|urgent|urgence|rappel|rappeler|",
        r"rappelle[rz]?|appelez|call|contacter|contactez|envoie|envoyer|envoyez|envoi|transmets|",
        r"transmettre|ci-joint|joint|jointe|pj|attached|send|sending|vais|va|allons|vont|will|",
        r"i'll|we'll|going|teste|tester|testerai|essaie|essayer|essaierai|try|check|verifie|",
        r"verifier|regarde|regarder|demain|tomorrow|lundi|mardi|mercredi|jeudi|vendredi|monday|",
        r"tuesday|wednesday|thursday|friday|ticket|question|probleme|problemes|souci|soucis|bug|",
        r"erreur|erreurs|error|errors|problem|issue|panne|bloque|bloquee|blocked|lent|lente|slow|",
        r"ne|n'\p{L}+|pas|aucun|aucune|jamais|rien|impossible|not|\p{L}+n't|cannot|never|no|non|",
        r"idem|pareil|pire|meme|memes|worse|same|parfois|mal|moitie|presque|almost|sometimes|",
        r"partially|partiellement|une fois sur|casse\p{L}*|perdu\p{L}*|lost|broken|manque\p{L}*|",
        r"missing|possible|asap|soon|(?:merci|mercis) (?:\p{L}+ )?pour (?:une?|des|du)|nicht|kein|",
        r"pero|pouvoir|vouloir|voudrais|veux|want|souhaite|souhaiterais|aimerais|like to|help me|",
        r"aidez|aide-moi|aidez-moi|aber|jedoch|leider|noch|bitte|konnen|konnten|konnte|todavia|aun|sigue|siguen|",
        r"por favor|puede|pueden|podria|podrian|ancora|purtroppo|per favore|potete|potreste|ma non|maar|helaas|nog|",
        r"niet|kunt|kunnen|graag|mas|ainda|infelizmente|continua|podem|poderiam|confirmez|confirmer|indiquer|preciser|dites|dire|me dire|",
        r"informer|tenir|tenez)\b",
    )
);
// « C'est bon pour moi », « Ça marche » and « OK » agree as often as they thank: alone they are no
// thanks, for somebody waits for that answer.
regex!(
    THANKS,
    concat!(
        r"\b(?:merci|mercis|mercii+|remercie|remercions|remerciements?|thanks?|thankyou|thx|tks|",
        r"thnx|ty|cheers|danke|dank|dankeschon|gracias|grazie|obrigad[oa]|bedankt|dankjewel|dziekuje|dziekujemy|dzieki|",
        r"tack|takk|multumesc|tesekkurler|dekuji|kiitos|спасибо|дякую|parfait|parfaite|parfaitement|",
        r"super|top|nickel|genial|geniale|excellent|impeccable|impec|formidable|magnifique|bravo|",
        r"chapeau|great|perfect|perfectly|awesome|wonderful|brilliant|amazing|resolu|solved|fixed|",
        r"resolved|regle|reglee|ca remarche|ca (?:re)?fonctionne|",
        r"ca marche (?:maintenant|enfin|a nouveau|de nouveau|bien|nickel|parfaitement)|",
        r"tout (?:re)?(?:fonctionne|marche)|tout est rentre dans l'ordre|(?:it|everything|all) works|works (?:fine|great|now|again|",
        r"perfectly|like a charm)|working (?:again|now|fine)|sorted|prima|perfekt|perfecto|perfetto|perfeito)\b",
    )
);
regex!(
    STATE,
    concat!(
        r"\b(?:marche|marchent|remarche|remarchent|fonctionne|fonctionnent|refonctionne|",
        r"refonctionnent|repart|reparti|repartie|repare|reparee|works|working|geht|lauft|funktioniert|funciona|funziona|werkt|funcionar|gelost|behoben|resuelto|risolto|opgelost|",
        r"resolvido|sorted|(?:de|a) nouveau acces|retrouve (?:mes|mon|l'|les|tous mes) ?(?:acces|fichiers|donnees|mails)|resolu|resolue|",
        r"regle|reglee|solved|fixed|resolved|ok|bon|bonne|rentre|accede|recu|recue|connecte|roule|(?:s'|re|se re)?(?:ouvre|allume|affiche|imprime|",
        r"scanne|charge|connecte|demarre)(?:nt)? (?:enfin|(?:de|a) nouveau|bien|correctement|",
        r"normalement|parfaitement|maintenant|sans probleme)|",
        r"retabli|retablie|back|worked)\b|\b(?:merci|mercis|remercie|remercions|thanks|thank you|",
        r"bravo)\b.{0,25}\b(?:pour|for|de|d'avoir|d'etre)\b",
    )
);
regex!(
    MERCI_DE,
    r"\bmerci(?: beaucoup| bien| infiniment)? (?:de |d')(.*)$"
);
// "Thank you for installing Word" asks for it; "for helping me" and "for fixing it" look back.
regex!(
    FOR_DOING,
    r"\b(?:thanks|thank you|thx)(?: \p{L}+){0,3} (?:for|to) (?:kindly |please )?(\p{L}+ing)\b"
);
const LOOKING_BACK: &str = "\
    being bearing clarifying coming doing everything explaining fixing getting having helping \
    letting listening making repairing replying resolving responding sharing solving sorting \
    understanding";
regex!(
    OWNED,
    concat!(
        r"^(?:(?:votre|vos|ton|ta|tes|cette|ce|cet|ces|son|sa|leur|toute|tout|tous|rien)\b|(?:la |",
        r"l')\p{L}+(?:tion|ite|de|nse|ge|ment)\b)",
    )
);
regex!(
    GOES_ON,
    r"^(?:et|and|puis|then|ensuite|also|aussi|plus)\b.*\b(?:pour|the|le|la|les|for|un|une|a)\b"
);
regex!(
    HAVING,
    r"^(?:(?:m'|nous |vous |t'|l'|les |me |lui )?(?:vous |en |y )?)?(?:avoir|etre|s'etre)\b"
);

/// Words that may stand beside a thanks.
const BESIDE: &str = "\
    a ai aide aider aidee all and appreciate appreciated apres as assistance au aussi avec bcp \
    beaucoup belle best bien bon bonne bonjour bonsoir c'est c'etait ca ce cela cet cette chef \
    collegue collegues comprehension cool cordialement d'avoir d'accord day de dear depannage \
    des diligence disponibilite du efficace efficacite en equipe est et etes es formidables \
    geniaux adorables bientot chaleureusement sincerement everyone everything excellente \
    explications explication fast fin fonctionne for general gentillesse good grand grande guys \
    hello help helpful hi i il infiniment info information informations infos intervention is \
    it it's j'ai je journee l'aide l'assistance l'equipe l'info l'information l'intervention \
    la le les lot ma maintenant many marche meilleur mon more morning much my nice nous now of \
    oh ok okay on oui ordre patience plus pour prise charge professionnalisme prompt \
    promptitude meilleurs meilleure meilleures note notee notes bises job roule vielen herzlichen schon \
    sehr fur die hilfe ihre deine jetzt geht lauft es wieder alles gut muchas mil por la ayuda ya \
    todo funziona funciona perfectamente perfettamente perfeitamente ahora adesso agora tudo bien \
    correcto certo esta estan sono tutti aiuto ajuda pela respuesta risposta resposta rapida vuestra vostra su suo \
    amable gentile gentili dir ihnen euch das ist hat geklappt nun endlich einwandfrei schnelle rasche tolle \
    unterstutzung ruckmeldung klasse toll bestens bardzo mycket большое tu our ange champion championne genie dank je wel jullie snelle fijn million tons saved day side end y est ja \
    tutto mille ora bene voor hulp werkt nu alles weer goed quick quickly rapide rapidement rapidite reactif reactivite recu rentre \
    reponse response reply retour salut service so soiree solution suis sujet support sur t'es \
    team tes that the this to ton tous tout toute toutes travail tres un une vite very vos \
    votre vous vraiment was we week-end weekend work works yes you your youpi ouf top trop \
    nouveau desormais enfin fait effet moi toi nos notre me chez cote perfectly fine again";

/// Words that stand between things, not beside a name.
const LINKS: &str = "\
    pour for de du des le la les un une the sur of avec";

/// Whether a reply, without quotation and signature, says nothing but thanks.
///
/// `has_files`: something came with it that is not decoration.
pub fn is_thanks(reply: &str, has_files: bool) -> bool {
    let asks = |line: &str| line.contains(['?', '？', '@']) || line.contains("://");
    if has_files
        || is_longer(reply, CHARACTERS)
        || reply
            .lines()
            .any(|line| asks(line) && !is_placeholder(line))
    {
        return false;
    }
    let mut thanked = false;
    let mut words = 0;
    for line in reply.lines() {
        if is_greeting(line) || is_placeholder(line) {
            continue;
        }
        for sentence in sentences(line) {
            match judge(sentence, thanked) {
                Verdict::Thanks => thanked = true,
                Verdict::Harmless => {}
                Verdict::More => return false,
            }
            words += sentence.split_whitespace().count();
        }
    }
    thanked && words <= WORDS
}

/// The emoji of a reply that holds nothing else, without spaces: "👍", "❤️🎉".
pub fn lone_reaction(reply: &str) -> Option<String> {
    let bare = || {
        reply
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '\u{200B}' | '\u{FEFF}'))
    };
    let only = bare().all(|c| is_emoji(c) || joins_emoji(c));
    (only && (1..=EMOJI).contains(&bare().filter(|c| is_emoji(*c)).count()))
        .then(|| bare().collect())
}

/// `[image]`, `[image: logo.png]`, `[cid:image001.png@01DB]`: where a picture stood. Whether it
/// counts is known of the file.
fn is_placeholder(line: &str) -> bool {
    line.trim()
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|rest| {
            rest == "image" || rest.starts_with("image:") || rest.starts_with("cid:")
        })
}

/// What one sentence says.
enum Verdict {
    Thanks,
    /// « Bonne journée », a name.
    Harmless,
    /// Anything else.
    More,
}

fn sentences(line: &str) -> impl Iterator<Item = &str> {
    line.split(['.', '!', ';', '…', '。', ',', '\n'])
        .map(str::trim)
        .filter(|sentence| !sentence.is_empty())
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '\'' | '’' | '-')))
        .filter(|word| !word.is_empty())
}

fn judge(sentence: &str, thanked: bool) -> Verdict {
    if sentence.chars().any(is_unhappy) {
        return Verdict::More;
    }
    let happy = sentence.chars().any(is_happy);
    let folded = fold(sentence);
    let is_over = OVER.is_match(&folded);
    let text = OVER.replace_all(&folded, " ");
    let text = HARMLESS.replace_all(&text, " ");
    let bare = folded.trim_matches(|c: char| !c.is_alphanumeric());
    if bare.is_empty() {
        return if happy {
            Verdict::Thanks
        } else {
            Verdict::Harmless
        };
    }
    if let Some(rest) = MERCI_DE.captures(&text).and_then(|found| found.get(1)) {
        let rest = rest.as_str();
        if !(HAVING.is_match(rest) || OWNED.is_match(rest)) {
            return Verdict::More;
        }
    }
    let asks = FOR_DOING
        .captures(&text)
        .and_then(|found| found.get(1))
        .is_some_and(|doing| !among(LOOKING_BACK, doing.as_str()));
    if asks || REFUSED.is_match(&text) || text.chars().any(|c| c.is_ascii_digit()) {
        return Verdict::More;
    }
    let thanks = THANKS.is_match(&folded) || (is_over && !REFUSED.is_match(&text)) || happy;
    if !thanks && is_closing(sentence) {
        return Verdict::Harmless;
    }
    // « Et pour Paul » goes on.
    if !thanks && GOES_ON.is_match(&text) {
        return Verdict::More;
    }
    // Names begin with a capital, and so does the first word.
    let capitals: Vec<String> = words(sentence)
        .filter(|word| word.chars().next().is_some_and(char::is_uppercase))
        .map(fold)
        .collect();
    let (mut names, mut others) = (0, 0);
    for word in words(&text) {
        let apart = word.split_once('\'').map_or(word, |(_, rest)| rest);
        if among(BESIDE, word)
            || among(BESIDE, apart)
            || THANKS.is_match(word)
            || STATE.is_match(word)
        {
            continue;
        }
        if capitals.iter().any(|capital| capital == word) {
            names += 1;
        } else {
            others += 1;
        }
    }
    // « Accès VPN pour Paul » is no signature.
    let works = STATE.is_match(&text);
    let is_thing = words(&text).any(|word| among(LINKS, word));
    if !thanks && !works && (names > 0 && is_thing || names > if thanked { 3 } else { 1 }) {
        return Verdict::More;
    }
    let room = if !thanks && works {
        2
    } else if works {
        5
    } else {
        usize::from(thanks)
    };
    if names > 4 || others > room {
        return Verdict::More;
    }
    if thanks {
        Verdict::Thanks
    } else {
        Verdict::Harmless
    }
}

fn is_emoji(character: char) -> bool {
    matches!(
        character,
        '\u{1F000}'..='\u{1FAFF}'
            | '\u{2190}'..='\u{21FF}'
            | '\u{2300}'..='\u{23FF}'
            | '\u{2600}'..='\u{27BF}'
            | '\u{2B05}'..='\u{2B55}'
            | '\u{203C}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{3030}' | '\u{303D}' | '\u{3297}' | '\u{3299}'
    )
}

/// Variation selectors, joiners, skin tones, keycaps and tags within an emoji.
fn joins_emoji(character: char) -> bool {
    matches!(
        character,
        '\u{FE0E}' | '\u{FE0F}' | '\u{200D}' | '\u{20E3}' | '\u{E0020}'..='\u{E007F}'
    )
}

fn is_happy(character: char) -> bool {
    "👍👌🙏❤💙💚💛🧡💜🖤🤍💖💕💗😍🥰😘😀😃😄😁😆😊🙂😉😎🤩🥳🎉🎊👏🙌💪✅✔💯🌟⭐🌞🤗🤝👋🌹🌷💐🍀🔥🚀🏆🥇☺♥"
        .contains(character)
}

fn is_unhappy(character: char) -> bool {
    "👎😡😠🤬😢😭😞😟😤😩😫🙁☹😱💔❌🤔😕".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thanks() {
        for reply in [
            "Merci",
            "merci !",
            "Merci beaucoup, ça marche !",
            "Parfait 👍",
            "Parfait, merci.",
            "Super, merci beaucoup",
            "Bonjour,\n\nMerci pour votre aide.\n\nBonne journée",
            "Merci de votre réponse rapide",
            "Merci de ton retour",
            "Merci d'avoir réglé ça si vite !",
            "Merci de m'avoir aidé",
            "Merci de vous être déplacé",
            "Encore merci !",
            "Merci encore",
            "Un grand merci à toute l'équipe",
            "Nickel, ça fonctionne maintenant",
            "Ça marche maintenant !",
            "C'est bon, merci",
            "C'est tout bon pour moi, merci !",
            "L'imprimante fonctionne de nouveau, merci.",
            "Tout est rentré dans l'ordre, merci",
            "Le problème est résolu, merci beaucoup.",
            "Plus de problème, merci !",
            "Génial 🎉",
            "Merci Julie !",
            "Merci Julie, bonne soirée",
            "Ok merci",
            "Merci pour la réactivité",
            "Je vous remercie",
            "Je vous remercie pour votre efficacité.",
            "Merci ❤️",
            "❤️👍",
            "Mille mercis",
            "Impeccable, vous pouvez fermer le ticket. Merci !",
            "Bravo à l'équipe",
            "Merci à vous, bonne journée.\nSophie",
            "Merci !\n\nCordialement,\nJean",
            "Thanks!",
            "Thank you very much",
            "Thanks a lot, it works!",
            "Thank you so much for your help",
            "Perfect, thanks",
            "Great, works fine now. Thank you!",
            "Thanks again",
            "All good, thank you",
            "Awesome, thanks team",
            "Problem solved, thanks",
            "Vielen Dank, danke",
            "Bonjour Julie,\n\nMerci, c'est parfait.\n\nBonne fin de journée",
            "Merci infiniment pour votre aide précieuse",
            "Top merci",
            "Merci bcp",
            "Parfait merci à toi",
            "Merci Monsieur",
            "Bonjour, merci pour votre intervention, tout fonctionne.",
            "Bonjour, merci tout est OK",
            "super merci pour votre réponse",
            "Merci, bonne journée à vous aussi !",
            "Bonsoir, un grand merci pour votre patience.",
            "Merci pour le dépannage express !",
            "C'est nickel, merci à toute l'équipe informatique",
            "C'est reparti, merci !",
            "Ça remarche, merci",
            "Merci, mon accès est rétabli.",
            "Je vous remercie pour la rapidité de votre intervention.",
            "Merci ! Vous êtes au top",
            "Merci, vous êtes formidables",
            "Bien reçu, merci",
            "Bien reçu merci beaucoup",
            "Ok, merci pour l'info",
            "Merci pour ces précisions",
            "Ça marche, merci",
            "C'est fait, merci",
            "Oui c'est bon, merci beaucoup",
            "Merci les gars !",
            "Merci mille fois",
            "Je te remercie",
            "Merci 🙏🙏",
            "Thanks John!",
            "Many thanks",
            "Many thanks for your quick help.",
            "Thank you, that worked.",
            "That fixed it, thanks!",
            "It's working now, thank you so much!",
            "Brilliant, thank you",
            "Thank you for the quick response",
            "Great job, thanks",
            "Perfect!",
            "Thx",
            "Thanks, you can close the ticket",
            "Merci, vous pouvez clôturer le ticket",
            "Merci, le ticket peut être fermé",
            "Impeccable merci",
            "C'est réglé, merci",
            "Problème réglé, merci",
            "Merci beaucoup Sophie pour ton aide et ta réactivité, à bientôt",
            "Merci et bonne année",
            "Merci, bon week-end",
            "Herzlichen Dank, das Problem ist gelöst.",
            "Many thanks, all sorted now.",
            "Thanks a million, you saved my day :)",
            "Ça y est, j'ai de nouveau accès. Merci infiniment !",
            "Muito obrigado, já está a funcionar.",
            "Perfecto, problema resuelto, muchas gracias",
            "Grazie, problema risolto!",
            "Dziękuję bardzo!",
            "Merci Karim, tu es un chef",
            "Thank you, all good on our side.",
            "Thanks, that did the trick.",
            "Je confirme que c'est réparé, un grand merci à votre collègue.",
            "Super, danke Ihnen, es funktioniert wieder",
        ] {
            assert!(is_thanks(reply, false), "{reply}");
        }
    }

    #[test]
    fn more_than_thanks() {
        for reply in [
            "",
            "   ",
            "OK",
            "C'est bon pour moi.",
            "Ça marche !",
            "Tout est ok pour demain",
            "Merci mais ça ne marche toujours pas",
            "Merci, mais l'écran reste noir.",
            "Merci d'avance",
            "Merci par avance pour votre retour",
            "Merci de me rappeler",
            "Merci de rappeler Mme Martin au 01 23 45 67 89",
            "Merci de bien vouloir réinitialiser mon mot de passe",
            "Merci de le faire rapidement",
            "Merci de la remplacer",
            "Merci de vous en occuper",
            "merci de votre aide pour installer Word ?",
            "Merci, ça marche ?",
            "Merci. Par contre l'imprimante est en panne",
            "Merci, j'ai encore un souci",
            "Merci, pouvez-vous aussi regarder l'autre poste",
            "Super, et pour le deuxième écran ?",
            "Merci, je teste demain",
            "Merci, je passe demain récupérer le PC",
            "Merci, j'attends votre appel",
            "Merci, toujours rien",
            "Merci pour rien, c'est pareil",
            "Merci 😡",
            "Merci. Voici le numéro de série : AB-1234",
            "Merci, il faut aussi créer un compte pour Paul",
            "Merci, ça ne marche pas",
            "Ça ne marche pas",
            "Merci, voir https://example.org/",
            "Bonjour, mon imprimante ne marche plus. Merci",
            "Bonjour,\n\nImprimante en panne au 2e étage\n\nMerci",
            "Nouvelle souris pour le bureau de Marie, merci",
            "Thanks but it still fails",
            "Thanks, could you also install Word",
            "Thanks in advance",
            "Thanks, it doesn't work",
            "Please call me, thanks",
            "Thanks, I'll try tomorrow",
            "Thank you for calling me back when you can",
            "Je voudrais un nouvel écran, merci",
            "Imprimante HP LaserJet, merci",
            "Le son marche mal, merci",
            "Merci de fermer le ticket et d'en ouvrir un autre",
            "Merci de vérifier",
            "Merci de me tenir informé",
            "Merci de prendre en compte ma demande",
            "Merci de votre retour rapide svp",
            "Merci, j'ai besoin d'un clavier",
            "Merci pour votre aide, il reste un écran à installer",
            "Merci, je l'ai reçu. Il manque le chargeur.",
            "Merci pour l'ordinateur. La souris est cassée.",
            "Merci. La souris est cassée",
            "Merci, mon numéro est le 0612345678",
            "Super ! Et pour Paul",
            "Parfait, on fait comme ça demain à 14h",
            "Merci, je suis disponible jeudi",
            "Merci pour votre réponse, je reste en attente",
            "Merci d'intervenir au plus vite",
            "Merci d'installer Word",
            "Merci d'appeler Paul",
            "Merci de nous installer Teams",
            "Merci de vous rapprocher de Marie",
            "ça marche une fois sur deux, merci",
            "Merci, même problème",
            "merci, idem",
            "Merci, toujours le même message",
            "Merci c'est pire",
            "Merci, ça ne remarche que sur Chrome",
            "Bonjour, l'écran est noir, merci",
            "Ordinateur en panne. Merci.",
            "PC très lent, merci",
            "Nouveau mot de passe, merci",
            "Besoin d'aide, merci",
            "Changement de toner, merci",
            "Merci pour un changement de toner",
            "Accès VPN pour Paul, merci",
            "Thanks for resetting my password as soon as possible",
            "Thanks, same error",
            "Thanks. The screen flickers.",
            "Great, and the printer",
            "Thanks, looking forward to it",
            "Thank you, let me know",
            "Perfect timing, my screen is broken",
            "Merci d'avance !",
            "Merci par avance",
            "Avec mes remerciements anticipés",
            "Bonjour",
            "Oui",
            "Non merci",
            "Cordialement",
            "Super, j'ai perdu tous mes fichiers",
            "Bravo, tout est cassé",
            "Merci pour rien",
            "La prise, sûr à 100 %",
            "Danke, aber es geht noch nicht",
            "Danke, bitte auch den Drucker",
            "Gracias, todavía no funciona",
            "Grazie, ma non funziona",
            "Obrigado, ainda está lento",
            "Bedankt, maar het werkt niet",
        ] {
            assert!(!is_thanks(reply, false), "{reply}");
        }
        assert!(!is_thanks("Merci", true), "a thanks with a file is more");
    }

    #[test]
    fn reactions() {
        for (reply, expected) in [
            ("👍", Some("👍")),
            (" ❤️ \n", Some("❤️")),
            ("👍🏽 🎉", Some("👍🏽🎉")),
            ("👨‍👩‍👧", Some("👨‍👩‍👧")),
            ("Merci 👍", None),
            ("", None),
            ("!!!", None),
            ("ok", None),
            ("👍👍👍👍👍👍👍👍👍", None),
        ] {
            assert_eq!(lone_reaction(reply).as_deref(), expected, "{reply}");
        }
    }
}
