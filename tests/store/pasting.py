"""What becomes of a printed statement that somebody pastes into Neo4j Browser."""

import json
import re
from typing import Any


def pasted(printed: str) -> tuple[str, dict[str, Any]]:
    """The statement, and the values that its `:param` lines give."""
    given = re.findall(r"^:param (\w+) => \(?(.*?)\)?;$", printed, re.M)
    statement = re.sub(r"^:param .*\n", "", printed, flags=re.M).strip().removesuffix(";")
    return statement, {name: json.loads(re.sub(r"([{ ])(\w+): ", r'\1"\2": ', value)) for name, value in given}
