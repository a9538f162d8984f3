"""What ECMA should be asked: one question for every line of the contract that is ASSUMED, and what hangs on it.

The questions stand here, the lines and their values in ``jesignexpert.contract``: a line without a question, or a
question about a line that is no longer assumed, stops the page from being written, and so a test.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import NamedTuple

from connector.jesignexpert.contract import Contract, Grade, Setting
from tests.reference.markdown import code, generated, table


class Question(NamedTuple):
    """``settings`` are patterns of names below ``platform.contract``; empty where no setting can answer."""

    title: str
    french: str
    settings: tuple[str, ...]
    depends: str
    otherwise: str


QUESTIONS: tuple[Question, ...] = (
    Question(
        "Does a second send fail?",
        "Si un logiciel appelle deux fois `POST …/transaction/{id}/send` pour la même transaction (la réponse du "
        "premier appel s’étant perdue), le second appel est-il refusé, ou les signataires sont-ils sollicités et le "
        "crédit débité une seconde fois ? Avec quelle réponse HTTP ?",
        ("expectations.second_send_refused",),
        "What happens after a `send` whose answer was lost. Today: never called again; the request is `in_doubt` "
        "and a person decides.",
        "If refused: `second_send_refused: true`, and a lost answer repairs itself after a quarter of an hour. If "
        "not: nothing changes, the caution stays.",
    ),
    Question(
        "Which call tells where a transaction stands?",
        "Quel appel donne l’état d’une transaction et de chacun de ses signataires (invité, signé, refusé, motif du "
        "refus, dates, fin du délai) ? Merci de nous donner un exemple de réponse.",
        ("operations.status.path", "fields.status.*"),
        "Everything after the sending: « EN COURS – 1 signature sur 2 », refusals with their reason, the end. "
        "Without it nothing is launched at all: the first transaction of an account is read back before its first "
        "send.",
        "Path and names of members are settings, an empty text leaves a member out. If there is no such call, the "
        "program must learn to live without (`platform.follow`), which is refused by name so far.",
    ),
    Question(
        "Which words does it use?",
        "Quels sont, exactement, les mots que cet appel emploie pour l’état d’une transaction et pour celui d’un "
        "signataire (brouillon, en cours, signé, refusé, annulé, expiré…) ?",
        ("words.*",),
        "When a request is held to be signed, refused, expired. An unknown word is never an end: the request stays "
        "in progress and the word is told to the administrator.",
        "Your words are added under `words.transaction` and `words.signatory`; nothing else changes.",
    ),
    Question(
        "Which call gives the signed document?",
        "Quel appel donne le document signé ? Que répond-il tant que le document n’est pas encore scellé ? Deux "
        "téléchargements donnent-ils exactement les mêmes octets ? Un document signé peut-il dépasser 50 Mo ?",
        ("operations.download.path", "limits.max_signed_size"),
        "Bringing the signed PDF home, before it is erased after a month. That it was delivered already is "
        "recognised by its signatures, not by its bytes, so other bytes do no harm.",
        "Path and limit are settings. Another form than the PDF itself (a ZIP, a link) would need a change in "
        "`connector/jesignexpert/answers.py`.",
    ),
    Question(
        "What comes back?",
        "Combien de signatures électroniques porte le document rendu : une par signataire, ou un seul cachet ? Des "
        "pages y sont-elles ajoutées ?",
        ("expectations.signatures_per_signatory",),
        "Whether the document that comes back is what was expected. Intact it must be; the *number* of signatures "
        "is only an expectation, not looked at until it is known.",
        "`signatures_per_signatory: 1` (or another number). A document that does not meet it is delivered beside, as "
        "« (signé, à vérifier) », and told.",
    ),
    Question(
        "Is there an attestation to fetch?",
        "Quel appel donne l’attestation de signature (PDF) d’une transaction terminée, et à partir de quand ?",
        ("operations.attestation.path",),
        "`attestation: oui`. Asked for five times over a day, then said once that there is none.",
        "The path is a setting; if there is none, requests that ask for it are told so, and nothing else suffers.",
    ),
    Question(
        "Are there calls to cancel and to remind?",
        "Quels appels annulent une transaction en cours et relancent le signataire dont c’est le tour ? Combien de "
        "relances sont permises, et à quel intervalle ? Une relance prolonge-t-elle le délai ?",
        ("operations.cancel.path", "operations.remind.path", "expectations.remind_every_s"),
        "`action: annuler`, `action: relancer`, `rappels`, `policy.reminders`. Where the platform knows no such "
        "call, the status names its site instead.",
        "Paths and interval are settings.",
    ),
    Question(
        "How are signatories described?",
        "Dans `POST …/transaction/{id}/signatory`, le prénom, le nom et le mobile se transmettent-ils sous "
        "`firstName`, `lastName` et `phone` ? Le mobile s’écrit-il `+33612345678` ou `33612345678` ? Le niveau "
        "(`level`) 1 est-il bien le niveau simple ?",
        ("fields.signatory.*", "formats.phone"),
        "That the code by SMS arrives: a wrong mobile blocks the signature.",
        "Names and form are settings. A refused field holds the request, with what the platform said.",
    ),
    Question(
        "Where is the corner of a box?",
        "Pour `positionX` et `positionY` : l’origine est-elle en haut ou en bas à gauche de la page ? Le point "
        "donné est-il le coin supérieur gauche du cadre ? Que valent ces coordonnées sur une page qui n’est pas au "
        "format A4 portrait, ou qui est tournée ?",
        ("formats.origin", "formats.non_a4"),
        "Where every signature stands. Find out with a transaction of your own before the first client.",
        "`origin: bottom_left`; `non_a4: scaled_to_a4`, or `refuse`, which turns such documents down with a sentence.",
    ),
    Question(
        "What do the other members mean?",
        "Que signifient `locked` (à la création) et `withoutLogo` (dans `SignFields`), et quelle valeur faut-il "
        "donner d’ordinaire ? Un document joint, à lire seulement, doit-il porter un cadre de signature ?",
        ("formats.locked", "formats.without_logo", "formats.annex_boxes"),
        "`logo: non`, annexes. `locked` is sent as it was seen in use; it is not `verrouiller`.",
        "All three are settings.",
    ),
    Question(
        "How does it say no?",
        "Avec quels codes HTTP et quels messages la plateforme répond-elle : crédit épuisé, droit manquant, jetons "
        "expirés, maintenance, trop d’appels, champ refusé ? Combien d’appels par minute sont permis ?",
        ("errors",),
        "Whether a refusal pauses the account (once, told to whoever can act) or concerns one request. An answer to "
        "`send` that no row matches is taken for *unanswered*, never for *not sent*.",
        "Rows are added under `errors`; yours are asked first. `polling.max_calls_per_minute` for the limit.",
    ),
    Question(
        "Where is the API described?",
        "Une description de l’API (OpenAPI, Swagger) est-elle publiée par la plateforme, à quelle adresse ?",
        ("description_path",),
        "Nothing in daily work: only a diagnosis holds it against this contract.",
        "The path is a setting.",
    ),
    Question(
        "How long does a login link live?",
        "Combien de temps le lien rendu par `token/officeAndUser/auth` reste-t-il utilisable, et combien de temps le "
        "triplet idRequest, hmac, ts permet-il ensuite `fetch` ?",
        ("expectations.url_life_s",),
        "`connect`: a new link is drawn every four minutes while the owner takes their time.",
        "The number of seconds is a setting.",
    ),
    Question(
        "Can transactions be listed, or carry a reference of ours?",
        "Existe-t-il un appel qui liste les transactions d’un cabinet, ou un champ dans lequel un logiciel peut "
        "inscrire sa propre référence et la retrouver ?",
        (),
        "Only the rarest loss: journal, marks and statuses all gone at once. Then nothing is sent twice, but running "
        "requests are orphaned.",
        "With such a call that loss could be repaired; a change in the program.",
    ),
    Question(
        "How late can a send take effect?",
        "Après un appel `send` resté sans réponse, combien de temps peut-il encore prendre effet ?",
        (),
        "The quarter of an hour that is waited before “not sent” is believed (only with a second send refused).",
        "A longer time than a quarter of an hour would have to be put into the program.",
    ),
    Question(
        "Is the office token enough?",
        "Un service sans personne devant l’écran peut-il travailler avec le seul jeton du cabinet (office) ? "
        "Combien de temps vit-il ? Le jeton d’utilisateur peut-il être prolongé sans nouvelle connexion ?",
        (),
        "Whether the owner must renew the connection every five days.",
        "Both are supported; with a lasting office token the ritual ends by itself.",
    ),
    Question(
        "Are there a call for contacts, and a place to rehearse?",
        "Les contacts enregistrés sur Jesignexpert peuvent-ils être lus par l’API ? Pouvons-nous disposer d’un "
        "accès à l’environnement de préproduction ?",
        (),
        "People remembered by the connector stay in its own journal; a first run against the real platform is yet "
        "to be made.",
        "Pre-production has another `platform.url`; contacts would be a new part of the program.",
    ),
)


class Unasked(ValueError):
    """Lines of the contract and questions do not fit each other."""


def assumed() -> list[Setting]:
    """Every line of the contract that nobody has confirmed."""
    return [setting for setting in Contract().settings() if setting.grade is Grade.ASSUMED]


def covered() -> dict[str, list[Setting]]:
    """Title of each question → the lines that it is about. Raises Unasked when a line or a question is left over."""
    lines = assumed()
    found = {
        question.title: [
            line for line in lines if any(fnmatchcase(line.name, pattern) for pattern in question.settings)
        ]
        for question in QUESTIONS
    }
    asked = {line.name for each in found.values() for line in each}
    left = [line.name for line in lines if line.name not in asked]
    idle = [
        f"{question.title} ({pattern})"
        for question in QUESTIONS
        for pattern in question.settings
        if not any(fnmatchcase(line.name, pattern) for line in lines)
    ]
    if left or idle:
        raise Unasked(f"assumed, and asked by no question: {left}; asked, and assumed by no line: {idle}")
    return found


def page() -> str:
    """The whole page."""
    lines = covered()
    parts = [_HEAD.format(assumed=len(assumed()), operations=sum(one.assumed for one in Contract().listed()))]
    for number, question in enumerate(QUESTIONS, 1):
        parts.append(f"\n## {number}. {question.title}\n")
        parts.append(f"> {question.french}\n")
        parts.append(f"**Depends on it.** {question.depends}\n")
        parts.append(f"**If the answer is other.** {question.otherwise}\n")
        if lines[question.title]:
            parts.append(
                table(
                    ("setting below `platform.contract`", "assumed now"),
                    ((code(line.name), _value(line.value)) for line in lines[question.title]),
                )
            )
    parts.append("\n## The letter\n\nTo be sent as it is:\n\n```text")
    parts.append(_LETTER)
    parts += [f"{number}. {question.french.replace('`', '')}" for number, question in enumerate(QUESTIONS, 1)]
    parts.append("```\n")
    return "\n".join(parts)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return code(str(value).lower())
    if isinstance(value, str | int):
        return code(str(value))
    return (
        "(not said)"
        if value is None
        else f"{len(value)} rows"
        if isinstance(value, tuple | dict)
        else "words"
    )


_HEAD = f"""# Questions to ECMA

{generated()}
The editor API is not public. What this program needs and nobody has confirmed is *assumed*: {{assumed}} lines of
the contract (`connector/jesignexpert/contract.py`), among them {{operations}} operations;
[platform.md](platform.md) lists them all with their grades. Each is asked about here, with what hangs on it and
what to do when the answer is other. Where an answer has a setting, it goes under `platform.contract` in the
configuration, and no code changes; tell us as well, and the grade becomes KNOWN for everybody. Until then: try with
a transaction of your own before the first client.
"""

_LETTER = """Bonjour,

Notre cabinet relie son dossier partagé à Jesignexpert au moyen de l’API éditeurs. Pourriez-vous nous
confirmer les points suivants ?
"""
