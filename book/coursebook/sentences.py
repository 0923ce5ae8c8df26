"""What a page says, read from its source: which of its sentences compare, which claims they rest on, which are excused.

Nothing is run here, so that a sentence without a claim is found in a second.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

GAP = "…"  # stands for a number that is glued in, and in a quote for whatever stands there
CITED = "[citation]"
KINDS = {f"claims.{kind}" for kind in ("larger", "ranked", "alike", "converged", "above", "close", "holds")}
FIGURES = {"show", "compose"}
SILENT = {"bibliography", "code", "code-block", "figure", "image", "math", "raw", "tableofcontents", "toctree"}
EXTENSIONS = {"amsmath", "attrs_block", "attrs_inline", "colon_fence", "deflist", "dollarmath"}
OPTIONS = re.compile(r"\A(?::[\w-]+:.*\n?)+")
EXCUSE = re.compile(r"^\s*(?:no claim, (?P<reason>[^:]+)|claimed by (?P<place>\S+#\S+)): (?P<words>.+)$", re.MULTILINE)
LABEL = 3  # words: so few are a heading or the head of a column, and state nothing
COUNT = 12  # up to here a whole number in a caption counts something, and needs not be computed

COMPARES = re.compile(
    r"""\b(?:
    (?<!no\ )(?:high|low|larg|small|great|strong|weak|fast|slow|long|short|wid|narrow|deep|clos|near|steep|cheap|sur
        |bigg|noisi|flatt|sharp|quick|few)(?:er|est) | (?<!no\ )less | better | best | worse | worst | farther
    | (?<!once\ )(?<!no\ )(?<!any\ )(?<!the\ )more\b(?!\ (?:than\ one|on|about)\b) | (?:half|twice)\ (?:as|the|of)
    | (?:grow|rise|shrink|increase|decrease|improve|worsen|exceed|halve|vanish|amplify|hurt|beat|saturate|spoil)s?
    | grew | grown | rose | risen | shrank | shrunk | fell | falls?(?!\ back) | drops\ (?:to|by|from) | levels?\ off
    | amplifies | (?:improv|increas|decreas|worsen|doubl|halv|exceed)ed
    | lowers | reduces | doubles | costs | loses | harms? | helps | pays | raises(?!\ (?:\w*Error|an?\ \w*error))
    | never | always | hardly | barely | nearly | almost | slightly | clearly | negligibl[ey]
    | no\ (?:difference|effect|gain|advantage|other|harm|change|influence) | nothing\ (?:else|is|changes)
    | (?:changes?|costs?|adds?|loses?|shows?|gains?|drops?)\ nothing | only\ (?:for|if|when|where|in|at)
    | because | due\ to | thanks\ to | is\ why | caused\ by | causes\ (?:the|an?|it) | to\ blame
    | by\ a\ factor | (?:many|\d+)\ times | a\ great\ deal | far\ (?:above|below|beyond|too)
    | too\ (?:small|large|low|high|sure|certain|modest|much|little|few|many)
    | (?:lies?|stays?|is|are|well)\ (?:above|below)
    | (?:is|are|was|were|stays?|remains?|ha(?:s|ve))\ (?:exactly\ )?(?:the\ same|equal|identical|unchanged)
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)
# What somebody else says, and what is left open.
NOT_SAID = re.compile(r"“[^”]*”|\"[^\"]*\"|\b[Ww]hether\b[^,;:.?]*")


@dataclass(frozen=True)
class Text:
    """A paragraph, a cell of a table, a caption or an alternative text; claimed when a claim's words serve as one."""

    words: str
    claimed: bool = False


@dataclass(frozen=True)
class Quote:
    """The words of a claim; cited when they are to be found on the page, because the cell does not use them itself."""

    words: str
    cited: bool
    key: str


@dataclass(frozen=True)
class Excuse:
    """Words that need no claim on their page: for a reason, or because the claim stands elsewhere, at page#key."""

    words: str
    reason: str
    place: str


@dataclass
class Page:
    """What a page says and what it claims."""

    texts: list[Text] = field(default_factory=list)
    quotes: list[Quote] = field(default_factory=list)
    excuses: list[Excuse] = field(default_factory=list)
    cells: list[ast.Module] = field(default_factory=list)


def read(path: Path) -> Page:
    """Read a page's source; claims and captions whose words are not written where they stand raise ValueError."""
    page = Page()
    _collect(path.read_text("utf-8"), page)
    for cell in page.cells:
        page.texts += _shown(cell)
        page.quotes += _quotes(cell)
    return page


def comparing(page: Page) -> list[str]:
    """Return the sentences that compare."""
    return [sentence for text in page.texts for sentence, _ in _sentences(text.words) if compares(sentence)]


