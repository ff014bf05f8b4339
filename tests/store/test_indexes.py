"""Indexes are made once and reported, on both engines."""

from uuid import uuid4

from forebear.graph.query.search import indexes, words
from forebear.graph.statements.indexes import FullText, Index, Uniqueness
from forebear.store import Store, WriteTransaction
from forebear.store.indexes import Applied, apply, missing

SEARCH = """\
UNWIND $words AS word
UNWIND $indexes AS index
CALL db.index.fulltext.queryNodes(index, word) YIELD node, score
WITH node, word, max(score) AS score
WITH node, count(word) AS found, sum(score) AS score
WHERE found = size($words)"""

NAMES = FullText("names", {"Policy": ("name", "description"), "Corpus": ("name",)})
WANTED = [Uniqueness("Policy", "id"), Index("Policy", "rate"), NAMES]

NODES = [
    ("Policy", "openvla-7b", "An open vision-language-action model"),
    ("Policy", "octo_base_1.5", "diffusion, 93M"),
    ("Corpus", "bridge_orig", None),
    ("Corpus", "Größe (v2.1)", None),
    ("Policy", "it's 1,000 हिन्दी", "日本の語 l·l a:b E\u0301t"),
    ("Policy", "İzmir Hub", "Cafe\u0301 Ko\u0308ln"),
    ("Policy", "ΑΘΗΝΑΣ", "Łódź Århus \u212b"),
    ("Corpus", "Αθήνας 각도", None),
]


async def test_what_is_there_is_not_made_again(store: Store) -> None:
    absent = await missing(store, WANTED)
    assert await apply(store, WANTED) == Applied(tuple(absent))
    assert await apply(store, WANTED) == Applied(())
    assert await missing(store, WANTED) == []


async def test_what_is_added_to_the_declaration_is_made_and_reported(store: Store) -> None:
    await apply(store, WANTED)
    label = f"New{uuid4().hex}"
    unique = Uniqueness(label, "id")
    assert await missing(store, [*WANTED, unique]) == [unique]
    assert await apply(store, [*WANTED, unique]) == Applied((unique,))
    assert await missing(store, [*WANTED, unique]) == []


async def test_a_search_follows_its_declaration(store: Store) -> None:
    await apply(store, WANTED)
    wider = FullText(NAMES.name, {**NAMES.label_properties, f"New{uuid4().hex}": ("name",)})
    assert await apply(store, [wider]) == Applied((wider,))
    assert await missing(store, [wider]) == []
    assert await missing(store, [NAMES]) == []


async def search(store: Store, text: str) -> list[object]:
    rows = await store.read(
        f"{SEARCH} RETURN node.name AS name ORDER BY score DESC, name",
        {"words": words(text), "indexes": indexes(store.engine, NAMES)},
    )
    return [row["name"] for row in rows]


async def test_words_and_beginnings_are_found_in_any_property(store: Store) -> None:
    await apply(store, WANTED)

    async def work(transaction: WriteTransaction) -> None:
        for label, name, description in NODES:
            await transaction.run(
                f"CREATE (:{label} {{id: $name, name: $name, description: $description}})",
                {"name": name, "description": description},
            )

    await store.write(work)
    found = {
        text: await search(store, text)
        for text in [
            "openvla", "7b", "OpenVLA-7b", "openv", "bridge", "bridge_orig", "octo_base_1", "größ", "v2.1",
            "octo diff", "vision openvla", "openvla bridge", "it's", "1,000", "हिन्दी", "日語", "l·l A:b", "e\u0301", "日西",
            "\u00e9t", "İzmir Hub", "I\u0307ZMIR", "izmir", "CAFÉ", "cafe\u0301", "KÖLN", "ko\u0308l", "ΑΘΗΝΑΣ", "αθηνας",
            "Αθηνασ", "ΑΘΉΝΑΣ", "αθη\u0301νας", "ŁÓDŹ", "A\u030arhus", "\u00e5", "각", "\u1100\u1161\u11a8도",
        ]
    }  # fmt: skip
    assert found == {
        "openvla": ["openvla-7b"],
        "7b": ["openvla-7b"],
        "OpenVLA-7b": ["openvla-7b"],
        "openv": ["openvla-7b"],
        "bridge": ["bridge_orig"],
        "bridge_orig": ["bridge_orig"],
        "octo_base_1": ["octo_base_1.5"],
        "größ": ["Größe (v2.1)"],
        "v2.1": ["Größe (v2.1)"],
        "octo diff": ["octo_base_1.5"],
        "vision openvla": ["openvla-7b"],
        "openvla bridge": [],
        **{text: ["it's 1,000 हिन्दी"] for text in ("it's", "1,000", "हिन्दी", "日語", "l·l A:b", "e\u0301")},
        "日西": [],
        "\u00e9t": ["it's 1,000 हिन्दी"],
        **{text: ["İzmir Hub"] for text in ("İzmir Hub", "I\u0307ZMIR", "izmir", "CAFÉ", "cafe\u0301", "KÖLN", "ko\u0308l")},
        **{text: ["ΑΘΗΝΑΣ"] for text in ("ΑΘΗΝΑΣ", "αθηνας", "Αθηνασ", "ŁÓDŹ", "A\u030arhus", "\u00e5")},
        **{text: ["Αθήνας 각도"] for text in ("ΑΘΉΝΑΣ", "αθη\u0301νας", "각", "\u1100\u1161\u11a8도")},
    }


async def test_no_text_can_be_taken_for_query_syntax(store: Store) -> None:
    await apply(store, WANTED)
    for text in [
        "AND",
        "a OR NOT b",
        "foo(",
        '"open',
        "~",
        "*",
        "name:x",
        "a^b",
        "[a TO b]",
        "/x/",
        "\\",
        "",
        "it's",
        "日本語",
        "a.b.",
        "_",
        "١٢",
    ]:
        assert await search(store, text) == []
