"""The guard and the line assembler: what is cut, what is kept, and that what is shown is what is stored."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import pairwise
from typing import cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.build import Trainer
from bot.caller import Caller
from bot.calling import Message, Trouble
from bot.figures import numbers_in
from bot.persona import SLOT
from bot.plan import Plan
from bot.session import Call, Spoken
from bot.speech import Piece
from bot.turn import play_turn
from bot.voice import model
from bot.voice.company import SURE_OF_SELLING
from bot.voice.guard import Cut, Ground, Guard, Kind, missing, sentences
from bot.voice.model import TakeBack
from prompts.templates import load
from tests.scripts import PERSONAS

BOARD = "Pins and wool on a board in the traffic office, that's the whole network. Nine trunks, the same since 2011."
REP = "How do you plan the nine trunks today, and who decides when one of them has to move?"
KNOWN = (
    "Craig Tasker of Northwash Chilled near Grimsby, Bev Outram, Ruth Ossory, 84 trailers, 22 doors, 610,000 pallets"
)
SAID = (
    "The map hangs by the door and everybody reads it on the way in.",
    "Nobody rings me of a morning, and in chilled that's the only applause there is.",
    "Two wagons late in a week and I know both their names.",
)
# Everyday ways to go wrong, each with the draft BOARD before them, in other words than the patterns of the guard.

CUT: dict[Kind, tuple[str, ...]] = {
    "role reversal": (
        "We've got a package that would take that board off your wall.",
        "Most of our clients see the benefit within a month.",
        "What are the biggest headaches with your current network?",
        "I could put together a quote for a new board.",
        "Happy to jump on a quick screen share.",
        "I really appreciate you taking the time today.",
        "How does your team handle the trunks at the moment?",
        "I understand your concern about the board.",
        "We take the hassle out of planning trunks.",
        "Would a free trial be of any use?",
        "Let me tell you what we do for hauliers.",
        "You'd get a live map instead of pins and wool.",
        "Nobody else on the market has a board like ours.",
        "I'd recommend moving your trunks to the cloud.",
        "Is there anything else you would like to know about the board?",
        "I'm calling about the board in your traffic office.",
        "That board of yours is the reason I rang.",
    ),
    "narration": (
        "He leans back and looks at the pins on the board.",
        "There is a long pause on the line.",
        "Craig takes a breath before he goes on.",
        "Tasker snorts.",
        "The line goes quiet.",
        "Craig hesitates.",
        "<sighs> Pins and wool on a board.",
        "Pins and wool, he says with a shrug.",
        "Pins and wool (tapping the board) in the traffic office.",
        "He sounds tired of the board.",
        "Pins and wool on a board, Craig mutters.",
        "[clears throat] Pins and wool on a board.",
    ),
    "speaks for the rep": (
        "Alex: And how long has it hung there?",
        "Rep (smiling): And who moves the pins?",
        "Speaker 2: And who moves the pins?",
        "Interviewer: And who moves the pins?",
        "Vendor: I see.",
        "Them: So it never changes.",
        "Q: Who moves the pins on the board?",
        "**Rep**: Who moves the pins?",
        "Rep - who moves the pins?",
        "And then you tell me that you have something better than pins and wool.",
    ),
    "leak": (
        "I was told to keep this under forty words.",
        "It says here that I must not agree.",
        "My mood is polite but closed.",
        "I'm playing a man who runs the nine trunks.",
        "I'm only a computer program, I have no board.",
        "My character wouldn't agree to that.",
        "The message in brackets wants the pins and wool.",
        "I have to stay in my part here.",
        "My line has to be about pins and wool.",
        "I can't reveal what I was given to say.",
        "Here is the line, said in my own way.",
        "I'm sorry, but I can't continue with this conversation.",
        "Sure, here's a reply in at most forty words.",
    ),
    "not earned": (
        "August bank holiday, dock jammed solid at ten, and it all went wrong.",
        "I rang Norman Ketteridge myself at five, before anybody.",
        "The bank's man asked me in July which one pays.",
        "There's a column on the bank's form for cost by road.",
        "Truth is I'm afraid of another night like the one in August.",
        "We threw a lot of fish away this summer.",
        "Couldn't tell you what any of the nine trunks earns.",
        "I told the bank something that only sounded good.",
        "Nobody's counted how many pallets go in and back out the same side.",
    ),
    "not on file": (
        "We run forty of them on a board.",
        "Jenkins drew that board himself.",
        "Took our Barry a week to pin the board.",
        "It went up in 2004, the board.",
        "Sheffield has a board of its own.",
        "The wool costs us three grand a week.",
        "A dozen lads read the board every night.",
        "Half of the trunks go south.",
        "About a third of the nine run empty.",
        "We used SAP before the board.",
        "The board was pinned by my brother Colin, in Hull.",
        "Pins, wool and a Trello board.",
        "Thirteen trunks, on pins and wool.",
    ),
    "agrees too soon": (
        "Go on then, Thursday suits me.",
        "Pop round on Tuesday and see the board.",
        "Fine, put me down for ten o'clock.",
        "You've won me over.",
        "I'm game.",
        "Right, come and have a look at the board then.",
        "Why not, bring it along.",
        "I could do Thursday at ten.",
        "Let me get my diary out.",
        "Email me the paperwork.",
        "We'll give it a go.",
        "Yeah, go ahead and set that up.",
        "You're right, the board has to go.",
        "We can't carry on with pins and wool.",
        "Then we're agreed.",
        "Where do I sign?",
    ),
    "takes leave": (
        "Goodbye, Norman.",
        "Right, bye now.",
        "Have a good one.",
        "Anyway, I've got to run.",
        "I'm hanging up.",
        "Thanks, bye-bye.",
        "Talk to you later.",
        "We'll speak again soon.",
        "Take care now.",
        "See you then.",
        "Pins and wool on a board, and goodbye.",
    ),
    "repeats": (
        "Nobody rings me of a morning, and in chilled that's the only applause.",
        "The map hangs by the door and everybody reads it.",
        "Everybody reads it on the way in.",
        "Two wagons late in a week, and I know both their names.",
        "In chilled that's the only applause there is.",
        "And I know both their names.",
        "It hangs by the door, and they all read it on their way in.",
        "If no one rings me in the morning, that is all the applause there is in chilled.",
    ),
    "asks unbidden": (
        "And what would you put there instead?",
        "What's wrong with a board?",
        "Who told you about the board?",
        "Do you know a better way than pins and wool?",
        "Have you ever seen the traffic office?",
        "Would you do it with nine trunks?",
        "What would you put in its place, then.",
        "Tell me how you would do it.",
        "Why do you want to know about the board?",
        "How many trunks have you got?",
    ),
    "echoes the rep": (
        "How do you plan the nine trunks today, you ask.",
        "Who decides when one of them has to move.",
        "You want to know how we plan the nine trunks today, and who decides.",
        "So you plan the nine trunks today and you decide when one of them has to move.",
        "And who decides when one has to move.",
        "How we plan the nine trunks today.",
        "And when one of the nine trunks has to move.",
        "So, how do you plan the nine trunks.",
    ),
    "beside the plan": (
        "My wife wants a dog and the children are grown up now.",
        "We've been looking at electric lorries for a while now.",
        "The weather has been dreadful up here all week long.",
        "Our accountant thinks that rates will come down in spring.",
        "We lost a good customer over a pallet of cheese.",
        "The new canteen has made a difference to the night shift.",
        "Insurance has been killing us since the trailers came in.",
        "Half my drivers are retiring and nobody young wants it.",
        "I used to fish with my father before all of this.",
    ),
}
# Cut by no rule yet.
MISSED = frozenset(
    {
        "You'd get a live map instead of pins and wool.",
        "Tasker snorts.",
        "The line goes quiet.",
        "He sounds tired of the board.",
        "And then you tell me that you have something better than pins and wool.",
        "Couldn't tell you what any of the nine trunks earns.",
        "Jenkins drew that board himself.",
        "Half of the trunks go south.",
    }
)
# What has to be carried, whether it is a yes, and ways in which a buyer would say it or a part of it.
KEPT: tuple[tuple[str, bool, tuple[str, ...]], ...] = (
    (
        BOARD,
        False,
        (
            "It's pins and wool on a board, and that's the whole network.",
            "Nine trunks, the same as they've been since 2011.",
            "There's a board in the traffic office with pins and wool on it.",
            "The same nine since 2011, thank you very much.",
            "Pins. Wool. A board.",
            "That's the whole network, on one board.",
            "Nothing clever, just pins and wool on a board.",
        ),
    ),
    (
        "We deliver to 310 shops before seven, and our drivers know every gate. Nobody's complained.",
        False,
        (
            "We deliver to 310 shops, all before seven.",
            "Our drivers know every gate there is.",
            "Nobody's complained, not one of them.",
            "We get to all 310 shops before seven in the morning.",
            "Honestly, nobody has complained to me about it.",
            "Three hundred and ten shops, and every one before seven.",
        ),
    ),
    (
        "I'd rather not talk about money with somebody I've never met. Ask me something else.",
        False,
        (
            "Sorry, I don't talk money with people I've never met.",
            "I'd rather keep the money out of this, if you don't mind.",
            "Ask me something else, please.",
            "That's not something I'd share with a stranger, thanks.",
            "No offence, but I don't discuss money on a first call.",
            "I don't know you, so I won't talk about money.",
        ),
    ),
    (
        "We're fine as we are. I've no time for a demo, and I didn't ask for one.",
        False,
        (
            "We're fine as we are, thanks.",
            "I didn't ask for a demo and I've no time for one.",
            "Look, I haven't got time for a demo.",
            "No demo, please.",
            "Thank you, but we're all right as we are.",
            "I'm not looking for anything, we're fine as we are.",
        ),
    ),
    (
        "I'll have to stop you there, I've a meeting at ten. Goodbye.",
        False,
        (
            "I've got to stop you there, I'm afraid.",
            "My meeting's at ten, so I have to go.",
            "I've a meeting at ten, goodbye.",
            "Thanks for the call, but I've a meeting at ten.",
            "Bye now, and thanks for ringing.",
            "I'm wanted in a meeting at ten, so that's that.",
        ),
    ),
    (
        "I'd not thought of it that way. It might be worth a look one day, but not this quarter.",
        False,
        (
            "I hadn't thought of it that way.",
            "Maybe it's worth a look some day, just not this quarter.",
            "That's a fair point, but not this quarter.",
            "You might have something there, though not this quarter.",
            "It would be interesting, but not this quarter.",
            "One day perhaps, but it won't be this quarter.",
            "It sounds interesting, I'll give you that, but not this quarter.",
        ),
    ),
    (
        "The practice has four chairs and two hygienists, and we see about 120 patients a week.",
        False,
        (
            "There are four chairs here, and two hygienists.",
            "We see around 120 patients in a week.",
            "Call it 120 patients a week, give or take.",
            "Two hygienists, four chairs, that's us.",
            "We've four chairs and roughly a hundred and twenty patients a week.",
            "The practice runs on four chairs and two hygienists.",
        ),
    ),
    (
        "That mistake cost us £18,000 in March, and I had to tell the board myself.",
        False,
        (
            "It cost us eighteen thousand in March.",
            "I had to tell the board about it myself.",
            "£18k, that one, back in March.",
            "We lost eighteen thousand pounds in March over that.",
            "March, that was, and I stood in front of the board myself.",
        ),
    ),
    (
        "I don't know. It would need Priya in the room, and she's away till the ninth.",
        False,
        (
            "Priya would have to be in the room.",
            "Priya's away until the ninth, so I can't say.",
            "I honestly don't know, Priya's off till the ninth.",
            "Not without Priya, and she's away.",
            "It'd need Priya there, wouldn't it.",
        ),
    ),
    (
        "And who told you that? Our system does it every night at two.",
        False,
        (
            "Who told you that?",
            "And where did you hear that?",
            "Our system does that every night at two.",
            "The system we have does it at two, every night.",
            "My system does it every night at two.",
            "It's done every night at two, by our own software.",
        ),
    ),
    (
        "We look after forty families and help people settle in. The kitchen's our problem.",
        False,
        (
            "We look after forty families here.",
            "We offer care to forty families.",
            "Our service looks after forty families.",
            "We help people settle in, that's most of it.",
            "It's the kitchen that's our problem.",
            "We provide a home to forty families.",
        ),
    ),
    (
        "Morning. Go on, then, you've got two minutes.",
        False,
        (
            "Good morning, you have two minutes.",
            "Go on then, two minutes.",
            "All right, go ahead, you've got two minutes.",
            "Sure, I'll give you two minutes.",
            "Yes, please, go on.",
            "Okay, I'd say you have two minutes.",
        ),
    ),
    (
        "All right. Two hours at the map, Thursday, with Bev and Ruth. If the count's small we stop.",
        True,
        (
            "All right, let's do Thursday, two hours at the map.",
            "Bev and Ruth will be there too.",
            "If the count's small, we stop there.",
            "Sounds good, Thursday it is.",
            "Yes, I'll meet you at the map on Thursday.",
        ),
    ),
)
# Cut although a buyer may say it.
CUT_FALSELY = frozenset(
    {
        "That's not something I'd share with a stranger, thanks.",
        "We offer care to forty families.",
        "Our service looks after forty families.",
        "We provide a home to forty families.",
    }
)

Reads = Callable[[str], list[str]]


@pytest.fixture(scope="module")
def reads(trainer: Trainer) -> Reads:
    def read(sentence: str) -> list[str]:
        found = trainer.reader.read(sentence, None).moves
        return [str(move.code) for move in found if move.confidence >= SURE_OF_SELLING]

    return read


Watching = Callable[..., Guard]


@pytest.fixture(scope="module")
def watching(trainer: Trainer, reads: Reads) -> Watching:
    """A guard as a turn has it, with the real encoder and the real reader."""
    file = trainer.file_runs("freight-vp")
    hidden = frozenset(run for runs in file.earned.values() for run in runs) - file.public
    prompt = load("prospect").stable.template + load("prospect").moment.template

    def made(draft: str = BOARD, *, rep: str = REP, agrees: bool = False) -> Guard:
        known = " . ".join((KNOWN, rep, *SAID))
        ground = Ground(draft, rep, known, prompt, hidden, SAID, "Craig", agrees, ends=agrees)
        return Guard(ground, model.alike_by(trainer), reads)

    return made


def marked(lines: Sequence[tuple[object, ...]], known: frozenset[str], why: str) -> list[object]:
    """The cases, those that are known to fail marked so."""
    mark = pytest.mark.xfail(strict=True, reason=why)
    return [pytest.param(*line, marks=mark) if line[-1] in known else pytest.param(*line) for line in lines]


# --- what is cut ---


@pytest.mark.parametrize(
    ("kind", "line"),
    marked([(kind, line) for kind, lines in CUT.items() for line in lines], MISSED, "no rule cuts it"),
)
def test_a_line_that_is_not_this_buyers_now_is_cut(watching: Watching, kind: Kind, line: str) -> None:
    assert watching().whole(line, []) is not None, kind


def test_every_kind_has_eight_examples_and_no_known_miss_is_stale() -> None:
    assert all(len(set(lines)) >= 8 for lines in CUT.values())
    assert {line for lines in CUT.values() for line in lines} >= MISSED
    assert {line for _, _, lines in KEPT for line in lines} >= CUT_FALSELY
    assert sum(len(lines) for _, _, lines in KEPT) >= 60


@pytest.mark.parametrize("agrees", [True, False])
@pytest.mark.parametrize("kind", ["role reversal", "narration", "speaks for the rep", "leak"])
def test_a_yes_that_the_mind_has_given_opens_no_other_door(watching: Watching, kind: Kind, agrees: bool) -> None:
    missed = [x for x in CUT[kind] if x not in MISSED and watching(agrees=agrees).whole(x, []) is None]
    assert missed == []


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("role reversal", "Our platform takes the pins off the board."),
        ("narration", "(sighs) Pins and wool."),
        ("speaks for the rep", "Rep: And who moves the pins?"),
        ("leak", "As an AI I have no board."),
        ("not earned", "Ask what it earns and I'm reading tea leaves."),
        ("not on file", "Pins and wool for forty trunks, on a board."),
        ("agrees too soon", "Let's do Thursday at the board."),
        ("takes leave", "Goodbye, Norman."),
        ("repeats", "The map hangs by the door and everybody reads it on the way in."),
        ("asks unbidden", "Do you use a board and pins?"),
        ("echoes the rep", "How do you plan the nine trunks today, pins on a board."),
        ("beside the plan", "My sister keeps a chip shop and the town lost again."),
    ],
)
def test_a_plain_example_of_each_kind_is_called_by_its_name(watching: Watching, kind: Kind, line: str) -> None:
    cut = watching().whole(line, [])
    assert cut == Cut(kind, line)


@pytest.mark.parametrize("draft", [draft for draft, _, _ in KEPT], ids=[draft[:20] for draft, _, _ in KEPT])
def test_a_line_that_runs_on_is_cut_where_it_gets_too_long(watching: Watching, draft: str) -> None:
    guard = watching(draft, agrees=True)
    before = ["so it goes on and on here"] * 20
    kept = 0
    while kept < 20 and (guard.whole(sentences(draft)[0], before[:kept]) is None):
        kept += 1
    assert kept * 7 + len(sentences(draft)[0].split()) <= guard.longest + 7
    cut = guard.whole(sentences(draft)[0], before)
    assert cut is not None
    assert cut.kind == "runs on"


@pytest.mark.parametrize("persona", PERSONAS)
def test_words_of_the_file_that_are_not_earned_are_cut_and_free_once_they_are_drafted(
    trainer: Trainer, persona: str
) -> None:
    file = trainer.file_runs(persona)
    hidden = frozenset(run for runs in file.earned.values() for run in runs) - file.public
    buyer = trainer.persona(persona)
    told = [s for need in (*buyer.needs.felt, *buyer.needs.unknown) for say in need.says for s in sentences(say)]
    told = [s for s in told if len(s.split()) >= 9]
    for sentence in told:
        shut = Guard(Ground("Mm.", "", sentence[:0], "", hidden, (), buyer.first_name, False, False), _same, _nothing)
        told_now = Guard(Ground(sentence, "", "", "", hidden, (), buyer.first_name, False, False), _same, _nothing)
        cut, free = shut.whole(sentence, []), told_now.whole(sentence, [])
        assert cut is not None, sentence
        assert free is None, sentence


def _same(text: str, others: Sequence[str]) -> float:
    return 1.0 if text in others else 0.0


def _nothing(_sentence: str) -> list[str]:
    return []


@given(line=st.sampled_from([line for lines in CUT.values() for line in lines if line not in MISSED]), data=st.data())
@settings(max_examples=80, deadline=None)
def test_small_letters_shouting_and_curly_quotes_save_no_telltale(line: str, data: st.DataObject) -> None:
    guard = Guard(Ground(BOARD, REP, KNOWN, "", frozenset(), SAID, "Craig", False, False), _same, _nothing)
    cut = guard.early(line)
    if cut is None:
        return
    changed = data.draw(st.sampled_from([line.lower(), line.upper(), "  " + line, line.rstrip("."), line + " Mm."]))
    assert guard.early(changed) is not None


@pytest.mark.parametrize("line", ["I’d be happy to show you.", "You’ve convinced me.", "I’ll take it.", "Let’s do it."])
def test_a_curly_apostrophe_saves_no_telltale(line: str) -> None:
    guard = Guard(Ground(BOARD, REP, KNOWN, "", frozenset(), (), "Craig", False, False), _same, _nothing)
    assert guard.early(line.replace("’", "'")) is not None
    assert guard.early(line) is not None


# --- what is kept ---


@pytest.mark.parametrize(
    ("draft", "agrees", "line"),
    marked([(d, a, line) for d, a, lines in KEPT for line in lines], CUT_FALSELY, "cut although a buyer may say it"),
)
def test_a_buyers_own_way_to_say_the_draft_is_kept(watching: Watching, draft: str, agrees: bool, line: str) -> None:
    assert watching(draft, rep="What would you say to that?", agrees=agrees).whole(line, []) is None


@pytest.mark.parametrize("persona", PERSONAS)
def test_every_line_on_file_is_kept_where_it_is_the_draft(trainer: Trainer, persona: str) -> None:
    buyer = trainer.persona(persona)
    prompt = load("prospect").stable.template + load("prospect").moment.template
    groups = (*buyer.all_needs, *buyer.facts, *buyer.whys, *buyer.consequences, *buyer.stakeholders, *buyer.triggers)
    sides = (buyer.status_quo.today, buyer.status_quo.comfort, buyer.status_quo.change_costs, buyer.status_quo.burned)
    says = [say for item in (*groups, *sides) for say in item.says]
    says += [say for lines in buyer.lines.values() for say in lines if not SLOT.search(say)]
    agrees = buyer.agrees_to
    says += [*agrees.why, *agrees.cost, *agrees.who, *agrees.yes, *agrees.not_yet]
    cut: list[tuple[str, str]] = []
    for say in says:
        guard = Guard(Ground(say, REP, "", prompt, frozenset(), (), buyer.first_name, False, False), _same, _nothing)
        before: list[str] = []
        for sentence in sentences(say):
            found = guard.whole(sentence, before)
            cut += [(found.kind, sentence)] if found else []
            before.append(sentence)
    assert cut == []


def test_a_drafted_turn_said_as_it_is_drafted_is_kept_whole(trainer: Trainer, reads: Reads) -> None:
    session, persona = trainer.start("freight-vp", seed=3), trainer.persona("freight-vp")
    for message in (REP, "Why does it matter that drivers know the road?", "What keeps you up at night?"):
        before = session
        session = play_turn(trainer, session, message)
        turn = session.turns[-1]
        plan = Plan(turn.act, (Piece(turn.prospect, turn.prospect, "neutral", "facts.x"),))
        guard = Guard(model.ground(trainer, before, persona, plan, turn), model.alike_by(trainer), reads)
        kept: list[str] = []
        for sentence in sentences(turn.prospect):
            assert guard.whole(sentence, kept) is None
            kept.append(sentence)


def test_what_the_spoken_words_carry_is_not_missing_and_what_they_do_not_is(trainer: Trainer) -> None:
    alike = model.alike_by(trainer)
    pieces = sentences(BOARD)
    assert missing(pieces, "", alike) == pieces
    assert missing(pieces, BOARD, alike) == []
    assert missing(pieces, "A board in the traffic office, pins and wool, the whole network.", alike) == pieces[1:]
    assert missing(pieces, "Nine trunks, and they've been the same since 2011.", alike) == pieces[:1]
    # The words without the figure do not carry the figure.
    assert missing(pieces[1:], "The same trunks as ever.", alike) == pieces[1:]


@pytest.mark.parametrize(
    ("piece", "said"),
    [
        ("Those things even out, I find.", "Ah well, dear, I find that sort of thing evens itself out."),
        (
            "You're using up my goodwill.",
            "Aye, there's always another. You're melting my goodwill like ice.",
        ),
        ("I don't mind, dear. Say your piece.", "Not a bother, dear, you go on and have your say."),
    ],
)
def test_of_a_reaction_the_sense_is_enough(trainer: Trainer, piece: str, said: str) -> None:
    alike = model.alike_by(trainer)
    assert missing([piece], said, alike) == [piece]
    assert missing([piece], said, alike, [piece]) == []
    assert missing([piece], "The boats are in by four of a morning.", alike, [piece]) == [piece]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("How I plan them today, well, that's soon told.", None),
        ("On a board, is it?", None),
        ("Nine trunks?", None),
        ("My brother-in-law sold his old boat last spring to a man with a beard.", "beside the plan"),
        ("What do the other hauliers do when one has to move?", "asks unbidden"),
    ],
)
def test_an_answer_to_what_was_just_said_is_kept_and_a_thing_of_its_own_is_not(
    watching: Watching, line: str, kind: Kind | None
) -> None:
    cut = watching().whole(line, [])
    assert (cut and cut.kind) == kind


@pytest.mark.parametrize(
    ("piece", "said"),
    [
        ("I won't be meeting anybody about the trunks.", "I'll be meeting anybody about the trunks."),
        ("We're not moving the trunks before Christmas.", "We're moving the trunks before Christmas."),
    ],
)
def test_a_refusal_is_not_carried_by_its_opposite(trainer: Trainer, piece: str, said: str) -> None:
    assert missing([piece], said, model.alike_by(trainer)) == [piece]


# --- the line as it is put together ---


class Scripted:
    """A caller whose stream is given, stretch by stretch; a Trouble in it is raised there."""

    def __init__(self, *stretches: str | Trouble) -> None:
        self.model = type("Named", (), {"label": "fake:one"})()
        self._stretches = stretches
        self.given, self.is_closed = 0, False

    def stream(self, messages: Sequence[Message], calls: list[Call], started: threading.Event) -> Generator[str]:
        try:
            for stretch in self._stretches:
                if isinstance(stretch, Trouble):
                    raise stretch
                self.given += 1
                yield stretch
        finally:
            self.is_closed = True


class Strict:
    """A guard that cuts every sentence with the word bad in it, and stops the line at worst."""

    def early(self, beginning: str) -> Cut | None:
        return Cut("not on file", beginning) if re.search(r"\bbad\b", beginning, re.IGNORECASE) else None

    def whole(self, sentence: str, before: Sequence[str]) -> Cut | None:
        if re.search(r"\bworst\b", sentence, re.IGNORECASE):
            return Cut("leak", sentence)
        return self.early(sentence)


STRICT = cast(Guard, Strict())


def shown_of(parts: Iterator[str | TakeBack]) -> str:
    """What stands on the page in the end: words added, what was taken back gone."""
    line = ""
    for part in parts:
        line = part.kept if isinstance(part, TakeBack) else line + part
    return line


def assembled(stretches: Sequence[str], *, is_whole: bool = True) -> tuple[str, model._Line]:
    line = model._Line(STRICT)

    def parts() -> Iterator[str | TakeBack]:
        for stretch in stretches:
            yield from line.add(stretch)
            if line.is_done:
                break
        yield from line.end(is_whole=is_whole)

    return shown_of(parts()), line


def spoken(
    plan: Plan, stretches: Sequence[str | Trouble], watch: Guard = STRICT, alike: Callable[..., float] = _same
) -> tuple[str, Spoken, Scripted]:
    caller, started = Scripted(*stretches), threading.Event()
    ended: list[Spoken] = []

    def parts() -> Iterator[str | TakeBack]:
        ended.append((yield from model.speak(cast(Caller, caller), [], plan, watch, alike, [], started)))

    line = shown_of(parts())
    assert started.is_set()
    return line, ended[0], caller


def split(text: str, at: Sequence[int]) -> list[str]:
    """The text in stretches that begin at the places given."""
    spots = sorted({0, len(text), *(spot for spot in at if spot < len(text))})
    return [text[start:end] for start, end in pairwise(spots)]


PARTS = (
    "Pins and wool.", "Nine trunks, the same since 2011!", "Aye…", "98.9 on time, mind.", "That one is bad, so there.",
    "Who told you that?", "“Spit it out.”", '"Quoted," he had it.', "Mm.", "£3.50 a mile... or near it.",
    "no full stop", "It's 4.30 now?!", "A bad one", "- a dash", "The worst of it.", "Ruth said so (twice).",
)  # fmt: skip
GAPS = (" ", "  ", "\n", "\n\n", " \n ", "")
texts = st.lists(st.tuples(st.sampled_from(PARTS), st.sampled_from(GAPS)), min_size=1, max_size=5).map(
    lambda parts: re.sub(r"(?<=[a-z])\s*\n\s*", " ", "".join(part + gap for part, gap in parts))
)
cuts = st.lists(st.integers(1, 160), max_size=30)


@given(text=texts, at=cuts)
@example(text="Pins and wool. That one is bad, so there. Mm.", at=list(range(1, 60)))
@settings(max_examples=400, deadline=None)
def test_however_a_stream_is_cut_up_what_is_shown_is_what_is_kept(text: str, at: list[int]) -> None:
    shown, line = assembled(split(text, at))
    assert shown == line.kept
    assert not re.search(r"\b(?:bad|worst)\b", line.kept)
    assert not any(cut.text in line.kept for cut in line.cuts)
    assert "\n" not in line.kept


@given(text=texts, at=cuts)
@settings(max_examples=400, deadline=None)
def test_how_a_stream_is_cut_up_makes_no_difference_to_the_line(text: str, at: list[int]) -> None:
    _, whole = assembled([text])
    _, pieces = assembled(split(text, at))
    assert pieces.kept.split() == whole.kept.split()
    assert [(c.kind, c.text.split()) for c in pieces.cuts] == [(c.kind, c.text.split()) for c in whole.cuts]


@given(text=texts, at=cuts)
@settings(max_examples=200, deadline=None)
def test_half_a_sentence_is_not_kept_where_the_stream_died(text: str, at: list[int]) -> None:
    shown, line = assembled(split(text, at), is_whole=False)
    assert shown == line.kept
    assert text.rstrip().endswith(tuple(".!?…”)")) or "no full stop" not in line.kept or "no full stop" in text[:-12]
    assert assembled(["Pins and wool. Nine trunks, the same si"], is_whole=False)[0] == "Pins and wool."


def test_every_single_place_to_cut_a_stream_gives_the_same_line() -> None:
    text = "Pins and wool. “Nine trunks,” since 2011. That one is bad, so there.\nWho told you that? Mm."
    lines = {assembled([text[:spot], text[spot:]])[0] for spot in range(len(text) + 1)} | {assembled(list(text))[0]}
    assert lines == {"Pins and wool. “Nine trunks,” since 2011. Who told you that? Mm."}


@pytest.mark.parametrize("text", ["Aye\nPins and wool. Mm.", "A bad one\nPins and wool. Mm."])
def test_the_end_of_a_line_ends_a_sentence_however_the_stream_comes(text: str) -> None:
    (_, whole), (_, pieces) = assembled([text]), assembled(list(text))
    assert "\n" not in whole.kept
    assert (whole.kept, len(whole.cuts)) == (pieces.kept, len(pieces.cuts))


@pytest.mark.parametrize(
    "text",
    [
        '"Pins and wool. Nine trunks."',
        "“Pins and wool. Nine trunks.”",
        '"Pins and wool." "Nine trunks."',
    ],
)
def test_quotation_marks_around_a_whole_line_are_not_spoken(text: str) -> None:
    for stretches in ([text], list(text)):
        shown, line = assembled(stretches)
        assert shown == line.kept == "Pins and wool. Nine trunks."


def test_what_a_cut_sentence_showed_is_taken_back_at_once() -> None:
    line = model._Line(STRICT)
    parts = [part for stretch in "So this one here goes on and on and is bad. Mm. " for part in line.add(stretch)]
    parts += line.end(is_whole=True)
    back = [n for n, part in enumerate(parts) if isinstance(part, TakeBack)]
    assert len(back) == 1
    assert parts[back[0]] == TakeBack("")
    assert shown_of(iter(parts)) == "Mm."


@pytest.mark.parametrize(
    "text",
    ["Dr. Shah told me. That one is bad, so there. Mm.", "Mr. Tasker said so. Nine trunks. That one is bad. Mm."],
)
def test_an_abbreviation_does_not_make_one_sentence_of_the_rest(text: str) -> None:
    _, line = assembled([text])
    assert line.kept.endswith("Mm.")
    assert "so." in line.kept or "me." in line.kept
    assert len(line.cuts) == 1


PIECES = (
    Piece(
        "Pins and wool on a board, that's the whole network.", "Pins and wool on a board", "sustain", "status_quo.today"
    ),
    Piece("Nine trunks since 2011, and 84 trailers on them.", "Nine trunks", "neutral", "facts.trunks"),
)
PLAN = Plan("answers", PIECES)


@given(text=texts, at=cuts, dies=st.booleans())
@settings(max_examples=200, deadline=None)
def test_whatever_the_model_says_the_draft_is_carried_and_the_page_shows_what_is_stored(
    text: str, at: list[int], dies: bool
) -> None:
    stretches: list[str | Trouble] = [*split(text, at), *([Trouble("broke off", "it broke off")] if dies else [])]
    line, how, _ = spoken(PLAN, stretches)
    assert line.strip()
    assert numbers_in(PLAN.draft) <= numbers_in(line)
    for piece in PIECES:
        assert piece.text in how.from_draft or piece.text in line or not missing([piece.text], line, _same)
    assert all(text in line for text in how.from_draft)
    assert not any(cut.text in line for cut in how.removed)
    assert text.startswith(how.raw)
    assert how.prompt == load("prospect").hash


@pytest.mark.parametrize("stretches", [[], [""], [" ", "\n"], ['"', "”"], ["…"], ["- ", "—"], ["no full stop"]])
def test_a_stream_of_nothing_is_the_draft(stretches: list[str]) -> None:
    line, how, _ = spoken(PLAN, stretches)
    assert line == PLAN.draft
    assert how.from_draft == (PLAN.draft,)
    assert how.trouble is None


@pytest.mark.parametrize(
    ("stretches", "line"),
    [
        ([], PLAN.draft),
        (["Pins and wo"], PLAN.draft),
        (["Pins and wool on a board, the whole network. Nine tr"], None),
    ],
)
def test_trouble_is_told_and_the_rest_comes_from_the_draft(stretches: list[str], line: str | None) -> None:
    said, how, _ = spoken(PLAN, [*stretches, Trouble("stalled", "fake:one said nothing more for 8 s")])
    assert how.trouble == "fake:one said nothing more for 8 s"
    assert said == (line or "Pins and wool on a board, the whole network. " + PIECES[1].text)


def test_after_the_worst_the_model_is_left_at_once_and_the_draft_goes_on() -> None:
    line, how, caller = spoken(PLAN, ["Mm. ", "The worst of it. ", "Not", " this ", "either. "])
    assert line == f"Mm. {PLAN.draft}"
    assert [cut.kind for cut in how.removed] == ["leak"]
    assert caller.given < 5
    assert caller.is_closed


@pytest.mark.parametrize("kind", list(CUT))
def test_with_the_real_guard_a_line_gone_wrong_ends_as_the_draft_says(
    trainer: Trainer, watching: Watching, kind: Kind
) -> None:
    alike = model.alike_by(trainer)
    plan = Plan("answers", tuple(Piece(s, s, "neutral", "facts.x") for s in sentences(BOARD)))
    for bad in [line for line in CUT[kind] if line not in MISSED][:4]:
        line, how, _ = spoken(plan, split(f"{sentences(BOARD)[0]} {bad} Mm.", range(1, 200, 3)), watching(), alike)
        assert bad not in line
        assert how.removed
        assert {9.0, 2011.0} <= numbers_in(line)
        assert not missing([p.text for p in plan.pieces], line, alike)
