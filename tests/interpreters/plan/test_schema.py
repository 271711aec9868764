"""The published schema says what plans are: what is written fits it, what does not is refused."""

import json
from collections.abc import Callable
from typing import Any, get_args, get_origin

import pytest
from hypothesis import given, settings, strategies as st
from jsonschema import Draft202012Validator
from returns.result import Failure

from examples.daily import workflow as daily
from fwf.algebra.nodes import Node
from fwf.interpreters.plan import load, plan, schema
from fwf.interpreters.plan.node_form import NODES
from fwf.testing import strategies as generated
from tests import plan_schema, samples
from tests.interpreters.plan.mutants import mutated
from tests.sizes import examples

# Hypothesis warns where a strategy that rejects what doesn't fit has drawn a large workflow.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")

VALIDATOR = Draft202012Validator(json.loads(schema()))
FLOWS = st.one_of(generated.workflows(), samples.workflows)


def fits(text: str) -> bool:
    return bool(VALIDATOR.is_valid(json.loads(text)))


def test_the_schema_is_one_of_draft_2020_12_and_has_a_name() -> None:
    found = json.loads(schema())
    Draft202012Validator.check_schema(found)
    assert found["$id"] == "urn:fwf:plan:1"
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_published_schema_is_that_of_the_forms() -> None:
    assert schema() == plan_schema.text(), f"write it anew: {plan_schema.COMMAND}"


def test_every_kind_of_node_has_a_form() -> None:
    assert {kind.cls for kind in NODES.values()} == {get_origin(each) for each in get_args(Node)}


def test_the_schema_allows_no_fields_that_it_does_not_name() -> None:
    todo: list[Any] = [json.loads(schema())]
    while todo:
        top = todo.pop()
        if isinstance(top, dict) and "properties" in top and "required" in top:
            assert top["additionalProperties"] is False
        todo.extend(top.values() if isinstance(top, dict) else top if isinstance(top, list) else [])


@pytest.mark.parametrize("w", [daily.workflow, samples.diamond, samples.reader("t")])
def test_plans_of_examples_fit_the_schema(w: Any) -> None:
    VALIDATOR.validate(json.loads(plan(w)))


@settings(max_examples=examples(60), deadline=None)
@given(FLOWS)
def test_plans_of_generated_workflows_fit_the_schema(w: Any) -> None:
    VALIDATOR.validate(json.loads(plan(w)))


@settings(max_examples=examples(30), deadline=None)
@given(FLOWS, st.randoms(use_true_random=False))
def test_what_the_schema_refuses_the_loader_refuses_too(w: Any, random: Any) -> None:
    text = mutated(plan(w), random)
    try:
        refused = not fits(text)
    except ValueError:
        return
    if refused:
        assert isinstance(load(text), Failure), text


@pytest.mark.parametrize(
    "spoil",
    [
        lambda said: said.update(plan=2),
        lambda said: said.update(more=1),
        lambda said: said.update(nodes=[]),
        lambda said: said["nodes"][0].update(node="goto"),
        lambda said: said["nodes"][-1].pop("name"),
        lambda said: said["tasks"][0].update(effect="magic"),
        lambda said: said["tasks"][0].update(isolate=0),
        lambda said: said["nodes"][5].update(arity=-1),
    ],
)
def test_schema_and_loader_refuse_the_same_mistakes(spoil: Callable[[Any], None]) -> None:
    said = json.loads(plan(samples.diamond))
    spoil(said)
    assert not VALIDATOR.is_valid(said)
    assert isinstance(load(json.dumps(said)), Failure)
