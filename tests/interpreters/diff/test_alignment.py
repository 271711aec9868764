"""Which parts of two sequences are paired."""

from hypothesis import given, strategies as st

from fwf.interpreters.diff.alignment import aligned

letters = st.lists(st.sampled_from("abcd"), max_size=12)


def pairs(old: str, new: str) -> str:
    """Each pair as two letters, `.` where there is none."""
    found = aligned(old, new, (lambda letter: letter,))
    return " ".join(
        f"{'.' if i is None else old[i]}{'.' if j is None else new[j]}" for i, j in found
    )


def test_equal_parts_pair_up_and_the_rest_stands_where_it_was() -> None:
    assert pairs("abc", "abc") == "aa bb cc"
    assert pairs("abc", "ac") == "aa b. cc"
    assert pairs("ac", "abc") == "aa .b cc"
    assert pairs("abcd", "acbd") in ("aa .c bb c. dd", "aa b. cc .b dd")


def test_what_repeats_keeps_its_place() -> None:
    assert pairs("aaaa", "aaaaa") == "aa aa aa aa .a"
    assert pairs("abab", "aabab") == "aa .a bb aa bb"
    assert pairs("abcabcabc", "abcxbcabc") == "aa bb cc ax bb cc aa bb cc"


def test_parts_that_nothing_tells_apart_pair_up_only_if_they_are_as_many() -> None:
    assert pairs("axd", "ayd") == "aa xy dd"
    assert pairs("axzd", "aywd") == "aa xy zw dd"
    assert pairs("axzd", "ayd") == "aa x. z. .y dd"


def test_a_less_telling_key_pairs_what_a_more_telling_one_left() -> None:
    keys = (lambda word: word, lambda word: word[0])
    assert list(aligned(["a1", "b1"], ["c1", "b2", "a1"], keys)) == [
        (None, 0),
        (None, 1),
        (0, 2),
        (1, None),
    ]
    assert list(aligned(["a1", "b1"], ["b2", "c3", "d4"], keys)) == [
        (0, None),
        (1, 0),
        (None, 1),
        (None, 2),
    ]


@given(letters, letters)
def test_pairs_keep_both_orders_and_miss_nothing(olds: list[str], news: list[str]) -> None:
    found = list(aligned(olds, news, (lambda letter: letter,)))
    assert [i for i, _ in found if i is not None] == list(range(len(olds)))
    assert [j for _, j in found if j is not None] == list(range(len(news)))
    assert all(pair != (None, None) for pair in found)
