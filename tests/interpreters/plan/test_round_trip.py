"""A workflow, written down and read back, is the same workflow."""

from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from fwf.analysis.normal_form import normal_form
from fwf.interpreters.plan import load, plan, registry
from fwf.testing import strategies as generated
from tests import samples
from tests.sizes import examples

# Hypothesis warns where a strategy that rejects what doesn't fit has drawn a large workflow.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")

FLOWS = st.one_of(generated.workflows(), samples.workflows)


@settings(max_examples=examples(150), deadline=None)
@given(FLOWS)
def test_a_plan_loads_as_the_workflow_it_was_written_from(w: Any) -> None:
    assert load(plan(w), registry(w)).unwrap() == w


@settings(max_examples=examples(50), deadline=None)
@given(FLOWS)
def test_without_a_registry_it_loads_as_an_equal_workflow_of_stand_ins(w: Any) -> None:
    found = load(plan(w)).unwrap()
    assert found == w
    assert plan(found) == plan(w)


@settings(max_examples=50, deadline=None)
@given(generated.workflows())
def test_normal_forms_have_plans_as_well(w: Any) -> None:
    made = normal_form(w)
    assert load(plan(made), registry(made)).unwrap() == made


def test_a_chain_need_not_fit_its_own_beginning() -> None:
    w = samples.to_text >> samples.to_int >> samples.to_text
    assert load(plan(w), registry(w)).unwrap() == w