def unclaimed(page: Page) -> list[str]:
    """Return the sentences that compare and touch neither the words of a claim nor those of an excuse."""
    patterns = [_pattern(each.words) for each in (*page.quotes, *page.excuses)]
    return [
        sentence
        for text in page.texts
        if not text.claimed
        for sentence, start in _sentences(text.words)
        if compares(sentence)
        and not any(
            match.start() < start + len(sentence) and start < match.end()
            for pattern in patterns
            for match in pattern.finditer(text.words)
        )
    ]


def misquoted(page: Page) -> list[str]:
    """Return the words of claims and excuses that the page does not say, or says in more than one place."""
    quotes = [quote.words for quote in page.quotes if quote.cited] + [excuse.words for excuse in page.excuses]
    return [words for words in quotes if sum(len(_pattern(words).findall(text.words)) for text in page.texts) != 1]


def typed(page: Page) -> list[str]:
    """Return numbers in captions and alternative texts that are neither computed there nor set in the code."""
    constants = [node.value for cell in page.cells for node in ast.walk(cell) if isinstance(node, ast.Constant)]
    known = {float(value) for value in constants if type(value) in (int, float)} | set(map(float, range(COUNT + 1)))
    shown = " ".join(text.words for cell in page.cells for text in _shown(cell))
    numbers = re.findall(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?", shown)
    return [number for number in numbers if float(number.replace(",", "")) not in known]


def compares(sentence: str) -> bool:
    """Say whether a sentence states a direction, a size, a ranking, a cause or an absence, and does not ask or cite."""
    label = len(sentence.split()) <= LABEL and not sentence.endswith(".")
    if label or sentence.endswith("?") or CITED in sentence:
        return False
    return COMPARES.search(NOT_SAID.sub("", sentence)) is not None


def _sentences(text: str) -> Iterator[tuple[str, int]]:
    """Yield each sentence of a text and where it begins."""
    start = 0
    for stop in re.finditer(r"(?<=[.?!])[)\"”]*\s+(?=[^a-z])|\Z", text):
        yield text[start : stop.start()], start
        start = stop.end()


@cache
def _pattern(words: str) -> re.Pattern[str]:
    return re.compile(".+?".join(re.escape(part) for part in words.split(GAP)))


@cache
def _parser() -> MarkdownIt:
    return create_md_parser(MdParserConfig(enable_extensions=EXTENSIONS), RendererHTML)


def _collect(source: str, page: Page) -> None:
    for token in _parser().parse(source):
        directive = re.match(r"\{([\w-]+)\}", token.info)
        if token.type == "inline":
            page.texts.append(Text(_plain(token)))
        elif token.type == "myst_line_comment":
            found = EXCUSE.finditer(token.content)
            page.excuses += [Excuse(_said(one["words"]), one["reason"] or "", one["place"] or "") for one in found]
        elif directive and directive[1] == "code-cell":
            page.cells.append(ast.parse(OPTIONS.sub("", token.content)))
        elif directive and directive[1] not in SILENT:
            _collect(OPTIONS.sub("", token.content), page)


def _said(words: str) -> str:
    """Return words as the page shows them, without the marks of its source."""
    (token,) = _parser().parseInline(words)
    return _plain(token)


def _plain(token: Token) -> str:
    return " ".join("".join(map(_child, token.children or [])).split())


def _child(token: Token) -> str:
    if token.type == "myst_role":
        role = token.meta["name"]
        if role == "glue":
            return GAP
        return CITED if role.startswith("cite") else re.sub(r"\s*<.*>$", "", token.content)
    return " " if token.type == "softbreak" else token.content


def _shown(cell: ast.Module) -> Iterator[Text]:
    """Yield the captions and alternative texts of a cell."""
    for call in _calls(cell, FIGURES):
        for keyword in call.keywords:
            if keyword.arg in ("alt", "caption"):
                yield from _strings(keyword.value)


def _strings(node: ast.AST) -> Iterator[Text]:
    if isinstance(node, ast.Call) and ast.unparse(node.func) in KINDS:
        yield Text(_literal(node.args[0]).strip(), claimed=True)
    elif isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        yield Text(_literal(node).strip())
    else:
        for child in ast.iter_child_nodes(node):
            yield from _strings(child)


def _quotes(cell: ast.Module) -> Iterator[Quote]:
    unused = {node.value for node in ast.walk(cell) if isinstance(node, ast.Expr)}
    for call in _calls(cell, KINDS):
        key = next((_literal(word.value) for word in call.keywords if word.arg == "key"), "")
        yield Quote(_said(_literal(call.args[0])), call in unused, key)


def _calls(cell: ast.Module, names: set[str]) -> list[ast.Call]:
    return [node for node in ast.walk(cell) if isinstance(node, ast.Call) and ast.unparse(node.func) in names]


def _literal(node: ast.expr) -> str:
    """Return a string or f-string as it is written, with a gap for each of its numbers."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_literal(part) if isinstance(part, ast.Constant) else GAP for part in node.values)
    raise ValueError(f"the words of a claim are written where it stands: {ast.unparse(node)}")
