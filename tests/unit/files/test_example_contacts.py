import importlib.util
import json
from pathlib import Path

from tests.support.contact_tally import tally

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
KEY = json.loads((EXAMPLES / "contacts.key.json").read_text())


def test_the_example_file_holds_what_its_key_says() -> None:
    counts = tally(EXAMPLES / "contacts.csv")
    assert counts == {name: KEY[name] for name in counts}
    assert counts["rows"] >= 5000


def test_the_example_file_is_what_its_generator_writes() -> None:
    spec = importlib.util.spec_from_file_location("make_contacts", EXAMPLES / "make_contacts.py")
    assert spec is not None
    assert spec.loader is not None
    generator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)
    data, key = generator.build()
    assert data == (EXAMPLES / "contacts.csv").read_bytes()
    assert key == KEY


def test_about_one_contact_in_a_hundred_will_bounce() -> None:
    assert 0.005 < KEY["bouncing"] / KEY["valid_unique"] < 0.02
